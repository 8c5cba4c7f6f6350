"""What an operator may do: look at the pool, and at its dead letters."""

import time
from typing import Final, cast

import msgspec

from tinyv_stream.broker.link import Link
from tinyv_stream.codec import Work, decode_work, encode
from tinyv_stream.types import STAGES, Stage

_SILENT_S: Final = 10.0
"""A worker that did not beat for this long is shown as lost."""


class WorkerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker says of itself, each second."""

    name: str
    stage: Stage
    pid: int
    host: str
    state: str
    held: int = 0
    """Rollouts that it holds now."""
    done: int = 0
    """Rollouts that it ended or forwarded since its start."""
    about: dict[str, str] = {}


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


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """A rollout that was given up."""

    entry: str
    uid: str
    stage: str
    reason: str
    deliveries: int
    worker: str
    work: Work | None


class OperatorSide(Link):
    """An operator's view of the broker; reads only, but for `revive`."""

    async def status(self) -> PoolStatus:
        """Return the pool's figures; no lock is taken, so they may be a moment apart."""
        keys = self.keys
        depth = {stage: cast("int", await self.command("XLEN", keys.queue(stage))) for stage in STAGES}
        stats = cast("dict[bytes, bytes]", await self.command("HGETALL", keys.stats))
        return PoolStatus(
            server=self.server.name,
            version=self.server.version,
            depth=dict[str, int](depth),
            live=cast("int", await self.command("ZCARD", keys.live)),
            parked=cast("int", await self.command("HLEN", keys.parked)),
            oldest_s=await self._oldest_s(),
            dead=cast("int", await self.command("XLEN", keys.dead)),
            cached=cast("int", await self.command("HLEN", keys.cache)),
            stats={name.decode(): int(n) for name, n in stats.items()},
            workers=await self.workers(),
        )

    async def dead_letters(self, count: int = 100) -> list[DeadLetter]:
        """Return the newest dead letters, newest first."""
        rows = cast(
            "list[tuple[bytes, dict[bytes, bytes]]]",
            await self.command("XREVRANGE", self.keys.dead, "+", "-", "COUNT", count),
        )
        return [_letter(entry, fields) for entry, fields in rows]

    async def revive(self, letter: DeadLetter, *, client_id: str, deadline_s: float) -> bool:
        """Put a dead letter back into its stage, its new reward addressed to `client_id`.

        The client that submitted it has its one reward (`failed`) already and does not see this one.
        False if the letter is gone or the rollout is outstanding.
        """
        if letter.work is None:
            return False
        work = msgspec.structs.replace(letter.work, client_id=client_id)
        args = [letter.entry, letter.uid, letter.stage, encode(work), int(deadline_s * 1000)]
        return await self.script("revive", args) == 1

    async def _oldest_s(self) -> float | None:
        heads: list[int] = []
        for stage in STAGES:
            rows = await self.command("XRANGE", self.keys.queue(stage), "-", "+", "COUNT", 1)
            heads += [int(entry.split(b"-")[0]) for entry, _ in cast("list[tuple[bytes, object]]", rows)]
        return max(0.0, time.time() - min(heads) / 1000) if heads else None

    async def workers(self) -> list[WorkerInfo]:
        """Return what each worker last said of itself; one that no longer beats is `lost`."""
        told = cast("dict[bytes, bytes]", await self.command("HGETALL", self.keys.workers))
        beats = cast(
            "list[list[bytes | float]]", await self.command("ZRANGE", self.keys.heartbeat, 0, -1, "WITHSCORES")
        )
        last = {cast("bytes", name): float(ms) / 1000 for name, ms in beats}
        found: list[WorkerInfo] = []
        for name, text in sorted(told.items()):
            info = msgspec.json.decode(text, type=WorkerInfo)
            lost = time.time() - last.get(name, 0.0) > _SILENT_S
            found.append(msgspec.structs.replace(info, state="lost") if lost else info)
        return found


def _letter(entry: bytes, fields: dict[bytes, bytes]) -> DeadLetter:
    try:
        work = decode_work(fields[b"p"])
    except msgspec.DecodeError:
        work = None
    text = {name.decode(): value.decode("utf-8", "replace") for name, value in fields.items() if name != b"p"}
    return DeadLetter(
        entry=entry.decode(),
        uid=text["u"],
        stage=text["stage"],
        reason=text["reason"],
        deliveries=int(text["deliveries"]),
        worker=text["worker"],
        work=work,
    )
