"""Servers that do not die: they refuse, or somebody has deleted something."""

import contextlib
import secrets
import time

import pytest

from conftest import Customer, paused
from support.waiting import until


@contextlib.contextmanager
def refusing(stack, setting, value, words):
    """Redis refuses writes within the context."""
    before = stack.redis("CONFIG", "GET", setting).split()[-1] if setting != "REPLICAOF" else None
    stack.redis(*words)
    try:
        yield
    finally:
        if setting == "REPLICAOF":
            stack.redis("REPLICAOF", "NO", "ONE")
        else:
            stack.redis("CONFIG", "SET", setting, before or value)


@pytest.mark.parametrize(("reason", "setting", "value"), [
    ("redis.readonly", "REPLICAOF", None),
    ("redis.oom", "maxmemory", "1"),
    ("redis.noreplicas", "min-replicas-to-write", "3")])
def test_a_redis_that_refuses_writes_is_named(stack, customer, reason, setting, value):
    words = ["REPLICAOF", "127.0.0.1", "1"] if value is None else ["CONFIG", "SET", setting, value]
    with refusing(stack, setting, value, words):
        orders = [customer.place() for _ in range(5)] + [customer.place(secrets.token_hex(8)) for _ in range(5)]

        def is_named():
            customer.place()
            return any(found.startswith(reason) for found in stack.reasons()["accept-1"] + stack.reasons()["accept-2"])
        until("a replica names the reason", is_named, 15)
    until("nothing is missing", lambda: not stack.unready(), 15)
    assert {customer.await_final(order)["status"] for order in orders} == {"COMPLETED"}
    with customer.updates() as updates:
        assert customer.hears_completion(updates, customer.place())


@pytest.mark.parametrize("rules", [
    "-set -eval -evalsha -script", "-xadd", "-xrevrange -xrange", "-info", "-subscribe"])
def test_a_redis_that_refuses_its_user_is_named(stack, customer, rules):
    """Outcomes wait for it, and come as soon as it allows them: none is missing in an open stream."""
    user = stack.description["redis"]["user"]
    allowed = [word for word in stack.redis("ACL", "LIST").splitlines() if f"user {user} " in word][0]
    try:
        with customer.updates() as updates:
            stack.redis("ACL", "SETUSER", user, *rules.split())
            orders = [customer.place() for _ in range(4)]
            newcomer = Customer(stack)
            with contextlib.suppress(OSError), newcomer.updates(timeout=1):
                pass
            until("a replica names the reason", lambda: any(
                reason.startswith("redis") and reason.endswith(".authentication")
                for reasons in stack.reasons().values() for reason in reasons), 15)
            stack.redis("ACL", "SETUSER", user, "reset", *allowed.split()[2:])
            waiting = {order["id"] for order in orders}
            while waiting:
                update = next(updates)
                if update["status"] == "COMPLETED":
                    waiting.remove(update["orderId"])
    finally:
        stack.redis("ACL", "SETUSER", user, "reset", *allowed.split()[2:])
    stack.await_ready()


def test_a_frozen_replica_delays_no_query(stack, customer):
    order = customer.await_final(customer.place())
    with paused(stack, "accept-1"):
        start = time.monotonic()
        answers = [customer.request("GET", path)[0] for path in (f"/api/orders/{order['id']}", "/api/orders") * 10]
        known = time.monotonic() - start
        unknown = [customer.request("GET", "/api/orders/8999999999")[0] for _ in range(3)]
        took = time.monotonic() - start - known
    assert answers == [200] * 20 and unknown == [404] * 3
    assert known < 5 and took < 9


@pytest.mark.parametrize("path", [
    "/exchanges/waybill/orders", "/queues/waybill/order.accepted", "/queues/waybill/order.processed",
    "/bindings/waybill/e/orders/q/order.accepted/order.accepted"])
def test_topology_that_was_deleted_is_declared_again(stack, customer, path):
    customer.await_final(customer.place())
    stack.broker_delete(path)
    orders = [customer.place() for _ in range(20)]
    assert {customer.await_final(order)["status"] for order in orders} == {"COMPLETED"}
    until("nothing is missing", lambda: not stack.unready(), 15)
    with customer.updates() as updates:
        assert customer.hears_completion(updates, customer.place())
