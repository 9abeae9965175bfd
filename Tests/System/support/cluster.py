"""Three RabbitMQ nodes on 127.0.0.1 to 127.0.0.3."""

import os
import signal
import socket
import subprocess
import time

from devstack import ports, rabbitmq
from support.waiting import until

COUNT = 3
PASSWORD = "cluster"  # noqa: S105, of a broker that lives for minutes on the loopback
TOOLS = "/usr/lib/rabbitmq/bin"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Cluster:
    def __init__(self, directory, port):
        """Uses the ports `port` (AMQP, on each address), `port` + 1 (epmd) and three from `port` + 2 on."""
        self.directory = directory
        self.port = port
        self.cookie = directory / "home"
        self.cookie.mkdir(parents=True)
        rabbitmq.write_cookie(self.cookie / ".erlang.cookie")
        rabbitmq.write_definitions(directory / "definitions.json", PASSWORD)
        self.nodes = {}
        self.epmd = subprocess.Popen(
            ["epmd", "-port", str(port + 1), "-address", ports.HOST], env={"PATH": PATH}, start_new_session=True)

    @staticmethod
    def address(number):
        return f"127.0.0.{number}"

    @property
    def endpoints(self):
        return [f"{self.address(number)}:{self.port}" for number in range(1, COUNT + 1)]

    @property
    def uri(self):
        return f"amqp://{rabbitmq.USER}:{PASSWORD}@{','.join(self.endpoints)}/{rabbitmq.VHOST}"

    def environment(self, number):
        data = self.directory / f"n{number}"
        return rabbitmq.environment(data, self.cookie, self.port + 1, self.port + 1 + number) | {
            "RABBITMQ_NODENAME": f"n{number}@localhost", "RABBITMQ_LOG": "error"}

    def start(self, *numbers):
        for number in numbers:
            data = self.directory / f"n{number}"
            data.mkdir(exist_ok=True)
            members = [1] if number == 1 and not (data / "mnesia").exists() else range(1, COUNT + 1)
            lines = [
                f"listeners.tcp.1 = {self.address(number)}:{self.port}",
                f"distribution.listener.interface = {ports.HOST}",
                f"load_definitions = {self.directory}/definitions.json",
                "log.file = false", "log.console = true", "log.console.level = error",
                "vm_memory_high_watermark.absolute = 1GB", "disk_free_limit.absolute = 50MB",
                "cluster_partition_handling = pause_minority",
                "cluster_formation.peer_discovery_backend = classic_config",
                "cluster_formation.discovery_retry_interval = 500", "cluster_formation.discovery_retry_limit = 60",
                *(f"cluster_formation.classic_config.nodes.{member} = n{member}@localhost" for member in members)]
            (data / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
            (data / "enabled_plugins").write_text("[].")
            log = open(data / "log.txt", "ab")  # noqa: SIM115, the process has it
            self.nodes[number] = subprocess.Popen(
                [rabbitmq.SERVER], env=self.environment(number), stdout=log, stderr=log, start_new_session=True)
        for number in numbers:
            until(f"n{number} listens", lambda number=number: self.listens(number), 90)

    def listens(self, number):
        try:
            socket.create_connection((self.address(number), self.port), 1).close()
        except OSError:
            return False
        return True

    def ctl(self, number, *words):
        return self.tool("rabbitmqctl", number, *words)

    def tool(self, name, number, *words):
        return subprocess.run(
            [f"{TOOLS}/{name}", "-n", f"n{number}@localhost", "--quiet", *words],
            env=self.environment(number) | {"PATH": PATH}, check=True, capture_output=True, text=True, timeout=120).stdout

    def leader(self, queue):
        """The number of the node that leads the queue."""
        alive = next(number for number, node in self.nodes.items() if node.poll() is None)
        for line in self.ctl(alive, "list_queues", "-p", rabbitmq.VHOST, "name", "leader").splitlines():
            name, _, node = line.partition("\t")
            if name == queue:
                return int(node.strip().removeprefix("n").partition("@")[0])
        return None

    def end(self, number, how):
        """Ends a node by SIGKILL or SIGTERM; returns when it was told to."""
        os.kill(self.nodes[number].pid, how)
        return time.monotonic()

    def close(self):
        for node in self.nodes.values():
            if node.poll() is None:
                node.send_signal(signal.SIGKILL)
            node.wait()
        self.epmd.kill()
        self.epmd.wait()
