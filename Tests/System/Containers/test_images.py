"""What is in the images."""

import json
import subprocess

import pytest

import images

PROGRAMS = ("process", "accept", "notification", "console", "waybill")
LIMIT = 60  # MB above the base
# Foundation is a part of `waybill`, which starts processes.


@pytest.mark.parametrize("service", PROGRAMS)
def test_a_program(engine, built, service):
    name = f"docker.io/{built[service]['image']}"
    base = next(base for base in images.base_names() if "debian:" in base)
    added = images.size(engine, name) - images.size(engine, base)
    assert added <= LIMIT, f"{added:.0f} MB"
    image = engine.image(name)
    assert image["Config"]["User"] == "10001:10001" and image["Config"]["StopSignal"] in ("SIGTERM", "15")
    labels = image["Config"]["Labels"]
    assert {f"org.opencontainers.image.{key}" for key in ("title", "version", "revision", "licenses")} <= set(labels)
    assert image.get("HealthCheck") or image.get("Healthcheck") or image["Config"].get("Healthcheck")
    run = ("run", "--rm", "--network", "none", "--read-only", "--cap-drop", "ALL", name)
    assert engine.podman(*run, "--version").endswith(f"{labels['org.opencontainers.image.title']} 0.9.0\n")
    if service != "waybill":
        assert "the settings are valid" in engine.podman(
            *run[:-1], "-e", "REDIS_URL=redis://r", "-e", "RABBITMQ_URL=amqp://r", "-e", "DATABASE_URL=postgresql://p/d",
            "-e", "JWT_ISSUER=i", "-e", "JWT_AUDIENCE=a", "-e", "JWT_SECRET=0123456789abcdefghijklmnopqrstuv", name,
            "--check")
    listing = engine.podman(
        "run", "--rm", "--network", "none", "--entrypoint", "ls", name, "/usr/share/doc/waybill",
        stderr=subprocess.DEVNULL)
    assert listing.split() == ["LICENSE", "NOTICE"]


def test_the_edge(engine, built):
    image = engine.image(f"docker.io/{built['edge']['image']}")
    assert image["Config"]["User"] == "10001:10001"
    assert json.dumps(image["Config"]["Labels"]).count("opencontainers") >= 4
