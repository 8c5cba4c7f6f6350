"""The ledger hands out each reward once, and does not grow with what is over."""

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tinyv_stream.client import ledger as module
from tinyv_stream.client.ledger import Ledger, LedgerEntry
from tinyv_stream.client.ticket import Ticket
from tinyv_stream.types import Reward, Source, Status


def entry(n: int, *, group: str = "", deadline: float = 100.0) -> LedgerEntry:
    async def cancel(_: str) -> None: ...

    ticket = Ticket(f"r{n}", group, cancel)
    return LedgerEntry(uid=f"run/r{n}", body=b"", ticket=ticket, submitted=0.0, deadline=deadline)


def reward(n: int) -> Reward:
    return Reward(rollout_id=f"r{n}", value=1.0, status=Status.OK, source=Source.RULE)


async def test_a_second_reward_is_dropped_and_the_first_stays() -> None:
    ledger = Ledger()
    first = entry(1)
    ledger.add(first, group_size=1)
    settled = ledger.settle(reward(1), now=2.5)
    assert settled is not None and settled.timings.total_s == 2.5
    assert ledger.settle(reward(1), now=3.0) is None
    assert (await first.ticket).timings.total_s == 2.5


async def test_an_overdue_rollout_is_named_once_and_a_rewarded_one_never() -> None:
    ledger = Ledger()
    for n in range(3):
        ledger.add(entry(n, deadline=float(n)), group_size=1)
    ledger.settle(reward(0), now=0.0)
    assert [e.ticket.rollout_id for e in ledger.overdue(1.5)] == ["r1"]
    assert ledger.overdue(1.5) == []


async def test_what_is_over_does_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_GROUPS", 10)
    ledger = Ledger()
    for n in range(5000):
        ledger.add(entry(n, group=f"g{n}"), group_size=8)
        ledger.settle(reward(n), now=0.0)
    assert len(ledger) == 0
    assert len(ledger._groups) == len(ledger._idle) == 10
    assert len(ledger._deadlines) <= module._SLACK + 2


class LedgerMachine(RuleBasedStateMachine):
    """Submit, reward, drop and expire in any order, against a plain set of what is open."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.ledger = Ledger()
        self.open: set[int] = set()
        self.members: dict[int, set[int]] = {0: set(), 1: set(), 2: set()}

    def teardown(self) -> None:
        self.loop.close()

    def made(self, n: int, deadline: float = 0.0) -> LedgerEntry:
        async def make() -> LedgerEntry:
            return entry(n, deadline=deadline, group=f"g{n % 3}")

        return self.loop.run_until_complete(make())

    @rule(n=st.integers(0, 9), deadline=st.floats(0, 10))
    def submit(self, n: int, deadline: float) -> None:
        if n in self.open:
            with pytest.raises(ValueError, match="rollout_id"):
                self.ledger.add(self.made(n), group_size=3)
            return
        members = self.members[n % 3]
        if n not in members and len(members) == 3:
            with pytest.raises(ValueError, match="has all its 3 members"):
                self.ledger.add(self.made(n), group_size=3)
            return
        self.ledger.add(self.made(n, deadline), group_size=3)
        self.open.add(n)
        members.add(n)

    @rule(n=st.integers(0, 9))
    def settle(self, n: int) -> None:
        assert (self.ledger.settle(reward(n), now=0.0) is not None) == (n in self.open)
        self.open.discard(n)

    @rule(n=st.integers(0, 9))
    def drop(self, n: int) -> None:
        assert (self.ledger.drop(f"r{n}") is not None) == (n in self.open)
        if n in self.open:
            self.members[n % 3].discard(n)
        self.open.discard(n)

    @rule(now=st.floats(0, 10))
    def expire(self, now: float) -> None:
        assert {e.ticket.rollout_id for e in self.ledger.overdue(now)} <= {f"r{n}" for n in self.open}

    @invariant()
    def knows_exactly_what_is_open(self) -> None:
        assert {e.ticket.rollout_id for e in self.ledger.entries()} == {f"r{n}" for n in self.open}


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
