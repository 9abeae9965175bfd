"""Fixtures: a stack whose keys in Redis live for a minute, and customers."""

import contextlib
import json
import secrets
import signal
import urllib.request

import pytest

from support.http import answer
from support.stack import running
from support.waiting import until

# Of the stack's services.
SETTINGS = {"WORKFLOW_TTL": "60", "RATE_LIMIT": "0", "READ_RATE_LIMIT": "0"}
FINAL = ("COMPLETED", "FAILED", "CANCELLED")


class Customer:
    def __init__(self, stack, user=None):
        self.stack = stack
        self.user = user or f"DURABLE-{secrets.token_hex(6)}"
        self.token = stack.token(self.user)

    def request(self, method, path, body=None, base=None, **headers):
        """(status, body) of the answer."""
        return answer(f"{base or self.stack.edge}{path}", method, body, self.token, **headers)

    def post(self, key=None, product="AZ-104", quantity=1, base=None):
        headers = {"Idempotency-Key": key} if key else {}
        return self.request(
            "POST", "/api/orders", {"items": [{"productId": product, "quantity": quantity}]}, base, **headers)

    def place(self, *arguments, **options):
        """An accepted order."""
        status, order = self.post(*arguments, **options)
        assert status == 201, order
        return order

    def order(self, order):
        status, found = self.request("GET", f"/api/orders/{order['id']}")
        return found if status == 200 else None

    def status(self, order):
        status, found = self.request("GET", f"/api/orders/status/{order['correlationId']}")
        return found["status"] if status == 200 else None

    def orders(self, size=100):
        status, page = self.request("GET", f"/api/orders?size={size}")
        assert status == 200, page
        return page["items"]

    @contextlib.contextmanager
    def updates(self, timeout=10):
        """The updates of an event stream that is connected, until the timeout passes without a line."""
        request = urllib.request.Request(
            f"{self.stack.edge}/api/notifications/stream", headers={"Authorization": f"Bearer {self.token}"})
        with urllib.request.urlopen(request, timeout=timeout) as stream:
            events = (line.split()[1].decode() for line in stream if line.startswith(b"event:"))
            assert next(events) == "connected"
            yield (json.loads(line[5:]) for line in stream if line.startswith(b"data:") and b"order.status" in line)

    @staticmethod
    def hears_completion(updates, order):
        """Whether the order's COMPLETED comes, with the ids of its 201."""
        return any(
            update["orderId"] == order["id"] and update["correlationId"] == order["correlationId"]
            and update["status"] == "COMPLETED" for update in updates)

    def rows(self):
        """Status of each recorded order by id."""
        text = self.stack.sql(f"SELECT id, status FROM orders WHERE customer_id = '{self.user}'")
        return {int(line.split("|")[0]): line.split("|")[1] for line in text.split()}

    def recorded_status(self, order):
        """The status of its row, or None. The row may have the id of the edge's other attempt, to which the answer's leads."""
        text = self.stack.sql(
            f"SELECT status FROM orders WHERE customer_id = '{self.user}' AND id IN (SELECT {order['id']} UNION "
            f"SELECT target_id FROM order_aliases WHERE order_id = {order['id']})")
        return text.strip() or None

    def await_final(self, order):
        """The order once it has an outcome."""
        return until("the order has an outcome", lambda: (
            (found := self.order(order)) and found["status"] in FINAL and found), 30)


@pytest.fixture(scope="session")
def stack():
    with running(WAYBILL_ACCEPTORS="2", WAYBILL_PROCESSORS="2", **SETTINGS) as stack:
        yield stack


@pytest.fixture
def customer(stack):
    stack.await_ready()
    return Customer(stack)


@contextlib.contextmanager
def paused(stack, *programs):
    """The servers answer nothing within the context."""
    for program in programs:
        stack.signal(program, signal.SIGSTOP)
    try:
        yield
    finally:
        for program in programs:
            stack.signal(program, signal.SIGCONT)
