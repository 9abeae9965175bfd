"""One supervised program: its command, user, readiness probe and stop signal.

The command is stored in a specification file, which `infra/local/bin/launch` reads and executes. The supervisor's
configuration and the process list therefore hold no secret, and a test can start the same command again.
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

from devstack import process
from devstack.errors import DevstackError

LAUNCH = str(pathlib.Path(__file__).resolve().parent.parent / "bin" / "launch")


@dataclass
class Program:
    name: str
    argv: list[str]
    directory: pathlib.Path  # state folder of the stack; run/ and log/ are in it
    probe: Callable[[], str | None]  # readiness: None when ready, else the reason it is not
    liveness: Callable[[], str | None] | None = None  # None when it answers, ready or not; by default `probe`
    hang_seconds: int = 30  # how long `liveness` fails until it hangs: a server that has been started may be recovering
    environment: dict[str, str] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)  # listening ports by display name
    user: str | None = None  # user to run as when started as root
    root: str | None = None  # folder with the files of another suite of Debian
    exclusive_directory: str | None = None  # a start waits until this is no process's working directory
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: int = 15  # after which SIGKILL is sent
    fingerprint: list[int] = field(default_factory=list)  # changes when the executable changes; then the program is restarted
    log_start: int = 0  # size in bytes of the log before this start

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
        return process.running_pid(self.pid_file)

    @property
    def command(self):
        return [sys.executable, "-ES", LAUNCH, str(self.specification)]

    def text(self):
        """The content of the specification."""
        return json.dumps(
            {
                "name": self.name, "argv": self.argv, "environment": self.environment, "user": self.user,
                "root": self.root,
                "exclusiveDirectory": self.exclusive_directory, "log": str(self.log), "pidFile": str(self.pid_file),
                "fingerprint": self.fingerprint, "stackFile": str(self.directory / "stack.json"),
            }, indent=1)

    def is_changed(self):
        """Whether it would be started otherwise than it was."""
        try:
            return self.specification.read_text() != self.text()
        except FileNotFoundError:
            return True

    def write(self):
        """Writes the specification."""
        text = self.text()
        for path in (self.specification, self.log):
            path.parent.mkdir(parents=True, exist_ok=True)
        with open(os.open(self.specification, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        return True

    def start(self):
        """Starts it unsupervised in its own session; returns the `has_ended` argument of `wait_ready`."""
        self.write()
        if self.pid:
            return lambda: False
        self.mark_log()
        child = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True)
        return lambda: child.poll() is not None

    def stop(self, number=None):
        """Sends the stop signal (or `number`), waits, then sends SIGKILL."""
        pid = self.pid
        if pid:
            process.send(pid, number or self.stop_signal)
            if process.wait_gone([self.pid_file], self.stop_seconds):
                process.send(pid, signal.SIGKILL)
                process.wait_gone([self.pid_file], 5)
        process.kill_orphans(self.pid_file)

    def hang(self):
        """Why the running program answers nobody and must be killed; None when it lives."""
        if process.is_stopped(self.pid):
            return "stopped by a signal"
        check = self.liveness or self.probe
        deadline = time.monotonic() + self.hang_seconds
        while (problem := check()) and self.pid and time.monotonic() < deadline:
            time.sleep(process.POLL_INTERVAL)
        return problem if self.pid else None

    def kill(self):
        """Ends a program that hangs; its supervisor starts it again."""
        if pid := self.pid:
            process.kill_tree(pid)
        process.wait_gone([self.pid_file], 5)

    def mark_log(self):
        """Excludes the present log content from a later failure report."""
        self.log_start = self.log.stat().st_size if self.log.exists() else 0

    def tail(self, lines=15):
        try:
            text = self.log.read_bytes()[self.log_start:].decode(errors="replace").splitlines()[-lines:]
        except FileNotFoundError:
            text = []
        return "\n".join(f"    {line}" for line in text or ["(no output)"])

    def wait_ready(self, timeout, has_ended=lambda: False):
        """Blocks until the probe succeeds; raises with the end of the log otherwise.

        `has_ended` returns whether the program will not be started again, which ends the wait.
        """
        deadline = time.monotonic() + timeout
        problem = "it did not start"
        while time.monotonic() < deadline:
            if has_ended():
                problem = "it exited"
                break
            problem = self.probe()
            if problem is None and self.pid:
                return
            time.sleep(process.POLL_INTERVAL)
        raise DevstackError(f"{self.name} is not ready: {problem}. The end of {self.log}:\n{self.tail()}")
