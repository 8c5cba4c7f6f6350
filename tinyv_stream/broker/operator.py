"""Operator API: status of the pool, all its shards together, and its dead letters."""

import asyncio
import math
from collections import Counter
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self, cast

import msgspec

from tinyv_stream.broker.figures import StageFigures, WorkerInfo, stage_figures
from tinyv_stream.broker.messages import Work, decode_work, encode
from tinyv_stream.broker.shard import ShardClient
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerUnavailableError
from tinyv_stream.types import STAGES, Status

_SILENT_S: Final = 10.0
"""A worker that did not beat for this long is shown as lost."""


_PATIENCE_S: Final = 4.0
"""How long one of several shards may take to answer."""
_MANY: Final = 100
"""Rewards after which it is no accident that TinyV was asked about none."""

NEVER_ASKED: Final = (
    "TinyV is ready and was never asked: no data_source of these rollouts ends in _tinyv, and every other one goes to"
    " the rules alone; name the data source so, or give it a row in tinyv.toml"
)
"""What is said of it."""


class PoolStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A pool at one moment. `depth` counts waiting and running; `parked` waits for an equal rollout's verdict."""

    server: str
    version: str
    depth: dict[str, int]
    live: int
    parked: int
    oldest_s: float | None
    """Age of the oldest entry in a queue."""
    dead: int
    cached: int
    stats: dict[str, int]
    workers: list[WorkerInfo]
    oldest: dict[str, float] = {}
    """Age in seconds of the oldest entry per stage; an empty queue has none."""
    stages: dict[str, StageFigures] = {}
    """What more or fewer workers are decided by."""
    away: tuple[str, ...] = ()
    """Where shards are that do not answer; all other figures are of those that do."""

    @property
    def never_asked(self) -> bool:
        """TinyV stands by, and after a hundred rewards no rollout was sent to it: their data sources name no route."""
        rewards = sum(self.stats.get(name, 0) for name in Status)
        asked = sum(self.stats.get(name, 0) for name in ("forwarded", "coalesced", "by_tinyv", "by_cache"))
        is_ready = any(worker.stage == "tinyv" and worker.state == "ready" for worker in self.workers)
        return is_ready and rewards >= _MANY and asked == 0


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A rollout that was given up."""

    entry: str
    """Unique in the pool: with the number of its shard behind an `@` where there are several."""
    uid: str
    stage: str
    reason: str
    deliveries: int
    worker: str
    work: Work | None


class OperatorApi(ShardClient):
    """An operator's view of the broker: status, dead letters, what holds for the whole pool.

    The first shard's opens those of the others.
    """

    def __init__(self, url: str, config: BrokerConfig, *, shard: int = 0, shards: int = 0) -> None:
        super().__init__(url, config, shard=shard, shards=shards)
        self.sides: list[OperatorApi] = [self]
        """Of the first shard: all of the pool's, itself included."""
        self._others = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Connect to every shard."""
        await super().__aenter__()
        if self.keys.shard == 0:
            try:
                for shard in range(1, self.shards):
                    other = OperatorApi(self.url, self.config, shard=shard, shards=self.shards)
                    self.sides.append(await self._others.enter_async_context(other))
            except BaseException:  # what is open is closed, whatever stopped it, also a cancellation
                await self.__aexit__(None, None, None)
                raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Disconnect."""
        await self._others.aclose()
        await super().__aexit__(None, None, None)

    async def status(self) -> PoolStatus:
        """Return the pool's figures; no lock is taken, so they may be a moment apart.

        Raises BrokerError if no shard answers, or one of them does so as no server of ours.
        """
        looks = await asyncio.gather(*map(self._look_at, self.sides))
        found = [look for look in looks if isinstance(look, PoolStatus)]
        if not found:
            raise next(look for look in looks if not isinstance(look, PoolStatus))
        away = tuple(side.place for side, look in zip(self.sides, looks, strict=True) if look not in found)
        total = _sum(found) if len(found) > 1 else found[0]
        stages = stage_figures(total.depth, total.oldest, total.workers)
        return msgspec.structs.replace(total, stages=stages, away=away)

    async def _look_at(self, side: "OperatorApi") -> PoolStatus | BrokerUnavailableError:
        """Return a shard's figures, or why it gives none; among several a silent one is not waited for long."""
        try:
            async with asyncio.timeout(_PATIENCE_S if len(self.sides) > 1 else None):
                return await side.status_here()
        except BrokerUnavailableError as exc:
            return exc
        except TimeoutError:
            return BrokerUnavailableError(side.place, f"no answer in {_PATIENCE_S:g} s")

    async def status_here(self) -> PoolStatus:
        """Return the figures of this shard alone."""
        keys = self.keys
        pool_s, server_s = await self._now_s()
        depth = {stage: cast("int", await self.command("XLEN", keys.queue(stage))) for stage in STAGES}
        stats = cast("dict[bytes, bytes]", await self.command("HGETALL", keys.stats))
        oldest = await self._oldest(server_s)
        return PoolStatus(
            server=self.server.name,
            version=self.server.version,
            depth=dict[str, int](depth),
            live=cast("int", await self.command("ZCARD", keys.live)),
            parked=cast("int", await self.command("HLEN", keys.parked)),
            oldest_s=max(oldest.values(), default=None),
            oldest=oldest,
            dead=cast("int", await self.command("XLEN", keys.dead)),
            cached=cast("int", await self.command("HLEN", keys.cache)),
            stats={name.decode(): int(n) for name, n in stats.items()},
            workers=await self._workers(pool_s),
        )

    async def dead_letters(self, count: int = 100) -> list[DeadLetter]:
        """Return the newest dead letters, newest first."""
        found = await asyncio.gather(*(side.dead_letters_here(count) for side in self.sides))
        letters = sorted((letter for some in found for letter in some), key=_age, reverse=True)
        return letters[:count]

    async def dead_letters_here(self, count: int) -> list[DeadLetter]:
        """Return this shard's newest dead letters, newest first."""
        rows = cast(
            "list[tuple[bytes, dict[bytes, bytes]]]",
            await self.command("XREVRANGE", self.keys.dead, "+", "-", "COUNT", count),
        )
        mark = f"@{self.keys.shard}" if self.shards > 1 else ""
        return [_letter(entry.decode() + mark, fields) for entry, fields in rows]

    async def revive(self, letter: DeadLetter, *, client_id: str, deadline_s: float) -> bool:
        """Put a dead letter back into its stage, its new reward addressed to `client_id`.

        The client that submitted it has its one reward (`failed`) already and does not see this one.
        False if the letter is gone or the rollout is outstanding.
        """
        if letter.work is None:
            return False
        work = msgspec.structs.replace(letter.work, client_id=client_id)
        entry, _, shard = letter.entry.partition("@")
        args = [entry, letter.uid, letter.stage, encode(work), int(deadline_s * 1000)]
        side = self.sides[int(shard or 0)]
        return await side.script("revive", args, [side.keys.done(work.run_id), side.keys.age(work.run_id)]) == 1

    async def _now_s(self) -> tuple[float, float]:
        """Return the pool's time, and the server's own: this machine's clock may say anything."""
        pool_ms, server_ms = cast("list[bytes]", await self.script("read_clock", []))
        return float(pool_ms) / 1000, float(server_ms) / 1000

    async def _oldest(self, server_s: float) -> dict[str, float]:
        ages: dict[str, float] = {}
        for stage in STAGES:
            rows = await self.command("XRANGE", self.keys.queue(stage), "-", "+", "COUNT", 1)
            for entry, _ in cast("list[tuple[bytes, object]]", rows):
                ages[stage] = max(0.0, server_s - int(entry.split(b"-")[0]) / 1000)
        return ages

    async def silence_s(self) -> float:
        """Return how long no worker has beaten, in seconds; infinite where none ever did."""
        rows = cast(
            "list[list[bytes | float]]",
            await self.command("ZRANGE", self.keys.heartbeat, -1, -1, "WITHSCORES"),
        )
        now_s, _ = await self._now_s()
        return now_s - float(rows[0][1]) / 1000 if rows else math.inf

    async def workers(self) -> list[WorkerInfo]:
        """Return what each worker last reported; one that no longer beats is `lost`."""
        now_s, _ = await self._now_s()
        return await self._workers(now_s)

    async def _workers(self, now_s: float) -> list[WorkerInfo]:
        reported = cast("dict[bytes, bytes]", await self.command("HGETALL", self.keys.workers))
        beats = cast(
            "list[list[bytes | float]]", await self.command("ZRANGE", self.keys.heartbeat, 0, -1, "WITHSCORES")
        )
        last = {cast("bytes", name): float(ms) / 1000 for name, ms in beats}
        found: list[WorkerInfo] = []
        for name, text in sorted(reported.items()):
            info = msgspec.json.decode(text, type=WorkerInfo)
            lost = now_s - last.get(name, 0.0) > _SILENT_S
            found.append(msgspec.structs.replace(info, state="lost") if lost else info)
        return found


def _sum(parts: list[PoolStatus]) -> PoolStatus:
    """Add up the shards of a pool; its workers are known in each."""
    first = parts[0]
    ages = [part.oldest_s for part in parts if part.oldest_s is not None]
    stats: Counter[str] = Counter()
    for part in parts:
        stats.update(part.stats)
    return msgspec.structs.replace(
        first,
        depth={stage: sum(part.depth[stage] for part in parts) for stage in first.depth},
        live=sum(part.live for part in parts),
        parked=sum(part.parked for part in parts),
        oldest_s=max(ages, default=None),
        oldest={stage: max(p.oldest[stage] for p in parts if stage in p.oldest) for stage in _stages_of(parts)},
        dead=sum(part.dead for part in parts),
        cached=sum(part.cached for part in parts),
        stats=dict(stats),
    )


def _stages_of(parts: list[PoolStatus]) -> set[str]:
    return {stage for part in parts for stage in part.oldest}


def _age(letter: DeadLetter) -> tuple[int, ...]:
    return tuple(int(number) for number in letter.entry.partition("@")[0].split("-"))


def _letter(entry: str, fields: dict[bytes, bytes]) -> DeadLetter:
    try:
        work = decode_work(fields[b"p"])
    except msgspec.DecodeError:
        work = None
    text = {name.decode(): value.decode("utf-8", "replace") for name, value in fields.items() if name != b"p"}
    return DeadLetter(
        entry=entry,
        uid=text["u"],
        stage=text["stage"],
        reason=text["reason"],
        deliveries=int(text["deliveries"]),
        worker=text["worker"],
        work=work,
    )
