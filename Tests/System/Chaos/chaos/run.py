"""One run: a stack, buyers and tabs on it, the faults, time to come to rest, the audit."""

import asyncio
import random
import re
import secrets
import time

import aiohttp

from chaos import faults
from chaos.audit import Audit
from chaos.buyers import Shop
from chaos.ledger import Ledger
from chaos.servers import Database
from chaos.tabs import tabs_for, until_open

CALM = "calm"
SERVER_START = 75  # seconds
STEP = 0.1  # seconds between two looks
RUSH, RUSH_SECONDS = 40, 0.06  # orders just before a blow, and how long before at the most


class Plan:
    """How much, and how long at the most, in seconds."""

    def __init__(self, sequence, users, pace, faults_for, whole_within, rest_within):
        self.sequence, self.users, self.pace = sequence, users, pace
        self.faults_for, self.whole_within, self.rest_within = faults_for, whole_within, rest_within


FULL = Plan(faults.FULL, users=6, pace=4, faults_for=150, whole_within=30, rest_within=60)
SHORT = Plan(faults.SHORT, users=3, pace=4, faults_for=20, whole_within=15, rest_within=25)


def plan(is_short, pattern, times):
    found = SHORT if is_short else FULL
    found.sequence = [fault for fault in found.sequence if re.search(pattern, faults.name(fault))] * times
    return found


class Run:
    def __init__(self, stack, plan, say):
        self.stack, self.plan, self.say = stack, plan, say
        self.ledger = Ledger()
        self.skipped = []
        self.seconds_to_rest = None

    async def go(self):
        """The audit; its faults are what went wrong."""
        run = secrets.token_hex(2)
        users = [f"chaos-{run}-{number}" for number in range(1, self.plan.users + 1)]
        self.shop = Shop(self.stack, self.ledger, users, self.plan.pace)
        self.tabs = tabs_for(self.stack, self.ledger, users)
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
            await self.shop.read_catalogue(session)
            living = [asyncio.create_task(tab.run(session)) for tab in self.tabs]
            if not await until_open(self.tabs, 10):
                raise RuntimeError("the tabs could not be opened")
            self.began = time.monotonic()
            self.ledger.open_window(CALM)
            buying = asyncio.create_task(self.shop.run(session))
            await asyncio.sleep(2)
            await self.strike_all(session)
            self.ledger.open_window("after them")
            await asyncio.sleep(2)
            await self.come_to_rest(buying)
            for task in living:
                task.cancel()
            await asyncio.gather(*living, return_exceptions=True)
        audit = Audit(self.ledger, self.tabs, self.shop.catalogue)
        await asyncio.to_thread(audit.run, self.stack.content())
        self.ended = time.monotonic()
        return audit

    async def strike_all(self, session):
        deadline = time.monotonic() + self.plan.faults_for
        for fault in self.plan.sequence:
            if time.monotonic() > deadline:
                self.skipped.append(faults.name(fault))
                continue
            window = self.ledger.open_window(self.name(fault))
            await self.shop.rush(session, RUSH)
            await asyncio.sleep(random.uniform(0, RUSH_SECONDS))
            window.struck = time.monotonic()
            await faults.strike(self.stack, fault)
            window.healed = time.monotonic()
            await self.become_whole(window)
            self.say(window)

    def name(self, fault):
        """Of its window: no two have the same."""
        name = faults.name(fault)
        before = sum(window.name.split(" ×")[0] == name for window in self.ledger.windows)
        return f"{name} ×{before + 1}" if before else name

    async def become_whole(self, window):
        """Until every replica is ready, and an order made after the fault has come to a tab."""
        await asyncio.sleep(0.5)  # for a killed one to be noticed
        await self.servers_back()
        deadline = time.monotonic() + self.plan.whole_within
        while time.monotonic() < deadline:
            since = next((order for order in self.ledger.orders if order.began > window.healed and order.told), None)
            if since and all(tab.is_open for tab in self.tabs) and not await asyncio.to_thread(self.stack.unready):
                window.whole = time.monotonic()
                return
            await asyncio.sleep(STEP)
        unready = await asyncio.to_thread(self.stack.unready)
        self.ledger.oddities.append(f"{window.name}: not whole after {self.plan.whole_within} s; not ready: {unready}")

    async def servers_back(self):
        """RabbitMQ takes five seconds to start, and a minute on a busy machine, which is not the services' fault."""
        deadline = time.monotonic() + SERVER_START
        while time.monotonic() < deadline and self.stack.servers_away():
            await asyncio.sleep(STEP)

    async def come_to_rest(self, buying):
        """Until nothing is under way any more; what is missing then is missing."""
        self.shop.close()
        began = time.monotonic()
        deadline = began + self.plan.rest_within
        await asyncio.wait([buying], timeout=deadline - began)
        while time.monotonic() < deadline:
            if buying.done() and self.is_told() and await asyncio.to_thread(self.is_recorded):
                await asyncio.sleep(1)  # for what comes twice
                self.seconds_to_rest = time.monotonic() - began
                return
            await asyncio.sleep(STEP)
        self.ledger.oddities.append(f"not at rest {self.plan.rest_within} s after the last order")

    def is_told(self):
        """Whether each tab has heard of all, those with a told gap aside."""
        return all(
            tab.gaps or all(order.id in tab.heard for order in self.ledger.accepted() if order.user == tab.user)
            for tab in self.tabs)

    def is_recorded(self):
        try:
            database = Database(self.stack.content()["postgres"]["uri"])
            return database.unfinished([order.id for order in self.ledger.accepted()]) == 0
        except Exception:  # the server may be on its way back
            return False
