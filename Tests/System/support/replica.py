"""A replica of a test's own, beside those of the stack."""

import contextlib
import os
import pathlib
import signal
import socket
import struct
import subprocess

from support.http import is_complete
from support.waiting import until


def environment(pid):
    text = pathlib.Path(f"/proc/{pid}/environ").read_bytes()
    return dict(item.split("=", 1) for item in text.decode().split("\0") if item)


class Replica:
    """A service with the environment of the stack's first replica of its kind, but for `changes` and its port."""

    def __init__(self, description, kind, offset, log, prepare=None, **changes):
        """`prepare` is called in the new process before the program."""
        entry = description[kind][0]
        self.executable = os.readlink(f"/proc/{entry['pid']}/exe")
        self.port = int(entry["url"].rpartition(":")[2]) + offset
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = environment(entry["pid"]) | {
            "LISTEN": f"127.0.0.1:{self.port}", "REPLICA": f"own-{kind}"} | changes
        self.log = log
        self.prepare = prepare
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            [self.executable], env=self.environment, stderr=self.log, preexec_fn=self.prepare)  # noqa: PLW1509
        until(f"{self.url} is ready", lambda: is_complete(f"{self.url}/health/ready"), 60)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def peers(self):
        """The IPv4 addresses and ports that the process is connected to."""
        inodes = set()
        for descriptor in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                inodes.add(os.readlink(descriptor).removeprefix("socket:[").removesuffix("]"))
        for line in pathlib.Path(f"/proc/{self.process.pid}/net/tcp").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[9] in inodes and fields[3] == "01":
                host, port = fields[2].split(":")
                yield socket.inet_ntoa(struct.pack("<I", int(host, 16))), int(port, 16)
