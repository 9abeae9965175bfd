"""The faults, and the order in which they come."""

import asyncio
import signal
from dataclasses import dataclass

NAMES = {
    "accept": "order-accept", "process": "order-process", "notification": "notifier", "redis": "Redis",
    "rabbitmq": "RabbitMQ", "postgres": "PostgreSQL", "amqp": "RabbitMQ"}
PAUSE, CUT, SILENCE = 3, 2, 4  # seconds


def called(target):
    kind, _, number = target.partition("-")
    return f"{NAMES[kind]} {number}".strip()


@dataclass(frozen=True)
class Kill:
    """kill -9; the supervisor starts it again."""

    target: str

    def __str__(self):
        return f"kill {called(self.target)}"

    async def strike(self, stack):
        stack.signal(self.target, signal.SIGKILL)


@dataclass(frozen=True)
class Pause:
    """SIGSTOP, and SIGCONT a while later: the connections stay, nobody answers."""

    target: str

    def __str__(self):
        return f"pause {called(self.target)}"

    async def strike(self, stack):
        stack.signal(self.target, signal.SIGSTOP)
        try:
            await asyncio.sleep(PAUSE)
        finally:
            stack.signal(self.target, signal.SIGCONT)


@dataclass(frozen=True)
class Cut:
    """The services' way to a server: connections reset and refused, or nothing passing without a word."""

    target: str
    how: str = "cut"

    def __str__(self):
        return f"{self.how} path to {called(self.target)}"

    async def strike(self, stack):
        await stack.tell(f"{self.how} {self.target}")
        await asyncio.sleep(CUT if self.how == "cut" else SILENCE)
        await stack.tell(f"heal {self.target}")


async def strike(stack, faults):
    """All at once; returns when the last is undone, as far as the harness undoes it."""
    await asyncio.gather(*(fault.strike(stack) for fault in faults))


def name(faults):
    return " + ".join(map(str, faults))


# One after another, then two at a time. What matters most comes first, in case the time runs out.
FULL = [
    [Kill("accept-1")], [Kill("process-1")], [Kill("notification-1")],
    [Kill("redis")], [Kill("postgres")], [Kill("rabbitmq")],
    [Pause("accept-2")], [Pause("process-2")], [Pause("notification-2")],
    [Pause("redis")], [Pause("postgres")], [Pause("rabbitmq")],
    [Cut("redis")], [Cut("postgres")], [Cut("amqp")],
    [Kill("accept-1"), Kill("accept-2")], [Kill("process-1"), Kill("process-2")],
    [Kill("notification-1"), Kill("notification-2")],
    [Kill("redis"), Kill("process-1")], [Kill("redis"), Kill("notification-1")], [Kill("redis"), Kill("accept-1")],
    [Kill("postgres"), Kill("process-2")], [Kill("postgres"), Kill("redis")],
    [Cut("redis", "silence")], [Cut("postgres", "silence")], [Cut("amqp", "silence")],
    [Cut("redis"), Cut("amqp")], [Cut("redis", "silence"), Cut("amqp", "silence")], [Cut("amqp", "silence"), Kill("process-1")], [Pause("redis"), Kill("accept-2")],
    [Cut("amqp"), Pause("notification-1")],
    [Kill("rabbitmq"), Kill("process-2")], [Kill("rabbitmq"), Kill("redis")], [Kill("rabbitmq"), Kill("postgres")],
]
SHORT = [
    [Kill("process-1"), Kill("accept-1")], [Kill("notification-1")], [Kill("redis")], [Kill("postgres")],
    [Cut("amqp")], [Pause("process-2")],
]
