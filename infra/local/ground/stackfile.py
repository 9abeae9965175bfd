"""`stack.json`: what runs, where, with which pid (the shape is fixed by the project's contract).

It holds secrets, so its mode is 600; it is replaced in one step, so a reader never sees half of it.
"""

import contextlib
import fcntl
import json
import os


@contextlib.contextmanager
def locked(path):
    """Two programs may restart in the same instant, each with its own pid to note."""
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


def place_of(content, name):
    """The object that holds a program's pid, and the key of it. Services are called `accept-1`, `accept-2`, …"""
    kind, _, number = name.partition("-")
    if name == "edge":
        return content, "edgePid"
    if number.isdigit() and isinstance(content.get(kind), list) and int(number) <= len(content[kind]):
        return content[kind][int(number) - 1], "pid"
    return (content[name], "pid") if name in content else (None, None)


def replace_pid(path, name, pid):
    """Notes a restarted program's new pid; does nothing before the file exists (the stack is still starting)."""
    if not os.path.exists(path):
        return
    with locked(path):
        content = read(path)
        holder, key = place_of(content, name) if content else (None, None)
        if holder is not None and holder.get(key) != pid:
            holder[key] = pid
            write(path, content)
