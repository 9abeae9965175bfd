"""Subscribers of order updates over WebSocket and server-sent events, which reconnect and resume."""

import asyncio
import collections
import datetime
import json
import random
import time

import aiohttp


class Subscriber:
    """One connection of a user. It records updates and drops offsets already seen, as the contract requires."""

    def __init__(self, name, stack, history, user, replica):
        """`replica`: the index of the notifier it connects to first."""
        self.name, self.stack, self.history, self.user, self.replica = name, stack, history, user, replica
        self.epoch, self.last_offset, self.welcome = None, 0, None
        self.seen = set()  # (epoch, offset)
        self.received = collections.defaultdict(collections.Counter)  # order id → count by status
        self.repeats = self.disordered = self.connections = self.attempts = 0
        self.gaps = []  # wall-clock times of resumes that were not recovered
        self.is_connected = False

    async def run(self, session):
        while True:
            try:
                await self.connect(session)
            except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
                pass
            self.is_connected = False
            self.attempts += 1
            await asyncio.sleep(random.uniform(0.1, 0.4))

    def url(self):
        """The first replica, then the others in turn."""
        replicas = self.stack.notifiers
        return replicas[(self.replica + self.attempts) % len(replicas)]

    def authorization(self):
        return {"Authorization": f"Bearer {self.stack.token(self.user)}"}

    def receive(self, message):
        kind = message.get("type")
        if kind == "welcome":
            self.welcome = message
            self.is_connected = True
            if self.epoch is None:
                self.reset_position()
        elif kind == "resumed" and not message["recovered"]:
            self.gaps.append(datetime.datetime.now(datetime.timezone.utc))
            self.reset_position()
        elif kind == "order.status" and message.get("id") is not None:
            self.update(message)

    def reset_position(self):
        self.epoch, self.last_offset = self.welcome["epoch"], int(self.welcome["lastEventId"])

    def update(self, message):
        epoch, offset = self.welcome["epoch"], int(message["id"])
        if (epoch, offset) in self.seen:
            self.repeats += 1
            return
        self.seen.add((epoch, offset))
        if epoch == self.epoch and offset < self.last_offset:
            self.disordered += 1
        self.epoch, self.last_offset = epoch, offset
        self.received[message["orderId"]][message["status"]] += 1
        if message["status"] == "COMPLETED":
            self.history.record_notified(message["orderId"])


class WebSocketSubscriber(Subscriber):
    async def connect(self, session):
        url = f"{self.url()}/ws"
        if self.epoch is not None:
            url += f"?lastEventId={self.last_offset}&epoch={self.epoch}"
        async with session.ws_connect(url, headers=self.authorization(), heartbeat=4, timeout=4) as socket:
            self.connections += 1
            async for message in socket:
                if message.type == aiohttp.WSMsgType.TEXT:
                    self.receive(json.loads(message.data))


class EventStreamSubscriber(Subscriber):
    READ_TIMEOUT = 20  # seconds; a heartbeat comes every 15

    async def connect(self, session):
        headers = self.authorization() | {"Accept": "text/event-stream"}
        if self.epoch is not None:
            headers["Last-Event-ID"] = f"{self.epoch}:{self.last_offset}"
        limit = aiohttp.ClientTimeout(total=None, sock_connect=4, sock_read=self.READ_TIMEOUT)
        async with session.get(
                f"{self.url()}/api/notifications/stream", headers=headers, timeout=limit) as response:
            response.raise_for_status()
            self.connections += 1
            async for line in response.content:
                if line.startswith(b"data:"):
                    self.receive(json.loads(line[5:]))


def create_subscribers(stack, history, users):
    """Two WebSockets per user on different replicas, and an event stream for the first user."""
    sockets = [
        WebSocketSubscriber(f"{user} {'ab'[index]}", stack, history, user, number + index)
        for number, user in enumerate(users) for index in (0, 1)]
    return [*sockets, EventStreamSubscriber(f"{users[0]} stream", stack, history, users[0], 1)]


async def await_connected(subscribers, seconds):
    deadline = time.monotonic() + seconds
    while not all(subscriber.is_connected for subscriber in subscribers) and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    return all(subscriber.is_connected for subscriber in subscribers)
