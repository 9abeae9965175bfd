"""What `waybill doctor` says of a process that hangs, what `up` does about it, and what a terminal is left with."""

import fcntl
import json
import os
import pathlib
import pty
import select
import signal
import socket
import subprocess
import termios
import time

import pytest

from conftest import SETTINGS
from devstack import process, services
from support import LOCAL
from support.waiting import until


@pytest.fixture
def waybill(stack):
    """The command, and its folder for the stack's scripts."""
    return pathlib.Path(os.readlink(f"/proc/{stack.description['accept'][0]['pid']}/exe")).parent / "waybill"


def run(*words, check=True, timeout=150, **environment):
    done = subprocess.run(words, env=os.environ | environment, text=True, capture_output=True, timeout=timeout, check=False)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def settings(stack, waybill, **changes):
    """For a script on the stack; of the replicas it says nothing."""
    offset = int(stack.edge.rpartition(":")[2]) - 8080
    return {
        "WAYBILL_VAR": str(stack.directory), "WAYBILL_PORT_OFFSET": str(offset), "WAYBILL_BIN": str(waybill.parent),
        "WAYBILL_ACCEPTORS": "", "WAYBILL_PROCESSORS": "", "WAYBILL_NOTIFIERS": ""} | SETTINGS | changes


def pids(stack):
    """The pid of each running program by name."""
    found = {path.stem: process.running_pid(path) for path in (stack.directory / "run").glob("*.pid")}
    return {name: pid for name, pid in found.items() if pid}


def replicas(stack):
    return {kind: len(stack.description[kind]) for kind in ("accept", "process", "notification")}


def up(stack, waybill, **changes):
    return run(LOCAL / "bin" / "stack", "up", **settings(stack, waybill, **changes)).stdout


@pytest.mark.parametrize("program", [
    "process-2", *(pytest.param(name, marks=pytest.mark.long) for name in ("notification-1", "edge", "redis"))])
def test_what_hangs_is_named_and_restarted_alone(stack, waybill, program):
    stack.await_ready()
    before, count = pids(stack), replicas(stack)
    stack.signal(program, signal.SIGSTOP)
    done = run(waybill, "doctor", "--json", "--stack", stack.file, check=False, timeout=60)
    assert done.returncode == 1
    (found,) = [check for check in json.loads(done.stdout) if check["problem"] and "hangs" in check["problem"]
                and str(before[program]) in (check["remedy"] or "")]
    assert program in found["name"]
    assert found["remedy"] == f"waybill up, which restarts it alone; or kill -9 {before[program]}"
    done = run(waybill, "status", "--stack", stack.file, check=False, timeout=60)
    assert done.returncode == 1 and "hung" in done.stdout

    assert f"{program} hangs" in up(stack, waybill)
    stack.await_ready()
    after = pids(stack)
    assert {name for name in before if after.get(name) != before[name]} == {program}
    assert after.keys() == before.keys() and replicas(stack) == count


def test_what_takes_connections_and_never_answers_hangs(waybill, tmp_path):
    """Without a signal: as an event loop that does not turn."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        file = tmp_path / "stack.json"
        file.write_text(json.dumps({"edge": url, "edgePid": os.getpid(), "accept": [{"url": url, "pid": os.getpid()}]}))
        done = run(waybill, "status", "--json", "--stack", file, check=False, timeout=60)
        assert done.returncode == 1
        assert [entry["hung"] for entry in json.loads(done.stdout)] == [True, True]
        assert "timed out" in services.liveness_problem(port)
    # Nothing listens: it is starting, or gone.
    assert services.liveness_problem(port) is None
    done = run(waybill, "status", "--json", "--stack", file, check=False, timeout=60)
    assert {entry["state"] for entry in json.loads(done.stdout)} == {"dead"}


def test_up_leaves_what_is_healthy_alone(stack, waybill):
    """With other settings and fewer replicas in its environment, too."""
    stack.await_ready()
    before, count = pids(stack), replicas(stack)
    output = up(stack, waybill, LOG_LEVEL="debug", WAYBILL_PROCESSORS="1", ALLOWED_ORIGINS="https://elsewhere.example")
    assert "Already up" in output and "2 processors stay" in output
    assert "accept-1" in output and "runs on with its settings" in output
    assert pids(stack) == before and replicas(stack) == count
    # What did not run is started, with the settings of now, and nothing else is touched.
    stack.stop("accept-2")
    up(stack, waybill)
    stack.await_ready()
    after = pids(stack)
    assert {name for name in before if after.get(name) != before[name]} == {"accept-2"}


@pytest.mark.long
def test_up_adds_replicas_and_a_demonstration_leaves_the_stack_as_it_was(stack, waybill, tmp_path):
    """The scenarios themselves are run by other tests: here, a command of their name says what it finds."""
    stack.await_ready()
    stack.stop("accept-2")
    before, count = pids(stack), replicas(stack)
    scenario = tmp_path / "waybill"
    scenario.write_text('#!/bin/sh\nfor last; do :; done\necho "$*" >> "$0.words"\ncat "$last" > "$0.found"\n')
    scenario.chmod(0o755)
    run(LOCAL / "bin" / "demo", scenario, **settings(stack, waybill))
    found = json.loads(pathlib.Path(f"{scenario}.found").read_text())
    assert len(found["notification"]) == 3 and all(entry["pid"] for entry in found["accept"])
    words = pathlib.Path(f"{scenario}.words").read_text()
    assert words == f"demo --stack {stack.file}\ndemo failover --stack {stack.file}\n"

    assert replicas(stack) == count
    after = pids(stack)
    assert after.keys() == before.keys() and "notification-3" not in after
    # The console knows the replicas of its start alone.
    assert {name for name in before if after[name] != before[name]} <= {"console-1"}
    up(stack, waybill)
    stack.await_ready()


class Screen:
    """A terminal on which a command runs."""

    def __init__(self, *words):
        self.terminal, other = pty.openpty()
        self.before = termios.tcgetattr(other)
        self.other = other
        self.output = b""
        self.child = subprocess.Popen(
            words, stdin=other, stdout=other, stderr=other, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))  # noqa: PLW1509

    def read(self):
        while select.select([self.terminal], [], [], 0)[0]:
            self.output += os.read(self.terminal, 65536)
        return self.output

    def close(self):
        os.close(self.terminal)
        os.close(self.other)


@pytest.mark.parametrize("words", [
    ["status"], *(pytest.param(words, marks=pytest.mark.long) for words in (["sessions"], ["orders"], ["dlq", "list"]))])
def test_a_watch_redraws_and_leaves_the_terminal_as_it_was(stack, waybill, words):
    stack.await_ready()
    screen = Screen(waybill, *words, "--watch", "--stack", str(stack.file))
    try:
        until("it is drawn twice", lambda: screen.read().count(b"\x1b[H") >= 2, 20)
        os.write(screen.terminal, b"\x03")
        until("it ends", lambda: screen.read() is not None and screen.child.poll() is not None, 10)
        assert screen.child.returncode == 130
        assert termios.tcgetattr(screen.other) == screen.before
        # No other screen, no hidden cursor, no colour without an end.
        assert b"\x1b[?" not in screen.output
        last = screen.output.rfind(b"\x1b[0m")
        assert all(screen.output.rfind(b"\x1b[%dm" % code) <= last for code in (1, 2, 31, 32, 33))
    finally:
        if screen.child.poll() is None:
            screen.child.kill()
            screen.child.wait(10)
        screen.close()


def test_a_watch_without_a_terminal_prints_what_changes(stack, waybill, tmp_path):
    stack.await_ready()
    output = tmp_path / "output"
    with open(output, "wb") as file:
        child = subprocess.Popen([waybill, "status", "--watch", "--stack", stack.file], stdout=file)
    try:
        until("it is shown", lambda: b"process-2" in output.read_bytes() or b"order-process" in output.read_bytes())
        first = output.read_text()
        assert "\x1b" not in first
        stack.stop("process-2")
        until("the change is shown", lambda: "dead" in output.read_text()[len(first):], 20)
        change = output.read_text()[len(first):]
        assert "order-process" in change and "order-accept" not in change
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 130
    finally:
        if child.poll() is None:
            child.kill()
            child.wait(10)
        up(stack, waybill)
        stack.await_ready()


def test_logs_are_followed(stack, waybill, tmp_path):
    stack.await_ready()
    output = tmp_path / "output"
    with open(output, "wb") as file:
        child = subprocess.Popen(
            [waybill, "logs", "process-2", "--limit", "1", "--follow", "--json", "--stack", stack.file], stdout=file)
    try:
        until("a line is shown", lambda: output.read_bytes().count(b"\n") >= 1)
        began = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())
        stack.signal("process-2", signal.SIGKILL)
        until("its start is shown", lambda: any(
            event["key"] == "service.starting" and event["ts"] >= began
            for event in map(json.loads, output.read_text().rpartition("\n")[0].splitlines()) if "key" in event), 30)
        child.send_signal(signal.SIGINT)
        assert child.wait(10) == 130
    finally:
        if child.poll() is None:
            child.kill()
            child.wait(10)
    stack.await_ready()
