"""A stack of the test's own, whose services reach their servers by way of the detours."""

import asyncio
import json
import os
import pathlib
import signal
import subprocess
import sys
import urllib.request

from chaos import tokens

ROOT = pathlib.Path(__file__).resolve().parents[3]
LOCAL = ROOT / "infra" / "local"
sys.path.insert(0, str(LOCAL))
from ground import ports, process  # noqa: E402
from ground.layout import SINGLE  # noqa: E402

REPLICAS = {"WAYBILL_ACCEPTORS": "2", "WAYBILL_PROCESSORS": "2", "WAYBILL_NOTIFIERS": "2"}
PATHS = ("redis", "amqp", "postgres")


class Stack:
    def __init__(self):
        self.environment = REPLICAS | os.environ
        if "WAYBILL_PORT_OFFSET" not in os.environ:
            self.environment["WAYBILL_PORT_OFFSET"] = self.command("free-offset").strip()
        self.offset = int(self.environment["WAYBILL_PORT_OFFSET"])
        self.file = pathlib.Path(self.command("path").strip())
        self.directory = self.file.parent
        self.detours = None
        self.telling = asyncio.Lock()
        self.cached_tokens = {}

    def command(self, name, timeout=30):
        return subprocess.run(
            [LOCAL / "stack", name], env=self.environment, check=True, text=True, timeout=timeout,
            stdout=subprocess.PIPE).stdout

    async def up(self):
        await self.start_detours()
        child = await asyncio.create_subprocess_exec(
            LOCAL / "stack", "up", env=self.environment, stdout=subprocess.DEVNULL)
        if await child.wait():
            raise RuntimeError("the stack did not start")
        content = self.content()
        self.edge = content["edge"]
        self.notifiers = [replica["url"] for replica in content["notification"]]
        self.jwt = content["jwt"]

    async def start_detours(self):
        chosen = dict(zip(PATHS, ports.choose(len(PATHS))))
        self.environment["WAYBILL_DETOURS"] = ",".join(f"{name}={port}" for name, port in chosen.items())
        self.detours = await asyncio.create_subprocess_exec(
            sys.executable, pathlib.Path(__file__).with_name("detour.py"), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, start_new_session=True)
        paths = {name: [port, SINGLE[name] + self.offset] for name, port in chosen.items()}
        await self.tell(json.dumps(paths))

    async def tell(self, line):
        async with self.telling:
            self.detours.stdin.write(f"{line}\n".encode())
            if not await asyncio.wait_for(self.detours.stdout.readline(), 5):
                raise RuntimeError("the detours have ended")

    def clean(self):
        self.stop_detours()
        self.command("clean", timeout=60)

    def keep(self):
        """Goes on without the test: the services take the direct way."""
        self.stop_detours()
        del self.environment["WAYBILL_DETOURS"]
        self.command("up", timeout=180)

    def stop_detours(self):
        if self.detours and self.detours.returncode is None:
            self.detours.kill()

    def content(self):
        return json.loads(self.file.read_text())

    def token(self, user):
        return self.cached_tokens.setdefault(user, tokens.mint(self.jwt, user))

    def signal(self, name, number):
        """To a program by its name (`accept-1`, `redis`): the pid in its file is checked to be still its own."""
        pid = process.living(self.directory / "run" / f"{name}.pid")
        if pid is None:
            raise RuntimeError(f"{name} does not run")
        targets = [pid]
        if name in ("postgres", "rabbitmq") and number in (signal.SIGSTOP, signal.SIGCONT):
            targets = process.group_members(pid, 0) or targets  # a paused machine pauses its workers as well
        for target in targets:
            process.send(target, number)

    def servers_away(self):
        return [name for name in PATHS if ports.accepts(SINGLE[name] + self.offset, 0.5)]

    def unready(self):
        """Names of the replicas that are not ready."""
        content, found = self.content(), []
        for kind in ("accept", "process", "notification"):
            for index, replica in enumerate(content[kind], 1):
                try:
                    urllib.request.urlopen(f"{replica['url']}/health/ready", timeout=1).close()
                except OSError:
                    found.append(f"{kind}-{index}")
        return found
