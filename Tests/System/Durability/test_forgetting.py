"""Redis may forget any key, or all, at any time."""

import json
import secrets
import time

import pytest

from conftest import Customer
from support.waiting import until


def forget(stack, pattern):
    """Deletes the keys that match; all of them without a pattern."""
    if pattern is None:
        return stack.redis("FLUSHALL")
    for key in stack.redis("--scan", "--pattern", pattern).split():
        stack.redis("DEL", key)


FORGOTTEN = pytest.mark.parametrize("pattern", ["order:status:*", "order:*", None])


@FORGOTTEN
def test_a_cancellation_stays(stack, customer, pattern):
    with stack.processing_paused():
        order = customer.place()
        assert customer.request("POST", f"/api/orders/{order['id']}/cancel")[0] == 202
        forget(stack, pattern)
        later = customer.place()
    customer.await_final(later)
    assert until("the order is recorded", lambda: customer.recorded_status(order)) == "CANCELLED"
    assert customer.order(order)["status"] == customer.status(order) == "CANCELLED"


@FORGOTTEN
def test_a_deletion_stays(stack, customer, pattern):
    with stack.processing_paused():
        order = customer.place()
        assert customer.request("DELETE", f"/api/orders/{order['id']}")[0] == 204
        forget(stack, pattern)
        later = customer.place()
    customer.await_final(later)
    assert customer.order(order) is None
    assert [found["id"] for found in customer.orders()] == [later["id"]]
    assert customer.recorded_status(order) == "CANCELLED"


@pytest.mark.parametrize("pattern", ["order:map:*", "order:pending:*", "order:queued", "order:*", None])
def test_a_queued_order_is_found(stack, customer, pattern):
    """Whichever replica accepted it, and whichever is asked."""
    with stack.processing_paused():
        orders = [customer.place() for _ in range(4)]
        forget(stack, pattern)
        for order in orders * 3:
            assert customer.order(order)["status"] == customer.status(order) == "ACCEPTED"
        until("the list has them again", lambda: len(customer.orders()) == 4, 5)
        forget(stack, pattern)
        assert customer.request("POST", f"/api/orders/{orders[0]['id']}/cancel")[0] == 202
        assert customer.request("DELETE", f"/api/orders/{orders[1]['id']}")[0] == 204
        assert customer.order(orders[1]) is None
    assert {customer.await_final(order)["status"] for order in orders[2:]} == {"COMPLETED"}
    assert [customer.recorded_status(order) for order in orders] == ["CANCELLED", "CANCELLED", "COMPLETED", "COMPLETED"]
    assert len(customer.rows()) == 4


def test_a_queued_order_of_a_restarted_replica_is_found(stack, customer):
    with stack.processing_paused():
        orders = [customer.place() for _ in range(4)]
        for program in ("accept-1", "accept-2"):
            stack.restart(program)
        forget(stack, None)
        for order in orders * 3:
            assert customer.order(order)["status"] == customer.status(order) == "ACCEPTED"
    assert {customer.await_final(order)["status"] for order in orders} == {"COMPLETED"}


@pytest.mark.parametrize("pattern", ["order:status:*", "order:*", None])
def test_an_outcome_that_was_never_recorded_is_not_told(stack, customer, pattern):
    """Redis has forgotten the order, and an event says what PostgreSQL does not."""
    order = customer.place()
    with stack.processing_paused():
        cancelled = customer.place()
        assert customer.request("POST", f"/api/orders/{cancelled['id']}/cancel")[0] == 202
    customer.await_final(order)
    for found, queue, event in (
            (cancelled, "order.processed", {"processedAt": order["createdAt"]}), (order, "order.failed", {"reason": "no"})):
        forget(stack, pattern)
        ids = {"correlationId": found["correlationId"], "orderId": found["id"]}
        stack.publish("orders", queue, f"{queue}.v1", found["correlationId"], json.dumps(ids | event))
    later = customer.place()
    customer.await_final(later)
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        assert customer.status(order) == "COMPLETED" and customer.status(cancelled) == "CANCELLED"
        remembered = [stack.redis("GET", f"order:status:{found['correlationId']}") for found in (order, cancelled)]
        assert remembered[0].strip() in ("", f"COMPLETED|{order['id']}")
        assert remembered[1].strip() in ("", f"CANCELLED|{cancelled['id']}")


@pytest.mark.parametrize("key", ["notify:epoch", "order:queued", "order:status:{correlationId}"])
def test_a_value_of_another_type_stops_nobody(stack, customer, key):
    with stack.processing_paused():
        order = customer.place()
        name = key.format(**order)
        stack.redis("DEL", name)
        stack.redis("LPUSH", name, "other")
        later = customer.place()
    assert {customer.await_final(order)["status"] for order in (order, later)} == {"COMPLETED"}
    with customer.updates() as updates:
        assert customer.hears_completion(updates, customer.place())


@pytest.mark.parametrize("pattern", ["order:idem:*", "order:*", None])
@pytest.mark.parametrize("is_queued", [True, False])
def test_one_order_for_a_key(stack, customer, pattern, is_queued):
    key = secrets.token_hex(8)
    if is_queued:
        with stack.processing_paused():
            first = customer.place(key)
            forget(stack, pattern)
            second = customer.place(key)
    else:
        first = customer.place(key)
        customer.await_final(first)
        forget(stack, pattern)
        second = customer.place(key)
        assert customer.post(key, quantity=2)[0] == 422
    found = [customer.await_final(order) for order in (first, second)]
    assert found[0]["id"] == found[1]["id"]
    assert customer.status(first) == customer.status(second) == "COMPLETED"
    assert len(customer.rows()) == len(customer.orders()) == 1
    assert Customer(stack).place(key)["id"] != first["id"]


def test_the_ids_that_a_client_was_told_have_an_outcome(stack, customer):
    """The edge gave a replica up that did accept the order, or a key was forgotten: one order, and two answers."""
    key = secrets.token_hex(8)
    with customer.updates() as updates:
        with stack.processing_paused():
            told = [customer.place(key)]
            forget(stack, "order:idem:*")
            told.append(customer.place(key))
        expected, completed = {order["correlationId"] for order in told}, set()
        assert len(expected) == 2
        while completed != expected:
            update = next(updates)
            if update["status"] == "COMPLETED":
                completed.add(update["correlationId"])
    assert len(customer.rows()) == 1


def test_another_order_under_a_forgotten_key_is_kept(stack, customer):
    """It cannot be refused while the first is queued; nothing that was accepted is dropped."""
    key = secrets.token_hex(8)
    with stack.processing_paused():
        first = customer.place(key)
        forget(stack, "order:idem:*")
        second = customer.place(key, quantity=2)
    assert len({customer.await_final(order)["id"] for order in (first, second)}) == 2
    assert [customer.recorded_status(order) for order in (first, second)] == ["COMPLETED", "COMPLETED"]
    assert len(customer.rows()) == 2


def test_a_completed_order_stays_completed(stack, customer):
    """Its message arrives again after Redis forgot its status."""
    order = customer.place()
    customer.await_final(order)
    body = stack.sql(f"SELECT payload FROM order_events WHERE order_id = {order['id']} AND version = 1")
    stack.redis("DEL", f"order:status:{order['correlationId']}")
    stack.publish("orders", "order.accepted", "order.accepted.v1", order["correlationId"], body)
    later = customer.place()
    customer.await_final(later)
    deadline = time.monotonic() + 1
    while time.monotonic() < deadline:
        assert customer.status(order) == customer.order(order)["status"] == "COMPLETED"


def test_a_queue_longer_than_the_lifetime_of_keys(stack, customer):
    """Orders are found meanwhile, cancelled ones stay cancelled, and no update becomes a dead letter."""
    with stack.processing_paused():
        order, cancelled = customer.place(), customer.place()
        assert customer.request("POST", f"/api/orders/{cancelled['id']}/cancel")[0] == 202
        time.sleep(66)
        assert customer.order(order)["status"] == customer.status(order) == "ACCEPTED"
        assert {found["id"] for found in customer.orders()} == {order["id"], cancelled["id"]}
    assert customer.await_final(order)["status"] == "COMPLETED"
    assert [customer.recorded_status(one) for one in (order, cancelled)] == ["COMPLETED", "CANCELLED"]
    assert len(customer.rows()) == 2
    assert stack.broker("/queues/waybill/order.processed.dlq/get", {
        "count": 5, "ackmode": "ack_requeue_true", "encoding": "auto"}) == []


def test_half_an_acceptance_is_completed(stack, customer):
    """Redis loses what followed the order's copies: the rest of that write, and the outcome."""
    order = customer.place()
    customer.await_final(order)
    pending, status = f"order:pending:{order['id']}", f"order:status:{order['correlationId']}"
    until("Redis has the outcome", lambda: stack.redis("EXISTS", pending).strip() == "0")
    stack.restart_redis(lambda log: log.cut_after(pending))
    until("Redis has the outcome again", lambda: stack.redis("GET", status).startswith("COMPLETED"), 20)
    until("no copy is left", lambda: stack.redis("EXISTS", pending).strip() == "0", 5)


def test_an_outdated_status_is_not_believed(stack, customer):
    """A node of a cluster that fails over may lose an outcome, and nothing else of the order."""
    order = customer.place()
    customer.await_final(order)
    key = f"order:status:{order['correlationId']}"
    until("Redis has the outcome", lambda: stack.redis("GET", key).startswith("COMPLETED"))
    stack.redis("SET", key, "ACCEPTED", "EX", "50")  # written ten seconds ago
    assert customer.status(order) == "COMPLETED"
