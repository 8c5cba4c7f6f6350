"""The broker's scripts against a model: whatever clients, workers and server do in whatever order, every rollout is
in exactly one of *live* (queued, leased or parked), *done* and *unknown*. Real scripts, real server.

A rollback is what a server that lost its newest writes looks like: every key of the pool goes back to an earlier dump,
while clients and workers remember what happened since.
"""

import copy
from typing import Any, cast

import hypothesis.strategies as st
import msgspec
import pytest
from broker_model import CAP, KEPT, LONG_MS, Held, ModelledBroker, Place, reward, stages, uids, work, workers
from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, precondition, rule, run_state_machine_as_test

from tinyv_stream.broker.messages import encode
from tinyv_stream.broker.trainer import ACCEPTED, FULL, OUTSTANDING, UNKNOWN
from tinyv_stream.broker.worker import PARKED, QUEUED, REJECTED, Ending
from tinyv_stream.testing import EmbeddedServer
from tinyv_stream.types import Reward, Stage


class BrokerMachine(ModelledBroker):
    # ---- the trainer

    @initialize(some=st.sets(uids, min_size=2, max_size=4))
    def begin(self, some: set[str]) -> None:
        for uid in sorted(some):
            self.submit(uid, overdue=False)

    @rule(uid=uids, overdue=st.booleans())
    def submit(self, uid: str, *, overdue: bool) -> None:
        self.submit_body(uid, encode(work(uid)), overdue=overdue)

    @rule(uid=uids, overdue=st.booleans())
    def submit_what_no_worker_can_read(self, uid: str, *, overdue: bool) -> None:
        """As a newer client does, in a pool whose workers are older."""
        self.submit_body(uid, b"\x81\xa1t\xa2w9", overdue=overdue, readable=False)

    @rule(uid=uids)
    def a_submit_arrives_after_its_withdrawal(self, uid: str) -> None:
        """The network held it back: nobody waits for it any more, and it ends all the same."""
        self.withdraw(uid)
        self.submit(uid, overdue=False)

    def submit_body(self, uid: str, body: bytes, *, overdue: bool, readable: bool = True) -> None:
        model = self.model
        answer = self.do(self.trainer.submit("run", [(uid, 0 if overdue else LONG_MS, body)]))[0]
        if uid in model.done:
            assert isinstance(answer, Reward)
        elif uid in model.live:
            assert answer == OUTSTANDING
        elif len(model.live) >= CAP:
            assert answer == FULL
        else:
            assert answer == ACCEPTED
            model.live[uid] = Place("rule", next(self.turns), overdue=overdue, readable=readable)

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
        self.claim_some(data.draw(st.sampled_from(self.busy())), worker, count)

    @precondition(lambda self: self.busy())
    @rule(data=st.data(), worker=workers, count=st.integers(1, 3))
    def reclaim(self, data: st.DataObject, worker: str, count: int) -> None:
        stage = data.draw(st.sampled_from(self.busy()))
        self.cursor, taken = self.do(self.worker.reclaim(stage, worker, self.cursor, count=count))
        for delivery in taken:
            self.take(worker, stage, delivery)
        self.discarded()

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
            assert answer == REJECTED
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
    def dead_letter(self, data: st.DataObject) -> None:
        worker, held = self.pick(data)
        won = self.settle(held.delivery.uid)
        assert self.do(self.worker.dead_letter(held.stage, worker, held.delivery, reward(held.delivery.uid))) == won
        del self.held[worker][held.delivery.entry]

    @precondition(lambda self: self.holders() or self.busy())
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        worker, held = self.pick(data)
        given = self.do(self.worker.give_back(held.stage, worker, [held.delivery]))
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

    @precondition(lambda self: self.holders() or self.busy())
    @rule(data=st.data(), deliveries=st.integers(1, 4))
    def start(self, data: st.DataObject, deliveries: int) -> None:
        """A quarantined delivery's turn has come: it is counted, if it is still this worker's."""
        worker, held = self.pick(data)
        entry = held.delivery.entry
        mine = entry in self.pending(held.stage, worker)
        delivery = msgspec.structs.replace(held.delivery, delivery_count=deliveries, before=0)
        assert self.do(self.worker.start(held.stage, worker, delivery)) == mine
        assert (entry in self.pending(held.stage, worker)) == mine
        if mine:
            find = self.worker.redis.xpending_range(self.keys.queue(held.stage), "w", entry, entry, 1)
            assert cast("list[Any]", self.do(find))[0]["times_delivered"] == deliveries

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
        found = self.do(self.worker.overdue("w0"))
        unread = {uid for uid, p in self.model.live.items() if p.overdue and not p.readable}
        self.discarded()
        assert not unread & set(self.model.live), "overdue work that cannot be read is still there"
        overdue = {uid for uid, p in self.model.live.items() if p.overdue and p.readable}
        assert {d.uid for d in found} == overdue
        endings = [Ending(delivery=d, reward=reward(d.uid), held=False) for d in found]
        if endings:
            assert all(self.do(self.worker.finish("rule", endings)))
        for delivery in found:
            self.settle(delivery.uid)

    # ---- the operator

    @precondition(lambda self: self.letters())
    @rule(data=st.data(), again=st.booleans())
    def revive(self, data: st.DataObject, *, again: bool) -> None:
        letter = data.draw(st.sampled_from(self.letters()))
        model, uid = self.model, letter.uid
        may = letter.work is not None and uid not in model.live
        assert self.do(self.operator.revive(letter, client_id="c", deadline_s=1000.0)) == may
        if may:
            # The reward of its first life is not kept beside the one to come.
            model.done.discard(uid)
            model.live[uid] = Place(cast("Stage", letter.stage), next(self.turns))
            if again:
                assert not self.do(self.operator.revive(letter, client_id="c", deadline_s=1000.0))

    # ---- the server

    @rule(forget_scripts=st.booleans())
    def save(self, *, forget_scripts: bool) -> None:
        if forget_scripts:
            self.do(self.worker.command("SCRIPT", "FLUSH"))
        dump = {
            key: (self.do(self.worker.command("DUMP", key)), self.do(self.worker.command("PTTL", key)))
            for key in self.pool_keys()
        }
        self.saved = dump, copy.deepcopy(self.model)  # type: ignore[assignment]

    @precondition(lambda self: self.saved is not None)
    @rule()
    def roll_back(self) -> None:
        assert self.saved is not None
        for key in self.pool_keys():
            self.do(self.worker.command("DEL", key))
        for key, (data, ttl_ms) in self.saved[0].items():
            self.do(self.worker.command("RESTORE", key, max(0, ttl_ms), data))
        self.model = copy.deepcopy(self.saved[1])


@pytest.mark.timeout(900)  # a failure is shrunk before it is told
def test_every_rollout_is_always_in_exactly_one_place(server: EmbeddedServer) -> None:
    machine = type("BrokerMachine", (BrokerMachine,), {"url": server.url})
    bounds = settings(
        max_examples=120, stateful_step_count=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )
    run_state_machine_as_test(machine, settings=bounds)
