"""The stack under test: finding or starting it, and stopping, pausing and inspecting its parts."""

import base64
import contextlib
import json
import os
import pathlib
import signal
import subprocess
from urllib.parse import unquote, urlsplit

from devstack import process
from devstack.supervisor import Supervisor
from support import LOCAL, tokens
from support.append_only_file import AppendOnlyFile
from support.http import answer, call, is_complete, is_ready
from support.waiting import until


def command(word, environment, timeout=180):
    """The output of `infra/local/bin/stack WORD`."""
    ended = subprocess.run(
        [LOCAL / "bin" / "stack", word], env=environment, text=True, timeout=timeout, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    if ended.returncode:
        raise RuntimeError(f"stack {word}: {ended.stderr.strip()}")
    return ended.stdout.strip()


def private_environment(**defaults):
    """The environment of a stack of its own, on free ports. The caller's variables take precedence."""
    environment = defaults | os.environ
    if "WAYBILL_PORT_OFFSET" not in environment:
        environment["WAYBILL_PORT_OFFSET"] = command("free-offset", environment)
    return environment


@contextlib.contextmanager
def running(**defaults):
    """The stack whose stack.json WAYBILL_STACK names, else a private one, which is removed afterwards."""
    if file := os.environ.get("WAYBILL_STACK"):
        yield Stack(file)
        return
    environment = private_environment(**defaults)
    try:
        command("up", environment)
        yield Stack(command("path", environment))
    finally:
        command("clean", environment)


def reasons(replica):
    """What the replica at a URL says that is missing."""
    try:
        return (answer(f"{replica}/health/ready", "GET", timeout=2)[1] or {}).get("reasons", [])
    except OSError as error:
        return [str(error)]


class Stack:
    """Read from stack.json at each use, because pids change with restarts."""

    def __init__(self, file):
        self.file = pathlib.Path(file)
        self.directory = self.file.parent
        self.tokens = {}

    @property
    def description(self):
        return json.loads(self.file.read_text())

    @property
    def edge(self):
        return self.description["edge"]

    @property
    def jwt(self):
        return self.description["jwt"]

    def token(self, user):
        if user not in self.tokens:
            self.tokens[user] = tokens.mint(self.jwt, user)
        return self.tokens[user]

    def unready(self):
        """Names of the replicas that are not ready, or are and do without a server."""
        description = self.description
        return [
            f"{kind}-{number}" for kind in ("accept", "process", "notification")
            for number, replica in enumerate(description[kind], 1)
            if not is_complete(f"{replica['url']}/health/ready")]

    def reasons(self):
        """What the replicas say that is missing, by name (`accept-1`)."""
        description = self.description
        return {
            f"{kind}-{number}": reasons(replica["url"])
            for kind in ("accept", "process", "notification") for number, replica in enumerate(description[kind], 1)}

    def await_ready(self):
        until(lambda: f"all replicas are ready: {self.reasons()}",
              lambda: not self.unready() and is_ready(f"{self.edge}/healthz"), 30)

    # Disturbing programs

    def signal(self, program, number):
        """Sends a signal to a program by name (`accept-1`, `redis`), after checking the pid in its pid file."""
        pid = process.running_pid(self.directory / "run" / f"{program}.pid")
        if pid is None:
            raise RuntimeError(f"{program} does not run")
        process.send(pid, number)
        if number in (signal.SIGSTOP, signal.SIGCONT):
            for child in process.descendants(pid):  # they work on while their parent is stopped
                process.send(child, number)

    def kill_notifier(self, replica):
        """Sends SIGKILL to a replica named like `order-notification@5006`."""
        port = replica.rpartition("@")[2]
        urls = [entry["url"] for entry in self.description["notification"]]
        (number,) = [number for number, url in enumerate(urls, 1) if url.endswith(f":{port}")]
        self.signal(f"notification-{number}", signal.SIGKILL)

    def stop(self, *programs):
        """Stops programs (`accept-1`, `edge`, …), which are not started again."""
        supervisor = Supervisor(self.directory)
        for program in programs:
            supervisor.rpc.stopProcess(program, True)

    @contextlib.contextmanager
    def stopped(self, *programs):
        """The programs are stopped within the context."""
        self.stop(*programs)
        try:
            yield
        finally:
            for program in programs:
                Supervisor(self.directory).rpc.startProcess(program, False)
            self.await_ready()

    def restart(self, replica):
        """Terminates a replica (`accept-1`), which the supervisor starts again, and waits until it is ready."""
        kind, _, number = replica.rpartition("-")
        file = self.directory / "run" / f"{replica}.pid"
        before = process.running_pid(file)
        self.signal(replica, signal.SIGTERM)
        until(f"{replica} is another process", lambda: process.running_pid(file) not in (None, before), 30)
        ready = f"{self.description[kind][int(number) - 1]['url']}/health/ready"
        until(f"{replica} is ready", lambda: is_ready(ready), 30)

    @contextlib.contextmanager
    def processing_paused(self):
        """Orders stay in ACCEPTED within the context."""
        programs = [f"process-{number}" for number, _ in enumerate(self.description["process"], 1)]
        try:
            for program in programs:
                self.signal(program, signal.SIGSTOP)
            yield
        finally:
            for program in programs:
                self.signal(program, signal.SIGCONT)

    # The data of Redis

    @property
    def redis_log(self):
        return AppendOnlyFile(self.directory)

    def restart_redis(self, change):
        """SIGKILL; changes the data before the supervisor starts Redis again."""
        supervisor = Supervisor(self.directory)
        self.signal("redis", signal.SIGSTOP)  # so that the supervisor's stop, which prevents a restart, is not a clean one
        supervisor.rpc.stopProcess("redis", False)
        self.signal("redis", signal.SIGKILL)
        until("Redis is gone", lambda: supervisor.state("redis") == "STOPPED", 10)
        change(self.redis_log)
        supervisor.rpc.startProcess("redis", True)

    # Servers

    def await_status(self, order, status):
        """Waits until PostgreSQL holds the order with this status."""
        query = f"SELECT status FROM orders WHERE id = {int(order)}"
        until(f"order {order} is {status}", lambda: self.sql(query) == status)

    def sql(self, statement):
        """The output of a statement: a row per line, columns separated by `|`."""
        return subprocess.run(
            ["psql", "-qAtX", self.description["postgres"]["uri"], "-c", statement], check=True, capture_output=True,
            text=True, timeout=10).stdout.strip()

    def broker(self, path, body):
        """A POST to RabbitMQ's management API; `path` follows `/api`."""
        settings = self.description["rabbitmq"]
        uri = urlsplit(settings["uri"])
        credentials = base64.b64encode(f"{uri.username}:{unquote(uri.password)}".encode()).decode()
        return call(f"{settings['managementUrl']}/api{path}", body, Authorization=f"Basic {credentials}")

    def broker_delete(self, path):
        """A DELETE to RabbitMQ's management API."""
        settings = self.description["rabbitmq"]
        uri = urlsplit(settings["uri"])
        credentials = base64.b64encode(f"{uri.username}:{unquote(uri.password)}".encode()).decode()
        status, _ = answer(
            f"{settings['managementUrl']}/api{path}", "DELETE", Authorization=f"Basic {credentials}")
        assert status == 204, status

    def publish(self, exchange, key, kind, message_id, body, **headers):
        """Publishes a message of the type `kind`."""
        routed = self.broker(f"/exchanges/waybill/{exchange}/publish", {
            "routing_key": key, "payload": body, "payload_encoding": "string",
            "properties": {"message_id": message_id, "type": kind, "delivery_mode": 2, "headers": headers}})
        assert routed["routed"]

    def publish_dead_letter(self, queue, message_id, body):
        self.publish("amq.default", f"{queue}.dlq", "order.accepted.v1", message_id, body, **{
            "x-error": "dead-lettered by a test", "x-failed-at": "2026-01-01T00:00:00Z"})

    def redis(self, *words):
        """The output of a Redis command."""
        redis = self.description["redis"]
        return subprocess.run(
            ["redis-cli", "-h", redis["host"], "-p", str(redis["port"]), "--user", redis["user"], "--no-auth-warning",
             *words],
            env=os.environ | {"REDISCLI_AUTH": redis["password"]}, check=True, capture_output=True, text=True,
            timeout=10).stdout
