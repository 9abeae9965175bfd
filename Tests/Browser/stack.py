"""What runs, and how to hurt it."""

import contextlib
import json
import os
import signal
import time
import urllib.request


class Stack:
    def __init__(self, path):
        self.path = path

    @property
    def description(self):
        return json.loads(self.path.read_text())

    @property
    def edge(self):
        return self.description["edge"]

    @property
    def jwt(self):
        return self.description["jwt"]

    def kill_notifier(self, replica):
        """kill -9 of the replica that a page names; returns when another process has its place.

        replica: like `order-notification@5006`.
        """
        port = replica.rpartition("@")[2]
        (entry,) = [one for one in self.description["notification"] if one["url"].endswith(f":{port}")]
        os.kill(entry["pid"], signal.SIGKILL)

    def await_notifiers(self, seconds=30):
        """Until every replica answers again."""
        end = time.monotonic() + seconds
        for entry in self.description["notification"]:
            while not answers(entry["url"] + "/health/ready"):
                assert time.monotonic() < end, f"{entry['url']} did not come back"
                time.sleep(0.1)

    @contextlib.contextmanager
    def processing_paused(self):
        """Orders stay accepted meanwhile."""
        pids = [entry["pid"] for entry in self.description["process"]]
        try:
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=1) as response:
            return response.status == 200
    except OSError:
        return False
