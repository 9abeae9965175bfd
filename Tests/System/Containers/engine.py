"""The container engine: podman, with its state in a folder of its own, and docker-compose in front of it."""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import threading
import time

from support import ROOT
from support.waiting import until

STATE = ROOT / ".build" / "containers"
NETWORK_NAMES = ("services", "servers")


class Engine:
    """Images stay in STATE for the next run; containers, networks and volumes are the test's."""

    def __init__(self, project):
        self.project = project
        self.run_root = pathlib.Path(f"/run/{project}")  # sockets have short paths
        self.environment = os.environ | {
            "CONTAINERS_CONF": str(STATE / "containers.conf"), "CONTAINERS_STORAGE_CONF": str(STATE / "storage.conf"),
            "DOCKER_HOST": f"unix://{self.run_root}/podman.sock", "COMPOSE_PROJECT_NAME": project,
            "BUILDAH_ISOLATION": "chroot", "COMPOSE_PARALLEL_LIMIT": "2",
        }
        self.service = None
        self.over = threading.Event()

    def start(self):
        STATE.mkdir(parents=True, exist_ok=True)
        self.run_root.mkdir(exist_ok=True)
        (STATE / "containers.conf").write_text(
            '[containers]\ndefault_ulimits=["nofile=20000:20000","nproc=32768:32768"]\n'
            '[engine]\ncgroup_manager="cgroupfs"\nevents_logger="file"\nruntime="runc"\n'
            f'[network]\nnetwork_backend="netavark"\nnetwork_config_dir="{STATE}/networks"\n')
        (STATE / "storage.conf").write_text(
            f'[storage]\ndriver="overlay"\ngraphroot="{STATE}/graph"\nrunroot="{self.run_root}/storage"\n')
        with open(STATE / "engine.log", "ab") as log:
            self.service = subprocess.Popen(
                ["podman", "system", "service", "-t", "0", self.environment["DOCKER_HOST"]],
                env=self.environment, stdout=log, stderr=log)
        until("the engine listens", (self.run_root / "podman.sock").exists)
        # Without an init system, nothing runs health checks.
        threading.Thread(target=self.check_health, daemon=True).start()

    def close(self):
        self.over.set()
        self.service.terminate()
        self.service.wait(20)
        shutil.rmtree(self.run_root, ignore_errors=True)

    def run(self, *words, **options):
        """The output of a command. An error has the end of what it wrote."""
        options = {"text": True, "timeout": 120, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT} | options
        must_succeed = options.pop("check", True)
        environment = self.environment | options.pop("env", {})
        done = subprocess.run(words, env=environment, cwd=ROOT, check=False, **options)
        if must_succeed and done.returncode:
            raise RuntimeError(f"{' '.join(map(str, words))}: {done.returncode}\n{(done.stdout or '')[-3000:]}")
        return done.stdout

    def podman(self, *words, **options):
        return self.run("podman", *words, **options)

    def compose(self, *words, **options):
        return self.run("docker-compose", *words, **options)

    def names(self):
        return self.podman("ps", "--format", "{{.Names}}", "--filter", f"name={self.project}_",
                           stderr=subprocess.DEVNULL).split()

    def containers(self, service):
        """Names of the running replicas of a service."""
        return [name for name in self.names() if name.startswith(f"{self.project}_{service}_")]

    def inspect(self, name):
        return json.loads(self.podman("inspect", name, stderr=subprocess.DEVNULL))[0]

    def image(self, name):
        return json.loads(self.podman("image", "inspect", name, stderr=subprocess.DEVNULL))[0]

    def check_health(self):
        while not self.over.wait(0.5):
            with contextlib.suppress(subprocess.SubprocessError):
                for name in self.names():
                    subprocess.run(
                        ["podman", "healthcheck", "run", name], env=self.environment, timeout=20, check=False,
                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def address(self, name, network="services"):
        """The container's IPv4 address on a network."""
        return self.inspect(name)["NetworkSettings"]["Networks"][f"{self.project}_{network}"]["IPAddress"]

    def await_healthy(self, *services, seconds=90):
        deadline = time.monotonic() + seconds

        def unhealthy():
            return [
                name for service in services for name in self.containers(service) or [f"{service}: none"]
                if ":" in name or self.health(name) != "healthy"]
        until(lambda: f"healthy: not {unhealthy()}", lambda: not unhealthy(), deadline - time.monotonic())

    def health(self, name):
        state = self.inspect(name)["State"]
        return (state.get("Health") or state.get("Healthcheck") or {}).get("Status")
