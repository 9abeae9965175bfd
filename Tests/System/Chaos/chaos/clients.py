"""Clients that order continuously and retry unanswered orders with the same Idempotency-Key."""

import asyncio
import time
import uuid

import aiohttp

from chaos.history import ACCEPTED, REJECTED, UNKNOWN, Order

ATTEMPT_SECONDS = 6  # order-accept answers within two
RETRY_SECONDS = 45  # longer than the lease of an Idempotency-Key whose replica was killed
MAX_PENDING = 300  # orders without a final answer
UNKNOWN_OUTCOME = "not known"  # in the detail of a 503 when the order may have been accepted


class OrderClients:
    def __init__(self, stack, history, users, rate):
        """`rate`: orders per second of each user."""
        self.stack, self.history, self.users, self.rate = stack, history, users, rate
        self.catalogue = {}
        self.number = 0
        self.capacity = asyncio.Semaphore(MAX_PENDING)
        self.pending = set()
        self.is_ordering = True

    async def read_catalogue(self, session):
        for offset in (0, 100):
            async with session.get(
                    f"{self.stack.edge}/api/products?offset={offset}&size=100",
                    headers=self.authorization(self.users[0])) as response:
                response.raise_for_status()
                for product in (await response.json())["items"]:
                    self.catalogue[product["externalProductId"]] = product
        self.products = sorted(self.catalogue)

    def authorization(self, user):
        return {"Authorization": f"Bearer {self.stack.token(user)}"}

    async def run(self, session):
        """Orders until `stop`, then waits for the pending orders."""
        await asyncio.gather(*(self.order_repeatedly(session, user) for user in self.users))
        if self.pending:
            await asyncio.wait(self.pending)

    def stop(self):
        self.is_ordering = False

    async def order_repeatedly(self, session, user):
        while self.is_ordering:
            await self.start(session, user)
            await asyncio.sleep(1 / self.rate)

    async def burst(self, session, count):
        """Starts `count` orders at once, so that a fault meets orders at every step of processing."""
        for number in range(count):
            await self.start(session, self.users[number % len(self.users)])

    async def start(self, session, user):
        await self.capacity.acquire()
        task = asyncio.create_task(self.place(session, self.next_order(user)))
        self.pending.add(task)
        task.add_done_callback(self.finish)

    def finish(self, task):
        self.capacity.release()
        self.pending.discard(task)
        if not task.cancelled() and task.exception():
            self.history.anomalies.append(f"harness: {task.exception()!r}")

    def next_order(self, user):
        """An order of two products in quantities that no other order has; two of three orders have a key."""
        self.number += 1
        number, count = self.number, len(self.products)
        first, second = self.products[number % count], self.products[(number + 1 + number // count) % count]
        lines = {second: number // 1000 + 1} | {first: number % 1000 + 1}
        key = str(uuid.uuid4()) if number % 3 else None
        order = Order(number, user, lines, key, self.history.window.name, time.monotonic())
        self.history.orders.append(order)
        return order

    async def place(self, session, order):
        headers = self.authorization(order.user) | ({"Idempotency-Key": order.key} if order.key else {})
        items = [{"productId": product, "quantity": quantity} for product, quantity in order.lines.items()]
        delay = 0.2
        while True:
            is_final = await self.attempt(session, order, headers, {"items": items})
            order.ended = time.monotonic()
            if is_final or not order.key or order.ended - order.began > RETRY_SECONDS:
                break
            await asyncio.sleep(delay)
            delay = min(delay * 1.5, 1)
        if order.outcome != ACCEPTED:
            order.outcome = UNKNOWN if order.ambiguous else REJECTED
        elif order.number % 7 == 0:
            await self.cancel(session, order)
        elif order.key and order.number % 5 == 0:
            await self.attempt(session, order, headers, {"items": items})  # the same order again

    async def cancel(self, session, order):
        """202 says that it is never carried out."""
        try:
            async with session.post(
                    f"{self.stack.edge}/api/orders/{order.id}/cancel", headers=self.authorization(order.user),
                    timeout=aiohttp.ClientTimeout(total=ATTEMPT_SECONDS)) as response:
                is_known = response.status != 503 or UNKNOWN_OUTCOME not in await response.text()
                order.cancel_status = response.status if is_known else 0
                self.history.record_answer(f"cancel {response.status}")
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError):
            order.cancel_status = 0  # it may be cancelled

    async def attempt(self, session, order, headers, body):
        """Returns whether the answer is final."""
        order.attempts += 1
        try:
            async with session.post(
                    f"{self.stack.edge}/api/orders", json=body, headers=headers,
                    timeout=aiohttp.ClientTimeout(total=ATTEMPT_SECONDS)) as response:
                content = await response.json(content_type=None)
                return self.record(order, response.status, content)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError):
            order.ambiguous += 1
            self.history.record_answer("broken")
            return False

    def record(self, order, status, content):
        self.history.record_answer(str(status))
        if status == 201:
            self.history.record_accepted(order, content)
            return True
        if status == 503:
            if UNKNOWN_OUTCOME in content.get("detail", ""):
                order.ambiguous += 1
            return False
        if status == 409:  # another attempt with the key is in progress, or its replica was killed
            return False
        self.history.anomalies.append(f"order {order.number} was answered {status}: {content}")
        return True
