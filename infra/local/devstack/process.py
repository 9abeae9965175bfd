"""Identifies and stops the processes of a stack.

A pid alone does not identify a process: pids are reused, and `kill -0` succeeds on a zombie. A pid file therefore
holds the start time and the boot id as well; a process counts as running only when all three match.
"""

import os
import signal
import time

POLL_INTERVAL = 0.02  # seconds


def boot_id():
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()


def stat_fields(pid):
    """The fields of /proc/PID/stat after the command (state, ppid, pgrp, …), or None without such a process."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def start_time(pid):
    """Clock ticks since boot at which the process started; exec does not change it. None for a zombie."""
    fields = stat_fields(pid)
    return None if fields is None or fields[0] in "ZX" else int(fields[19])


def is_stopped(pid):
    """Whether a signal (SIGSTOP, SIGTSTP) has stopped the process, which then answers nobody."""
    fields = stat_fields(pid)
    return fields is not None and fields[0] in "Tt"


def write_pid_file(path, pid):
    """Replaces the file atomically."""
    scratch = f"{path}.{os.getpid()}"
    with open(scratch, "w") as file:
        file.write(f"{pid} {start_time(pid)} {boot_id()}\n")
    os.replace(scratch, path)


def read_pid_file(path):
    """(pid, start time), or None when there is no file or it was written before the last boot."""
    try:
        with open(path) as file:
            pid, started, boot = file.read().split()
    except (OSError, ValueError):
        return None
    return (int(pid), int(started)) if boot == boot_id() else None


def running_pid(path):
    """The pid in the file if that process still runs, else None."""
    known = read_pid_file(path)
    return known[0] if known and start_time(known[0]) == known[1] else None


def group_members(pid, since):
    """Processes of the process group `pid` started at or after `since`.

    Workers of a server killed with SIGKILL stay in its group and keep its sockets open.
    """
    members = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = stat_fields(entry)
            if fields and fields[0] not in "ZX" and int(fields[2]) == pid and int(fields[19]) >= since:
                members.append(int(entry))
    return members


def descendants(pid):
    """Running processes below a process, in whichever group: each backend of PostgreSQL has its own."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = stat_fields(entry)
            if fields and fields[0] not in "ZX":
                children.setdefault(int(fields[1]), []).append(int(entry))
    found, rest = [], [pid]
    while rest:
        below = children.get(rest.pop(), [])
        found += below
        rest += below
    return found


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def kill_tree(pid):
    """Kills a process that does not react to signals it could handle, and all below it."""
    for each in [*descendants(pid), pid]:
        send(each, signal.SIGKILL)


def kill_orphans(path):
    """Kills the processes that an earlier instance left in its process group."""
    known = read_pid_file(path)
    for pid in group_members(*known) if known else []:
        if pid != os.getpid():
            send(pid, signal.SIGKILL)


def is_reaped(path):
    """Whether the earlier instance is gone even as a zombie, which PostgreSQL's lock file counts as alive."""
    known = read_pid_file(path)
    fields = stat_fields(known[0]) if known else None
    return fields is None or int(fields[19]) != known[1]


def is_working_directory_in_use(directory):
    """Whether the directory is any process's working directory."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{entry}/cwd") == directory:
                return True
        except OSError:
            continue
    return False


def wait_until(condition, timeout):
    """Whether it came to hold in time."""
    deadline = time.monotonic() + timeout
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_INTERVAL)
    return True


def wait_gone(paths, timeout):
    """Waits until no process of the pid files runs; returns the files of those that still do."""
    deadline = time.monotonic() + timeout
    left = [path for path in paths if running_pid(path)]
    while left and time.monotonic() < deadline:
        time.sleep(POLL_INTERVAL)
        left = [path for path in left if running_pid(path)]
    return left
