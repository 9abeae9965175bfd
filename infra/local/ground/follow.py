"""Every program's log in one stream, each line with its program's name in a colour of its own."""

import itertools
import sys

COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
WIDTH = 14


class Follower:
    """Reads what is appended to the logs after its creation."""

    def __init__(self, logs):
        """`logs`: name → path; a file may come later."""
        self.tails = [Tail(name, path, colour) for (name, path), colour in zip(logs.items(), itertools.cycle(COLOURS))]

    def step(self):
        """Prints what is new; tells whether there was something."""
        return any([tail.step() for tail in self.tails])


class Tail:
    def __init__(self, name, path, colour):
        self.path, self.rest = path, b""
        self.position = path.stat().st_size if path.exists() else 0
        label = f"{name:<{WIDTH}}"
        self.prefix = f"\033[{colour}m{label}\033[0m " if sys.stdout.isatty() else f"{label} "

    def step(self):
        try:
            with open(self.path, "rb") as file:
                if file.seek(0, 2) < self.position:
                    self.position = 0  # set aside and begun anew
                file.seek(self.position)
                data = file.read(1 << 20)
        except FileNotFoundError:
            return False
        self.position += len(data)
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            print(self.prefix + line.decode(errors="replace"))
        sys.stdout.flush()
        return bool(data)
