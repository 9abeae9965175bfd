"""Fixtures: a stack's Redis and PostgreSQL, and one replica of each service of its own on a RabbitMQ cluster."""

import pathlib
import tempfile

import pytest

from support.cluster import Cluster
from support.replica import Replica
from support.stack import running


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
            kind: Replica(
                description, kind, 5, log, RABBITMQ_URL=cluster.uri)
            for kind in ("process", "notification", "accept")}
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
