"""A stack for one measurement, which leaves nothing behind."""

import contextlib
import json
import os
import pathlib
import subprocess

BIN = pathlib.Path(__file__).resolve().parents[1] / "bin"
BUILT = pathlib.Path(__file__).resolve().parents[3] / ".build" / "release"


def executables():
    """The folder of the built programs."""
    return pathlib.Path(os.environ.get("WAYBILL_BIN", BUILT)).resolve()


def install():
    """What the measurements need."""
    subprocess.run([BIN / "install", "bench"], check=True)


@contextlib.contextmanager
def running(folder, **settings):
    """Starts a stack with state in the folder; gives what its stack.json says."""
    environment = os.environ | {"WAYBILL_VAR": str(folder), "RATE_LIMIT": "0"} | settings
    try:
        subprocess.run([BIN / "stack", "up"], check=True, env=environment, stdout=subprocess.DEVNULL)
        yield json.loads((folder / "stack.json").read_text())
    finally:
        subprocess.run([BIN / "stack", "clean"], check=False, env=environment, stdout=subprocess.DEVNULL)


def pids(stack):
    """service → pids."""
    return {f"order-{kind}": [replica["pid"] for replica in stack[kind]] for kind in ("accept", "process", "notification")}
