"""Fixtures: the stack and customers with their hub addresses."""

import secrets

import pytest

from support.http import call
from support.stack import running

TIMEOUT = 20  # seconds


class Customer:
    def __init__(self, stack):
        self.edge = stack.edge
        self.user = f"SIGNALR-{secrets.token_hex(6)}"
        self.token = stack.token(self.user)

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
        """Places an order; returns the answer of order-accept."""
        items = [{"productId": "AZ-104", "quantity": 1}]
        return call(f"{self.edge}/api/orders", {"items": items}, self.token, TIMEOUT)


@pytest.fixture(scope="session")
def stack():
    with running() as stack:
        yield stack


@pytest.fixture
def customer(stack):
    return Customer(stack)


@pytest.fixture
def other_customer(stack):
    return Customer(stack)


def completed(order):
    """The notification of the order's completion."""
    return {"correlationId": {"value": order["correlationId"]}, "status": 2, "orderId": order["id"]}
