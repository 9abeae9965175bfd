"""The stack under test, whose services reach their servers through fault-injection proxies."""

import asyncio
import json
import pathlib
import shutil
import signal
import sys

from chaos.faults import WORKFLOW_TTL
from devstack import ports
from devstack.configuration import SINGLE
from devstack.supervisor import Supervisor
from support.stack import Stack, command, private_environment
from support.waiting import until

PROXIED = ("redis", "amqp", "postgres")


class ProxiedStack(Stack):
    def __init__(self):
        self.environment = private_environment(
            WAYBILL_ACCEPTORS="2", WAYBILL_PROCESSORS="2", WAYBILL_NOTIFIERS="2",
            WORKFLOW_TTL=str(WORKFLOW_TTL), RATE_LIMIT="0", READ_RATE_LIMIT="0")
        self.offset = int(self.environment["WAYBILL_PORT_OFFSET"])
        super().__init__(command("path", self.environment))
        self.proxies = None
        self.proxy_lock = asyncio.Lock()

    async def up(self):
        await self.start_proxies()
        await asyncio.to_thread(command, "up", self.environment)
        self.notifiers = [replica["url"] for replica in self.description["notification"]]

    async def start_proxies(self):
        chosen = dict(zip(PROXIED, ports.choose(len(PROXIED))))
        self.environment["WAYBILL_PROXIES"] = ",".join(f"{name}={port}" for name, port in chosen.items())
        self.proxies = await asyncio.create_subprocess_exec(
            sys.executable, pathlib.Path(__file__).with_name("proxy.py"), stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE, start_new_session=True)
        await self.proxy_command(json.dumps({name: [port, self.port(name)] for name, port in chosen.items()}))

    async def proxy_command(self, line):
        async with self.proxy_lock:
            self.proxies.stdin.write(f"{line}\n".encode())
            if not await asyncio.wait_for(self.proxies.stdout.readline(), 5):
                raise RuntimeError("the proxies have exited")

    # The data of Redis

    @property
    def redis_log(self):
        return AppendOnlyFile(self.directory)

    def copy_redis(self):
        self.redis_log.copy()

    def restart_redis(self, change):
        """SIGKILL; changes the data before the supervisor starts Redis again."""
        supervisor = Supervisor(self.directory)
        self.signal("redis", signal.SIGSTOP)  # so that the supervisor's stop, which prevents a restart, is not a clean one
        supervisor.rpc.stopProcess("redis", False)
        self.signal("redis", signal.SIGKILL)
        until("Redis is gone", lambda: supervisor.state("redis") == "STOPPED", 10)
        change(self.redis_log)
        supervisor.rpc.startProcess("redis", True)

    def clean(self):
        self.stop_proxies()
        command("clean", self.environment)

    def keep(self):
        """Leaves the stack running without the proxies."""
        self.stop_proxies()
        del self.environment["WAYBILL_PROXIES"]
        command("up", self.environment)

    def stop_proxies(self):
        if self.proxies and self.proxies.returncode is None:
            self.proxies.kill()

    def port(self, server):
        return SINGLE[server] + self.offset

    def are_servers_up(self):
        return not any(ports.connection_problem(self.port(name), 0.5) for name in PROXIED)


class AppendOnlyFile:
    """The append-only file of Redis, a folder of a base and increments."""

    def __init__(self, directory):
        (self.folder,) = directory.glob("**/appendonlydir")
        self.earlier = directory / "appendonlydir.earlier"

    def cut(self, size):
        """The last increment loses its last bytes; Redis truncates it to the last whole command."""
        increment = max(self.folder.glob("*.incr.aof"), key=lambda path: path.stat().st_mtime)
        with increment.open("r+b") as file:
            file.truncate(max(0, increment.stat().st_size - size))

    def copy(self):
        shutil.rmtree(self.earlier, ignore_errors=True)
        shutil.copytree(self.folder, self.earlier)

    def go_back(self):
        shutil.rmtree(self.folder)
        shutil.move(self.earlier, self.folder)
