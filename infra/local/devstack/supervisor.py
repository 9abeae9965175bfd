"""Debian's supervisord, one per stack: it restarts programs that exit.

It runs `launch SPECIFICATION` for every program and is controlled over a Unix socket in the stack's state folder.
Its event listener `watchdog` restarts programs that it has given up.
"""

import contextlib
import hashlib
import http.client
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import xmlrpc.client

from devstack import process
from devstack.errors import DevstackError

SUPERVISORD = "/usr/bin/supervisord"
WATCHDOG = str(pathlib.Path(__file__).resolve().parent.parent / "bin" / "watchdog")
SOCKET_PATH_LIMIT = 100  # bytes, of the kernel's 107; supervisord appends a suffix while it creates the socket


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=10)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def make_connection(self, host):
        return UnixConnection(self.path)


def socket_path(directory):
    path = str(directory / "run" / "supervisor.sock")
    if len(path.encode()) <= SOCKET_PATH_LIMIT:
        return path
    return f"/tmp/waybill-{os.getuid()}-{hashlib.sha256(path.encode()).hexdigest()[:10]}.sock"


class Supervisor:
    def __init__(self, directory):
        self.directory = directory
        self.socket = socket_path(directory)
        self.configuration = directory / "run" / "supervisord.conf"
        self.pid_file = directory / "run" / "supervisord.pid"
        self.log = directory / "log" / "supervisord.log"

    @property
    def rpc(self):
        """A new connection at each use, because several threads call it."""
        return xmlrpc.client.ServerProxy("http://localhost", transport=UnixTransport(self.socket)).supervisor

    def is_running(self):
        try:
            return self.rpc.getState()["statename"] == "RUNNING"
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return False

    def resume(self):
        """Resumes a supervisord that a signal has stopped: its programs run."""
        pid = self.pid()
        if pid and process.is_stopped(pid):
            process.send(pid, signal.SIGCONT)
            process.wait_until(self.is_running, 10)

    def write(self, programs):
        """Writes the configuration file, in which a literal % is doubled."""
        quoted = {key: str(value).replace("%", "%%") for key, value in {
            "socket": self.socket, "pid": self.pid_file, "log": self.log, "directory": self.directory,
            "watchdog": f'"{sys.executable}" -ES "{WATCHDOG}" "{self.socket}"',
            "watchdog_log": self.directory / "log" / "watchdog.log"}.items()}
        # supervisord warns when it runs as root without this line.
        text = SETTINGS.format(user="user = root" if os.geteuid() == 0 else "", **quoted)
        for program in programs:
            command = " ".join(f'"{part}"' for part in program.command).replace("%", "%%")
            text += PROGRAM.format(
                name=program.name, command=command, signal=program.stop_signal.name[3:], seconds=program.stop_seconds)
        for path in (self.configuration, self.log):
            path.parent.mkdir(parents=True, exist_ok=True)
        self.configuration.write_text(text)

    def start(self):
        """Starts supervisord as a daemon; no program runs yet."""
        done = subprocess.run(
            [SUPERVISORD, "-c", str(self.configuration)], cwd="/", capture_output=True, text=True, check=False,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise DevstackError(f"supervisord did not start:\n{done.stdout}{done.stderr}")
        process.wait_until(self.is_running, 10)
        if not self.is_running():
            raise DevstackError(f"supervisord does not answer; see {self.log}")

    def reload(self):
        """Applies the configuration file's added and removed programs."""
        for name in self.removed_programs():
            self.remove(name)
        added, _, _ = self.rpc.reloadConfig()[0]
        for name in added:
            self.rpc.addProcessGroup(name)

    def removed_programs(self):
        return self.rpc.reloadConfig()[0][2]

    def remove(self, name):
        with contextlib.suppress(xmlrpc.client.Fault):
            self.rpc.stopProcess(name, True)
        self.rpc.removeProcessGroup(name)

    def state(self, name):
        return self.rpc.getProcessInfo(name)["statename"]

    def start_program(self, program):
        """Starts the program unless it runs."""
        if self.state(program.name) not in ("STARTING", "RUNNING"):
            self.rpc.startProcess(program.name, False)

    def stop_programs(self, programs):
        """Stops the programs concurrently and waits for their exit."""
        for program in programs:
            with contextlib.suppress(xmlrpc.client.Fault):  # not running
                self.rpc.stopProcess(program.name, False)
        limit = max((program.stop_seconds for program in programs), default=0) + 5
        process.wait_gone([program.pid_file for program in programs], limit)

    def stop_watchdog(self):
        """Must precede the stop of other programs, which the watchdog would restart."""
        with contextlib.suppress(xmlrpc.client.Fault):
            self.rpc.stopProcess("watchdog", False)

    def has_given_up(self, name):
        """Whether supervisord has given the program up, or does not answer."""
        try:
            return self.state(name) == "FATAL"
        except (OSError, http.client.HTTPException, xmlrpc.client.Error):
            return True

    def pid(self):
        """supervisord's pid, verified by its command line, since its pid file holds only the number."""
        try:
            number = int(self.pid_file.read_text())
            command = pathlib.Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        return number if str(self.configuration).encode() in command else None

    def quit(self):
        """Stops supervisord and the programs that it still runs."""
        pid = self.pid()
        if pid is None:
            return
        with contextlib.suppress(OSError, http.client.HTTPException, xmlrpc.client.Error):
            self.rpc.shutdown()
        started = process.start_time(pid)
        deadline = time.monotonic() + 5
        while started and process.start_time(pid) == started:
            if time.monotonic() > deadline:
                process.send(pid, signal.SIGKILL)
            time.sleep(process.POLL_INTERVAL)


SETTINGS = """[supervisord]
logfile = {log}
logfile_maxbytes = 1MB
logfile_backups = 1
pidfile = {pid}
{user}
nocleanup = true

[unix_http_server]
file = {socket}
chmod = 0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[eventlistener:watchdog]
command = {watchdog}
events = PROCESS_STATE_STARTING,PROCESS_STATE_EXITED,TICK_5
buffer_size = 1000
startretries = 1000000
stdout_logfile = NONE
stderr_logfile = {watchdog_log}
stderr_logfile_maxbytes = 1MB
"""

# A program that exits within a second is restarted after 1, 2 and 3 seconds, then every five by the watchdog; one
# that ran longer is restarted immediately.
PROGRAM = """
[program:{name}]
command = {command}
autostart = false
autorestart = true
startsecs = 1
startretries = 3
stopsignal = {signal}
stopwaitsecs = {seconds}
killasgroup = true
redirect_stderr = true
stdout_logfile = NONE
"""
