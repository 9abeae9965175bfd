"""`stack.json` lists the running programs with addresses, pids and credentials; the contract fixes its shape.

Its mode is 600, and it is replaced atomically.
"""

import contextlib
import fcntl
import json
import os


@contextlib.contextmanager
def locked(path):
    """Serializes updates: two programs may restart at the same time, each writing its pid."""
    with open(os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write(path, content):
    scratch = f"{path}.{os.getpid()}"
    with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
    os.replace(scratch, path)


def read(path):
    try:
        with open(path) as file:
            return json.load(file)
    except FileNotFoundError:
        return None


def pid_location(content, name):
    """The object that holds a program's pid, and its key. Services are named `accept-1`, `accept-2`, …"""
    kind, _, number = name.partition("-")
    if name == "edge":
        return content, "edgePid"
    if number.isdigit() and isinstance(content.get(kind), list) and int(number) <= len(content[kind]):
        return content[kind][int(number) - 1], "pid"
    return (content[name], "pid") if name in content else (None, None)


def replace_pid(path, name, pid):
    """Stores a restarted program's pid; does nothing while the stack is starting and the file is missing."""
    if not os.path.exists(path):
        return
    with locked(path):
        content = read(path)
        entry, key = pid_location(content, name) if content else (None, None)
        if entry is not None and entry.get(key) != pid:
            entry[key] = pid
            write(path, content)
