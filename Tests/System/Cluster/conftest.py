"""Fixtures: a stack's Redis and PostgreSQL, and one replica of each service of its own on a RabbitMQ cluster."""

import contextlib
import os
import pathlib
import signal
import socket
import struct
import subprocess
import tempfile

import pytest

from support.cluster import Cluster
from support.http import is_complete
from support.stack import running
from support.waiting import until


def environment(pid):
    text = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
    return dict(item.split("=", 1) for item in text.decode().split("\0") if item)


class Replica:
    """A service with the environment of the stack's replica, but for the broker."""

    def __init__(self, description, kind, offset, cluster, log):
        entry = description[kind][0]
        self.executable = os.readlink(f"/proc/{entry['pid']}/exe")
        self.port = int(entry["url"].rpartition(":")[2]) + offset
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = environment(entry["pid"]) | {
            "LISTEN": f"127.0.0.1:{self.port}", "REPLICA": f"cluster-{kind}", "RABBITMQ_URL": cluster.uri,
            "RABBITMQ_NODES": ",".join(cluster.endpoints)}
        self.log = log
        self.process = None

    def start(self):
        self.process = subprocess.Popen([self.executable], env=self.environment, stderr=self.log)
        until(f"{self.url} is ready", lambda: is_complete(f"{self.url}/health/ready"), 60)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def peers(self):
        """The IPv4 addresses and ports that the process is connected to."""
        inodes = set()
        for descriptor in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                inodes.add(os.readlink(descriptor).removeprefix("socket:[").removesuffix("]"))
        for line in pathlib.Path(f"/proc/{self.process.pid}/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes and fields[3] == "01":
                host, port = fields[2].split(":")
                yield socket.inet_ntoa(struct.pack("<I", int(host, 16))), int(port, 16)


@pytest.fixture(scope="session")
def stack():
    with running(WAYBILL_ACCEPTORS="1", WAYBILL_PROCESSORS="1", WAYBILL_NOTIFIERS="1", RATE_LIMIT="0") as stack:
        yield stack


@pytest.fixture(scope="session")
def cluster(stack):
    with tempfile.TemporaryDirectory() as directory:
        cluster = Cluster(pathlib.Path(directory), int(stack.edge.rpartition(":")[2]) + 60)
        try:
            cluster.start(1)
            cluster.start(2, 3)
            yield cluster
        finally:
            cluster.close()


@pytest.fixture(scope="session")
def replicas(stack, cluster):
    description = stack.description
    with open(stack.directory / "log" / "cluster-replicas.log", "ab") as log:
        replicas = {
            kind: Replica(description, kind, 5, cluster, log) for kind in ("process", "notification", "accept")}
        # Those of the stack would share the work, on another broker.
        stack.stop("accept-1", "process-1", "notification-1")
        try:
            for replica in replicas.values():
                replica.start()
            yield replicas
        finally:
            for replica in replicas.values():
                if replica.process and replica.process.poll() is None:
                    replica.stop()
