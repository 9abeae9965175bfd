"""One trace from a client's request to the push in each tab, as a collector decodes it."""

import contextlib
import json
import secrets
import urllib.request

from websockets.sync.client import connect

from support.http import call
from support.waiting import until

SERVER, CLIENT, PRODUCER, CONSUMER, INTERNAL = 2, 3, 4, 5, 1


def place(stack, token, trace=None):
    headers = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-01"} if trace else {}
    return call(f"{stack.edge}/api/orders", {"items": [{"productId": "AZ-104", "quantity": 1}]}, token, **headers)


def await_completed(socket, order):
    while order["correlationId"] not in (text := socket.recv(timeout=20)) or "COMPLETED" not in text:
        pass


def test_one_trace_from_the_request_to_each_tab(stack, collector):
    user, trace = f"TRACED-{secrets.token_hex(4)}", secrets.token_hex(16)
    token = stack.token(user)
    addresses = [entry["url"].replace("http", "ws", 1) for entry in stack.description["notification"]]
    headers = {"Authorization": f"Bearer {token}"}
    with contextlib.ExitStack() as stacked:
        tabs = [stacked.enter_context(connect(f"{address}/ws", additional_headers=headers, proxy=None)) for address in addresses[:2]]
        sessions = {json.loads(tab.recv(timeout=20))["connectionId"] for tab in tabs}
        assert len(sessions) == 2
        order = place(stack, token, trace)
        for tab in tabs:
            await_completed(tab, order)
    names = {"POST /api/orders", "accept order", "send order.accepted", "process order.accepted", "record order",
             "send order.processed", "process order.processed", "deliver update", "push"}
    until("every step is exported", lambda: {span.name for span in collector.of(trace)} >= names
          and sum(span.name == "push" for span in collector.of(trace)) == 2, 20)
    spans = collector.of(trace)
    by_name = {span.name: span for span in spans}
    for child, parent in (
            ("accept order", "POST /api/orders"), ("send order.accepted", "accept order"), ("process order.accepted", "accept order"),
            ("record order", "process order.accepted"), ("send order.processed", "process order.accepted"),
            ("process order.processed", "process order.accepted"), ("deliver update", "process order.processed"), ("push", "deliver update")):
        assert by_name[child].parent == by_name[parent].id, (child, parent)
    kinds = {"POST /api/orders": SERVER, "accept order": INTERNAL, "send order.accepted": PRODUCER, "process order.accepted": CONSUMER,
             "record order": CLIENT, "push": PRODUCER}
    for name, kind in kinds.items():
        assert by_name[name].kind == kind, name
    services = {"accept order": "order-accept", "record order": "order-process", "push": "order-notification"}
    for name, service in services.items():
        assert by_name[name].service == service
    consumed = by_name["process order.accepted"].attributes
    assert consumed["messaging.system"] == "rabbitmq" and consumed["messaging.destination.name"] == "order.accepted"
    assert consumed["messaging.operation.type"] == "process" and consumed["messaging.message.conversation_id"] == order["correlationId"]
    assert by_name["POST /api/orders"].attributes["http.response.status_code"] == 201
    assert {span.attributes["waybill.session.id"] for span in spans if span.name == "push"} == sessions
    assert all(0 < span.start <= span.end for span in spans)


def test_orders_of_a_batch_are_linked(stack, collector):
    token = stack.token(f"BATCH-{secrets.token_hex(4)}")
    traces = [secrets.token_hex(16) for _ in range(12)]
    # They wait while order-process is stopped, and are one batch.
    with stack.processing_paused():
        for trace in traces:
            place(stack, token, trace)
    until("each is recorded", lambda: all(any(span.name == "record order" for span in collector.of(trace)) for trace in traces), 20)
    records = [span for trace in traces for span in collector.of(trace) if span.name == "record order"]
    assert max(span.attributes["db.operation.batch.size"] for span in records) > 1
    for span in records:
        assert len(span.links) == span.attributes["db.operation.batch.size"] - 1 and span.trace not in span.links


def test_a_trace_that_its_caller_does_not_want_is_not_sent(stack, collector):
    trace, token = secrets.token_hex(16), stack.token("QUIET")
    headers = {"traceparent": f"00-{trace}-{secrets.token_hex(8)}-00"}
    call(f"{stack.edge}/api/orders", {"items": [{"productId": "AZ-104", "quantity": 1}]}, token, **headers)
    wanted = secrets.token_hex(16)
    place(stack, token, wanted)
    until("a later one is exported", lambda: any(span.name == "push" or span.name == "deliver update" for span in collector.of(wanted)), 20)
    assert not collector.of(trace)


def test_a_collector_that_refuses_costs_no_order(stack, collector):
    token = stack.token("REFUSED")
    collector.status = 400
    before = collector.requests
    try:
        order = place(stack, token)
        until("it is completed", lambda: call(f"{stack.edge}/api/orders/{order['id']}", None, token)["status"] == "COMPLETED", 20)
        until("spans were refused", lambda: collector.requests > before, 20)
        series = 'waybill_trace_spans_total{result="dropped"} '

        def dropped():
            with urllib.request.urlopen(f"{stack.description['process'][0]['url']}/metrics", timeout=5) as page:
                return next(float(line.split()[-1]) for line in page.read().decode().splitlines() if line.startswith(series))
        until("they are counted", lambda: dropped() > 0, 20)
    finally:
        collector.status = 200
