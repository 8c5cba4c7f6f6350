"""What a worker may run, holds and has room for, decided without a broker."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tinyv_stream_workers.inflight import Admission, InFlight

from tinyv_stream.broker.messages import Work
from tinyv_stream.broker.worker import Delivery, Lease
from tinyv_stream.config import BrokerConfig

LIMITS = BrokerConfig(isolate_from_delivery=3, max_deliveries=4)
WORK = Work(run_id="r", client_id="c", rollout_id="1", question="q", ground_truth="1")
SLOTS, SHARDS = 4, 2


def delivery(n: int, count: int = 1) -> Delivery:
    return Delivery(entry=f"{n}-0", uid=f"r{n}", work=WORK, delivery_count=count, shard=n % SHARDS)


@pytest.fixture
def inflight() -> InFlight:
    return InFlight(LIMITS)


@pytest.mark.parametrize(
    ("count", "admission"),
    [
        (1, Admission.RUN),
        (2, Admission.RUN),
        (3, Admission.QUARANTINED),
        (4, Admission.QUARANTINED),
        (5, Admission.DEAD),
    ],
)
def test_how_often_it_was_handed_out_decides(inflight: InFlight, count: int, admission: Admission) -> None:
    assert inflight.admit(delivery(0, count), SLOTS) is admission
    assert inflight.leases() == [delivery(0).lease]
    assert inflight.has_quarantined == (admission is Admission.QUARANTINED)


def test_equal_entries_of_two_shards_are_two_deliveries(inflight: InFlight) -> None:
    here, there = (Delivery(entry="1-0", uid=f"r{shard}", work=WORK, shard=shard) for shard in (0, 1))
    assert [inflight.admit(here, SLOTS), inflight.admit(there, SLOTS)] == [Admission.RUN] * 2
    assert inflight.leases() == [(0, "1-0"), (1, "1-0")]


@pytest.mark.parametrize("again", [1, 3, 5])
def test_what_comes_back_to_its_own_holder_changes_nothing(inflight: InFlight, again: int) -> None:
    inflight.admit(delivery(0), SLOTS)
    assert inflight.admit(delivery(0, again), SLOTS) is Admission.IN_FLIGHT
    assert len(inflight) == 1
    assert not inflight.has_quarantined


def test_a_released_delivery_may_be_admitted_again(inflight: InFlight) -> None:
    inflight.admit(delivery(0), SLOTS)
    inflight.release(delivery(0))
    inflight.release(delivery(0))
    assert inflight.leases() == []
    assert inflight.admit(delivery(0, 2), SLOTS) is Admission.RUN


def test_quarantine_waits_for_what_runs_and_keeps_its_order(inflight: InFlight) -> None:
    first, second = delivery(1, 3), delivery(2, 4)
    for one in (delivery(0), first, second):
        inflight.admit(one, SLOTS)
    assert inflight.next_quarantined(running=0) is None, "nothing holds neighbours off yet"
    inflight.isolate()
    assert inflight.next_quarantined(running=1) is None
    assert inflight.next_quarantined(running=0) == first
    assert inflight.next_quarantined(running=0) == second
    assert inflight.next_quarantined(running=0) is None
    assert len(inflight) == 3, "they are in flight until they are released"


def test_what_arrives_during_an_isolation_runs_alone_after_it(inflight: InFlight) -> None:
    inflight.isolate()
    assert inflight.is_isolated
    assert inflight.admit(delivery(0), SLOTS) is Admission.QUARANTINED
    assert inflight.admit(delivery(1, 5), SLOTS) is Admission.DEAD
    inflight.end_isolation()
    assert inflight.admit(delivery(2), SLOTS) is Admission.RUN
    assert inflight.has_quarantined


def test_a_claim_waits_for_an_eighth_of_the_slots(inflight: InFlight) -> None:
    for n in range(15):
        inflight.admit(delivery(n), 16)
    assert not inflight.is_worth_a_claim(16)
    inflight.release(delivery(0))
    assert inflight.is_worth_a_claim(16)
    assert InFlight(LIMITS).is_worth_a_claim(1), "one slot of few is enough"


def test_what_is_set_aside_is_nobodys_until_it_is_freed(inflight: InFlight) -> None:
    assert inflight.share(8, 2) == 4
    inflight.set_aside(6)
    assert (inflight.free(8), inflight.share(8, 2), inflight.room_to_take_over(8, 2)) == (2, 2, 1)
    inflight.set_aside(-6)
    assert inflight.free(8) == 8


def test_a_full_worker_takes_nothing_over_and_gives_back_what_arrives(inflight: InFlight) -> None:
    for n in range(4):
        inflight.admit(delivery(n), SLOTS)
    assert (inflight.free(4), inflight.share(4, 1), inflight.room_to_take_over(4, 1)) == (0, 0, 0)
    assert inflight.admit(delivery(4, 2), SLOTS) is Admission.NO_ROOM
    assert delivery(4).lease not in inflight.leases()
    inflight.release(delivery(0))
    inflight.set_aside(1)
    assert inflight.admit(delivery(4, 2), SLOTS) is Admission.NO_ROOM, "the room is another claim's"
    assert inflight.admit(delivery(1), SLOTS) is Admission.IN_FLIGHT, "its own needs no room"


def test_claims_leave_a_slot_to_each_take_over_that_waits(inflight: InFlight) -> None:
    with inflight.waiting_to_take_over():
        with inflight.waiting_to_take_over():
            assert (inflight.claimable(8), inflight.share(8, 1), inflight.free(8)) == (6, 6, 8)
            assert not inflight.is_worth_a_claim(2)
        assert inflight.claimable(8) == 7
    assert inflight.claimable(8) == 8


def test_each_shard_may_hand_over_its_part_of_the_room(inflight: InFlight) -> None:
    assert [inflight.room_to_take_over(8, shards) for shards in (1, 2, 3, 16)] == [8, 4, 2, 1]
    inflight.isolate()
    assert inflight.room_to_take_over(8, 1) == 0


def test_fewer_slots_than_deliveries_leave_no_room(inflight: InFlight) -> None:
    """The verifier was changed to one that has fewer."""
    for n in range(4):
        inflight.admit(delivery(n), SLOTS)
    assert (inflight.free(2), inflight.share(2, 1), inflight.room_to_take_over(2, 1)) == (-2, 0, 0)


class InFlightMachine(RuleBasedStateMachine):
    """A worker that claims, takes over, runs and releases in any order, against plain sets of what it does."""

    def __init__(self) -> None:
        super().__init__()
        self.inflight = InFlight(LIMITS)
        self.running: dict[Lease, Delivery] = {}
        self.waiting: dict[Lease, Delivery] = {}
        self.dead: dict[Lease, Delivery] = {}
        self.alone: Lease | None = None
        self.claims: list[int] = []
        """What each claim and each take-over under way may bring, set aside: at most one of both per shard."""
        self.slots = SLOTS
        self.overfull = 0
        """How many more were in flight than there are slots when these became fewer, less what ended since."""
        self.made = 0

    def held(self) -> list[Lease]:
        return [*self.running, *self.waiting, *self.dead]

    def receive(self, count: int) -> Admission:
        self.made += 1
        new, free = delivery(self.made, count), self.inflight.free(self.slots)
        match admission := self.inflight.admit(new, self.slots):
            case Admission.RUN:
                self.running[new.lease] = new
            case Admission.QUARANTINED:
                self.waiting[new.lease] = new
            case Admission.DEAD:
                self.dead[new.lease] = new
            case Admission.NO_ROOM:
                pass
            case Admission.IN_FLIGHT:
                pytest.fail("it was not in flight")
        assert (admission is Admission.NO_ROOM) == (free < 1)
        return admission

    @precondition(lambda self: len(self.claims) < 2 * SHARDS)
    @rule()
    def begin_a_claim(self) -> None:
        self.claims.append(self.inflight.share(self.slots, SHARDS))
        self.inflight.set_aside(self.claims[-1])

    @precondition(lambda self: len(self.claims) < 2 * SHARDS)
    @rule()
    def begin_a_take_over(self) -> None:
        self.claims.append(self.inflight.room_to_take_over(self.slots, SHARDS))
        self.inflight.set_aside(self.claims[-1])

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), counts=st.lists(st.integers(1, 6), max_size=SLOTS))
    def end_a_claim_or_take_over(self, data: st.DataObject, counts: list[int]) -> None:
        most = self.claims.pop(data.draw(st.integers(0, len(self.claims) - 1)))
        fits = self.inflight.free(self.slots) >= 0
        self.inflight.set_aside(-most)
        admitted = [self.receive(count) for count in counts[:most]]
        assert not fits or Admission.NO_ROOM not in admitted, "what was set aside for it is its own"

    @rule(counts=st.lists(st.integers(1, 6), max_size=SHARDS))
    def receive_what_nothing_was_set_aside_for(self, counts: list[int]) -> None:
        for count in counts:
            self.receive(count)

    @rule(slots=st.integers(1, SLOTS + 2))
    def change_the_verifier(self, slots: int) -> None:
        self.slots = slots
        self.overfull = max(0, -self.inflight.free(slots))

    @precondition(lambda self: self.held())
    @rule(data=st.data(), count=st.integers(1, 6))
    def lapse_and_come_back(self, data: st.DataObject, count: int) -> None:
        shard, entry = data.draw(st.sampled_from(self.held()))
        again = Delivery(entry=entry, uid="again", work=WORK, delivery_count=count, shard=shard)
        assert self.inflight.admit(again, self.slots) is Admission.IN_FLIGHT

    @precondition(lambda self: self.inflight.has_quarantined)
    @rule()
    def isolate(self) -> None:
        self.inflight.isolate()

    @precondition(lambda self: self.inflight.is_isolated and self.alone is None)
    @rule()
    def run_the_next_alone(self) -> None:
        found = self.inflight.next_quarantined(running=len(self.running))
        assert (found is None) == bool(self.running or not self.waiting)
        if found:
            self.running[found.lease] = self.waiting.pop(found.lease)
            self.alone = found.lease

    @precondition(lambda self: self.running or self.dead)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        lease = data.draw(st.sampled_from([*self.running, *self.dead]))
        free = self.inflight.free(self.slots)
        self.inflight.release(self.running.pop(lease, None) or self.dead.pop(lease))
        assert self.inflight.free(self.slots) == free + 1
        if lease == self.alone:
            self.alone = None
            self.inflight.end_isolation()

    @invariant()
    def everything_is_in_flight_once(self) -> None:
        leases = self.inflight.leases()
        assert len(leases) == len(set(leases)) == len(self.inflight)
        assert set(leases) == set(self.held())

    @invariant()
    def it_is_never_over_capacity(self) -> None:
        self.overfull = min(self.overfull, max(0, -self.inflight.free(self.slots)))
        assert len(self.inflight) + sum(self.claims) <= self.slots + self.overfull
        assert 0 <= self.inflight.share(self.slots, SHARDS) <= max(0, self.inflight.free(self.slots))
        assert 0 <= self.inflight.room_to_take_over(self.slots, SHARDS) <= max(0, self.inflight.free(self.slots))

    @invariant()
    def the_quarantined_run_alone(self) -> None:
        assert self.alone is None or list(self.running) == [self.alone]
        often = [d for d in self.running.values() if d.delivery_count >= LIMITS.isolate_from_delivery]
        assert not often or len(self.running) == 1

    @invariant()
    def the_dead_are_over_the_limit_and_never_run(self) -> None:
        assert all(d.delivery_count > LIMITS.max_deliveries for d in self.dead.values())
        assert all(d.delivery_count <= LIMITS.max_deliveries for d in [*self.running.values(), *self.waiting.values()])


TestInFlightMachine = InFlightMachine.TestCase
