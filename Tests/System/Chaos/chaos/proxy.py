"""TCP proxies before the servers that inject network faults: a separate process, controlled by its standard input.

    {"redis": [listen, target], …}   first line: the ports of each proxy
    disconnect NAME  resets the connections and refuses new ones
    blackhole NAME   holds all data back without closing connections, as when packets are dropped
    restore NAME     forwards again

Each command is answered by a line.
"""

import asyncio
import json
import socket
import struct
import sys

HOST = "127.0.0.1"
RESET = struct.pack("ii", 1, 0)  # SO_LINGER with zero timeout: close sends RST


class Proxy:
    def __init__(self, port, target):
        self.port, self.target = port, target
        self.forwards = asyncio.Event()
        self.forwards.set()
        self.writers = set()
        self.server = None

    async def listen(self):
        if self.server is None:
            self.server = await asyncio.start_server(self.serve, HOST, self.port)

    async def disconnect(self):
        self.server.close()
        self.server = None
        for writer in list(self.writers):
            reset(writer)
        self.forwards.set()

    async def blackhole(self):
        self.forwards.clear()

    async def restore(self):
        """Data held back by `blackhole` is delivered late, like retransmitted packets."""
        self.forwards.set()
        await self.listen()

    async def serve(self, reader, writer):
        self.writers.add(writer)
        try:
            await self.forwards.wait()
            server_reader, server_writer = await asyncio.open_connection(HOST, self.target)
        except OSError:
            self.close(writer)
            return
        self.writers.add(server_writer)
        try:
            await asyncio.wait(
                [asyncio.create_task(self.forward(reader, server_writer)),
                 asyncio.create_task(self.forward(server_reader, writer))],
                return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0.05)  # lets the other direction finish
        finally:
            self.close(writer)
            self.close(server_writer)

    async def forward(self, reader, writer):
        try:
            while data := await reader.read(1 << 16):
                await self.forwards.wait()
                writer.write(data)
                await writer.drain()
        except OSError:
            pass

    def close(self, writer):
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
    proxies = {name: Proxy(*ports) for name, ports in json.loads(await commands.readline()).items()}
    for proxy in proxies.values():
        await proxy.listen()
    print("ready", flush=True)
    while line := await commands.readline():
        command, name = line.decode().split()
        await getattr(proxies[name], command)()
        print("done", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
