"""One experiment: clients and subscribers on a stack, injected faults, time to settle, the audit."""

import asyncio
import random
import re
import secrets
import time
from dataclasses import dataclass, replace

import aiohttp

from chaos import faults
from chaos.audit import Audit
from chaos.clients import OrderClients
from chaos.history import History
from chaos.server_data import Database
from chaos.subscribers import await_connected, create_subscribers

BASELINE = "baseline"
SERVER_START_LIMIT = 75  # seconds; RabbitMQ takes a minute on a busy machine
POLL_INTERVAL = 0.1  # seconds
BURST_ORDERS, BURST_SECONDS = 40, 0.06  # orders just before a fault, and how long before it at most


@dataclass(frozen=True)
class Plan:
    """The load and the time limits in seconds."""

    sequence: list
    users: int
    rate: int  # orders per second of each user
    fault_seconds: int
    recovery_limit: int
    settle_limit: int


FULL = Plan(faults.FULL, users=6, rate=4, fault_seconds=330, recovery_limit=30, settle_limit=60)
SHORT = Plan(faults.SHORT, users=3, rate=4, fault_seconds=40, recovery_limit=15, settle_limit=25)
CLUSTERS = Plan(faults.CLUSTERS, users=6, rate=4, fault_seconds=240, recovery_limit=30, settle_limit=60)


def plan(selected, pattern, times):
    sequence = [fault for fault in selected.sequence if re.search(pattern, faults.name(fault))] * times
    return replace(selected, sequence=sequence)


class Experiment:
    def __init__(self, stack, plan, on_recovery):
        """`on_recovery` is called with each fault window."""
        self.stack, self.plan, self.on_recovery = stack, plan, on_recovery
        self.history = History()
        self.skipped = []
        self.seconds_to_settle = None

    async def run(self):
        """Returns the audit, which holds the violations."""
        prefix = secrets.token_hex(2)
        users = [f"chaos-{prefix}-{number}" for number in range(1, self.plan.users + 1)]
        self.clients = OrderClients(self.stack, self.history, users, self.plan.rate)
        self.subscribers = create_subscribers(self.stack, self.history, users)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            await self.clients.read_catalogue(session)
            subscriptions = [asyncio.create_task(subscriber.run(session)) for subscriber in self.subscribers]
            if not await await_connected(self.subscribers, 10):
                raise RuntimeError("the subscribers cannot connect")
            self.began = time.monotonic()
            self.history.open_window(BASELINE)
            ordering = asyncio.create_task(self.clients.run(session))
            try:
                await asyncio.sleep(2)
                await self.inject_faults(session)
                self.history.open_window("after all faults")
                await asyncio.sleep(2)
                await self.settle(ordering)
            finally:
                for task in subscriptions:
                    task.cancel()
                await asyncio.gather(*subscriptions, return_exceptions=True)
        audit = Audit(self.history, self.subscribers, self.clients.catalogue)
        await asyncio.to_thread(audit.run, self.stack)
        self.ended = time.monotonic()
        return audit

    async def inject_faults(self, session):
        deadline = time.monotonic() + self.plan.fault_seconds
        for fault in self.plan.sequence:
            if time.monotonic() > deadline:
                self.skipped.append(faults.name(fault))
                continue
            window = self.history.open_window(self.window_name(fault))
            await self.clients.burst(session, BURST_ORDERS)
            await asyncio.sleep(random.uniform(0, BURST_SECONDS))
            window.injected = time.monotonic()
            await faults.inject(self.stack, fault)
            window.removed = time.monotonic()
            await self.await_recovery(window)
            self.on_recovery(window)

    def window_name(self, fault):
        """A unique name, numbered when the fault is repeated."""
        name = faults.name(fault)
        before = sum(window.name.split(" ×")[0] == name for window in self.history.windows)
        return f"{name} ×{before + 1}" if before else name

    async def await_recovery(self, window):
        """Waits until all replicas are ready and an order placed after the fault has reached a subscriber."""
        await asyncio.sleep(0.5)  # lets the stack detect a killed process
        deadline = time.monotonic() + SERVER_START_LIMIT
        while time.monotonic() < deadline and not await asyncio.to_thread(self.stack.are_servers_up):
            await asyncio.sleep(POLL_INTERVAL)
        deadline = time.monotonic() + self.plan.recovery_limit
        while time.monotonic() < deadline:
            completed = any(order.began > window.removed and order.notified for order in self.history.orders)
            if completed and all(subscriber.is_connected for subscriber in self.subscribers) \
                    and not await asyncio.to_thread(self.stack.unready):
                window.recovered = time.monotonic()
                return
            await asyncio.sleep(POLL_INTERVAL)
        unready = await asyncio.to_thread(self.stack.unready)
        self.history.anomalies.append(
            f"{window.name}: not recovered after {self.plan.recovery_limit} s; not ready: {unready}")

    async def settle(self, ordering):
        """Stops ordering and waits until every accepted order is recorded and notified, or until the limit."""
        self.clients.stop()
        began = time.monotonic()
        deadline = began + self.plan.settle_limit
        await asyncio.wait([ordering], timeout=deadline - began)
        missing = ""
        while time.monotonic() < deadline:
            missing = await self.missing(ordering)
            if not missing:
                await asyncio.sleep(1)  # for late duplicates
                self.seconds_to_settle = time.monotonic() - began
                return
            await asyncio.sleep(POLL_INTERVAL)
        self.history.anomalies.append(f"not settled {self.plan.settle_limit} s after the last order: {missing}")

    async def missing(self, ordering):
        """What is not settled yet."""
        if not ordering.done():
            return "clients wait for answers"
        return await asyncio.to_thread(self.unfinished)

    def unfinished(self):
        try:
            database = Database(self.stack.description["postgres"]["uri"])
            if not self.all_notified():
                return "a subscriber has not received an order"
            ids = [id for order in self.history.accepted() for id in order.ids]
            unfinished, waiting = database.unfinished(ids), database.waiting()
        except Exception as error:  # the server may be restarting
            return repr(error)
        return f"{unfinished} orders are not finished, {waiting} wait in the intake table" if unfinished or waiting else ""

    def all_notified(self):
        """Whether every subscriber without a reported gap has received every order of its user."""
        return all(
            subscriber.gaps or all(
                order.may_be_cancelled or order.ids <= subscriber.received.keys()
                for order in self.history.accepted() if order.user == subscriber.user)
            for subscriber in self.subscribers)
