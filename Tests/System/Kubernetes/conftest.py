"""Fixtures: the manifests of each overlay, and what docker-compose.yml says."""

import os
import pathlib
import re
import subprocess

import pytest
import yaml

from support import ROOT

KUBERNETES = ROOT / "infra" / "kubernetes"
PROGRAMS = {"order-accept", "order-process", "order-notification", "console", "waybill"}
# Sample values of the secrets' files, by the end of their name.
SECRETS = {
    "redis_url": "rediss://u:p@redis:6379", "redis_observer_url": "redis://u:p@redis", "rabbitmq_url": "amqp://u:p@r1,r2/w",
    "jwt_secret": "0123456789abcdefghijklmnopqrstuv", "database_url": "postgresql://u:p@p/waybill?sslmode=require"}


def kustomize(folder):
    output = subprocess.run(
        ["kubectl", "kustomize", folder], check=True, capture_output=True, text=True, timeout=60).stdout
    return [document for document in yaml.safe_load_all(output) if document]


@pytest.fixture(scope="session", params=["development", "production", "keda"])
def overlay(request, tmp_path_factory):
    """(name, documents). `keda` is production with that component."""
    if request.param == "development":
        subprocess.run(
            [ROOT / "infra" / "docker" / "secrets", KUBERNETES / "overlays" / "development" / "secrets"], check=True,
            stdout=subprocess.DEVNULL)
    if request.param != "keda":
        return request.param, kustomize(KUBERNETES / "overlays" / request.param)
    folder = tmp_path_factory.mktemp("keda")
    relative = os.path.relpath(KUBERNETES, folder)
    (folder / "kustomization.yaml").write_text(
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n"
        f"resources: [{relative}/overlays/production]\ncomponents: [{relative}/components/keda]\n")
    return request.param, kustomize(folder)


@pytest.fixture(scope="session")
def binaries():
    return pathlib.Path(os.environ.get("WAYBILL_BIN", ROOT / ".build" / "release"))


def validate(binaries, program, environment, folder):
    """What the program says of the environment; files of secrets are replaced by samples."""
    values = {"LISTEN": "0.0.0.0:1", "PATH": "/usr/bin"} | {name: str(value or "") for name, value in environment.items()}
    for name, path in values.items():
        if name.endswith("_FILE") and path:
            kind = next((kind for kind in SECRETS if path.endswith(kind) or re.search(rf"{kind}$", path)), None)
            if path.endswith("_url") and "database" in path:
                kind = "database_url"
            sample = folder / pathlib.Path(path).name
            sample.write_text(SECRETS.get(kind, "sample"))
            values[name] = str(sample)
    result = subprocess.run(
        [binaries / program, "--check"], env=values, capture_output=True, text=True, timeout=20, check=False)
    return result.stdout
