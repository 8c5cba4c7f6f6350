"""A broker and its model side by side: the plumbing of the state machine in test_broker_machine.py."""

import asyncio
import itertools
import uuid
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar, cast

import hypothesis
import hypothesis.strategies as st
import msgspec
from hypothesis.stateful import RuleBasedStateMachine, invariant

from tinyv_stream.broker.messages import Work
from tinyv_stream.broker.operator import DeadLetter, OperatorApi
from tinyv_stream.broker.trainer import TrainerApi
from tinyv_stream.broker.worker import Delivery, WorkerApi
from tinyv_stream.config import BrokerConfig
from tinyv_stream.types import STAGES, Outcome, Reward, Source, Stage, Status, Verdict

T = TypeVar("T")
CAP = 5
UIDS = [f"run/r{n}" for n in range(8)]
LONG_MS = 10_000_000
OWNED = ("q:rule", "q:tinyv", "stats", "meta", "dead", "cache", "cache:age", "hb", "workers")
"""Keys that belong to the pool as such."""
KEPT = Verdict(outcome=Outcome.CORRECT, grader="model")

uids = st.sampled_from(UIDS)
workers = st.sampled_from(["w0", "w1"])
stages = st.sampled_from(STAGES)


class Place(msgspec.Struct):
    """Where the model has a live rollout. `turn` is new for every queue entry, so a stale delivery is known."""

    stage: Stage | None
    """None: parked."""
    turn: int
    ckey: str = ""
    leads: bool = False
    overdue: bool = False
    readable: bool = True


class Held(msgspec.Struct):
    delivery: Delivery
    stage: Stage
    turn: int


class Model(msgspec.Struct):
    live: dict[str, Place] = {}
    done: set[str] = set()
    cached: set[str] = set()


def work(uid: str) -> Work:
    return Work(run_id="run", client_id="c", rollout_id=uid.split("/")[1], question="q", ground_truth="1")


def reward(uid: str) -> Reward:
    return Reward(rollout_id=uid.split("/")[1], value=1.0, status=Status.OK, source=Source.RULE)


class ModelledBroker(RuleBasedStateMachine):
    url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        # A lease of nothing: whatever a worker holds may be taken over at once, which is the worst case.
        config = BrokerConfig(pool=f"m{uuid.uuid4().hex[:12]}", max_outstanding=CAP, lease_s=0.0)
        self.trainer, self.worker = TrainerApi(self.url, config), WorkerApi(self.url, config)
        self.do(self.trainer.__aenter__())
        self.operator = OperatorApi(self.url, config)
        self.do(self.worker.__aenter__())
        self.do(self.operator.__aenter__())
        # A blocked read is let go on the server's tick, 100 ms by default: too slow for thousands of empty reads.
        self.do(self.worker.command("CONFIG", "SET", "hz", 500))
        self.keys = self.worker.keys
        self.turns = itertools.count()
        self.model = Model()
        self.held: dict[str, dict[str, Held]] = {"w0": {}, "w1": {}}
        self.cursor = "0-0"
        self.saved: tuple[dict[bytes, tuple[bytes, int]], Model] | None = None

    def teardown(self) -> None:
        try:
            self.nothing_stays_without_an_end_or_an_owner()
        finally:
            for key in self.pool_keys():
                self.do(self.worker.command("DEL", key))
            for side in (self.trainer, self.worker, self.operator):
                self.do(side.__aexit__(None, None, None))
            self.loop.close()

    def nothing_stays_without_an_end_or_an_owner(self) -> None:
        """Once every client has taken its rewards, or taken its rollouts back."""
        self.do(self.trainer.withdraw("run", UIDS))
        for key in self.pool_keys():
            name = key.decode().removeprefix(f"{self.keys.tag}:")
            lasts = self.do(self.worker.command("PTTL", key)) == -1
            assert name in OWNED or not lasts, f"{name} has no end and no owner"
            assert not name.startswith(("done:", "age:")), "a reward is kept for a rollout that was taken back"

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(work)

    def pool_keys(self) -> list[bytes]:
        return self.do(self.worker.command("KEYS", f"{self.keys.tag}*"))  # type: ignore[return-value]

    # ---- the model's own moves

    def settle(self, uid: str) -> bool:
        place = self.model.live.pop(uid, None)
        if place is None:
            return False
        self.model.done.add(uid)
        self.release(place)
        return True

    def release(self, left: Place) -> None:
        if not left.leads:
            return
        for other in self.model.live.values():
            if other.stage is None and other.ckey == left.ckey:
                other.stage, other.turn = "tinyv", next(self.turns)

    def is_current(self, held: Held) -> bool:
        place = self.model.live.get(held.delivery.uid)
        return place is not None and (place.stage, place.turn) == (held.stage, held.turn)

    def holders(self, stage: Stage | None = None) -> list[tuple[str, Held]]:
        return [(w, h) for w, some in self.held.items() for h in some.values() if stage in {None, h.stage}]

    def pick(self, data: st.DataObject, stage: Stage | None = None) -> tuple[str, Held]:
        """Return one held delivery; where nobody holds any, somebody claims first."""
        wanted = stage or data.draw(st.sampled_from(self.busy() or STAGES))
        if not self.holders(stage):
            self.claim_some(wanted, "w0", 2)
        hypothesis.assume(self.holders(stage))
        return data.draw(st.sampled_from(self.holders(stage)))

    def claim_some(self, stage: Stage, worker: str, count: int) -> None:
        for delivery in self.do(self.worker.claim(stage, worker, count=count, block_s=0.001)):
            self.take(worker, stage, delivery)
        self.discarded()

    def busy(self) -> list[Stage]:
        return sorted({p.stage for p in self.model.live.values() if p.stage})

    def discarded(self) -> None:
        """Note which unreadable works a claim came upon: they are unknown now, and dead letters."""
        for uid in [u for u, p in self.model.live.items() if not p.readable]:
            if self.do(self.worker.command("ZSCORE", self.keys.live, uid)) is None:
                self.release(self.model.live.pop(uid))
                assert any(letter.uid == uid and letter.work is None for letter in self.letters())

    def letters(self) -> list[DeadLetter]:
        return self.do(self.operator.dead_letters())

    def take(self, worker: str, stage: Stage, delivery: Delivery) -> None:
        place = self.model.live[delivery.uid]
        assert place.stage == stage, f"{delivery.uid} was handed out by {stage}, and belongs to {place}"
        self.held[worker][delivery.entry] = Held(delivery, stage, place.turn)

    # ---- what holds always

    def pending(self, stage: Stage, worker: str | None = None) -> set[str]:
        find = self.worker.redis.xpending_range(self.keys.queue(stage), "w", "-", "+", 1000, worker)
        return {row["message_id"].decode() for row in cast("list[Any]", self.do(find))}

    async def look(self) -> list[Any]:
        k = self.keys
        async with self.worker.redis.pipeline(transaction=False) as pipe:
            pipe.zrange(k.live, 0, -1).hkeys(k.done("run")).hkeys(k.parked).hkeys(k.leaders).hgetall(k.at)
            for stage in STAGES:
                pipe.xrange(k.queue(stage)).xpending_range(k.queue(stage), "w", "-", "+", 1000)
            pipe.zrange(k.age("run"), 0, -1)
            return await pipe.execute()

    @invariant()
    def each_rollout_is_in_exactly_one_place(self) -> None:
        model, seen = self.model, self.do(self.look())
        live, done, parked, leaders, aging = ({item.decode() for item in some} for some in (*seen[:4], seen.pop()))
        at = {uid.decode(): place.decode() for uid, place in seen[4].items()}
        assert (live, done) == (set(model.live), model.done)
        assert not live & done
        assert aging == done, "a reward without an end, or an end without a reward"
        assert set(at) == live
        assert parked == {uid for uid, p in model.live.items() if p.stage is None}
        for stage, rows, leases in zip(STAGES, seen[5::2], seen[6::2], strict=True):
            found = {fields[b"u"].decode(): entry.decode() for entry, fields in rows}
            assert len(found) == len(rows), "a rollout is queued twice"
            assert set(found) == {uid for uid, p in model.live.items() if p.stage == stage}
            assert all(at[uid].split()[:2] == [stage, entry] for uid, entry in found.items())
            assert {r["message_id"].decode() for r in leases} <= set(found.values()), "a lease outlives its rollout"
        # Whoever is parked has a live rollout that asks for it.
        assert leaders == {p.ckey for p in model.live.values() if p.leads}
        assert {p.ckey for p in model.live.values() if p.stage is None} <= leaders
