# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# The edge of redis-py, whose replies are untyped.
"""Server set of a pool: several servers that are no cluster, each with one shard, and their order.

Each server keeps its own id and those of all, at `{tv:<pool>:servers}:meta`. The order of the shards is that of the
ids, so it is one for every process, whatever addresses and whichever order it is given.

- The first start settles the set. After that a list that is longer, shorter or of other servers is refused, and so is
  one of these servers alone: a pool that is split in two can not begin.
- A server that lost its data gets its id back from whoever is still linked to it. Where nobody is, it cannot be told
  from another one, so a start refuses it until an operator says that it is the same (`readmit`).
- Once a process knows the order, a link needs its own server only.
"""

import asyncio
import uuid
from contextlib import AsyncExitStack
from typing import Any, Final, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tinyv_stream.broker.redis_client import connect
from tinyv_stream.broker.remedies import remedy_for
from tinyv_stream.broker.url import parse, redact, servers_of
from tinyv_stream.errors import BrokerError, BrokerUnavailableError, InvalidInputError

_TRIES: Final = 3
"""Looks after which two starts at once have agreed."""


class ServerSeat(msgspec.Struct, frozen=True, kw_only=True):
    """Where one shard is."""

    url: str
    """Of its own server."""
    pool: str
    number: int = 0
    """Of the server in the set, and of its shard."""
    ids: tuple[str, ...] = ()
    """Of all servers, in their order; empty where the pool has one server, or one cluster."""

    async def confirm(self, r: Redis) -> None:
        """See that this server is the one it was, and tell it again if it lost its data.

        Raises InvalidInputError if it is one of several and was given alone, BrokerError if it is another's by now.
        """
        key = _key(self.pool)
        if self.ids:
            await r.hsetnx(key, "id", self.ids[self.number])
            await r.hsetnx(key, "servers", " ".join(self.ids))
            seen = await _look(r, self.pool)
            if (seen.id, seen.servers) != (self.ids[self.number], self.ids):
                _known.clear()
                raise BrokerError(redact(self.url), f"pool {self.pool} was begun anew on other servers: start again")
        elif parse(self.url).kind != "cluster" and len(servers := (await _look(r, self.pool)).servers) > 1:
            remedy = f"pool {self.pool} is on {len(servers)} servers, this is one: give all URLs, split by commas"
            raise InvalidInputError("redis url", redact(self.url), remedy)


class _ServerSeen(msgspec.Struct, frozen=True):
    """What one server knows."""

    id: str
    servers: tuple[str, ...]
    shards: int
    """Of a pool of this name that begins here; 0: there is none."""


_known: dict[tuple[str, str], tuple[ServerSeat, ...]] = {}
"""Sets whose order this process has seen, by URL and pool."""


class Readmission(msgspec.Struct, frozen=True):
    """Servers that were taken back."""

    count: int
    first: bool
    """The first of the pool is among them: what holds for the whole pool was kept there alone."""


async def readmit(url: str, pool: str) -> Readmission:
    """Tell the servers in a list that lost their data who they are; return which that were.

    For a pool of which nothing runs any more. Raises as `seat_of` does.
    """
    urls = servers_of(url)
    async with AsyncExitStack() as stack:
        links = [await stack.enter_async_context(connect(one)) for one in urls]
        seen = await _look_at_all(urls, links, pool)
    lost = [one for one, its in zip(urls, seen, strict=True) if not its.id]
    seats = await _settle(urls, pool, may_readmit=True)
    return Readmission(len(lost), first=seats[0].url in lost)


async def seat_of(url: str, pool: str, shard: int) -> ServerSeat:
    """Return where a shard is; `url` names one server, one cluster, or several servers.

    Raises InvalidInputError for a list that is not the pool's, BrokerUnavailableError if a server does not answer.
    """
    urls = servers_of(url)
    if len(urls) == 1:
        return ServerSeat(url=url, pool=pool)
    if (url, pool) not in _known:
        _known[url, pool] = await _settle(urls, pool)
    return _known[url, pool][shard]


async def _settle(urls: tuple[str, ...], pool: str, *, may_readmit: bool = False) -> tuple[ServerSeat, ...]:
    async with AsyncExitStack() as stack:
        links = [await stack.enter_async_context(connect(one)) for one in urls]
        for _ in range(_TRIES):
            seen = await _look_at_all(urls, links, pool)
            ids = _ids(urls, seen, pool, may_readmit=may_readmit)
            if [one.servers for one in seen] == [ids] * len(urls):
                _refuse_others_data(urls, seen, ids, pool)
                ordered = sorted(zip([one.id for one in seen], urls, strict=True))
                return tuple(ServerSeat(url=u, pool=pool, number=n, ids=ids) for n, (_, u) in enumerate(ordered))
            await _enlist(links, seen, ids, pool)
    raise InvalidInputError("redis url", redact(",".join(urls)), f"others settle pool {pool} on other servers just now")


async def _look_at_all(urls: tuple[str, ...], links: list[Redis], pool: str) -> list[_ServerSeen]:
    async def look(url: str, r: Redis) -> _ServerSeen:
        try:
            return await _look(r, pool)
        except (RedisError, OSError) as exc:
            raise BrokerUnavailableError(redact(url), f"{type(exc).__name__}: {exc}; {remedy_for(exc)}"[:300]) from exc

    return await asyncio.gather(*(look(url, r) for url, r in zip(urls, links, strict=True)))


def _ids(urls: tuple[str, ...], seen: list[_ServerSeen], pool: str, *, may_readmit: bool) -> tuple[str, ...]:
    """Return the ids of the pool's servers as they stand, or as they are to be; raise as `seat_of` does."""
    shown = ",".join(map(redact, urls))
    own = [one.id for one in seen if one.id]
    settled = {one.servers for one in seen if one.servers}
    if len(set(own)) < len(own):
        raise InvalidInputError("redis url", shown, "two of these lead to one server: name each once")
    if len(settled) > 1:
        raise InvalidInputError("redis url", shown, f"these servers belong to different pools named {pool}")
    for url, one in zip(urls, seen, strict=True):
        if one.shards and not one.id:
            remedy = f"it has a pool {pool} of its own: end that first, or choose another name"
            raise InvalidInputError("redis url", redact(url), remedy)
    if not settled:
        fresh = (uuid.uuid4().hex[:12] for _ in seen)
        return tuple(sorted(one.id or new for one, new in zip(seen, fresh, strict=True)))
    (ids,) = settled
    if len(ids) != len(urls):
        remedy = f"pool {pool} is on {len(ids)} servers, {len(urls)} are named: give the URLs of all, split by commas"
        raise InvalidInputError("redis url", shown, remedy)
    for url, one in zip(urls, seen, strict=True):
        if one.id and one.id not in ids:
            raise InvalidInputError("redis url", redact(url), f"it is none of the servers of pool {pool}")
        if not one.id and not may_readmit:
            reason = (
                f"it knows nothing of pool {pool}, which is on {len(ids)} servers: give the URLs of those; if it lost"
                " its data, the pool's workers tell it soon, and without any `tinyv-stream pool readmit` does"
            )
            raise BrokerUnavailableError(redact(url), reason)
    return ids


def _refuse_others_data(urls: tuple[str, ...], seen: list[_ServerSeen], ids: tuple[str, ...], pool: str) -> None:
    """Refuse a server on which a pool of one server began while the set was being settled."""
    for url, one in zip(urls, seen, strict=True):
        if one.shards and (one.id, one.shards) != (ids[0], len(ids)):
            raise InvalidInputError("redis url", redact(url), f"it has a pool {pool} of its own: end that first")


async def _enlist(links: list[Redis], seen: list[_ServerSeen], ids: tuple[str, ...], pool: str) -> None:
    """Give ids to the servers that have none; once all have theirs, write down who they are."""
    left = [one for one in ids if one not in {server.id for server in seen}]
    for r, one in zip(links, seen, strict=True):
        if not one.id:
            await r.hsetnx(_key(pool), "id", left.pop())
    if all(one.id for one in seen):
        for r in links:
            await r.hsetnx(_key(pool), "servers", " ".join(ids))


async def _look(r: Redis, pool: str) -> _ServerSeen:
    own, servers = cast("list[bytes | None]", await cast("Any", r.hmget(_key(pool), ["id", "servers"])))
    shards = cast("bytes | None", await cast("Any", r.hget(f"{{tv:{pool}:0}}:meta", "shards")))
    return _ServerSeen((own or b"").decode(), tuple((servers or b"").decode().split()), int(shards or 0))


def _key(pool: str) -> str:
    return f"{{tv:{pool}:servers}}:meta"
