"""signalrcore: threads and callbacks."""

import queue
import threading

import pytest
from signalrcore.hub_connection_builder import HubConnectionBuilder

from conftest import TIMEOUT, completed
from support.waiting import until


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
        self.opened.get(timeout=TIMEOUT)
        return self

    def __exit__(self, *_):
        # `stop` waits for its reader thread, which blocks in recv() on the closed socket until the hub's next ping.
        threading.Thread(target=self.hub.stop, daemon=True).start()

    def invoke(self, name, *arguments):
        answers = queue.Queue()
        self.hub.invoke(name, list(arguments), answers.put)
        return answers.get(timeout=TIMEOUT).result

    def error(self, name, *arguments):
        self.hub.invoke(name, list(arguments), lambda _: None)
        return self.errors.get(timeout=TIMEOUT).error


@pytest.mark.parametrize("options", [{}, {"skip_negotiation": True}], ids=["negotiated", "not negotiated"])
def test_owner_invokes_methods_and_receives_notifications(customer, options):
    with Connection(customer, **options) as connection:
        assert connection.invoke("Ping") == "pong"
        order = customer.order()
        assert connection.invoke("RegisterOrder", order["correlationId"]) is None
        until("the completion arrives", lambda: completed(order) in connection.notifications)
        assert connection.notifications.count(completed(order)) == 1
        for argument in (order["correlationId"], {"value": order["correlationId"]}):
            assert connection.invoke("GetCurrentStatus", argument) == {"status": 2, "orderId": order["id"]}


def test_other_customer_neither_sees_nor_registers_the_order(customer, other_customer):
    with Connection(other_customer) as other, Connection(customer) as own:
        order = customer.order()
        until("the completion arrives", lambda: completed(order) in own.notifications)
        assert other.invoke("GetCurrentStatus", order["correlationId"]) is None
        assert other.error("RegisterOrder", order["correlationId"]) == "Unknown order"
        assert other.error("GetCurrentStatus", "nonsense") == "Invalid correlationId"
        assert other.notifications == []
