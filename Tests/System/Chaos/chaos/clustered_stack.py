"""The stack under test, whose services use clusters of servers."""

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor

from chaos.clusters import BrokerCluster, PostgresPair, RedisPair, RedisShards
from chaos.faults import WORKFLOW_TTL
from devstack import ports, secrets_file
from devstack.stack import SECRETS
from devstack.supervisor import Supervisor
from support.stack import Stack, command, private_environment

SERVICES = [f"{kind}-{number}" for kind in ("process", "accept", "notification") for number in (1, 2)]
REPLACED = ("console-1", "redis", "rabbitmq", "postgres")  # of the stack


class ClusteredStack(Stack):
    def __init__(self, is_sharded):
        """With a Redis Cluster, or with Sentinels."""
        self.is_sharded = is_sharded
        self.environment = private_environment(
            WAYBILL_ACCEPTORS="2", WAYBILL_PROCESSORS="2", WAYBILL_NOTIFIERS="2",
            WORKFLOW_TTL=str(WORKFLOW_TTL), RATE_LIMIT="0", READ_RATE_LIMIT="0")
        super().__init__(command("path", self.environment))
        self.broker_cluster = self.redis_servers = self.postgres_pair = None

    async def up(self):
        await asyncio.to_thread(command, "up", self.environment)
        self.notifiers = [replica["url"] for replica in super().description["notification"]]
        await asyncio.to_thread(self.start_clusters)
        await asyncio.to_thread(self.move)
        await asyncio.to_thread(self.await_ready)

    def start_clusters(self):
        directory, secrets = self.directory / "clusters", secrets_file.load(self.directory / "secrets.json", SECRETS)
        port, *_ = ports.choose(1)
        self.broker_cluster = BrokerCluster(directory / "rabbitmq", port)
        self.redis_servers = (RedisShards if self.is_sharded else RedisPair)(directory, secrets["redis"])
        self.postgres_pair = PostgresPair(directory, secrets)
        with ThreadPoolExecutor(3) as pool:
            for task in [pool.submit(self.start_brokers), *map(pool.submit, (self.redis_servers.start, self.postgres_pair.start))]:
                task.result()

    def start_brokers(self):
        self.broker_cluster.start(1)
        self.broker_cluster.start(2, 3)

    def move(self):
        """Gives the services the clusters' addresses, and ends the servers that they had."""
        supervisor = Supervisor(self.directory)
        self.stop(*SERVICES, *REPLACED)
        for name in SERVICES:
            file = self.directory / "run" / f"{name}.json"
            specification = json.loads(file.read_text())
            values = specification["environment"]
            values["RABBITMQ_URL"] = self.broker_cluster.uri
            values |= self.redis_servers.environment
            values["DATABASE_URL"] = re.sub(r"@[^/]*/", f"@{self.postgres_pair.addresses}/", values["DATABASE_URL"])
            file.write_text(json.dumps(specification))
        for name in SERVICES:  # order-process first, which migrates the database
            supervisor.rpc.startProcess(name, False)

    # Without a question to the servers, since clients ask for them all the time.

    @property
    def edge(self):
        return super().description["edge"]

    @property
    def jwt(self):
        return super().description["jwt"]

    @property
    def description(self):
        """With the servers that are primary now."""
        content = super().description
        if self.postgres_pair:
            content["redis"] = self.redis_servers.settings()
            content["postgres"] = {"uri": self.postgres_pair.uri()}
        return content

    def are_servers_up(self):
        return all(part.is_complete() for part in (self.broker_cluster, self.redis_servers, self.postgres_pair))

    def dead_letters(self):
        return self.broker_cluster.dead_letters()

    def clean(self):
        for part in (self.broker_cluster, self.redis_servers, self.postgres_pair):
            if part:
                part.close()
        command("clean", self.environment)

    keep = clean
