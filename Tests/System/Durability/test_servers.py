"""Servers that are away, and a sequence that was set back."""

import collections
import json
import secrets
import threading
from concurrent import futures

import pytest

from conftest import paused
from support.waiting import until


@pytest.mark.parametrize("server", ["redis", "rabbitmq", "postgres"])
def test_orders_are_accepted_without_a_server(stack, customer, server):
    with paused(stack, server):
        orders = [customer.place() for _ in range(5)] + [customer.place(secrets.token_hex(8)) for _ in range(5)]
    assert {customer.await_final(order)["status"] for order in orders} == {"COMPLETED"}
    assert len(customer.rows()) == 10


def test_the_edge_says_that_nothing_was_done(stack, customer):
    replicas = [f"accept-{number}" for number, _ in enumerate(stack.description["accept"], 1)]
    with stack.stopped(*replicas):
        status, body = customer.post()
    assert (status, body["effect"]) == (503, "none")


def test_a_refused_order_leaves_nothing(stack, customer):
    """A replica refuses for certain; the edge has asked two by then, and knows of one."""
    replica = stack.description["accept"][0]["url"]
    with stack.stopped("postgres", "rabbitmq"):
        answers = [customer.post(base=replica) for _ in range(3)]
        assert customer.post()[0] == 503
    for status, body in answers:
        assert status == 503 and body["effect"] == "none" and "not known" not in body["detail"]
    until("no copies are left", lambda: not stack.redis("ZRANGEBYLEX", "order:queued", "-", "+").strip())
    later = customer.place()
    customer.await_final(later)
    assert [order["id"] for order in customer.orders()] == [later["id"]]
    assert customer.recorded_status(later) and len(customer.rows()) == 1


def test_without_postgres_nothing_is_cancelled(stack, customer):
    with stack.processing_paused():
        order = customer.place()
        with paused(stack, "postgres"):
            assert customer.request("POST", f"/api/orders/{order['id']}/cancel")[0] == 503
    assert customer.await_final(order)["status"] == "COMPLETED"


def test_a_rolling_restart_refuses_nothing(stack, customer):
    """A customer posts all the time, while each replica is restarted."""
    answers = collections.Counter()
    over = threading.Event()

    def post():
        while not over.is_set():
            answers[customer.post()[0]] += 1

    with futures.ThreadPoolExecutor(4) as posting:
        tasks = [posting.submit(post) for _ in range(4)]
        try:
            for program in ("accept-1", "accept-2") * 2:
                stack.restart(program)
        finally:
            over.set()
        for task in tasks:
            task.result()
    assert set(answers) == {201} and answers[201] > 20, answers


def test_a_new_product_can_be_ordered_at_once(stack, customer):
    """Of every replica, whose catalogues are up to a minute old."""
    product = f"NEW-{secrets.token_hex(4)}"
    for replica in stack.description["accept"]:
        assert customer.post(product=product, base=replica["url"])[0] == 404
    stack.sql(
        "INSERT INTO products (external_product_id, name, category, vendor, image_url, discount, billing_period, "
        f"is_subscription, price) VALUES ('{product}', 'New', 'Cloud', 'Vendor', '/images/products/az-104.svg', 0, "
        "'Annual', false, 10)")
    try:
        for replica in stack.description["accept"]:
            until("the product can be ordered", lambda replica=replica: customer.post(
                product=product, base=replica["url"])[0] == 201, 3)
    finally:
        stack.sql(f"UPDATE products SET deleted_at = now() WHERE external_product_id = '{product}'")


def test_ids_do_not_repeat(stack, customer):
    before = [customer.place() for _ in range(12)]
    for order in before:
        customer.await_final(order)
    stack.sql("SELECT setval('order_id_blocks', 1, false)")
    for program in ("accept-1", "accept-2"):
        with stack.stopped(program):
            pass
    after = [customer.place() for _ in range(12)]
    assert {customer.await_final(order)["status"] for order in after} == {"COMPLETED"}
    assert not {order["id"] for order in before} & {order["id"] for order in after}


def test_a_failed_order_is_recorded_with_its_reason(stack, customer):
    """A message names a product that nobody knows."""
    example = customer.place()
    customer.await_final(example)
    body = json.loads(stack.sql(f"SELECT payload FROM order_events WHERE order_id = {example['id']} AND version = 1"))
    with stack.processing_paused():
        order = customer.place()
        forged = json.loads(json.dumps(body).replace(example["correlationId"], (
            example["correlationId"][:-4] + "beef")))
        forged.pop("idempotencyKey", None)  # the edge's, by which it would be the same order
        forged["orderId"] = order["id"] + 5_000_000
        forged["items"][0]["productId"] = "NO-SUCH-PRODUCT"
        stack.publish("orders", "order.accepted", "order.accepted.v1", forged["correlationId"], json.dumps(forged))
    failed = customer.await_final({"id": forged["orderId"]})
    assert failed["status"] == "FAILED" and failed["failure"]["code"] and failed["failure"]["detail"]
    assert failed["id"] in {found["id"] for found in customer.orders()}
    assert customer.recorded_status(failed) == "FAILED"


def test_newest_first_by_acceptance(stack, customer):
    acceptors = [replica["url"] for replica in stack.description["accept"]]
    placed = [customer.place(base=acceptors[number % 2])["id"] for number in range(10)]
    for number in placed:
        customer.await_final({"id": number})
    assert [order["id"] for order in customer.orders()] == placed[::-1]
    found, path = [], "/api/orders?size=3"
    while path:
        page = customer.request("GET", path)[1]
        found += [order["id"] for order in page["items"]]
        path = page.get("next") and f"/api/orders?size=3&after={page['next']}"
    assert found == placed[::-1]
