"""One program of a set: what to run, as whom, how to know that it is ready, how to stop it.

A program is written down as a specification file; `infra/local/launch` reads it and becomes the program.
So the supervisor's configuration and the process list hold no secret, and a test can start the very same
command again.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Callable

from ground import process
from ground.fault import Fault

LAUNCH = str(pathlib.Path(__file__).resolve().parent.parent / "launch")


@dataclass
class Program:
    name: str
    argv: list[str]
    directory: pathlib.Path  # of the set: its run/ and log/ are used
    ready: Callable[[], str | None]  # None when it can be used, else what is missing
    environment: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)  # what it listens on, by a name for people
    user: str | None = None  # to run as, when we are root
    workplace: str | None = None  # a start waits until no process of an earlier incarnation works in this folder
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: int = 15  # after which it is killed
    stamp: list[int] = field(default_factory=list)  # changes when the executable does
    log_start: int = 0  # bytes of log from before this start

    @property
    def specification(self):
        return self.directory / "run" / f"{self.name}.json"

    @property
    def pid_file(self):
        return self.directory / "run" / f"{self.name}.pid"

    @property
    def log(self):
        return self.directory / "log" / f"{self.name}.log"

    @property
    def pid(self):
        return process.living(self.pid_file)

    @property
    def command(self):
        return [sys.executable, "-ES", LAUNCH, str(self.specification)]

    def write(self):
        """Writes the specification; tells whether it differs from what was there."""
        for path in (self.specification, self.log):
            path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(
            {
                "name": self.name, "argv": self.argv, "environment": self.environment, "user": self.user,
                "workplace": self.workplace, "log": str(self.log), "pidFile": str(self.pid_file), "stamp": self.stamp,
                "stackFile": str(self.directory / "stack.json"),
            }, indent=1)
        try:
            if self.specification.read_text() == text:
                return False
        except FileNotFoundError:
            pass
        with open(os.open(self.specification, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        return True

    def start(self):
        """Starts it detached, in a session of its own (nothing supervises it); returns `has_ended` of `wait_ready`."""
        self.write()
        if self.pid:
            return lambda: False
        self.mark_log()
        child = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        return lambda: child.poll() is not None

    def stop(self, number=None):
        """Asks it to end (or sends `number`), waits, kills what does not obey."""
        pid = self.pid
        if pid:
            process.send(pid, number or self.stop_signal)
            if process.wait_gone([self.pid_file], self.stop_seconds):
                process.send(pid, signal.SIGKILL)
                process.wait_gone([self.pid_file], 5)
        process.kill_leftovers(self.pid_file)

    def mark_log(self):
        """What is in the log by now will not be shown as the reason of a failure."""
        self.log_start = self.log.stat().st_size if self.log.exists() else 0

    def tail(self, lines=15):
        try:
            text = self.log.read_bytes()[self.log_start:].decode(errors="replace").splitlines()[-lines:]
        except FileNotFoundError:
            text = []
        return "\n".join(f"    {line}" for line in text or ["(it wrote nothing)"])

    def wait_ready(self, timeout, has_ended=lambda: False):
        """Blocks until ready; a clear failure with the log's end otherwise.

        `has_ended` tells that nobody will start it any more: waiting is over.
        """
        deadline = time.monotonic() + timeout
        missing = "it did not start"
        while time.monotonic() < deadline:
            if has_ended():
                missing = "it ended"
                break
            missing = self.ready()
            if missing is None and self.pid:
                return
            time.sleep(process.PAUSE)
        raise Fault(f"{self.name} is not ready: {missing}. The end of {self.log}:\n{self.tail()}")
