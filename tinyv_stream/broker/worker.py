"""Worker API: claim, forward, finish, dead-letter, renew, give back, take over, depart."""

import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, cast

import msgspec

from tinyv_stream.broker.clock import PoolClock
from tinyv_stream.broker.messages import Work, decode_verdict, decode_work, encode
from tinyv_stream.broker.shard import Arg, Entry, ShardClient
from tinyv_stream.config import BrokerConfig
from tinyv_stream.types import Reward, Stage, Verdict

_log = logging.getLogger(__name__)

REJECTED: Final = 0
QUEUED: Final = 1
PARKED: Final = 2
MOST_DEAD: Final = 10_000
"""Dead letters kept: enough to study a fault, bounded because nobody may ever look."""
_SILENT_S: Final = 60.0
_KNOWN_S: Final = 600.0
"""How long a host is remembered after a worker of it left: longer than an engine needs to load its model again."""


Lease = tuple[int, str]
"""What names a delivery among all that a worker holds: its shard, and its entry there."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One handing-over of a rollout to a worker. `ckey` names its equals, '' if it shares with nobody."""

    entry: str
    uid: str
    work: Work
    ckey: str = ""
    delivery_count: int = 1
    """This delivery's number, over all the entries that the rollout has had in this stage."""
    before: int = 0
    """Deliveries of earlier entries, which this entry's own count does not hold."""
    queued_s: float = 0.0
    """How long it waited in the queue, by the server's clock."""
    parked_s: float | None = None
    """How long it waited for an equal rollout's verdict before, by the server's clock."""
    shard: int = 0

    @property
    def entry_count(self) -> int:
        """The number of this delivery, over its entry alone."""
        return self.delivery_count - self.before

    @property
    def lease(self) -> Lease:
        """What names it among all that a worker holds."""
        return self.shard, self.entry


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """A reward on its way to the broker. `verdict` is cached under `cache_field` where both are set."""

    delivery: Delivery
    reward: Reward
    cache_field: str = ""
    verdict: Verdict | None = None
    held: bool = True
    """The caller holds the delivery; False where it ends somebody else's (a deadline)."""


class PoolWord(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker hears with each heartbeat."""

    version: int
    """Of the pool's settings; 0: none are settled."""
    tag: str
    is_draining: bool
    """Its host is to be drained."""


class WorkerApi(ShardClient):
    """One worker's view of the broker.

    Each method is one script and safe to run twice, but for the claims: what a cancelled or failed claim took
    comes back when its lease lapses.
    """

    def __init__(self, url: str, config: BrokerConfig, *, shard: int = 0, shards: int = 0) -> None:
        super().__init__(url, config, shard=shard, shards=shards)
        self._clock = PoolClock()
        self.settings_version = 0
        """Version of the pool's settings that rewards are given by; 0 where none were agreed."""

    async def claim(self, stage: Stage, consumer: str, *, count: int, block_s: float) -> list[Delivery]:
        """Take up to `count` new rollouts; waits at most `block_s` for the first. Unreadable ones are discarded."""
        got = await self.read_group(stage, consumer, count=count, block_s=block_s)
        return await self._deliveries(stage, consumer, [(entry, 1) for entry in got])

    async def reclaim(self, stage: Stage, consumer: str, cursor: str, *, count: int) -> tuple[str, list[Delivery]]:
        """Take over rollouts whose lease lapsed: (next cursor, deliveries). Cursor "0-0" means one round is done."""
        lease_ms = int(self.config.lease_s * 1000)
        await self._now_ms()  # a step of the clock is corrected before it is taken for idle time
        got = await self.script(
            "reclaim", [stage, consumer, lease_ms, cursor, count, self.config.isolate_from_delivery]
        )
        next_cursor, rows = cast("tuple[bytes, list[tuple[bytes, list[bytes], int]]]", got)
        entries = [((row[0], dict(zip(row[1][::2], row[1][1::2], strict=True))), row[2]) for row in rows]
        return next_cursor.decode(), await self._deliveries(stage, consumer, entries)

    async def start(self, stage: Stage, consumer: str, delivery: Delivery) -> bool:
        """Count a quarantined delivery, which `reclaim` does not; False if it is another consumer's by now."""
        return await self.script("start", [stage, consumer, delivery.entry, delivery.entry_count]) == 1

    async def forward(self, items: Sequence[tuple[Delivery, Work, str]]) -> list[int | Verdict]:
        """Move rule deliveries on to TinyV, with the work as rewritten and the key of their equals ('' = none).

        Per item: QUEUED, PARKED, REJECTED, or a cached verdict; with that the delivery has not moved and must be ended.
        """
        args: list[Arg] = []
        for delivery, work, ckey in items:
            args += [delivery.uid, delivery.entry, encode(work), ckey]
        got = cast("list[int | bytes]", await self.script("forward", args))
        answers = [_verdict(c) if isinstance(c, bytes) else c for c in got]
        # What a cached verdict of another version answered has not moved: it goes on without the cache.
        unread = [(i, items[i]) for i, answer in enumerate(answers) if answer is None]
        again = await self.forward([(delivery, work, "") for _, (delivery, work, _) in unread]) if unread else []
        for (i, _), answer in zip(unread, again, strict=True):
            answers[i] = answer
        return [REJECTED if answer is None else answer for answer in answers]

    async def count(self, more: Mapping[str, int]) -> None:
        """Add to the pool's counters, which `status` and a gateway's metrics show. One that fails may have counted."""
        for name, by in more.items():
            await self.command("HINCRBY", self.keys.stats, name, by)

    async def finish(self, stage: Stage, endings: Sequence[Ending]) -> list[bool]:
        """Reward rollouts; False where another reward was first."""
        broker, keys = self.config, self.keys
        clients: dict[tuple[str, str], int] = {}
        args: list[Arg] = [int(broker.retention_s * 1000), int(broker.cache_ttl_s * 1000), broker.cache_size]
        for e in endings:
            work = e.delivery.work
            number = clients.setdefault((work.run_id, work.client_id), len(clients))
            args += [
                e.delivery.uid,
                stage,
                e.delivery.entry if e.held else "",
                number,
                self._signed(e.reward),
                tallies(e.reward),
            ]
            keep = e.verdict is not None and e.cache_field
            args += [e.cache_field if keep else "", encode(e.verdict) if keep and e.verdict else b""]
        others = [k for run, client in clients for k in (keys.done(run), keys.rewards(run, client), keys.age(run))]
        return [code == 1 for code in cast("list[int]", await self.script("finish", args, others))]

    async def dead_letter(self, stage: Stage, consumer: str, delivery: Delivery, reward: Reward) -> bool:
        """Give a rollout up: a dead letter and its reward at once; False where another reward was first."""
        work, keys = delivery.work, self.keys
        others = [keys.done(work.run_id), keys.rewards(work.run_id, work.client_id), keys.age(work.run_id)]
        args: list[Arg] = [
            delivery.uid,
            stage,
            delivery.entry,
            self._signed(reward),
            f"{tallies(reward)} dead",
            encode(work),
        ]
        args += [reward.reason, delivery.delivery_count, consumer, MOST_DEAD, int(self.config.retention_s * 1000)]
        return await self.script("dead_letter", args, others) == 1

    async def lookup(self, fields: Sequence[str]) -> list[Verdict | None]:
        """Return cached verdicts."""
        got = cast("list[bytes | int]", await self.script("lookup", fields))
        return [_verdict(v) if isinstance(v, bytes) else None for v in got]

    async def overdue(self, consumer: str, *, count: int = 100) -> list[Delivery]:
        """Return rollouts whose deadline has passed in the pool's time, wherever they are; they stay there.

        Of the `count` oldest; unreadable ones among them are discarded.
        """
        found: list[Delivery] = []
        now_ms = await self._now_ms()
        rows = cast("list[tuple[bytes, bytes, bytes, bytes]]", await self.script("overdue", [count, now_ms]))
        for name, body, where, what in rows:
            uid = name.decode("utf-8", "replace")
            try:
                found.append(Delivery(entry="", uid=uid, work=decode_work(body), shard=self.keys.shard))
            except msgspec.DecodeError as exc:
                await self._discard(where.decode(), consumer, entry=what, uid=name, body=body, why=exc)
        return found

    async def _now_ms(self) -> int:
        return await self._clock.now_ms(lambda args: self.script("clock", args, [self.keys.heartbeat]))

    async def renew(self, stage: Stage, consumer: str, entries: Sequence[str]) -> list[str]:
        """Renew the leases of `entries`; return those that are not this consumer's any more."""
        return [e.decode() for e in cast("list[bytes]", await self.script("renew", [stage, consumer, *entries]))]

    async def give_back(
        self, stage: Stage, consumer: str, deliveries: Iterable[Delivery], *, engine_died: bool = False
    ) -> int:
        """Return rollouts at once claimable; how many were still this consumer's.

        Uncounted, but for a rollout under which an engine died before: see give_back.lua.
        """
        args: list[Arg] = [stage, consumer, int(engine_died)]
        for delivery in deliveries:
            args += [delivery.entry, delivery.entry_count]
        return cast("int", await self.script("give_back", args))

    async def depart(self, stage: Stage, consumer: str, host: str = "") -> bool:
        """Forget this worker; False if it still holds something: then it stays a consumer until that is taken over.

        Its host stays known for a while: a worker that goes may be one that starts again.
        """
        others = [self.keys.heartbeat, self.keys.workers]
        return await self.script("depart", [stage, consumer, host, int(_KNOWN_S * 1000)], others) == 1

    async def beat(self, worker: str, about: bytes, host: str = "") -> PoolWord:
        """Tell `status` that this worker lives; return what the pool has to say to it."""
        others = [self.keys.heartbeat, self.keys.workers]
        answer = await self.script("beat", [worker, about, int(_SILENT_S * 1000), host], others)
        version, tag, is_draining = cast("tuple[int, bytes, int]", answer)
        return PoolWord(version=version, tag=tag.decode(), is_draining=is_draining == 1)

    async def take_turn(self, stage: Stage, worker: str, at_most_s: float) -> bool:
        """Ask for the turn to restart, which one worker of a stage has at a time; 0 s gives it up.

        `worker` is a name that it keeps over its restarts.
        """
        return await self.script("take_turn", [stage, worker, int(at_most_s * 1000)]) == 1

    async def pressure(self, silent_s: float) -> tuple[int, int]:
        """Return how many rollouts are queued or running at TinyV, and how many able workers beat in `silent_s`.

        Able: they judge, or pause on purpose (asleep, changing the model). A starting or a draining one is not.
        """
        got = await self.script("pressure", [int(silent_s * 1000)], [self.keys.heartbeat, self.keys.workers])
        backlog, able = cast("list[int]", got)
        return backlog, able

    async def announce_verifier(self, version: str) -> None:
        """Set the version under which cached verdicts are looked up."""
        await self.script("announce", [version])

    def _signed(self, reward: Reward) -> bytes:
        """Return the wire form of a reward, with the version of the settings that it is given by."""
        return encode(msgspec.structs.replace(reward, settings_version=self.settings_version))

    async def _deliveries(self, stage: Stage, consumer: str, entries: list[tuple[Entry, int]]) -> list[Delivery]:
        good: list[Delivery] = []
        now_ms = self._clock.server_ms() or time.time() * 1000
        for (entry, fields), count in entries:
            name, uid = entry.decode(), fields.get(b"u", b"").decode("utf-8", "replace")
            try:
                work = decode_work(fields[b"p"])
            except (KeyError, msgspec.DecodeError) as exc:
                body = fields.get(b"p", b"")
                await self._discard(stage, consumer, entry=entry, uid=fields.get(b"u", b""), body=body, why=exc)
                continue
            entered_ms = int(name.split("-")[0])
            was_parked = b"k" in fields and work.forwarded_ms > 0
            before = int(fields.get(b"n", b"0"))
            good.append(
                Delivery(
                    entry=name,
                    uid=uid,
                    work=work,
                    ckey=fields.get(b"c", b"").decode(),
                    delivery_count=before + count,
                    before=before,
                    queued_s=max(0.0, now_ms - entered_ms) / 1000,
                    parked_s=max(0.0, entered_ms - work.forwarded_ms) / 1000 if was_parked else None,
                    shard=self.keys.shard,
                )
            )
        return good

    async def _discard(
        self, where: str, consumer: str, *, entry: bytes, uid: bytes, body: bytes, why: Exception
    ) -> None:
        reason = f"unreadable work: {type(why).__name__}"
        _log.warning("discarded: %s", reason, extra={"rollout_id": uid.decode("utf-8", "replace")})
        await self.script("discard", [where, reason, consumer, MOST_DEAD, entry, uid, body])


def _verdict(blob: bytes) -> Verdict | None:
    """Return a cached verdict, or None for one of another version: then TinyV is asked again."""
    try:
        return decode_verdict(blob)
    except msgspec.DecodeError:
        _log.warning("a cached verdict cannot be read")
        return None


def tallies(reward: Reward) -> str:
    """Return the names of the counters that a reward adds to."""
    names = [reward.status, f"by_{reward.source}", f"{reward.source}|{reward.status}"]
    return " ".join([*names, *(["rescued"] if reward.rescued else [])])
