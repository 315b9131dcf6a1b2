# SPDX-License-Identifier: GPL-2.0
"""A server on Python's asyncio: takes a request, asks an upstream, and answers
with what that says.  Meanwhile its reader goes on, and tells the upstream if the
client's end comes.

Takes: its port and the upstream's, on 127.0.0.1.
"""
import asyncio
import sys


class Server(asyncio.Protocol):
    """One client."""

    def __init__(self):
        self.client = self.upstream = self.asking = None

    def connection_made(self, transport):
        self.client = transport

    def data_received(self, data):
        if not self.asking:
            self.asking = asyncio.get_running_loop().create_task(self.ask())

    def eof_received(self):
        if self.upstream:
            self.upstream.write(b'gone\n')
        return True     # half-closed, not closed

    async def ask(self):
        """The upstream's answer for the client."""
        reader, self.upstream = await asyncio.open_connection('127.0.0.1', int(sys.argv[2]))
        self.upstream.write(b'work\n')
        self.client.write(await reader.read(4096))
        self.client.close()


async def main():
    """Serve until somebody ends the process."""
    server = await asyncio.get_running_loop().create_server(
        Server, '127.0.0.1', int(sys.argv[1]))
    await server.serve_forever()

asyncio.run(main())
