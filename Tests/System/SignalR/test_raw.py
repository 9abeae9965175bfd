"""A socket, and the hub protocol written by hand: no negotiation, no library that repairs what comes."""

import json
import urllib.parse

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from conftest import PATIENCE, completed

END = "\x1e"


class Hub:
    def __init__(self, socket):
        self.socket, self.waiting = socket, []

    def send(self, *records):
        self.socket.send("".join(json.dumps(record) + END for record in records))

    def next(self):
        while not self.waiting:
            text = self.socket.recv(timeout=PATIENCE)
            assert text.endswith(END)
            self.waiting = [json.loads(record) for record in text.split(END)[:-1]]
        return self.waiting.pop(0)

    def await_record(self, **fields):
        while not (record := self.next()).items() >= fields.items():
            pass
        return record


def by_query(customer):
    return connect(f"{customer.hub_socket}?{urllib.parse.urlencode({'access_token': customer.token})}", proxy=None)


def by_header(customer):
    return connect(customer.hub_socket, additional_headers=customer.authorization, proxy=None)


@pytest.mark.parametrize("way", [by_query, by_header])
def test_the_protocol_is_spoken_without_negotiation(customer, way):
    with way(customer) as socket:
        hub = Hub(socket)
        hub.send({"protocol": "json", "version": 1})
        assert hub.next() == {}
        # Several records in one message, and one that wants no answer.
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


def test_another_protocol_is_refused_in_words(customer):
    with by_header(customer) as socket:
        hub = Hub(socket)
        hub.send({"protocol": "messagepack", "version": 1})
        assert "messagepack" in hub.next()["error"]


def test_without_a_token_there_is_no_socket(customer):
    with pytest.raises(InvalidStatus) as refusal:
        connect(customer.hub_socket, proxy=None)
    assert refusal.value.response.status_code == 401
