"""The stack under test, whose services reach their servers through fault-injection proxies."""

import asyncio
import json
import pathlib
import sys

from chaos.faults import WORKFLOW_TTL
from chaos.server_data import dead_letters
from devstack import ports
from devstack.configuration import SINGLE
from support.stack import Stack, command, private_environment

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

    def dead_letters(self):
        return dead_letters(self)

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
