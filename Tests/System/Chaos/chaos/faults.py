"""The faults and the sequences in which they are injected."""

import asyncio
import signal
from dataclasses import dataclass

from chaos.server_data import Cache

NAMES = {
    "accept": "order-accept", "process": "order-process", "notification": "notifier", "redis": "Redis",
    "rabbitmq": "RabbitMQ", "postgres": "PostgreSQL", "amqp": "RabbitMQ"}
PAUSE_SECONDS = 3
WORKFLOW_TTL = 60  # of keys in Redis, in seconds
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


@dataclass(frozen=True)
class Forget:
    """Redis loses all its data, or every key of orders and requests."""

    what: str  # everything | orders

    def __str__(self):
        return f"Redis forgets {self.what}"

    async def inject(self, stack):
        cache = Cache(stack.description["redis"])
        await asyncio.to_thread(cache.forget if self.what == "everything" else cache.forget_orders)


@dataclass(frozen=True)
class CutTail:
    """SIGKILL of Redis, whose append-only file loses its last bytes before the restart."""

    size: int = 20_000

    def __str__(self):
        return "kill Redis, its log's end is lost"

    async def inject(self, stack):
        await asyncio.to_thread(stack.restart_redis, lambda log: log.cut(self.size))


@dataclass(frozen=True)
class GoBack:
    """SIGKILL of Redis, which continues with its data of some seconds ago: a failover to a replica that lagged."""

    seconds: int = 2

    def __str__(self):
        return f"Redis continues with its data of {self.seconds} s ago"

    async def inject(self, stack):
        await asyncio.to_thread(stack.redis_log.copy)
        await asyncio.sleep(self.seconds)
        await asyncio.to_thread(stack.restart_redis, lambda log: log.go_back())


@dataclass(frozen=True)
class Expire:
    """Every order-process is stopped for longer than the lifetime of keys in Redis."""

    seconds: int

    def __str__(self):
        return "the queue is longer than the lifetime of keys"

    async def inject(self, stack):
        for name in ("process-1", "process-2"):
            stack.signal(name, signal.SIGSTOP)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            for name in ("process-1", "process-2"):
                stack.signal(name, signal.SIGCONT)


@dataclass(frozen=True)
class Drop:
    """Every connection of the services to a server is reset, and accepted again at once."""

    target: str

    def __str__(self):
        return f"drop the connections to {display_name(self.target)}"

    async def inject(self, stack):
        for _ in range(3):
            await stack.proxy_command(f"disconnect {self.target}")
            await stack.proxy_command(f"restore {self.target}")
            await asyncio.sleep(0.5)


@dataclass(frozen=True)
class Failover:
    """The primary of a cluster ends by SIGKILL, and is a part of the cluster again; or each node is restarted in turn."""

    part: str  # broker_cluster | redis_servers | postgres_pair
    method: str
    name: str

    def __str__(self):
        return self.name

    async def inject(self, stack):
        await asyncio.to_thread(getattr(getattr(stack, self.part), self.method))


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
    [Forget("everything")], [Forget("orders")], [CutTail()], [GoBack()], [Expire(WORKFLOW_TTL + 5)],
    [Drop("postgres")], [Drop("redis")], [Drop("amqp")],
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
    [disconnect("amqp")], [Forget("everything")], [Forget("orders")], [CutTail()], [Pause("process-2")],
]
# Of the clusters. Each pair fails over and back again.
END_LEADER = Failover("broker_cluster", "end_leader", "kill the leader of RabbitMQ's queue")
UPGRADE = Failover("broker_cluster", "upgrade", "upgrade RabbitMQ node by node")
END_REDIS = Failover("redis_servers", "end_primary", "kill Redis' primary")
END_POSTGRES = Failover("postgres_pair", "end_primary", "kill PostgreSQL's primary")
CLUSTERS = [
    [END_LEADER], [END_REDIS], [END_POSTGRES], [UPGRADE], [Kill("accept-1"), Kill("process-1"), Kill("notification-1")],
    [END_REDIS], [END_POSTGRES], [END_LEADER, END_REDIS, END_POSTGRES],
]
