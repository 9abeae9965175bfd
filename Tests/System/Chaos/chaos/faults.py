"""The faults and the sequences in which they are injected."""

import asyncio
import signal
from dataclasses import dataclass

NAMES = {
    "accept": "order-accept", "process": "order-process", "notification": "notifier", "redis": "Redis",
    "rabbitmq": "RabbitMQ", "postgres": "PostgreSQL", "amqp": "RabbitMQ"}
PAUSE_SECONDS = 3
NETWORK_SECONDS = {"disconnect": 2, "blackhole": 4}


def display_name(target):
    kind, _, number = target.partition("-")
    return f"{NAMES[kind]} {number}".strip()


@dataclass(frozen=True)
class Kill:
    """SIGKILL; the supervisor restarts the process."""

    target: str

    def __str__(self):
        return f"kill {display_name(self.target)}"

    async def inject(self, stack):
        stack.signal(self.target, signal.SIGKILL)


@dataclass(frozen=True)
class Pause:
    """SIGSTOP, later SIGCONT: connections stay open without answers."""

    target: str

    def __str__(self):
        return f"pause {display_name(self.target)}"

    async def inject(self, stack):
        stack.signal(self.target, signal.SIGSTOP)
        try:
            await asyncio.sleep(PAUSE_SECONDS)
        finally:
            stack.signal(self.target, signal.SIGCONT)


@dataclass(frozen=True)
class NetworkFault:
    """The path from the services to a server: connections are reset and refused, or data is held back."""

    kind: str  # disconnect | blackhole
    target: str

    def __str__(self):
        return f"{self.kind} {display_name(self.target)}"

    async def inject(self, stack):
        await stack.proxy_command(f"{self.kind} {self.target}")
        await asyncio.sleep(NETWORK_SECONDS[self.kind])
        await stack.proxy_command(f"restore {self.target}")


def disconnect(target):
    return NetworkFault("disconnect", target)


def blackhole(target):
    return NetworkFault("blackhole", target)


async def inject(stack, faults):
    """Injects the faults at once; returns when the last one has ended, apart from restarts by the supervisor."""
    await asyncio.gather(*(fault.inject(stack) for fault in faults))


def name(faults):
    return " + ".join(map(str, faults))


# Single faults, then pairs. The most important come first, because the time limit may skip the last ones.
FULL = [
    [Kill("accept-1")], [Kill("process-1")], [Kill("notification-1")],
    [Kill("redis")], [Kill("postgres")], [Kill("rabbitmq")],
    [Pause("accept-2")], [Pause("process-2")], [Pause("notification-2")],
    [Pause("redis")], [Pause("postgres")], [Pause("rabbitmq")],
    [disconnect("redis")], [disconnect("postgres")], [disconnect("amqp")],
    [Kill("accept-1"), Kill("accept-2")], [Kill("process-1"), Kill("process-2")],
    [Kill("notification-1"), Kill("notification-2")],
    [Kill("redis"), Kill("process-1")], [Kill("redis"), Kill("notification-1")], [Kill("redis"), Kill("accept-1")],
    [Kill("postgres"), Kill("process-2")], [Kill("postgres"), Kill("redis")],
    [blackhole("redis")], [blackhole("postgres")], [blackhole("amqp")],
    [disconnect("redis"), disconnect("amqp")], [blackhole("redis"), blackhole("amqp")],
    [blackhole("amqp"), Kill("process-1")], [Pause("redis"), Kill("accept-2")],
    [disconnect("amqp"), Pause("notification-1")],
    [Kill("rabbitmq"), Kill("process-2")], [Kill("rabbitmq"), Kill("redis")], [Kill("rabbitmq"), Kill("postgres")],
]
SHORT = [
    [Kill("process-1"), Kill("accept-1")], [Kill("notification-1")], [Kill("redis")], [Kill("postgres")],
    [disconnect("amqp")], [Pause("process-2")],
]
