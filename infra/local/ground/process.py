"""Telling whether a process is still the one we started, and ending it.

A pid alone proves nothing: it is reused, and a zombie still answers `kill -0`. So every program's pid file
holds its start time and the boot's id as well, and only a match of all three counts as alive.
"""

import os
import signal
import time

PAUSE = 0.02  # seconds between two looks while waiting


def boot_id():
    with open("/proc/sys/kernel/random/boot_id") as file:
        return file.read().strip()


def stat_fields(pid):
    """The fields of /proc/PID/stat after the command (state, ppid, pgrp, …), or None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def start_time(pid):
    """Clock ticks since boot at which the process started; exec does not change it. None for a zombie."""
    fields = stat_fields(pid)
    return None if fields is None or fields[0] in "ZX" else int(fields[19])


def write_pid_file(path, pid):
    """Replaces the file in one step, so that a reader never sees half of it."""
    scratch = f"{path}.{os.getpid()}"
    with open(scratch, "w") as file:
        file.write(f"{pid} {start_time(pid)} {boot_id()}\n")
    os.replace(scratch, path)


def read_pid_file(path):
    """(pid, start time) as written, or None when there is no file or it is from before the last boot."""
    try:
        with open(path) as file:
            pid, started, boot = file.read().split()
    except (OSError, ValueError):
        return None
    return (int(pid), int(started)) if boot == boot_id() else None


def living(path):
    """The pid that the file names, when that very process still runs; else None."""
    known = read_pid_file(path)
    return known[0] if known and start_time(known[0]) == known[1] else None


def group_members(pid, since):
    """Living processes of the process group `pid`, none older than `since`.

    Workers of a server that was killed with -9 stay in its group and keep its sockets.
    """
    members = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            fields = stat_fields(entry)
            if fields and fields[0] not in "ZX" and int(fields[2]) == pid and int(fields[19]) >= since:
                members.append(int(entry))
    return members


def send(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def kill_leftovers(path):
    """Ends what an earlier incarnation left behind in its process group."""
    known = read_pid_file(path)
    for pid in group_members(*known) if known else []:
        if pid != os.getpid():
            send(pid, signal.SIGKILL)


def is_vanished(path):
    """Whether the earlier incarnation is gone even as a zombie: PostgreSQL's lock file counts those as alive."""
    known = read_pid_file(path)
    fields = stat_fields(known[0]) if known else None
    return fields is None or int(fields[19]) != known[1]


def works_in(directory):
    """Whether a process has the directory as its working directory."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{entry}/cwd") == directory:
                return True
        except OSError:
            continue
    return False


def wait_until(condition, timeout):
    deadline = time.monotonic() + timeout
    while not condition() and time.monotonic() < deadline:
        time.sleep(PAUSE)


def wait_gone(paths, timeout):
    """Waits until none of the pid files' processes lives; returns the files of those that still do."""
    deadline = time.monotonic() + timeout
    left = [path for path in paths if living(path)]
    while left and time.monotonic() < deadline:
        time.sleep(PAUSE)
        left = [path for path in left if living(path)]
    return left
