"""Open tabs: WebSockets and an event stream that come back and resume where they were."""

import asyncio
import collections
import datetime
import json
import random
import time

import aiohttp


class Tab:
    """One tab of a user. It keeps what it heard, and drops offsets that it has seen, as the contract says."""

    def __init__(self, name, stack, ledger, user, home):
        """`home`: the index of the replica it goes to first."""
        self.name, self.stack, self.ledger, self.user, self.home = name, stack, ledger, user, home
        self.epoch, self.last, self.welcomed = None, 0, None
        self.seen = set()  # (epoch, offset)
        self.heard = collections.defaultdict(collections.Counter)  # order id → how often each status
        self.repeats = self.disordered = self.connections = self.tries = 0
        self.gaps = []  # wall-clock times at which it was told that it missed something
        self.is_open = False

    async def run(self, session):
        while True:
            try:
                await self.live(session)
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
                pass
            self.is_open = False
            self.tries += 1
            await asyncio.sleep(random.uniform(0.1, 0.4))

    def replica(self):
        """Home again first, then the others."""
        replicas = self.stack.notifiers
        return replicas[(self.home + self.tries) % len(replicas)]

    def token(self):
        return {"Authorization": f"Bearer {self.stack.token(self.user)}"}

    def take(self, message):
        kind = message.get("type")
        if kind == "welcome":
            self.welcomed = message
            self.is_open = True
            if self.epoch is None:
                self.move(message)
        elif kind == "resumed" and not message["recovered"]:
            self.gaps.append(datetime.datetime.now(datetime.timezone.utc))
            self.move(self.welcomed)
        elif kind == "order.status" and message.get("id") is not None:
            self.update(message)

    def move(self, welcome):
        self.epoch, self.last = welcome["epoch"], int(welcome["lastEventId"])

    def update(self, message):
        epoch, offset = self.welcomed["epoch"], int(message["id"])
        if (epoch, offset) in self.seen:
            self.repeats += 1
            return
        self.seen.add((epoch, offset))
        if epoch == self.epoch and offset < self.last:
            self.disordered += 1
        self.epoch, self.last = epoch, offset
        self.heard[message["orderId"]][message["status"]] += 1
        if message["status"] == "COMPLETED":
            self.ledger.note_told(message["orderId"])


class SocketTab(Tab):
    kind = "WebSocket"

    async def live(self, session):
        where = f"{self.replica()}/ws"
        if self.epoch is not None:
            where += f"?lastEventId={self.last}&epoch={self.epoch}"
        async with session.ws_connect(where, headers=self.token(), heartbeat=4, timeout=4) as socket:
            self.connections += 1
            async for message in socket:
                if message.type == aiohttp.WSMsgType.TEXT:
                    self.take(json.loads(message.data))


class StreamTab(Tab):
    kind = "event stream"
    SILENCE = 20  # seconds; a comment comes every 15

    async def live(self, session):
        headers = self.token() | {"Accept": "text/event-stream"}
        if self.epoch is not None:
            headers["Last-Event-ID"] = f"{self.epoch}:{self.last}"
        limit = aiohttp.ClientTimeout(total=None, sock_connect=4, sock_read=self.SILENCE)
        async with session.get(
                f"{self.replica()}/api/notifications/stream", headers=headers, timeout=limit) as answer:
            answer.raise_for_status()
            self.connections += 1
            async for line in answer.content:
                if line.startswith(b"data:"):
                    self.take(json.loads(line[5:]))


def tabs_for(stack, ledger, users):
    """Two sockets a user on different replicas, and an event stream for the first."""
    found = [
        SocketTab(f"{user} {'ab'[index]}", stack, ledger, user, number + index)
        for number, user in enumerate(users) for index in (0, 1)]
    return [*found, StreamTab(f"{users[0]} stream", stack, ledger, users[0], 1)]


async def until_open(tabs, seconds):
    deadline = time.monotonic() + seconds
    while not all(tab.is_open for tab in tabs) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    return all(tab.is_open for tab in tabs)
