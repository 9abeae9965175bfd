"""Merges the programs' logs into one stream; each line starts with the program's name in its own colour."""

import itertools
import sys

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
WIDTH = 14


class LogFollower:
    """Prints what is appended to the logs after this object's creation."""

    def __init__(self, logs):
        """`logs`: name → path; a file may be created later."""
        self.tails = [LogTail(name, path, colour) for (name, path), colour in zip(logs.items(), itertools.cycle(COLOURS))]

    def poll(self):
        """Prints new lines; returns whether there was new output."""
        return any([tail.poll() for tail in self.tails])


class LogTail:
    def __init__(self, name, path, colour):
        self.path, self.partial_line = path, b""
        self.position = path.stat().st_size if path.exists() else 0
        label = f"{name:<{WIDTH}}"
        self.prefix = f"\033[{colour}m{label}\033[0m " if sys.stdout.isatty() else f"{label} "

    def poll(self):
        try:
            with open(self.path, "rb") as file:
                if file.seek(0, 2) < self.position:
                    self.position = 0  # the log was rotated
                file.seek(self.position)
                data = file.read(1 << 20)
        except FileNotFoundError:
            return False
        self.position += len(data)
        *lines, self.partial_line = (self.partial_line + data).split(b"\n")
        for line in lines:
            print(self.prefix + line.decode(errors="replace"))
        sys.stdout.flush()
        return bool(data)
