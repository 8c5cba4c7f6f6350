# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# The edge of redis-py, whose replies are untyped.
"""Connections that are kept at hand, for the few commands that every rollout makes.

redis-py's client takes a connection from its pool for each command, counts it, and writes in a task of its own; after
a pause that costs more than the command itself (docs/reliability.md, throughput). This is the same connection without
that: one command at a time, one time-out around all of it.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection

from tinyv_stream.tasks import heeding

Word = str | bytes | float
_AT_ONCE: Final = 8
"""Most commands under way; a further one waits its turn."""


class Lines:
    """Speaks to `client`'s server with connections of its own. Raises redis-py's errors; nothing is retried."""

    def __init__(self, client: Redis, *, timeout_s: float) -> None:
        self._pool = client.connection_pool
        self._timeout_s = timeout_s
        self._idle: list[AbstractConnection] = []
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def ask(self, *command: Word) -> object:
        """Return the reply as it came. After a time-out, a lost connection or a cancellation it may have been done."""
        async with self._turns:
            line = self._idle.pop() if self._idle else self._new()
            try:
                async with asyncio.timeout(self._timeout_s):
                    reply = await heeding(_asked(line, command))
            except redis_errors.ResponseError:
                self._idle.append(line)
                raise
            except BaseException as exc:  # a reply may be on its way, which must not be the next command's
                await line.disconnect(nowait=True)
                if isinstance(exc, TimeoutError):
                    raise redis_errors.TimeoutError(f"no reply in {self._timeout_s:.0f} s") from exc
                raise
            self._idle.append(line)
            return reply

    def _new(self) -> AbstractConnection:
        line = self._pool.make_connection()
        line.socket_timeout = None  # one time-out is around everything, and redis-py's costs a task for each command
        return line

    async def drop(self) -> None:
        """Close what is idle: the next command connects anew."""
        idle, self._idle = self._idle, []
        for line in idle:
            await line.disconnect(nowait=True)


async def _asked(line: AbstractConnection, command: Sequence[Word]) -> object:
    await _make_ready(line)
    await line.send_command(*command)
    return await line.read_response()


async def _make_ready(line: AbstractConnection) -> None:
    """Connect where that is not so, or not any more."""
    if line.is_connected:
        try:
            if not await line.can_read():
                return
        except redis_errors.ConnectionError:
            pass
        await line.disconnect(nowait=True)
    await line.connect()
