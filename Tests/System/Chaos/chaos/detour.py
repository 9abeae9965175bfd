"""TCP proxies in front of the servers, whose paths can be cut: a process of its own, told what to do by its stdin.

    {"redis": [listen, target], …}   the first line: the paths, by port
    cut NAME      connections are reset, and new ones refused
    silence NAME  nothing passes any more, but nobody is told: as when packets are dropped
    heal NAME     all is well again

Each command is answered by a line.
"""

import asyncio
import json
import socket
import struct
import sys

HOST = "127.0.0.1"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST


class Path:
    def __init__(self, port, target):
        self.port, self.target = port, target
        self.clear = asyncio.Event()
        self.clear.set()
        self.writers = set()
        self.server = None

    async def listen(self):
        if self.server is None:
            self.server = await asyncio.start_server(self.serve, HOST, self.port)

    async def cut(self):
        self.server.close()
        self.server = None
        for writer in list(self.writers):
            reset(writer)
        self.clear.set()

    def silence(self):
        self.clear.clear()

    async def heal(self):
        """What was held back arrives late, like packets that are sent again."""
        self.clear.set()
        await self.listen()

    async def serve(self, reader, writer):
        self.writers.add(writer)
        try:
            await self.clear.wait()
            there, back = await asyncio.open_connection(HOST, self.target)
        except OSError:
            self.forget(writer)
            return
        self.writers.add(back)
        try:
            await asyncio.wait(
                [asyncio.create_task(self.pump(reader, back)), asyncio.create_task(self.pump(there, writer))],
                return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0.05)  # what the other direction still has
        finally:
            self.forget(writer)
            self.forget(back)

    async def pump(self, reader, writer):
        try:
            while data := await reader.read(1 << 16):
                await self.clear.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass

    def forget(self, writer):
        self.writers.discard(writer)
        reset(writer)


def reset(writer):
    connection = writer.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


async def main():
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    paths = {name: Path(*ports) for name, ports in json.loads(await commands.readline()).items()}
    for path in paths.values():
        await path.listen()
    print("ready", flush=True)
    while line := await commands.readline():
        command, name = line.decode().split()
        done = getattr(paths[name], command)()
        if done is not None:
            await done
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
