"""Finds free ports and names the process that listens on a taken one."""

import contextlib
import fcntl
import json
import os
import pathlib
import random
import socket
import tempfile
import time

from devstack.errors import DevstackError

HOST = "127.0.0.1"
# Below the kernel's ephemeral range, so that no outgoing connection takes a port between choice and use.
FREE_RANGE = range(20000, 32000)
# Of ports that are chosen, in seconds: until then their servers listen on them.
RESERVATION = 60


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)
        except OSError:
            return False
        return True


@contextlib.contextmanager
def reservations():
    """The ports that this user's commands chose lately, and when that ends; what is added is kept."""
    path = pathlib.Path(tempfile.gettempdir()) / f"waybill-ports-{os.getuid()}.json"
    with open(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        now, kept = time.time(), {}
        with contextlib.suppress(ValueError):  # a command that was killed while it wrote
            kept = {port: end for port, end in json.loads(file.read()).items() if now < end <= now + RESERVATION}
        yield kept
        file.seek(0)
        file.truncate()
        json.dump(kept, file)


def reserve(candidates):
    """The first of several keys whose ports are all free and not reserved; reserves them. None if there is none."""
    with reservations() as reserved:
        for key, wanted in candidates:
            if all(str(port) not in reserved and is_free(port) for port in wanted):
                reserved |= {str(port): time.time() + RESERVATION for port in wanted}
                return key
    return None


def choose(count):
    """Returns `count` different free ports, which nobody else is given for a while."""
    candidates = [(port, [port]) for port in random.sample(FREE_RANGE, len(FREE_RANGE))]
    found = [reserve(candidates) for _ in range(count)]
    if None in found:
        raise DevstackError(f"no {count} free ports between {FREE_RANGE.start} and {FREE_RANGE.stop}")
    return found


def owner_of(port):
    """`name (pid N)` of the process that listens on a port, if /proc lets this user see it."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table) as file:
            for line in file.readlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            descriptors = os.scandir(f"/proc/{pid}/fd")
            if any(os.readlink(entry.path) in inodes for entry in descriptors):
                with open(f"/proc/{pid}/comm") as file:
                    return f"{file.read().strip()} (pid {pid})"
        except OSError:
            continue
    return "another process"


def require_free(wanted, hint=""):
    """`wanted`: name → port. Raises one error that names every taken port."""
    taken = [f"port {port} ({name}) is taken by {owner_of(port)}" for name, port in wanted.items() if not is_free(port)]
    if taken:
        raise DevstackError("\n".join(taken + [hint] if hint else taken))


def connection_problem(port, timeout=1.0):
    """None when the port accepts connections, else the reason it does not."""
    try:
        socket.create_connection((HOST, port), timeout).close()
    except OSError as error:
        return f"port {port}: {error.strerror or error}"
    return None
