"""Waiting for a condition."""

import time


def until(what, condition, seconds=20):
    """Waits until `condition()` is true and returns its value; fails after `seconds`. `what` may be a function."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what() if callable(what) else what}: not within {seconds} s"
        time.sleep(0.02)
    return value
