"""The hub protocol over a plain WebSocket, without negotiation and without a client library."""

import json
import urllib.parse

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from conftest import TIMEOUT, completed

END = "\x1e"


class Hub:
    def __init__(self, socket):
        self.socket, self.received = socket, []

    def send(self, *records):
        self.socket.send("".join(json.dumps(record) + END for record in records))

    def next(self):
        while not self.received:
            text = self.socket.recv(timeout=TIMEOUT)
            assert text.endswith(END)
            self.received = [json.loads(record) for record in text.split(END)[:-1]]
        return self.received.pop(0)

    def await_record(self, **fields):
        while not (record := self.next()).items() >= fields.items():
            pass
        return record


def token_in_query(customer):
    return connect(f"{customer.hub_socket}?{urllib.parse.urlencode({'access_token': customer.token})}", proxy=None)


def token_in_header(customer):
    return connect(customer.hub_socket, additional_headers=customer.authorization, proxy=None)


@pytest.mark.parametrize("open_socket", [token_in_query, token_in_header])
def test_hub_protocol_works_without_negotiation(customer, open_socket):
    with open_socket(customer) as socket:
        hub = Hub(socket)
        hub.send({"protocol": "json", "version": 1})
        assert hub.next() == {}
        # Several records in one message, and a non-blocking invocation.
        hub.send(
            {"type": 6}, {"type": 1, "target": "Ping", "arguments": []},
            {"type": 1, "invocationId": "a", "target": "Ping", "arguments": []},
            {"type": 1, "invocationId": "b", "target": "NoSuchThing", "arguments": []})
        assert hub.await_record(type=3) == {"type": 3, "invocationId": "a", "result": "pong"}
        assert hub.await_record(type=3)["error"] == "Unknown hub method 'NoSuchThing'"
        order = customer.order()
        while hub.await_record(type=1, target="Notification")["arguments"] != [completed(order)]:
            pass
        hub.send({"type": 1, "invocationId": "c", "target": "GetCurrentStatus", "arguments": [order["correlationId"]]})
        assert hub.await_record(type=3) == {
            "type": 3, "invocationId": "c", "result": {"status": 2, "orderId": order["id"]}}
        hub.send({"type": 7})
        assert hub.await_record(type=7)


def test_unsupported_protocol_is_rejected_with_an_error(customer):
    with token_in_header(customer) as socket:
        hub = Hub(socket)
        hub.send({"protocol": "messagepack", "version": 1})
        assert "messagepack" in hub.next()["error"]


def test_handshake_without_token_is_rejected(customer):
    with pytest.raises(InvalidStatus) as error:
        connect(customer.hub_socket, proxy=None)
    assert error.value.response.status_code == 401
