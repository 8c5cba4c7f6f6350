"""The broker's scripts against a model: whatever clients, workers and server do in whatever order, every rollout is
in exactly one of *live* (queued, leased or parked), *done* and *unknown*. Real scripts, real server.

A rollback is what a server that lost its newest writes looks like: every key of the pool goes back to an earlier dump,
while clients and workers remember what happened since.
"""

import asyncio
import copy
import itertools
import uuid
from collections.abc import Coroutine
from typing import Any, ClassVar, TypeVar, cast

import hypothesis
import hypothesis.strategies as st
import msgspec
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tinyv_stream.broker.trainer_side import ACCEPTED, FULL, OUTSTANDING, UNKNOWN, TrainerSide
from tinyv_stream.broker.worker_side import PARKED, QUEUED, VOID, Delivery, Ending, WorkerSide
from tinyv_stream.codec import Work, encode
from tinyv_stream.config import BrokerConfig
from tinyv_stream.testing import EmbeddedServer
from tinyv_stream.types import STAGES, Outcome, Reward, Source, Stage, Status, Verdict

T = TypeVar("T")
CAP = 5
UIDS = [f"run/r{n}" for n in range(8)]
LONG_MS = 10_000_000
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


class BrokerMachine(RuleBasedStateMachine):
    url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        # A lease of nothing: whatever a worker holds may be taken over at once, which is the worst case.
        config = BrokerConfig(pool=f"m{uuid.uuid4().hex[:12]}", max_outstanding=CAP, lease_s=0.0)
        self.trainer, self.worker = TrainerSide(self.url, config), WorkerSide(self.url, config)
        self.do(self.trainer.__aenter__())
        self.do(self.worker.__aenter__())
        # A blocked read is let go on the server's tick, 100 ms by default: too slow for thousands of empty reads.
        self.do(self.worker.command("CONFIG", "SET", "hz", 500))
        self.keys = self.worker.keys
        self.turns = itertools.count()
        self.model = Model()
        self.held: dict[str, dict[str, Held]] = {"w0": {}, "w1": {}}
        self.cursor = "0-0"
        self.saved: tuple[dict[bytes, bytes], Model] | None = None

    def teardown(self) -> None:
        for key in self.pool_keys():
            self.do(self.worker.command("DEL", key))
        self.do(self.trainer.__aexit__(None, None, None))
        self.do(self.worker.__aexit__(None, None, None))
        self.loop.close()

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
            for delivery in self.do(self.worker.claim(wanted, "w0", count=2, block_s=0.001)):
                self.take("w0", wanted, delivery)
        hypothesis.assume(self.holders(stage))
        return data.draw(st.sampled_from(self.holders(stage)))

    def busy(self) -> list[Stage]:
        return sorted({p.stage for p in self.model.live.values() if p.stage})

    def take(self, worker: str, stage: Stage, delivery: Delivery) -> None:
        place = self.model.live[delivery.uid]
        assert place.stage == stage, f"{delivery.uid} was handed out by {stage}, and belongs to {place}"
        self.held[worker][delivery.entry] = Held(delivery, stage, place.turn)

    # ---- the trainer

    @initialize(some=st.sets(uids, min_size=2, max_size=4))
    def begin(self, some: set[str]) -> None:
        for uid in sorted(some):
            self.submit(uid, overdue=False)

    @rule(uid=uids, overdue=st.booleans())
    def submit(self, uid: str, *, overdue: bool) -> None:
        model = self.model
        answer = self.do(self.trainer.submit("run", [(uid, 0 if overdue else LONG_MS, encode(work(uid)))]))[0]
        if uid in model.done:
            assert isinstance(answer, Reward)
        elif uid in model.live:
            assert answer == OUTSTANDING
        elif len(model.live) >= CAP:
            assert answer == FULL
        else:
            assert answer == ACCEPTED
            model.live[uid] = Place("rule", next(self.turns), overdue=overdue)

    @rule(uid=uids)
    def withdraw(self, uid: str) -> None:
        self.do(self.trainer.withdraw("run", [uid]))
        self.model.done.discard(uid)
        place = self.model.live.pop(uid, None)
        if place:
            self.release(place)

    @rule(some=st.sets(uids))
    def check(self, some: set[str]) -> None:
        for uid, answer in zip(some, self.do(self.trainer.check("run", list(some))), strict=True):
            if uid in self.model.done:
                assert isinstance(answer, Reward)
            else:
                assert answer == (OUTSTANDING if uid in self.model.live else UNKNOWN)

    @rule()
    def read_and_commit(self) -> None:
        last, rewards = self.do(self.trainer.rewards("run", "c", block_s=0.001))
        read = {uid for uid, _ in rewards}
        # Every reward that the client has not committed is there to be read.
        assert self.model.done <= read
        if last:
            self.do(self.trainer.commit("run", "c", last, sorted(read)))
            self.model.done -= read

    # ---- workers

    @precondition(lambda self: self.busy())
    @rule(data=st.data(), worker=workers, count=st.integers(1, 3))
    def claim(self, data: st.DataObject, worker: str, count: int) -> None:
        stage = data.draw(st.sampled_from(self.busy()))
        for delivery in self.do(self.worker.claim(stage, worker, count=count, block_s=0.001)):
            self.take(worker, stage, delivery)

    @precondition(lambda self: self.busy())
    @rule(data=st.data(), worker=workers, count=st.integers(1, 3))
    def reclaim(self, data: st.DataObject, worker: str, count: int) -> None:
        stage = data.draw(st.sampled_from(self.busy()))
        self.cursor, taken = self.do(self.worker.reclaim(stage, worker, self.cursor, count=count))
        for delivery in taken:
            self.take(worker, stage, delivery)

    @precondition(lambda self: self.holders("rule") or "rule" in self.busy())
    @rule(data=st.data(), ckey=st.sampled_from(["k1", "k2", ""]), again=st.booleans())
    def forward(self, data: st.DataObject, ckey: str, *, again: bool) -> None:
        self.pick(data, "rule")
        for _, held in self.holders("rule"):
            self.forward_one(held, ckey)
            if again:  # the answer was lost, and the worker says it once more
                self.forward_one(held, ckey)

    def forward_one(self, held: Held, ckey: str) -> None:
        model, uid = self.model, held.delivery.uid
        answer = self.do(self.worker.forward([(held.delivery, held.delivery.work, ckey)]))[0]
        if not self.is_current(held):
            assert answer == VOID
        elif ckey in model.cached:
            assert answer == KEPT
        else:
            shares = ckey != "" and any(p.leads and p.ckey == ckey for p in model.live.values())
            assert answer == (PARKED if shares else QUEUED)
            stage: Stage | None = None if shares else "tinyv"
            leads = ckey != "" and not shares
            overdue = model.live[uid].overdue
            model.live[uid] = Place(stage, next(self.turns), ckey=ckey, leads=leads, overdue=overdue)

    @precondition(lambda self: self.holders() or self.busy())
    @rule(data=st.data(), keep=st.booleans(), again=st.booleans())
    def finish(self, data: st.DataObject, *, keep: bool, again: bool) -> None:
        worker, held = self.pick(data)
        ckey = held.delivery.ckey if keep else ""
        ending = Ending(
            delivery=held.delivery,
            reward=reward(held.delivery.uid),
            cache_field=f"{ckey}:" if ckey else "",
            verdict=KEPT if ckey else None,
        )
        won = self.settle(held.delivery.uid)
        assert self.do(self.worker.finish(held.stage, [ending])) == [won]
        if ckey:
            self.model.cached.add(ckey)
        if again:
            assert self.do(self.worker.finish(held.stage, [ending])) == [False]
        del self.held[worker][held.delivery.entry]

    @precondition(lambda self: self.holders() or self.busy())
    @rule(data=st.data())
    def bury(self, data: st.DataObject) -> None:
        worker, held = self.pick(data)
        won = self.settle(held.delivery.uid)
        assert self.do(self.worker.bury(held.stage, worker, held.delivery, reward(held.delivery.uid))) == won
        del self.held[worker][held.delivery.entry]

    @precondition(lambda self: self.holders() or self.busy())
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        worker, held = self.pick(data)
        given = self.do(self.worker.give_back(held.stage, worker, [held.delivery.entry]))
        assert given in ({0, 1} if self.is_current(held) else {0})
        if given:
            self.model.live[held.delivery.uid].turn = next(self.turns)
        del self.held[worker][held.delivery.entry]

    @precondition(lambda self: self.holders() or self.busy())
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        worker, held = self.pick(data)
        lost = self.do(self.worker.renew(held.stage, worker, [held.delivery.entry]))
        assert bool(lost) == (held.delivery.entry not in self.pending(held.stage, worker))

    def crash(self, worker: str) -> None:
        self.held[worker].clear()

    @rule(worker=workers, stage=stages, crashes=st.booleans())
    def leave(self, worker: str, stage: Stage, *, crashes: bool) -> None:
        if crashes:
            self.crash(worker)
        self.depart(worker, stage)

    def depart(self, worker: str, stage: Stage) -> None:
        before = self.pending(stage)
        self.do(self.worker.depart(stage, worker))
        assert self.pending(stage) == before

    @rule()
    def end_overdue(self) -> None:
        found = self.do(self.worker.overdue())
        assert {d.uid for d in found} == {uid for uid, p in self.model.live.items() if p.overdue}
        endings = [Ending(delivery=d, reward=reward(d.uid), held=False) for d in found]
        if endings:
            assert all(self.do(self.worker.finish("rule", endings)))
        for delivery in found:
            self.settle(delivery.uid)

    # ---- the server

    @rule(forget_scripts=st.booleans())
    def save(self, *, forget_scripts: bool) -> None:
        if forget_scripts:
            self.do(self.worker.command("SCRIPT", "FLUSH"))
        dump = {key: self.do(self.worker.command("DUMP", key)) for key in self.pool_keys()}
        self.saved = dump, copy.deepcopy(self.model)  # type: ignore[assignment]

    @precondition(lambda self: self.saved is not None)
    @rule()
    def roll_back(self) -> None:
        assert self.saved is not None
        for key in self.pool_keys():
            self.do(self.worker.command("DEL", key))
        for key, data in self.saved[0].items():
            self.do(self.worker.command("RESTORE", key, 0, data))
        self.model = copy.deepcopy(self.saved[1])

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
            return await pipe.execute()

    @invariant()
    def each_rollout_is_in_exactly_one_place(self) -> None:
        model, seen = self.model, self.do(self.look())
        live, done, parked, leaders = ({item.decode() for item in some} for some in seen[:4])
        at = {uid.decode(): place.decode() for uid, place in seen[4].items()}
        assert (live, done) == (set(model.live), model.done)
        assert not live & done
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


def test_every_rollout_is_always_in_exactly_one_place(server: EmbeddedServer) -> None:
    machine = type("BrokerMachine", (BrokerMachine,), {"url": server.url})
    bounds = settings(
        max_examples=120, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    run_state_machine_as_test(machine, settings=bounds)
