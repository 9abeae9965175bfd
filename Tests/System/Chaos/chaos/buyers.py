"""Users who order all the time, and repeat what was not answered with the same Idempotency-Key."""

import asyncio
import time
import uuid

import aiohttp

from chaos.ledger import ACCEPTED, REFUSED, UNKNOWN, Order

ATTEMPT_SECONDS = 6  # intake promises an answer within two
REPEAT_SECONDS = 45  # longer than the lease of an Idempotency-Key whose holder died
AT_ONCE = 300  # purchases that are waiting for their answer
TOLD_IN_DOUBT = "not known"  # intake could not take back what the broker may have, or died at work, says the edge


class Shop:
    def __init__(self, stack, ledger, users, pace):
        """`pace`: orders a second of each user."""
        self.stack, self.ledger, self.users, self.pace = stack, ledger, users, pace
        self.catalogue = {}
        self.number = 0
        self.open = asyncio.Semaphore(AT_ONCE)
        self.purchases = set()
        self.is_open = True

    async def read_catalogue(self, session):
        for offset in (0, 100):
            async with session.get(
                    f"{self.stack.edge}/api/products?offset={offset}&size=100",
                    headers=self.authorization(self.users[0])) as answer:
                answer.raise_for_status()
                for product in (await answer.json())["items"]:
                    self.catalogue[product["externalProductId"]] = product
        self.products = sorted(self.catalogue)

    def authorization(self, user):
        return {"Authorization": f"Bearer {self.stack.token(user)}"}

    async def run(self, session):
        """Until `close`; then every purchase under way is finished."""
        await asyncio.gather(*(self.visit(session, user) for user in self.users))
        if self.purchases:
            await asyncio.wait(self.purchases)

    def close(self):
        self.is_open = False

    async def visit(self, session, user):
        while self.is_open:
            await self.start(session, user)
            await asyncio.sleep(1 / self.pace)

    async def rush(self, session, count):
        """Everybody at once: so that a blow in the next milliseconds meets orders at every step of their way."""
        for number in range(count):
            await self.start(session, self.users[number % len(self.users)])

    async def start(self, session, user):
        await self.open.acquire()
        task = asyncio.create_task(self.buy(session, self.next_order(user)))
        self.purchases.add(task)
        task.add_done_callback(self.leave)

    def leave(self, task):
        self.open.release()
        self.purchases.discard(task)
        if not task.cancelled() and task.exception():
            self.ledger.oddities.append(f"harness: {task.exception()!r}")

    def next_order(self, user):
        """Two products in amounts that no other order has; two of three orders have a key."""
        self.number += 1
        number, count = self.number, len(self.products)
        first, second = self.products[number % count], self.products[(number + 1 + number // count) % count]
        lines = {second: number // 1000 + 1} | {first: number % 1000 + 1}
        key = str(uuid.uuid4()) if number % 3 else None
        order = Order(number, user, lines, key, self.ledger.window.name, time.monotonic())
        self.ledger.orders.append(order)
        return order

    async def buy(self, session, order):
        headers = self.authorization(order.user) | ({"Idempotency-Key": order.key} if order.key else {})
        items = [{"productId": product, "quantity": quantity} for product, quantity in order.lines.items()]
        delay = 0.2
        while True:
            answered = await self.attempt(session, order, headers, {"items": items})
            order.ended = time.monotonic()
            if answered or not order.key or order.ended - order.began > REPEAT_SECONDS:
                break
            await asyncio.sleep(delay)
            delay = min(delay * 1.5, 1)
        if order.outcome != ACCEPTED:
            order.outcome = UNKNOWN if order.doubtful else REFUSED

    async def attempt(self, session, order, headers, body):
        """Whether it was accepted, or refused for good."""
        order.attempts += 1
        try:
            async with session.post(
                    f"{self.stack.edge}/api/orders", json=body, headers=headers,
                    timeout=aiohttp.ClientTimeout(total=ATTEMPT_SECONDS)) as answer:
                content = await answer.json(content_type=None)
                return self.note(order, answer.status, content)
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError, ValueError):
            order.doubtful += 1
            self.answered("broken")
            return False

    def note(self, order, status, content):
        if status == 201:
            self.ledger.note_accepted(order, content)
            self.answered("201")
            return True
        if status == 503:
            if TOLD_IN_DOUBT in content.get("detail", ""):
                order.doubtful += 1
            else:
                order.refusals += 1
            self.answered("503")
            return False
        if status == 409:  # the key is held by an attempt that is being answered, or whose replica died
            self.answered("409")
            return False
        self.ledger.oddities.append(f"order {order.number} was answered {status}: {content}")
        self.answered(str(status))
        return True

    def answered(self, how):
        self.ledger.answers.append((time.monotonic(), how))
