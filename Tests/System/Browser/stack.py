"""What runs, and how to hurt it."""

import base64
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
import urllib.request
from urllib.parse import unquote, urlsplit

ROOT = pathlib.Path(__file__).resolve().parents[2]
STACK = ROOT / "infra" / "local" / "stack"
sys.path.insert(0, str(ROOT / "infra" / "local"))
from ground.supervisor import Supervisor  # noqa: E402


@contextlib.contextmanager
def private(issuer):
    """A stack of the tests' own: they kill its services. People are signed in by `issuer` as well."""
    offset = subprocess.run([STACK, "free-offset"], check=True, capture_output=True, text=True).stdout.strip()
    environment = os.environ | {
        "WAYBILL_PORT_OFFSET": offset, "WAYBILL_NOTIFIERS": "2", "JWT_ISSUER": issuer.url, "OIDC_ISSUER": issuer.url,
        "OIDC_CLIENT_ID": "storefront"}
    path = subprocess.run([STACK, "path"], env=environment, check=True, capture_output=True, text=True).stdout.strip()
    try:
        subprocess.run([STACK, "up"], env=environment, check=True, stdout=subprocess.DEVNULL, timeout=150)
        yield Stack(pathlib.Path(path))
    finally:
        subprocess.run([STACK, "clean"], env=environment, check=False, stdout=subprocess.DEVNULL, timeout=60)


class Stack:
    def __init__(self, path):
        self.path = path

    @property
    def description(self):
        return json.loads(self.path.read_text())

    @property
    def edge(self):
        return self.description["edge"]

    @property
    def jwt(self):
        return self.description["jwt"]

    def kill_notifier(self, replica):
        """kill -9 of the replica that a page names; returns when another process has its place.

        replica: like `order-notification@5006`.
        """
        port = replica.rpartition("@")[2]
        (entry,) = [one for one in self.description["notification"] if one["url"].endswith(f":{port}")]
        os.kill(entry["pid"], signal.SIGKILL)

    def await_notifiers(self, seconds=30):
        """Until every replica answers again."""
        for entry in self.description["notification"]:
            await_answer(entry["url"] + "/health/ready", seconds)

    @contextlib.contextmanager
    def without(self, program):
        """While it is stopped for good: `accept-1`, `edge`, …"""
        supervisor = Supervisor(self.path.parent)
        supervisor.rpc.stopProcess(program, True)
        try:
            yield
        finally:
            supervisor.rpc.startProcess(program, False)
            for entry in self.description["accept"]:
                await_answer(entry["url"] + "/health/ready", 30)
            await_answer(self.edge + "/healthz", 30)

    @contextlib.contextmanager
    def processing_paused(self):
        """Orders stay accepted meanwhile."""
        pids = [entry["pid"] for entry in self.description["process"]]
        try:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def await_status(self, order, status, seconds=20):
        """Until the system of record says so."""
        uri = self.description["postgres"]["uri"]
        query = f"SELECT status FROM orders WHERE id = {int(order)}"
        end = time.monotonic() + seconds
        while True:
            found = subprocess.run(["psql", "-qAtX", uri, "-c", query], check=True, capture_output=True, text=True, timeout=10)
            if found.stdout.strip() == status:
                return
            assert time.monotonic() < end, f"order {order} is {found.stdout.strip() or 'not there'}, not {status}"

    def bury(self, queue, message, body):
        """Puts a message into a queue's dead letters, by the broker's management API."""
        broker = self.description["rabbitmq"]
        user, password = urlsplit(broker["uri"]).username, urlsplit(broker["uri"]).password
        document = {
            "routing_key": queue + ".dlq", "payload": body, "payload_encoding": "string",
            "properties": {
                "message_id": message, "type": "order.accepted.v1", "delivery_mode": 2,
                "headers": {"x-error": "buried by a test", "x-failed-at": "2026-01-01T00:00:00Z"}}}
        credentials = base64.b64encode(f"{user}:{unquote(password)}".encode()).decode()
        request = urllib.request.Request(
            f"{broker['managementUrl']}/api/exchanges/waybill/amq.default/publish", json.dumps(document).encode(),
            {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer)["routed"]

    def redis(self, *words):
        """A command of Redis; what it answers, as text."""
        redis = self.description["redis"]
        return subprocess.run(
            ["redis-cli", "-h", redis["host"], "-p", str(redis["port"]), "--user", redis["user"], "--no-auth-warning", *words],
            env=os.environ | {"REDISCLI_AUTH": redis["password"]}, check=True, capture_output=True, text=True, timeout=10).stdout


def await_answer(url, seconds):
    end = time.monotonic() + seconds
    while not answers(url):
        assert time.monotonic() < end, f"{url} did not come back"
        time.sleep(0.1)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=1) as response:
            return response.status == 200
    except OSError:
        return False
