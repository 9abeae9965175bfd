"""The hub of a running stack, by way of its edge, and a customer of each test's own."""

import json
import os
import pathlib
import secrets
import time
import urllib.request

import pytest

PATIENCE = 20  # seconds


def until(what, holds, seconds=PATIENCE):
    """Waits for `holds()` to be true, and returns what it returned."""
    end = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < end, f"{what} did not happen within {seconds} s"
        time.sleep(0.01)
    return value


class Customer:
    def __init__(self, edge):
        self.edge = edge
        self.user = f"SIGNALR-{secrets.token_hex(6)}"
        self.token = self._post("/dev/token", {"userId": self.user})["token"]

    @property
    def hub(self):
        return f"{self.edge}/hubs/order-status"

    @property
    def hub_socket(self):
        return self.hub.replace("http", "ws", 1)

    @property
    def authorization(self):
        return {"Authorization": f"Bearer {self.token}"}

    def order(self):
        """A real one; returns what order-accept answered."""
        return self._post("/api/orders", {"items": [{"productId": "AZ-104", "quantity": 1}]}, self.authorization)

    def _post(self, path, body, headers=None):
        request = urllib.request.Request(
            self.edge + path, json.dumps(body).encode(), {"Content-Type": "application/json"} | (headers or {}))
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=PATIENCE) as response:
            return json.load(response)


@pytest.fixture
def customer():
    return Customer(json.loads(pathlib.Path(os.environ["WAYBILL_STACK"]).read_text())["edge"])


@pytest.fixture
def stranger(customer):
    return Customer(customer.edge)


def completed(order):
    """The notification that ends the order's story."""
    return {"correlationId": {"value": order["correlationId"]}, "status": 2, "orderId": order["id"]}
