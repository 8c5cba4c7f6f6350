# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# The edge of redis-py, whose replies are untyped.
"""Connections that are kept at hand, for the few commands that every rollout makes.

redis-py's client takes a connection from its pool for each command, counts it, and writes in a task of its own; after
a pause that costs more than the command itself (docs/reliability.md, throughput). This is the same connection without
that: one command at a time, one time-out around all of it.

A connection is kept only after a whole reply: what was cut short may still be answered, and that answer must not be the
next command's.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

from redis import exceptions as redis_errors
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection

from tinyv_stream.broker.redis_client import TIMEOUT_S, guarded

Word = str | bytes | float
_AT_ONCE: Final = 8
"""Most commands under way; a further one waits its turn."""


class ConnectionPool:
    """Speaks to `client`'s server with connections of its own. Raises redis-py's errors; nothing is retried."""

    def __init__(self, client: Redis) -> None:
        self._pool = client.connection_pool
        self._idle: list[AbstractConnection] = []
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._generation = 0
        self._is_closed = False

    async def ask(self, *command: Word, timeout_s: float = TIMEOUT_S) -> object:
        """Return the reply as it came. After a time-out, a lost connection or a cancellation it may have been done."""
        try:
            async with asyncio.timeout(timeout_s), self._turns:
                return await self._ask(command)
        except TimeoutError as exc:
            raise redis_errors.TimeoutError(f"no reply in {timeout_s:.0f} s") from exc

    async def drop(self) -> None:
        """Let go of every connection: the idle ones now, the busy ones when they are done."""
        await self._let_go(nowait=True)

    async def close(self) -> None:
        """Do as `drop`, say good-bye where that takes words (TLS), and let nothing be asked any more."""
        self._is_closed = True
        await self._let_go(nowait=False)

    async def _let_go(self, *, nowait: bool) -> None:
        self._generation += 1
        idle, self._idle = self._idle, []
        await asyncio.gather(*(line.disconnect(nowait=nowait) for line in idle), return_exceptions=True)

    async def _ask(self, command: Sequence[Word]) -> object:
        if self._is_closed:
            raise redis_errors.ConnectionError("closed")
        line, generation, is_whole = self._idle.pop() if self._idle else self._new(), self._generation, False
        try:
            reply = await guarded(_asked(line, command))
            is_whole = True
        except redis_errors.ResponseError:
            is_whole = True
            raise
        finally:
            if is_whole and generation == self._generation:
                self._idle.append(line)
            else:
                await line.disconnect(nowait=True)
        return reply

    def _new(self) -> AbstractConnection:
        line = self._pool.make_connection()
        line.socket_timeout = None  # one time-out is around everything, and redis-py's costs a task for each command
        return line


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
