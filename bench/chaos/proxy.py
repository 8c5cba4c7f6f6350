"""A TCP proxy that misbehaves on demand: swallows bytes, delays them, resets connections.

It forwards to one address, which may be away for a while. What it swallowed is gone: a connection that was in a black
hole is reset afterwards, as a firewall that forgot it would.
"""

import asyncio
import contextlib
import random
import socket
import struct
from typing import Self

_CHUNK = 65_536


class Proxy:
    """Listens on a port of `listen` while it is open. `delay_s` and `is_hole` may be changed at any time."""

    def __init__(self, host: str, port: int, *, listen: str = "127.0.0.1") -> None:
        self._target = (host, port)
        self.host = listen
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[None]] = set()
        self.delay_s = 0.0
        self.is_hole = False
        self.port = 0

    async def __aenter__(self) -> Self:
        """Start listening."""
        self._server = await asyncio.start_server(self._accept, self.host, 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening and reset what is connected."""
        if self._server:
            self._server.close()
        self.reset()
        for pump in list(self._pumps):
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def reset(self) -> int:
        """Reset every connection on both sides; return how many there were."""
        count = len(self._writers) // 2
        for writer in list(self._writers):
            raw: socket.socket | None = writer.get_extra_info("socket")
            with contextlib.suppress(OSError):
                if raw:
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        self._writers.clear()
        return count

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, to_there = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, to_there}
        for source, sink in ((reader, to_there), (there, writer)):
            task = asyncio.create_task(self._pump(source, sink), name="proxy pump")
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while data := await source.read(_CHUNK):
                if self.is_hole:
                    continue
                if self.delay_s:
                    await asyncio.sleep(self.delay_s * random.random())  # noqa: S311 jitter
                sink.write(data)
                await sink.drain()
        self._writers.discard(sink)
        sink.close()
