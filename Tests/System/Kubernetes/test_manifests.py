"""Kubernetes' schemas and checkov's rules, and that names, ports and times agree with the programs."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest
import yaml

from conftest import PROGRAMS, validate
from support import ROOT

OWN_KINDS = {"ScaledObject", "TriggerAuthentication"}  # KEDA's, which Kubernetes' schemas do not know
VERSION = "1.32"
# Rules of checkov that do not hold here, and why.
EXCEPTIONS = {
    "CKV_K8S_11": "no limits of CPU: they throttle a loop that has work, and requests share the CPU already",
    "CKV_K8S_14": "the overlay for production sets the tags",
    "CKV_K8S_15": "tags do not move, so IfNotPresent is enough",
    "CKV_K8S_40": "999 is the id of the official images of Redis, RabbitMQ and PostgreSQL, which own their data",
    "CKV_K8S_43": "the deployer's registry gives the digests",
}


def named(documents, kind):
    return {document["metadata"]["name"]: document for document in documents if document["kind"] == kind}


def pods(documents):
    """(name, pod specification) of everything that runs pods."""
    for kind in ("Deployment", "StatefulSet", "Job"):
        for name, document in named(documents, kind).items():
            yield name, document["spec"]["template"]["spec"]


def environment(documents, container):
    values = {}
    settings = named(documents, "ConfigMap")
    for source in container.get("envFrom", []):
        values |= settings[source["configMapRef"]["name"]]["data"]
    return values | {entry["name"]: entry["value"] for entry in container.get("env", [])}


def program(container):
    return re.sub(r"^.*/|:.*$", "", container["image"])


def test_schemas(overlay, tmp_path):
    _, documents = overlay
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump_all([document for document in documents if document["kind"] not in OWN_KINDS]))
    result = subprocess.run(
        [pathlib.Path(sys.executable).parent / "kubernetes-validate", "--strict", "-k", VERSION, file],
        capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_rules(overlay, tmp_path):
    _, documents = overlay
    file = tmp_path / "all.yaml"
    file.write_text(yaml.safe_dump_all(document for document in documents if document["kind"] != "Secret"))
    result = subprocess.run(
        [os.environ["CHECKOV"], "--skip-download", "--framework", "kubernetes", "--quiet",
         "--compact", "-o", "json", "--skip-check", ",".join(EXCEPTIONS), "-f", file],
        capture_output=True, text=True, timeout=300, check=False)
    report = json.loads(result.stdout)
    failed = [
        f"{check['check_id']} {check['check_name']}: {check['resource']}" for check in report["results"]["failed_checks"]]
    assert report["summary"]["passed"] > 100 and not failed, "\n".join(failed)


def test_settings_are_the_programs_own(overlay, binaries, tmp_path):
    _, documents = overlay
    seen = set()
    for name, pod in pods(documents):
        for container in pod["containers"]:
            kind = program(container)
            if kind not in PROGRAMS - {"waybill"}:
                continue
            seen.add(kind)
            said = validate(binaries, kind, environment(documents, container), tmp_path)
            assert said.endswith(f"{kind}: the settings are valid\n") and said.count("\n") == 1, f"{name}: {said}"
    assert seen == PROGRAMS - {"waybill"}


def test_the_edges_settings_are_its_own(overlay):
    _, documents = overlay
    script = (ROOT / "infra" / "docker" / "edge-entrypoint.sh").read_text()
    known = set(re.findall(r"\b[A-Z]{3,}[A-Z_]*\b", script.split("set -euo")[0]))
    container = named(documents, "Deployment")["edge"]["spec"]["template"]["spec"]["containers"][0]
    values = environment(documents, container)
    assert set(values) <= known, set(values) - known
    services = named(documents, "Service")
    for name in ("ACCEPTORS", "NOTIFIERS", "CONSOLE"):
        host, port = values[name].split(":")
        service, namespace = host.split(".")[:2]
        assert services[service]["spec"]["ports"][0]["port"] == int(port) and namespace == "waybill"
        assert services[service]["spec"]["clusterIP"] == "None"


def test_files_are_mounted(overlay):
    """Every path in a setting is a file of a mounted volume."""
    _, documents = overlay
    for name, pod in pods(documents):
        volumes = {volume["name"]: volume for volume in pod.get("volumes", [])}
        for container in pod["containers"]:
            mounted = set()
            for mount in container.get("volumeMounts", []):
                items = volumes.get(mount["name"], {}).get("secret", {}).get("items", [])
                mounted |= {f"{mount['mountPath']}/{item['path']}" for item in items}
                mounted.add(mount["mountPath"])
            for key, path in environment(documents, container).items():
                if key.endswith("_FILE") and path:
                    assert path in mounted or str(pathlib.Path(path).parent) in mounted, f"{name}: {key}={path}"


def test_ports_and_times_agree(overlay):
    _, documents = overlay
    services = named(documents, "Service")
    for name, deployment in named(documents, "Deployment").items():
        pod = deployment["spec"]["template"]["spec"]
        container = pod["containers"][0]
        values = environment(documents, container)
        port = container["ports"][0]["containerPort"]
        target = services[name]["spec"]["ports"][0]
        assert target.get("targetPort", target["port"]) in (port, "http")
        grace = pod["terminationGracePeriodSeconds"]
        if name == "edge":
            delay = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
            assert grace >= delay + 10 + 2  # worker_shutdown_timeout
            continue
        assert grace >= int(values["SHUTDOWN_DELAY"]) + int(values["DRAIN_TIMEOUT"]) + 2
        # A pod that is not ready has left the endpoints before it stops serving.
        probe = container["readinessProbe"]
        assert int(values["SHUTDOWN_DELAY"]) >= probe["periodSeconds"] * probe["failureThreshold"]


def test_whoever_may_scale_has_a_budget(overlay):
    name, documents = overlay
    budgets, scalers = named(documents, "PodDisruptionBudget"), named(documents, "HorizontalPodAutoscaler")
    scaled = set(scalers) | set(named(documents, "ScaledObject"))
    assert scaled == {"order-accept", "order-process", "order-notification"} and set(budgets) == scaled | {"edge"}
    if name == "keda":
        assert set(scalers) == {"order-accept"}
    assert all(scaler["spec"]["minReplicas"] >= 2 for scaler in scalers.values())


def test_every_reference_exists(overlay):
    name, documents = overlay
    configurations = set(named(documents, "ConfigMap"))
    secrets = set(named(documents, "Secret"))
    for pod_name, pod in pods(documents):
        for volume in pod.get("volumes", []):
            if "configMap" in volume and volume["configMap"]["name"] != "server-authorities":
                assert volume["configMap"]["name"] in configurations, pod_name
            if "secret" in volume and name == "development":
                assert volume["secret"]["secretName"] in secrets, pod_name
    ingress = named(documents, "Ingress")["edge"]["spec"]
    assert ingress["rules"][0]["http"]["paths"][0]["backend"]["service"]["name"] in named(documents, "Service")


class TestCompose:
    @pytest.fixture
    def services(self):
        text = (ROOT / "docker-compose.yml").read_text()
        resolved = re.sub(r"\$\{(\w+):?-([^}]*)\}", r"\2", text)
        return yaml.safe_load(resolved)

    def test_settings_are_the_programs_own(self, services, binaries, tmp_path):
        seen = set()
        for name, service in services["services"].items():
            kind = program(service)
            if kind not in PROGRAMS - {"waybill"}:
                continue
            seen.add(kind)
            said = validate(binaries, kind, service["environment"], tmp_path)
            assert said.endswith(f"{kind}: the settings are valid\n") and said.count("\n") == 1, f"{name}: {said}"
            files = {path.rsplit("/", 1)[1] for key, path in service["environment"].items() if key.endswith("_FILE")}
            assert files == set(service["secrets"]), name
        assert seen == PROGRAMS - {"waybill"}

    def test_nothing_runs_as_root_or_without_limits(self, services):
        for name, service in services["services"].items():
            assert service["read_only"] and service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"] and service["mem_limit"], name
            assert service["logging"]["options"]["max-size"], name
            assert service.get("user", "").startswith("999") or "build" in service, name
        assert {name for name, service in services["services"].items() if "ports" in service} == {"edge"}
        assert services["networks"]["servers"]["internal"]
        assert set(services["services"]["edge"]["networks"]) == {"services"}

    def test_time_to_stop(self, services):
        for service in services["services"].values():
            values = service.get("environment", {})
            if "SHUTDOWN_DELAY" in values:
                assert int(service["stop_grace_period"][:-1]) >= int(values["SHUTDOWN_DELAY"]) + 10 + 2

    def test_every_secret_is_created(self, services, tmp_path):
        subprocess.run([ROOT / "infra" / "docker" / "secrets", tmp_path], check=True, stdout=subprocess.DEVNULL)
        for name, secret in services["secrets"].items():
            file = tmp_path / pathlib.Path(secret["file"]).name
            assert file.read_text().strip(), name
        before = {path.name: path.read_text() for path in tmp_path.iterdir()}
        subprocess.run([ROOT / "infra" / "docker" / "secrets", tmp_path], check=True, stdout=subprocess.DEVNULL)
        assert before == {path.name: path.read_text() for path in tmp_path.iterdir()}
