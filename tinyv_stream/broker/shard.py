# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# redis-py's answers are untyped: this file gives them types, so that no other has to.
"""Shard client of one process: connections, scripts, and the only place where broker errors are classified.

- Nothing is retried below `retry`, and everything given to `retry` may run twice.
- A blocking read has a connection of its own, so it never delays a reward.
- One lost connection lets go of all that are idle: they lead to the same server, or to one that is no more.
"""

import asyncio
import functools
import hashlib
import logging
import math
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Final, Self, TypeVar, cast

from redis import exceptions as redis_errors

from tinyv_stream.aio.log_limit import LogLimit
from tinyv_stream.broker.connections import ConnectionPool
from tinyv_stream.broker.keys import GROUP, Keys
from tinyv_stream.broker.preflight import ServerInfo, preflight
from tinyv_stream.broker.redis_client import TIMEOUT_S, connect, redact
from tinyv_stream.broker.remedies import remedy_for
from tinyv_stream.broker.scripts import COMMON, script_names, script_text
from tinyv_stream.broker.server_set import ServerSeat, seat_of
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerError, BrokerUnavailableError, TinyVError
from tinyv_stream.types import Stage

_log = logging.getLogger(__name__)
T = TypeVar("T")
Arg = str | bytes | int | float
Entry = tuple[bytes, dict[bytes, bytes]]
"""A stream entry: its id and its fields."""

_BUSY_S: Final = (0.05, 2.0)
"""First and longest pause between attempts: a failover takes about two seconds."""

_GONE: Final = (
    redis_errors.ConnectionError,
    redis_errors.TimeoutError,
    redis_errors.BusyLoadingError,
    redis_errors.ReadOnlyError,
    redis_errors.TryAgainError,
    redis_errors.ClusterDownError,
    redis_errors.MasterDownError,
    redis_errors.AskError,  # and MovedError: the shard's slot is another node's by now, or on its way there
    redis_errors.NoScriptError,  # a second restart between loading a script and running it
)

_ELSEWHERE: Final = (
    redis_errors.ConnectionError,
    redis_errors.TimeoutError,
    redis_errors.ReadOnlyError,
    redis_errors.ClusterDownError,
    redis_errors.AskError,
)
"""Errors after which other open connections lead to a server that is gone, or to the wrong one."""

_PASSING: Final = ("MISCONF", "NOREPLICAS", "BUSY", "UNBLOCKED", "max number of clients")
"""Answers of a server that may be well again in a moment (a full disk, a lost replica, a long script, a crowd)."""


class NoGroupError(BrokerError):
    """The queue lost its consumer group: the server came back empty."""


class FullError(BrokerError):
    """The server has no memory for more work; completions still pass."""


@functools.cache
def _scripts() -> dict[str, tuple[str, str]]:
    """Return each script's text and its digest, read once: an upgrade may move the files under a live process."""
    common = script_text(COMMON)
    found: dict[str, tuple[str, str]] = {}
    for name in script_names():
        # Work that ends frees memory, so only taking more in may be refused when memory is short.
        flags = "" if name == "submit" else " flags=allow-oom"
        text = f"#!lua{flags}\n" + common + script_text(name)
        found[name] = text, hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
    return found


class ShardClient:
    """Opened by `async with`: connects, checks the server, creates the queues; raises BrokerError if it cannot."""

    server: ServerInfo

    def __init__(self, url: str, config: BrokerConfig, *, shard: int = 0, shards: int = 0) -> None:
        self.url = url
        self.config = config
        self.shards = shards
        """How many shards the pool has; known once the link is open."""
        self.keys = Keys(config.pool, shard)
        k = self.keys
        self._shared: tuple[str, ...] = (
            *(k.live, k.at, k.parked, k.leaders, k.cache, k.cache_age, k.stats, k.meta, k.dead),
            *(k.queue("rule"), k.queue("tinyv")),
        )
        self._seat = ServerSeat(url=url, pool=config.pool)
        self._failed_at = -math.inf
        self._life = "", 0.0
        """The server's life that was last seen, and since when it has been up, by this process's clock."""
        self._is_closed = False

    async def __aenter__(self) -> Self:
        """Connect; raise BrokerUnavailableError or UnsupportedServerError."""
        self._texts = _scripts()
        self._seat = await seat_of(self.url, self.config.pool, self.keys.shard)
        self.shards = self.shards or len(self._seat.ids)
        self.redis = connect(self._seat.url, tag=self.keys.tag)
        self._quick = ConnectionPool(self.redis)
        self._blocking = ConnectionPool(self.redis)
        try:
            self.server = await preflight(self.redis, self._seat.url)
            await self.create_queues()
        except BaseException as exc:  # a half-open link is closed, whatever stopped it, also a cancellation
            await self.__aexit__(None, None, None)
            if isinstance(exc, TinyVError) or not isinstance(exc, Exception):
                raise
            reason = f"unexpected answer ({type(exc).__name__}: {exc})"[:200]
            raise BrokerUnavailableError(self.place, f"{reason}; {remedy_for(exc)}") from exc
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Disconnect; the server keeps everything. Whatever still retries raises BrokerUnavailableError."""
        self._is_closed = True
        await asyncio.gather(self._quick.close(), self._blocking.close())
        await self.redis.aclose()

    @property
    def place(self) -> str:
        """Where the shard's own server is, to show: a URL without its password."""
        return redact(self._seat.url)

    @property
    def is_of_several(self) -> bool:
        """The pool is on several servers, a shard on each."""
        return bool(self._seat.ids)

    async def create_queues(self) -> None:
        """Create both queues and their groups at 0, so that nothing added before is missed. May run twice.

        Raises BrokerError if the pool has another number of shards by now: it was lost, and begun again by others.
        """
        primaries = self.server.primaries
        if self.is_of_several:
            await self._reply(self._seat.confirm(self.redis))
        wanted = self.shards or self.config.shards or (2 * primaries if primaries > 1 else 1)
        there = cast("int", await self.script("create", [wanted]))
        if not self.is_of_several:  # after it: of two starts at once one sees the other
            await self._reply(self._seat.confirm(self.redis))
        if self.shards not in {0, there}:
            raise BrokerError(self.place, f"the pool has {there} shards now, and had {self.shards}: start again")
        if self.config.shards not in {0, there} and not self.shards:
            _log.warning("the pool has %d shards, not %d as configured", there, self.config.shards)
        self.shards = there

    async def script(self, name: str, args: Sequence[Arg], others: Sequence[str] = ()) -> object:
        """Run one Lua script on the shard's keys plus `others`; reload it where the server forgot it."""
        return await self._reply(self._run(name, (*self._shared, *others), args))

    async def _run(self, name: str, keys: Sequence[str], args: Sequence[Arg]) -> object:
        source, digest = self._texts[name]
        try:
            return await self._quick.ask("EVALSHA", digest, len(keys), *keys, *args)
        except redis_errors.NoScriptError:
            await self._quick.ask("SCRIPT", "LOAD", source)
            return await self._quick.ask("EVALSHA", digest, len(keys), *keys, *args)

    async def command(self, *args: Arg) -> object:
        """Run one command on the command connection."""
        return await self._reply(self.redis.execute_command(*args))

    async def read_group(self, stage: Stage, consumer: str, *, count: int, block_s: float) -> list[Entry]:
        """Claim up to `count` new entries, waiting at most `block_s`; a cancellation may leave some claimed."""
        block = ("BLOCK", max(1, int(block_s * 1000))) if block_s else ()
        where = ("STREAMS", self.keys.queue(stage), ">")
        words = ("XREADGROUP", "GROUP", GROUP, consumer, "COUNT", count, *block, *where)
        return _entries(await self._reply(self._blocking.ask(*words, timeout_s=block_s + TIMEOUT_S)))

    async def read_after(self, key: str, cursor: str, *, count: int, block_s: float) -> list[Entry]:
        """Read up to `count` entries after `cursor`, waiting at most `block_s`."""
        block_ms = max(1, int(block_s * 1000))
        words = ("XREAD", "COUNT", count, "BLOCK", block_ms, "STREAMS", key, cursor)
        return _entries(await self._reply(self._blocking.ask(*words, timeout_s=block_s + TIMEOUT_S)))

    async def retry(self, attempt: Callable[[], Awaitable[T]]) -> T:
        """Await `attempt` until the server answers; it must be safe to run twice. Cancel to give up.

        Raises BrokerUnavailableError only once the link is closed.
        """
        pause_s, log_limit = _BUSY_S[0], LogLimit()
        while True:
            try:
                return await attempt()
            except BrokerUnavailableError as exc:
                if self._is_closed:
                    raise
                if log_limit.is_due():
                    _log.warning("broker does not answer, trying until it does: %s", exc.reason)
            except NoGroupError:
                _log.warning("queues are gone, creating them again")
                await self.retry(self.create_queues)
            await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 jitter, not a secret
            pause_s = min(pause_s * 2, _BUSY_S[1])

    async def steady_s(self) -> float:
        """Return how long the server has been up and within this link's reach, in seconds.

        By this process's clock from the first look at this life of the server: its own word goes by its wall clock.
        """
        info, now = cast("dict[str, Any]", await self.command("INFO", "server")), time.monotonic()
        life = str(info["run_id"])
        if life != self._life[0]:
            self._life = life, now - max(0.0, float(info["uptime_in_seconds"]))
        return now - max(self._life[1], self._failed_at)

    async def _reply(self, work: Awaitable[T]) -> T:
        """Await redis-py; raise our errors in place of its, with the password left out."""
        try:
            return await work
        except _GONE as exc:
            self._failed_at = time.monotonic()
            if isinstance(exc, _ELSEWHERE):
                await self._reconnect()
            raise BrokerUnavailableError(self.place, f"{type(exc).__name__}: {exc}") from exc
        except redis_errors.OutOfMemoryError as exc:
            raise FullError(self.place, "out of memory") from exc
        except redis_errors.ResponseError as exc:
            error = _error(self.place, str(exc))
            if isinstance(error, BrokerUnavailableError):
                self._failed_at = time.monotonic()
                await self._reconnect()
            raise error from exc
        except OSError as exc:  # descriptors, addresses, the network: nothing of it is the server's word
            self._failed_at = time.monotonic()
            raise BrokerUnavailableError(self.place, f"{type(exc).__name__}: {exc}"[:200]) from exc
        except redis_errors.RedisError as exc:
            raise BrokerError(self.place, f"{type(exc).__name__}: {exc}"[:200]) from exc

    async def _reconnect(self) -> None:
        """Drop idle connections: the next command asks again where the primary is."""
        await asyncio.gather(self._quick.drop(), self._blocking.drop())
        # One that cannot be closed in time is dropped all the same.
        with suppress(redis_errors.RedisError, OSError, RuntimeError):
            await self.redis.connection_pool.disconnect(inuse_connections=False)


def _error(url: str, text: str) -> BrokerError:
    if "NOGROUP" in text:
        return NoGroupError(url, "no consumer group")
    kind = BrokerUnavailableError if text.startswith(_PASSING) else BrokerError
    return kind(url, text[:200])


def _entries(got: object) -> list[Entry]:
    """Return the entries of a one-stream read, as RESP3 gives them."""
    if not isinstance(got or {}, dict):
        raise TypeError("unexpected answer: a read of a stream gives a map")
    streams = cast("dict[bytes, list[tuple[bytes, list[bytes]]]]", got or {})
    return [(entry, dict(zip(f[::2], f[1::2], strict=True))) for rows in streams.values() for entry, f in rows]
