"""The append-only file of Redis, changed while Redis is stopped."""

import shutil


class AppendOnlyFile:
    """A folder of a base and increments."""

    def __init__(self, directory):
        (self.folder,) = directory.glob("**/appendonlydir")
        self.earlier = directory / "appendonlydir.earlier"

    @property
    def increment(self):
        return max(self.folder.glob("*.incr.aof"), key=lambda path: path.stat().st_mtime)

    def cut(self, size):
        """The last increment loses its last bytes; Redis truncates it to the last whole command."""
        self.truncate(max(0, self.increment.stat().st_size - size))

    def cut_after(self, text):
        """The last increment loses what follows the first command that has the text."""
        content = self.increment.read_bytes()
        self.truncate(content.index(b"\r\n*", content.index(text.encode())) + 2)

    def truncate(self, size):
        with self.increment.open("r+b") as file:
            file.truncate(size)

    def copy(self):
        shutil.rmtree(self.earlier, ignore_errors=True)
        shutil.copytree(self.folder, self.earlier)

    def go_back(self):
        shutil.rmtree(self.folder)
        shutil.move(self.earlier, self.folder)
