"""Waybill's own processes: their environment is the contract between this folder and the services."""

import json
import os
import urllib.error
import urllib.request

from ground import ports, postgres, rabbitmq, redis
from ground.fault import Fault
from ground.program import Program

ISSUER, AUDIENCE = "waybill", "waybill-api"
DRAIN_SECONDS = 10
# Taken over from the caller's environment when set there.
PASSED_ON = (
    "LOG_LEVEL", "LOG_FORMAT", "WORKFLOW_TTL", "NOTIFY_PROCESSING", "ALLOWED_ORIGINS", "DRAIN_TIMEOUT",
    "WAYBILL_QUEUE_TYPE", "WAYBILL_PROFILE", "RATE_LIMIT", "RATE_BURST", "TSAN_OPTIONS", "ASAN_OPTIONS", "SWIFT_BACKTRACE", "LD_LIBRARY_PATH",
)
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def programs(layout, secrets):
    """kind → its replicas, in the order of their start: order-process migrates the database that the others read."""
    return {
        "process": [
            program(layout, secrets, "process", index, port, "postgresOwner")
            for index, port in enumerate(layout.process_ports, 1)],
        "accept": [
            program(layout, secrets, "accept", index, port, "postgresReader")
            for index, port in enumerate(layout.accept_ports, 1)],
        "notification": [
            program(layout, secrets, "notification", index, port, None)
            for index, port in enumerate(layout.notification_ports, 1)],
    }


def program(layout, secrets, kind, index, port, database_role):
    service = f"order-{kind}"
    executable = layout.binaries / service
    try:
        status = executable.stat()
    except FileNotFoundError:
        raise Fault(f"{executable} is missing: run `make build`") from None
    return Program(
        name=f"{kind}-{index}", argv=[str(executable)], directory=layout.directory, ports={service: port},
        environment=environment(layout, secrets, service, port, database_role),
        stamp=[status.st_ino, status.st_mtime_ns], stop_seconds=DRAIN_SECONDS + 5, ready=lambda: missing(port))


def environment(layout, secrets, service, port, database_role):
    values = {
        "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "WAYBILL_PROFILE": "development",
        "LISTEN": f"{ports.HOST}:{port}", "REPLICA": f"{service}@{port}",
        "REDIS_URL": redis.uri(layout.route("redis"), secrets["redis"]),
        "RABBITMQ_URL": rabbitmq.uri(layout.route("amqp"), secrets["rabbitmq"]),
        "JWT_ISSUER": ISSUER, "JWT_AUDIENCE": AUDIENCE, "JWT_SECRET": secrets["jwt"],
        "ALLOWED_ORIGINS": ",".join(allowed_origins(layout)), "DRAIN_TIMEOUT": str(DRAIN_SECONDS),
    }
    if database_role:
        role = postgres.OWNER if database_role == "postgresOwner" else postgres.READER
        values["DATABASE_URL"] = postgres.uri(role, secrets[database_role], layout.route("postgres"))
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    telemetry = {name: value for name, value in os.environ.items() if name.startswith("OTEL_")}
    return values | passed | telemetry


def allowed_origins(layout):
    return [
        f"{scheme}://{host}:{layout.port(name)}"
        for scheme, name in (("http", "edge"), ("https", "edge TLS")) for host in ("localhost", ports.HOST)]


def missing(port, path="/health/ready"):
    try:
        opener.open(f"http://{ports.HOST}:{port}{path}", timeout=2).close()
    except urllib.error.HTTPError as error:
        return f"{path} answers {error.code}: {reasons(error.read())}"
    except OSError as error:
        return f"port {port}: {getattr(error, 'reason', error)}"
    return None


def reasons(body):
    try:
        return "; ".join(json.loads(body)["reasons"])
    except (ValueError, KeyError, TypeError):
        return body[:200].decode(errors="replace")
