"""Waybill's own processes: their environment is the contract between this folder and the services."""

import json
import os
import urllib.error
import urllib.request

from ground import ports, postgres, rabbitmq, redis
from ground.fault import Fault
from ground.program import Program

ISSUER, AUDIENCE = "waybill", "waybill-api"
ROLES = {
    "postgresOwner": postgres.OWNER, "postgresReader": postgres.READER, "postgresOperator": postgres.OPERATOR}
DRAIN_SECONDS = 10
# Taken over from the caller's environment when set there.
PASSED_ON = (
    "LOG_LEVEL", "LOG_FORMAT", "WORKFLOW_TTL", "NOTIFY_PROCESSING", "ALLOWED_ORIGINS", "DRAIN_TIMEOUT",
    "JWT_JWKS_URL", "WAYBILL_QUEUE_TYPE", "WAYBILL_PROFILE", "RATE_LIMIT", "RATE_BURST", "TSAN_OPTIONS", "ASAN_OPTIONS", "SWIFT_BACKTRACE", "LD_LIBRARY_PATH",
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
        "console": [console(layout, secrets)],
    }


def program(layout, secrets, kind, index, port, database_role):
    service = f"order-{kind}"
    return supervised(
        layout, f"{kind}-{index}", [service], port, environment(layout, secrets, service, port, database_role))


def console(layout, secrets):
    """The operator's console, a part of the operator's command."""
    port = layout.port("console")
    values = environment(layout, secrets, "waybill-console", port, "postgresOperator")
    for name in ("WORKFLOW_TTL", "NOTIFY_PROCESSING", "WAYBILL_QUEUE_TYPE", "RATE_LIMIT", "RATE_BURST"):
        values.pop(name, None)
    # Who is connected where, and nothing else.
    values["REDIS_URL"] = redis.observer_uri(layout.route("redis"), secrets["redisObserver"])
    shown = {
        "order-accept": layout.accept_ports, "order-process": layout.process_ports,
        "order-notification": layout.notification_ports}
    values["TARGETS"] = ",".join(
        f"{kind}@{number}=http://{ports.HOST}:{number}" for kind, numbers in shown.items() for number in numbers)
    if values["WAYBILL_PROFILE"] == "development":
        values["WAYBILL_STACK"] = str(layout.directory / "stack.json")
    return supervised(layout, "console-1", ["console"], port, values)


def supervised(layout, name, words, port, values):
    executable = layout.binaries / words[0]
    try:
        status = executable.stat()
    except FileNotFoundError:
        raise Fault(f"{executable} is missing: run `make build`") from None
    return Program(
        name=name, argv=[str(executable), *words[1:]], directory=layout.directory,
        ports={words[-1]: port},
        environment=values, stamp=[status.st_ino, status.st_mtime_ns], stop_seconds=DRAIN_SECONDS + 5,
        ready=lambda: missing(port))


def environment(layout, secrets, service, port, database_role):
    values = {
        "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "WAYBILL_PROFILE": "development",
        "LISTEN": f"{ports.HOST}:{port}", "REPLICA": f"{service}@{port}",
        "REDIS_URL": redis.uri(layout.route("redis"), secrets["redis"]),
        "RABBITMQ_URL": rabbitmq.uri(layout.route("amqp"), secrets["rabbitmq"]),
        "JWT_ISSUER": tokens()["issuer"], "JWT_AUDIENCE": tokens()["audience"],
        "ALLOWED_ORIGINS": ",".join(allowed_origins(layout)), "DRAIN_TIMEOUT": str(DRAIN_SECONDS),
    }
    if database_role:
        values["DATABASE_URL"] = postgres.uri(
            ROLES[database_role], secrets[database_role], layout.route("postgres"))
    if not os.environ.get("JWT_JWKS_URL"):
        values["JWT_SECRET"] = secrets["jwt"]
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    telemetry = {name: value for name, value in os.environ.items() if name.startswith("OTEL_")}
    return values | passed | telemetry


def tokens():
    """What a token must say."""
    return {
        "issuer": os.environ.get("JWT_ISSUER") or ISSUER, "audience": os.environ.get("JWT_AUDIENCE") or AUDIENCE}


def mints_tokens():
    """Whether there is a `/dev/token`: in development, unless an issuer's keys take the place of our own."""
    return os.environ.get("WAYBILL_PROFILE", "development") == "development" and not os.environ.get("JWT_JWKS_URL")


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
