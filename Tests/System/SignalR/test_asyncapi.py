"""What the replicas really send, against the AsyncAPI document that the edge serves."""

import json
import urllib.parse
import urllib.request

import jsonschema
import pytest
import yaml
from websockets.sync.client import connect

from conftest import TIMEOUT


@pytest.fixture(scope="module")
def description(stack):
    with urllib.request.urlopen(f"{stack.edge}/api/asyncapi.yaml", timeout=TIMEOUT) as answer:
        return yaml.safe_load(answer)


@pytest.fixture(scope="module")
def check(description):
    """Checks a message of a channel against the one of its schemas that it has the discriminating members of."""
    def schemas(channel):
        return [message["payload"]["$ref"] for message in
                (resolve(description, one["$ref"]) for one in description["channels"][channel]["messages"].values())]

    def check(channel, message):
        errors = []
        for reference in schemas(channel):
            validator = jsonschema.Draft202012Validator({"$ref": reference, "components": description["components"]})
            if not (found := list(validator.iter_errors(message))):
                return reference.rpartition("/")[2]
            errors.append(f"{reference}: {found[0].message}")
        raise AssertionError(f"{message} is described by no message of {channel}: {errors}")

    return check


def resolve(document, reference):
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document


def references(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_every_reference_is_there(description):
    for reference in references(description):
        resolve(description, reference)


def test_frames_of_the_native_socket(customer, check):
    address = customer.edge.replace("http", "ws", 1) + "/ws"
    with connect(address, additional_headers=customer.authorization, proxy=None) as socket:
        seen = {check("native", welcome := json.loads(socket.recv(timeout=TIMEOUT)))}
        order = customer.order()
        while "COMPLETED" not in (text := socket.recv(timeout=TIMEOUT)):
            seen.add(check("native", json.loads(text)))
        seen.add(check("native", json.loads(text)))
        for question in ({"type": "ping"}, {"type": "status", "correlationId": order["correlationId"]},
                         {"type": "status", "correlationId": "what"}, {"type": "what"},
                         {"type": "refresh", "token": customer.token},
                         {"type": "resume", "epoch": welcome["epoch"], "lastEventId": welcome["lastEventId"]}):
            socket.send(json.dumps(question))
            seen.add(check("native", json.loads(socket.recv(timeout=TIMEOUT))))
    assert seen >= {"welcome", "update", "pong", "status", "error", "refreshed"}


def test_server_sent_events(customer, check):
    request = urllib.request.Request(f"{customer.edge}/api/notifications/stream", headers=customer.authorization)
    with urllib.request.urlopen(request, timeout=TIMEOUT) as stream:
        customer.order()
        seen = set()
        for line in stream:
            if line.startswith(b"data:"):
                seen.add(check("events", json.loads(line[5:])))
                if b"COMPLETED" in line:
                    break
    assert seen >= {"welcome", "update"}


def test_records_of_the_hub(customer, check):
    with connect(f"{customer.hub_socket}?{urllib.parse.urlencode({'access_token': customer.token})}", proxy=None) as socket:
        socket.send('{"protocol":"json","version":1}\x1e')
        assert socket.recv(timeout=TIMEOUT) == "{}\x1e"
        order = customer.order()
        for call in (("Ping", []), ("GetCurrentStatus", [order["correlationId"]]), ("RegisterOrder", ["what"])):
            socket.send(json.dumps({"type": 1, "invocationId": call[0], "target": call[0], "arguments": call[1]}) + "\x1e")
        seen = []
        while seen.count("completion") < 3 or "notification" not in seen:
            seen += [check("hub", json.loads(record)) for record in socket.recv(timeout=TIMEOUT).split("\x1e")[:-1]]
