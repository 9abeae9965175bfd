"""The compose stack: hardened, upgraded under load, scaled, with services missing."""

import collections
import contextlib
import json
import secrets
import ssl
import subprocess
import threading
import time
import urllib.request

import pytest

from conftest import PORT
from support import ROOT
from support.http import answer, call, opener
from support.waiting import until

EDGE = f"http://127.0.0.1:{PORT}"
SERVICES = ("accept", "process", "notification")


def token(user):
    return call(f"{EDGE}/dev/token", {"userId": user})["token"]


class Load:
    """Posts orders one after the other in a few threads, and follows their updates in an event stream that resumes."""

    def __init__(self, posters=4):
        self.user = f"LOAD-{secrets.token_hex(4)}"
        self.token = token(self.user)
        self.answers = collections.Counter()
        self.accepted = []
        self.heard = collections.Counter()
        self.connections = []
        self.gaps = 0
        self.over = threading.Event()
        self.stream_over = threading.Event()
        self.threads = [threading.Thread(target=self.post, daemon=True) for _ in range(posters)]
        self.listener = threading.Thread(target=self.listen, daemon=True)

    def post(self):
        while not self.over.is_set():
            try:
                status, body = answer(
                    f"{EDGE}/api/orders", "POST", {"items": [{"productId": "AZ-104", "quantity": 1}]}, self.token)
            except OSError as error:
                status, body = str(error), None
            self.answers[status] += 1
            if status == 201:
                self.accepted.append(body["id"])
            time.sleep(0.03)

    def listen(self):
        last = None
        while not self.stream_over.is_set():
            headers = {"Authorization": f"Bearer {self.token}"} | ({"Last-Event-ID": last} if last else {})
            try:
                with opener.open(
                        urllib.request.Request(f"{EDGE}/api/notifications/stream", headers=headers), timeout=60) as stream:
                    for line in stream:
                        if line.startswith(b"id:"):
                            last = line.split()[1].decode()
                        if line.startswith(b"data:"):
                            self.note(json.loads(line[5:]))
            except urllib.error.HTTPError as error:
                self.connections.append(error.code)
                time.sleep(0.2)
            except OSError:
                time.sleep(0.05)

    def note(self, event):
        if "replica" in event:
            self.connections.append(event["replica"])
        if event.get("recovered") is False:
            self.gaps += 1
        if event.get("type") == "order.status":
            self.heard[event["orderId"], event["status"]] += 1

    @property
    def unheard(self):
        return [number for number in self.accepted if not self.heard[number, "COMPLETED"]]

    def __enter__(self):
        self.listener.start()
        until("the stream is connected", lambda: self.connections)
        for thread in self.threads:
            thread.start()
        until("orders are accepted", lambda: len(self.accepted) > 20)
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join(30)

    def conclude(self):
        until(lambda: f"all are heard of, not {self.unheard[:5]}", lambda: not self.unheard, 30)
        self.stream_over.set()
        assert set(self.answers) == {201}, self.answers
        assert not [code for code in self.connections if isinstance(code, int)], self.connections
        assert all(count == 1 for (_, status), count in self.heard.items() if status == "COMPLETED")


@pytest.fixture
def steady(stack):
    stack.await_healthy(*SERVICES, "edge")
    return stack


def test_nothing_runs_as_root(steady):
    for name in steady.names():
        users = {line.split()[0] for line in steady.podman("top", name, "huser").splitlines()[1:] if line.strip()}
        inspected = steady.inspect(name)
        assert "root" not in users and "0" not in users, f"{name}: {users}"
        assert inspected["HostConfig"]["ReadonlyRootfs"], name
        assert not inspected["EffectiveCaps"], f"{name}: {inspected['EffectiveCaps']}"
        environment = "\n".join(inspected["Config"]["Env"])
        assert "://waybill" not in environment and "PASSWORD=" not in environment, name


def test_the_demonstration_holds_from_another_address(steady):
    output = steady.compose("run", "--rm", "waybill", "demo", "--orders", "30", timeout=120)
    assert "nothing lost, nothing twice" in output
    health = steady.compose("run", "--rm", "waybill", "outbox", "status", timeout=60)
    assert health


@pytest.mark.parametrize("service", SERVICES)
def test_an_upgrade_refuses_nothing(steady, service, capsys):
    before = set(steady.containers(service))
    with Load() as load:
        started = time.monotonic()
        steady.run(
            ROOT / "infra" / "docker" / "upgrade", service, timeout=240,
            env={"DOCKER": "podman", "COMPOSE": "docker-compose"})
        took = time.monotonic() - started
    load.conclude()
    after = set(steady.containers(service))
    assert len(after) == len(before) and not after & before
    with capsys.disabled():
        print(f"\n  {service}: {sum(load.answers.values())} orders in {took:.0f} s, none refused; "
              f"stream on {len(load.connections)} replicas, {load.gaps} gaps")


def test_a_recreated_service_is_found_again(steady):
    """With other addresses, as after `docker compose up --force-recreate`."""
    steady.compose("up", "-d", "--no-build", "--no-deps", "--force-recreate", "accept", timeout=180)
    started = time.monotonic()
    until("orders are taken", lambda: answer(
        f"{EDGE}/api/orders", "POST", {"items": [{"productId": "AZ-104", "quantity": 1}]}, token("RECREATED"))[0] == 201, 30)
    assert time.monotonic() - started < 15


def test_five_replicas_get_their_share(steady, capsys):
    steady.compose(
        "up", "-d", "--no-build", "--no-deps", "--no-recreate", "--scale", "notification=5", "notification", timeout=180,)
    try:
        until("five are healthy", lambda: len(steady.containers("notification")) == 5)
        steady.await_healthy("notification")
        until("the edge knows all", lambda: len(spread(10)) == 5, 20)
        shares = spread(100)
        with capsys.disabled():
            print(f"\n  100 streams on five replicas: {sorted(shares.values())}")
        assert len(shares) == 5 and min(shares.values()) >= 10
        registered = steady.run(
            "podman", "exec", steady.containers("redis")[0], "sh", "-c",
            "REDISCLI_AUTH=$(cat /run/secrets/redis_password) redis-cli --user waybill --no-auth-warning "
            "ZRANGE notify:replicas 0 -1").split()
        assert len(registered) >= 5
    finally:
        steady.compose(
            "up", "-d", "--no-build", "--no-deps", "--no-recreate", "--scale", "notification=2", "notification",
            timeout=180)


def spread(count):
    """Streams by replica."""
    found = collections.Counter()
    with contextlib.ExitStack() as streams:
        for number in range(count):
            request = urllib.request.Request(
                f"{EDGE}/api/notifications/stream", headers={"Authorization": f"Bearer {token(f'SPREAD-{number}')}"})
            stream = streams.enter_context(opener.open(request, timeout=20))
            line = next(line for line in stream if line.startswith(b"data:"))
            found[json.loads(line[5:])["replica"]] += 1
    return found


def test_the_edge_starts_without_a_service(steady):
    steady.compose("stop", "-t", "20", "notification", timeout=120)
    try:
        steady.compose(
            "up", "-d", "--no-build", "--no-deps", "--force-recreate", "edge", timeout=120)
        until("orders are taken", lambda: health()[0] == 200, 30)
        assert health() == (200, {"status": "ok", "reasons": ["order-notification"]})
        # Only notifiers mint tokens.
        assert answer(f"{EDGE}/dev/token", "POST", {"userId": "x"})[0] == 503
    finally:
        steady.compose("start", "notification", timeout=120)
    until("it is found", lambda: health() == (200, {"status": "ok"}), 30)
    assert token("FOUND")


def health():
    try:
        return answer(f"{EDGE}/healthz", "GET")
    except OSError as error:
        return 0, str(error)


def test_the_edges_health_is_that_of_orders(steady):
    steady.compose("stop", "-t", "20", "accept", timeout=120)
    try:
        until("no order can be taken", lambda: health() == (
            503, {"status": "unavailable", "reasons": ["order-accept"]}), 20)
    finally:
        steady.compose("start", "accept", timeout=120)
    until("orders are taken", lambda: health() == (200, {"status": "ok"}), 30)


def test_the_edge_stops_in_time_with_open_streams(steady):
    request = urllib.request.Request(
        f"{EDGE}/api/notifications/stream", headers={"Authorization": f"Bearer {token('OPEN')}"})
    with opener.open(request, timeout=60) as stream:
        assert next(stream)
        started = time.monotonic()
        steady.compose("stop", "-t", "30", "edge", timeout=60)
        took = time.monotonic() - started
    steady.compose("start", "edge", timeout=60)
    steady.await_healthy("edge")
    assert 5 < took < 16, took


def certificate(folder, name):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
         f"/CN={name}", "-addext", f"subjectAltName=DNS:{name},IP:127.0.0.1", "-keyout", folder / "key.new", "-out",
         folder / "certificate.new"], check=True, capture_output=True)
    for file in ("key", "certificate"):
        (folder / f"{file}.new").chmod(0o644)
        (folder / f"{file}.new").rename(folder / f"{file}.pem")


def test_a_certificate_of_ones_own(steady):
    """Plain HTTP leads to HTTPS, browsers are told to remember, and a renewed certificate is used without a restart."""
    folder = type(ROOT)(steady.environment["TLS_DIRECTORY"])
    certificate(folder, "first.example")
    recreate = ("up", "-d", "--no-build", "--no-deps", "--force-recreate", "edge")
    try:
        steady.compose(*recreate, timeout=120)
        steady.await_healthy("edge")
        status, location = plain("/api/products?size=1")
        assert status == 308 and location == f"https://127.0.0.1:{PORT + 1}/api/products?size=1"
        name, headers = secure()
        assert name == "first.example" and headers["Strict-Transport-Security"] == "max-age=31536000"
        assert health()[0] == 200
        certificate(folder, "second.example")
        until("the second one is used", lambda: secure()[0] == "second.example", 90)
    finally:
        for path in folder.iterdir():
            path.unlink()
        steady.compose(*recreate, timeout=120)
    steady.await_healthy("edge")
    assert plain("/")[0] == 200


class Unfollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def plain(path):
    """(status, Location)"""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}), Unfollowed())
    try:
        with direct.open(f"{EDGE}{path}", timeout=10) as response:
            return response.status, None
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Location"]


def secure():
    """The name in the certificate, and the headers."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    import http.client
    connection = http.client.HTTPSConnection("127.0.0.1", PORT + 1, context=context, timeout=10)
    connection.request("GET", "/")
    response = connection.getresponse()
    response.read()
    der = connection.sock.getpeercert(binary_form=True) if connection.sock else b""
    connection.close()
    text = subprocess.run(
        ["openssl", "x509", "-inform", "der", "-noout", "-subject"], input=der, capture_output=True, check=True).stdout
    return text.decode().strip().rpartition("= ")[2], response.headers


def test_nothing_is_left(engine, stack):
    engine.compose("down", "-v", "--remove-orphans", "-t", "5", timeout=180)
    assert not engine.names()
    assert engine.project not in engine.podman("volume", "ls", "-q") + engine.podman("network", "ls", "--format", "{{.Name}}")
