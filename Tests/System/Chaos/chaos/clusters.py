"""The servers in the arrangements that people run: RabbitMQ of three nodes, Redis with a replica and Sentinels, PostgreSQL
with a synchronous standby."""

import os
import shutil
import signal

import psycopg2
import redis as client

from devstack import directories, ports, postgres, rabbitmq, redis, redis_cluster
from devstack.program import Program
from support.cluster import COUNT, Cluster
from support.waiting import until

QUEUE = "order.accepted"
START_LIMIT = 60  # seconds


class BrokerCluster(Cluster):
    def end_leader(self):
        """SIGKILL of the node that leads the queue, which starts again."""
        leader = self.leader(QUEUE)
        self.end(leader, signal.SIGKILL)
        self.nodes[leader].wait(START_LIMIT)
        self.start(leader)

    def upgrade(self):
        """Restarts node by node, as for another version: each waits until no queue depends on it, and gives its leaders away."""
        for number in range(1, COUNT + 1):
            self.tool("rabbitmq-upgrade", number, "await_online_quorum_plus_one", "--timeout", str(START_LIMIT))
            self.tool("rabbitmq-upgrade", number, "drain")
            self.end(number, signal.SIGTERM)
            self.nodes[number].wait(START_LIMIT)
            self.start(number)

    def is_complete(self):
        return all(self.listens(number) for number in range(1, COUNT + 1))

    def dead_letters(self):
        """queue → as many empty messages as it holds."""
        lines = self.ctl(1, "list_queues", "-p", rabbitmq.VHOST, "name", "messages").splitlines()
        counts = dict(line.split("\t") for line in lines)
        return {
            name: [{"properties": {}}] * int(count) for name, count in counts.items() if name.endswith((".dlq", ".dead"))}


class RedisPair:
    """A primary and a replica; of three Sentinels two make a quorum."""

    NAME = "waybill"

    def __init__(self, directory, password):
        self.directory, self.password = directory, password
        numbers = ports.choose(5)
        self.servers = {port: self.server(port) for port in numbers[:2]}
        self.sentinels = {port: self.sentinel(port, first=numbers[0]) for port in numbers[2:]}
        with open(self.servers[numbers[1]].argv[1], "a") as file:
            file.write(f"replicaof {ports.HOST} {numbers[0]}\n")

    def server(self, port):
        program = redis.program(
            self.directory / f"redis-{port}", port, {"redis": self.password, "redisObserver": self.password})
        with open(program.argv[1], "a") as file:
            file.write(f"masteruser {redis.USER}\nmasterauth {self.password}\nreplica-announce-ip {ports.HOST}\n")
        return program

    def sentinel(self, port, first):
        directory = self.directory / f"sentinel-{port}"
        directory.mkdir(parents=True)
        configuration = directory / "sentinel.conf"
        configuration.write_text("\n".join([
            f"bind {ports.HOST}", f"port {port}", f"dir {directory}",
            f"sentinel monitor {self.NAME} {ports.HOST} {first} 2",
            f"sentinel auth-user {self.NAME} {redis.USER}", f"sentinel auth-pass {self.NAME} {self.password}",
            f"sentinel down-after-milliseconds {self.NAME} 1000", f"sentinel failover-timeout {self.NAME} 5000", ""]))
        return Program(
            name="sentinel", argv=["redis-server", str(configuration), "--sentinel"], directory=directory,
            environment={"PATH": "/usr/bin:/bin"}, probe=lambda: ports.connection_problem(port))

    def start(self):
        """The Sentinels come once the replica is connected: before, they would not know of it."""
        start_all(self.servers.values())
        until("Redis' replica is connected", self.is_complete, START_LIMIT)
        start_all(self.sentinels.values())
        until("the Sentinels know one another", lambda: all(
            int(self.ask(port).sentinel_master(self.NAME)["num-other-sentinels"]) == 2 for port in self.sentinels), START_LIMIT)

    @staticmethod
    def ask(port, **options):
        return client.Redis(ports.HOST, port, socket_timeout=2, decode_responses=True, **options)

    def replication(self, port):
        return self.ask(port, username=redis.USER, password=self.password).info("replication")

    def primary(self):
        """The port that the Sentinels name, of a server that agrees."""
        for sentinel in self.sentinels:
            try:
                port = int(self.ask(sentinel).sentinel_get_master_addr_by_name(self.NAME)[1])
                if self.replication(port)["role"] == "master":
                    return port
            except (client.RedisError, TypeError):
                continue
        return None

    def is_complete(self):
        """Whether there is one primary with one replica that follows it."""
        try:
            found = [self.replication(port) for port in self.servers]
        except client.RedisError:
            return False
        return sorted(entry["role"] for entry in found) == ["master", "slave"] and all(
            entry.get("master_link_status", "up") == "up" for entry in found)

    def end_primary(self):
        """SIGKILL; the server starts again once the replica is the primary, and follows it."""
        before = until("there is a primary", self.primary, START_LIMIT)
        os.kill(self.servers[before].pid, signal.SIGKILL)
        until("another is the primary", lambda: self.primary() not in (None, before), START_LIMIT)
        start_all([self.servers[before]])

    @property
    def environment(self):
        return {"REDIS_SENTINELS": ",".join(f"{ports.HOST}:{port}" for port in self.sentinels)}

    def settings(self):
        return {
            "host": ports.HOST, "port": until("there is a primary", self.primary, START_LIMIT), "user": redis.USER,
            "password": self.password}

    def close(self):
        stop_all([*self.sentinels.values(), *self.servers.values()])


class RedisShards:
    """A Redis Cluster: three primaries, each with a replica. A shard without a primary stops nobody else's."""

    SHARDS = 3

    def __init__(self, directory, password):
        self.directory, self.password = directory, password
        self.ports = ports.choose(4 * self.SHARDS)
        self.servers = {port: self.server(port, bus) for port, bus in zip(self.ports[::2], self.ports[1::2])}

    def server(self, port, bus):
        program = redis.program(
            self.directory / f"redis-{port}", port, {"redis": self.password, "redisObserver": self.password})
        with open(program.argv[1], "a") as file:
            file.write(
                f"masteruser {redis.USER}\nmasterauth {self.password}\ncluster-enabled yes\ncluster-port {bus}\n"
                "cluster-node-timeout 1000\ncluster-require-full-coverage no\n")
        return program

    def start(self):
        start_all(self.servers.values())
        redis_cluster.command(
            {"redis": self.password}, "--cluster", "create", *self.addresses, "--cluster-replicas", "1", "--cluster-yes")
        until("the nodes are a cluster", self.is_complete, START_LIMIT)

    @property
    def addresses(self):
        return [f"{ports.HOST}:{port}" for port in self.servers]

    @property
    def environment(self):
        return {"REDIS_CLUSTER": ",".join(self.addresses)}

    def ask(self, port, *words):
        return client.Redis(
            ports.HOST, port, username=redis.USER, password=self.password, socket_timeout=2, decode_responses=True,
        ).execute_command(*words)

    def is_complete(self):
        """Whether each server is a primary with slots or follows one."""
        try:
            found = [self.ask(port, "INFO", "replication") for port in self.servers]
            states = [self.ask(port, "CLUSTER INFO")["cluster_state"] for port in self.servers]
        except client.RedisError:
            return False
        roles = sorted(entry["role"] for entry in found)
        return roles == ["master"] * self.SHARDS + ["slave"] * self.SHARDS and set(states) == {"ok"} and all(
            entry.get("master_link_status", "up") == "up" for entry in found)

    def primary(self, slot=0):
        """The port of a slot's primary, in the view of the servers that answer."""
        for port in self.servers:
            try:
                ranges = self.ask(port, "CLUSTER SLOTS")
            except client.RedisError:
                continue
            for first, last, (_, primary, *_), *_ in ranges:
                if first <= slot <= last:
                    return int(primary)
        return None

    def end_primary(self):
        """SIGKILL of one of three; the server starts again once its replica is the primary, and follows it."""
        before = until("there is a primary", self.primary, START_LIMIT)
        os.kill(self.servers[before].pid, signal.SIGKILL)
        until("another is the primary", lambda: self.primary() not in (None, before), START_LIMIT)
        start_all([self.servers[before]])

    def settings(self):
        return {"cluster": self.addresses, "user": redis.USER, "password": self.password}

    def close(self):
        stop_all(self.servers.values())


class PostgresPair:
    """A primary whose commits wait for its standby."""

    SLOT = "standby"

    def __init__(self, directory, secrets):
        self.directory, self.secrets = directory, secrets
        self.ports = ports.choose(2)
        self.primary = self.ports[0]
        self.servers = {}

    @property
    def standby(self):
        return next(port for port in self.ports if port != self.primary)

    def folder(self, port):
        return self.directory / f"postgres-{port}"

    def start(self):
        self.servers[self.primary] = postgres.program(self.folder(self.primary), self.primary, self.secrets)
        start_all([self.servers[self.primary]])
        postgres.prepare_roles(self.primary, self.secrets)
        self.start_standby()

    def start_standby(self):
        """Copies the primary, whose commits wait for the copy from then on."""
        port, user = self.standby, postgres.system_user()
        data = directories.prepare(self.folder(port) / "postgres", user)
        for entry in data.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        source = f"host={ports.HOST} port={self.primary} user={postgres.ADMIN} password={self.secrets['postgresAdmin']}"
        done = postgres.run_as(user, None, [
            postgres.binary("pg_basebackup"), "-D", str(data), "-R", "-X", "stream", "-c", "fast", "-C", "-S", self.SLOT,
            "-d", source])
        assert done.returncode == 0, done.stderr
        self.servers[port] = postgres.program(self.folder(port), port, self.secrets)
        start_all([self.servers[port]])
        self.set_synchronous("'*'")
        until("the standby is synchronous", self.is_complete, START_LIMIT)

    def set_synchronous(self, names):
        self.execute(f"ALTER SYSTEM SET synchronous_standby_names = {names}")
        self.execute("SELECT pg_reload_conf()")

    def execute(self, statement, port=None):
        """The first value, in a session of the administrator."""
        connection = psycopg2.connect(
            host=ports.HOST, port=port or self.primary, user=postgres.ADMIN, password=self.secrets["postgresAdmin"],
            dbname="postgres", connect_timeout=3)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchone()[0] if cursor.description else None
        finally:
            connection.close()

    def is_complete(self):
        try:
            return self.execute("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 1
        except psycopg2.Error:
            return False

    def end_primary(self):
        """SIGKILL, and what an operator does then: promotes the standby, and makes a new one."""
        before, self.primary = self.primary, self.standby
        self.servers[before].stop(signal.SIGKILL)
        self.execute("SELECT pg_promote()")
        self.set_synchronous("''")
        self.start_standby()

    @property
    def addresses(self):
        return ",".join(f"{ports.HOST}:{port}" for port in self.ports)

    def uri(self):
        address = f"{ports.HOST}:{self.primary}"
        return f"postgresql://{postgres.OWNER}:{self.secrets['postgresOwner']}@{address}/{postgres.DATABASE}"

    def close(self):
        stop_all(self.servers.values())
        directories.remove(self.directory)


def start_all(programs):
    waits = [(program, program.start()) for program in programs]
    for program, has_ended in waits:
        program.wait_ready(START_LIMIT, has_ended)


def stop_all(programs):
    for program in programs:
        program.stop(signal.SIGKILL)
