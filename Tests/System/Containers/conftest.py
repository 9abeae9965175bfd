"""Fixtures: the images, and the stack of docker-compose.yml with small settings."""

import os
import shutil
import subprocess

import pytest

import images
from engine import STATE, Engine
from support import ROOT

SECRETS = STATE / "secrets"
PORT = 28080


@pytest.fixture(scope="session")
def engine():
    engine = Engine(f"waybill{os.getpid()}")
    engine.start()
    try:
        yield engine
    finally:
        engine.close()


@pytest.fixture(scope="session")
def built(engine):
    images.build(engine)
    return images.described(engine)["services"]


@pytest.fixture(scope="session")
def stack(engine, built):
    subprocess.run([ROOT / "infra" / "docker" / "secrets", SECRETS], check=True, stdout=subprocess.DEVNULL)
    tls = STATE / "tls"
    shutil.rmtree(tls, ignore_errors=True)
    tls.mkdir()
    engine.environment |= {
        "WAYBILL_PROFILE": "development", "EDGE_PORT": str(PORT), "EDGE_TLS_PORT": str(PORT + 1), "SECRETS": str(SECRETS),
        "TLS_DIRECTORY": str(tls)}
    try:
        # One after the other: the engine's service hangs when it creates many containers at once. The edge is first, and
        # finds the others when they are there.
        for service in ("edge", "redis", "rabbitmq", "postgres", "process", "accept", "notification", "console"):
            engine.compose("up", "-d", "--no-build", "--no-deps", service)
            if service != "edge":
                engine.await_healthy(service)
        engine.await_healthy("edge")
        yield engine
    finally:
        engine.compose("down", "-v", "--remove-orphans", "-t", "2", timeout=180, check=False)
