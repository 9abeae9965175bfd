"""The services' processes and the environment each is started with."""

import json
import os
import urllib.error
import urllib.request

from devstack import ports, postgres, rabbitmq, redis
from devstack.errors import DevstackError
from devstack.program import Program

ISSUER, AUDIENCE = "waybill", "waybill-api"
ROLES = {
    "postgresOwner": postgres.OWNER, "postgresReader": postgres.READER, "postgresNotifier": postgres.NOTIFIER,
    "postgresOperator": postgres.OPERATOR}
DRAIN_SECONDS = 10
LIVENESS_SECONDS = 2
# Inherited from the caller's environment when set there.
INHERITED = (
    "LOG_LEVEL", "LOG_FORMAT", "WORKFLOW_TTL", "NOTIFY_PROCESSING", "ALLOWED_ORIGINS", "DRAIN_TIMEOUT",
    "JWT_JWKS_URL", "WAYBILL_QUEUE_TYPE", "WAYBILL_PROFILE", "RATE_LIMIT", "RATE_BURST",
    "READ_RATE_LIMIT", "READ_RATE_BURST", "HEDGE_DELAY_MS", "TSAN_OPTIONS", "ASAN_OPTIONS", "SWIFT_BACKTRACE", "LD_LIBRARY_PATH",
)
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def programs(config, secrets):
    """kind → replicas, in start order: order-process migrates the database that the others read."""
    return {
        "process": [
            program(config, secrets, "process", index, port, "postgresOwner")
            for index, port in enumerate(config.process_ports, 1)],
        "accept": [
            program(config, secrets, "accept", index, port, "postgresReader")
            for index, port in enumerate(config.accept_ports, 1)],
        "notification": [
            program(config, secrets, "notification", index, port, "postgresNotifier")
            for index, port in enumerate(config.notification_ports, 1)],
        "console": [console(config, secrets)],
    }


def program(config, secrets, kind, index, port, database_role):
    service = f"order-{kind}"
    return service_program(
        config, f"{kind}-{index}", [service], port, environment(config, secrets, service, port, database_role))


def console(config, secrets):
    """The operator's console."""
    port = config.port("console")
    values = environment(config, secrets, "waybill-console", port, "postgresOperator")
    for name in (
            "WORKFLOW_TTL", "NOTIFY_PROCESSING", "WAYBILL_QUEUE_TYPE", "RATE_LIMIT", "RATE_BURST", "READ_RATE_LIMIT",
            "READ_RATE_BURST", "HEDGE_DELAY_MS"):
        values.pop(name, None)
    # The observer may read the connection registry and nothing else.
    values["REDIS_URL"] = redis.observer_uri(config.client_port("redis"), secrets["redisObserver"])
    monitored = {
        "order-accept": config.accept_ports, "order-process": config.process_ports,
        "order-notification": config.notification_ports}
    values["TARGETS"] = ",".join(
        f"{kind}@{number}=http://{ports.HOST}:{number}" for kind, numbers in monitored.items() for number in numbers)
    if values["WAYBILL_PROFILE"] == "development":
        values["WAYBILL_STACK"] = str(config.directory / "stack.json")
    return service_program(config, "console-1", ["console"], port, values)


def service_program(config, name, words, port, values):
    executable = config.binaries / words[0]
    try:
        status = executable.stat()
    except FileNotFoundError:
        raise DevstackError(f"{executable} is missing: run `make build`") from None
    return Program(
        name=name, argv=[str(executable), *words[1:]], directory=config.directory,
        ports={words[-1]: port},
        environment=values, fingerprint=[status.st_ino, status.st_mtime_ns], stop_seconds=DRAIN_SECONDS + 5,
        probe=lambda: readiness_problem(port), liveness=lambda: liveness_problem(port),
        hang_seconds=2 * LIVENESS_SECONDS)


def environment(config, secrets, service, port, database_role):
    values = {
        "PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "WAYBILL_PROFILE": "development",
        "LISTEN": f"{ports.HOST}:{port}", "REPLICA": f"{service}@{port}",
        "REDIS_URL": redis.uri(config.client_port("redis"), secrets["redis"]),
        "RABBITMQ_URL": rabbitmq.uri(config.client_port("amqp"), secrets["rabbitmq"]),
        "JWT_ISSUER": tokens()["issuer"], "JWT_AUDIENCE": tokens()["audience"],
        "ALLOWED_ORIGINS": ",".join(allowed_origins(config)), "DRAIN_TIMEOUT": str(DRAIN_SECONDS),
    }
    values["DATABASE_URL"] = postgres.uri(
        ROLES[database_role], secrets[database_role], config.client_port("postgres"))
    if not os.environ.get("JWT_JWKS_URL"):
        values["JWT_SECRET"] = secrets["jwt"]
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    # The edge is on the loopback.
    proxies = os.environ.get("TRUSTED_PROXIES")
    values["TRUSTED_PROXIES"] = ",".join(filter(None, [proxies, "127.0.0.0/8", "::1"]))
    telemetry = {name: value for name, value in os.environ.items() if name.startswith("OTEL_")}
    return values | inherited | telemetry


def tokens():
    """Required claims of a token."""
    return {
        "issuer": os.environ.get("JWT_ISSUER") or ISSUER, "audience": os.environ.get("JWT_AUDIENCE") or AUDIENCE}


def mints_tokens():
    """Whether `/dev/token` exists: in the development profile, unless a JWKS replaces the shared secret."""
    return os.environ.get("WAYBILL_PROFILE", "development") == "development" and not os.environ.get("JWT_JWKS_URL")


def allowed_origins(config):
    return [
        f"{scheme}://{host}:{config.port(name)}"
        for scheme, name in (("http", "edge"), ("https", "edge TLS")) for host in ("localhost", ports.HOST)]


def readiness_problem(port, path="/health/ready"):
    try:
        opener.open(f"http://{ports.HOST}:{port}{path}", timeout=2).close()
    except urllib.error.HTTPError as error:
        return f"{path} answers {error.code}: {reasons(error.read())}"
    except OSError as error:
        return f"port {port}: {getattr(error, 'reason', error)}"
    return None


def liveness_problem(port, path="/health/live"):
    """Why the process hangs: it takes the connection and does not answer. One that does not listen is starting."""
    try:
        opener.open(f"http://{ports.HOST}:{port}{path}", timeout=LIVENESS_SECONDS).close()
    except urllib.error.HTTPError:
        return None
    except OSError as error:
        reason = getattr(error, "reason", error)
        return None if isinstance(reason, ConnectionRefusedError) else f"port {port}: {reason}"
    return None


def reasons(body):
    try:
        return "; ".join(json.loads(body)["reasons"])
    except (ValueError, KeyError, TypeError):
        return body[:200].decode(errors="replace")
