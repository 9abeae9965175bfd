"""The node that the services are connected to, and that leads their queue, ends under load."""

import collections
import json
import secrets
import signal
import threading
import time
import urllib.request
from concurrent import futures

import pytest

from support.http import answer, is_complete, opener
from support.waiting import until

QUEUE = "order.accepted"
RATE = 50
PAUSE = 0.5


def taken(replica):
    """Orders that PostgreSQL took because the broker did not confirm."""
    text = opener.open(f"{replica.url}/metrics", timeout=5).read().decode()
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("waybill_orders_taken_total "))


def carries(replica):
    """Whether PostgreSQL takes no orders for a while."""
    before = taken(replica)
    time.sleep(PAUSE)
    return taken(replica) == before


class Load:
    """Posts orders of one customer at a steady rate; a tab hears the outcomes."""

    def __init__(self, stack, replicas):
        self.user = f"CLUSTER-{secrets.token_hex(6)}"
        self.token = stack.token(self.user)
        self.accept = replicas["accept"].url
        self.answers = []
        self.heard = collections.Counter()
        self.over = threading.Event()
        request = urllib.request.Request(
            f"{replicas['notification'].url}/api/notifications/stream",
            headers={"Authorization": f"Bearer {self.token}"})
        self.stream = opener.open(request, timeout=60)

    def post(self):
        start = time.monotonic()
        try:
            status, body = answer(
                f"{self.accept}/api/orders", "POST", {"items": [{"productId": "AZ-104", "quantity": 1}]}, self.token)
        except OSError as error:
            status, body = type(error).__name__, None
        self.answers.append((start, time.monotonic(), status, body))

    def listen(self):
        for line in self.stream:
            if line.startswith(b"data:") and b'"order.status"' in line:
                update = json.loads(line[5:])
                self.heard[update["orderId"], update["status"]] += 1

    def run(self):
        threading.Thread(target=self.listen, daemon=True).start()
        with futures.ThreadPoolExecutor(64) as pool:
            while not self.over.wait(1 / RATE):
                pool.submit(self.post)

    @property
    def accepted(self):
        return [body["id"] for _, _, status, body in self.answers if status == 201]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM] * 3)
def test_the_leader_that_holds_the_connection_ends(stack, cluster, replicas, how, capsys):
    leader = cluster.leader(QUEUE)
    accept = replicas["accept"]
    for _ in range(20):
        if (cluster.address(leader), cluster.port) in accept.peers():
            break
        accept.stop()
        accept.start()
    else:
        pytest.fail("order-accept is not connected to the leader")
    load = Load(stack, replicas)
    running = threading.Thread(target=load.run)
    running.start()
    until("orders are accepted", lambda: len(load.accepted) > RATE)
    end = cluster.end(leader, how)
    until("the node is gone", lambda: cluster.nodes[leader].poll() is not None, 60)
    until("order-accept does without nothing", lambda: is_complete(f"{accept.url}/health/ready"), 60)
    until("orders go through the broker", lambda: carries(accept), 60)
    carried = time.monotonic() - end - PAUSE
    load.over.set()
    running.join()
    later = [(start, finish, status) for start, finish, status, _ in load.answers if start >= end]
    first = min(finish for _, finish, status in later if status == 201) - end
    slowest = max(finish - start for start, finish, _ in later)
    refused = collections.Counter(status for _, _, status in later if status != 201)
    cluster.nodes[leader].wait(60)
    cluster.start(leader)

    accepted = load.accepted
    until("every order is heard of", lambda: all(load.heard[number, "COMPLETED"] for number in accepted), 60)
    rows = stack.sql(f"SELECT id, status FROM orders WHERE customer_id = '{load.user}'").split()
    with capsys.disabled():
        print(
            f"\n  {how.name} of n{leader}: {len(load.answers)} orders, first 201 after {first:.2f} s, slowest {slowest:.2f} s, "
            f"not 201 {dict(refused)}, all through the broker again after {carried:.1f} s")
    assert first < 3 and not refused
    assert set(rows) >= {f"{number}|COMPLETED" for number in accepted}
    assert all(load.heard[number, "COMPLETED"] == 1 for number in accepted)
