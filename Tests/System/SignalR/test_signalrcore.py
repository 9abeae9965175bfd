"""signalrcore: threads and callbacks."""

import queue
import threading

import pytest
from signalrcore.hub_connection_builder import HubConnectionBuilder

from conftest import PATIENCE, completed, until


class Connection:
    def __init__(self, customer, **options):
        self.notifications, self.errors, self.opened = [], queue.Queue(), queue.Queue()
        url = customer.hub_socket if options.get("skip_negotiation") else customer.hub
        hub = HubConnectionBuilder().with_url(
            url, options={"access_token_factory": lambda: customer.token, **options}).build()
        hub.on("Notification", lambda arguments: self.notifications.extend(arguments))
        hub.on_open(lambda: self.opened.put(None))
        hub.on_error(self.errors.put)
        self.hub = hub

    def __enter__(self):
        self.hub.start()
        self.opened.get(timeout=PATIENCE)
        return self

    def __exit__(self, *_):
        # It waits for its reader, which sits in a recv() on the closed socket until the hub's next ping.
        threading.Thread(target=self.hub.stop, daemon=True).start()

    def invoke(self, name, *arguments):
        answers = queue.Queue()
        self.hub.invoke(name, list(arguments), answers.put)
        return answers.get(timeout=PATIENCE).result

    def error(self, name, *arguments):
        self.hub.invoke(name, list(arguments), lambda _: None)
        return self.errors.get(timeout=PATIENCE).error


@pytest.mark.parametrize("options", [{}, {"skip_negotiation": True}], ids=["negotiated", "not negotiated"])
def test_the_owner_invokes_and_is_told(customer, options):
    with Connection(customer, **options) as connection:
        assert connection.invoke("Ping") == "pong"
        order = customer.order()
        assert connection.invoke("RegisterOrder", order["correlationId"]) is None
        told = until("the completion", lambda: completed(order) in connection.notifications)
        assert told and connection.notifications.count(completed(order)) == 1
        for argument in (order["correlationId"], {"value": order["correlationId"]}):
            assert connection.invoke("GetCurrentStatus", argument) == {"status": 2, "orderId": order["id"]}


def test_nobody_else_learns_of_it(customer, stranger):
    with Connection(stranger) as other, Connection(customer) as own:
        order = customer.order()
        until("the completion", lambda: completed(order) in own.notifications)
        assert other.invoke("GetCurrentStatus", order["correlationId"]) is None
        assert other.error("RegisterOrder", order["correlationId"]) == "Unknown order"
        assert other.error("GetCurrentStatus", "nonsense") == "Invalid correlationId"
        assert other.notifications == []
