"""The deliveries that one worker holds: which may run, are quarantined or dead, and how much room is left.

- A delivery is in flight from its admission until its release, once, whoever runs it; so a lapsed lease that comes
  back to its own holder runs no second time.
- A quarantined delivery was handed out so often that it may be what ends its workers: it runs alone. What arrives
  while one runs is quarantined too, however rarely it was handed out.
- A delivery over the limit is dead: it is in flight until its dead letter is written, and never runs.
- What is in flight and what is set aside fit into the slots: a delivery beyond them is refused at its admission,
  whichever claims and take-overs overlap. Only a verifier that changes to one of fewer slots leaves more in flight.
- Claims leave a slot to each take-over that waits for room, or a worker that is always busy would never take over
  what another left.

Nothing is run, awaited or sent to a broker here: each method takes the facts of the moment and decides.
"""

from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from enum import Enum, auto

from tinyv_stream.broker.worker import Delivery, Lease
from tinyv_stream.config import BrokerConfig


class Admission(Enum):
    """What becomes of a delivery that arrives."""

    RUN = auto()
    QUARANTINED = auto()
    """It waits for `next_quarantined`."""
    DEAD = auto()
    """It is to be written as a dead letter, and then released."""
    IN_FLIGHT = auto()
    """It was admitted before, and nothing is to be done."""
    NO_ROOM = auto()
    """It is not held, and is to be given back."""


class InFlight:
    """The deliveries in flight, of a worker whose slots are an argument of each question."""

    def __init__(self, limits: BrokerConfig) -> None:
        self._limits = limits
        self._deliveries: dict[Lease, Delivery] = {}
        self._quarantine: deque[Delivery] = deque()
        self._set_aside = 0
        self._take_overs_waiting = 0
        self._isolated = False

    def __len__(self) -> int:
        """Return how many are in flight, those in quarantine and the dead among them."""
        return len(self._deliveries)

    def leases(self) -> list[Lease]:
        """Return what is in flight, oldest first. Safe to call from another thread."""
        return list(self._deliveries)

    def deliveries(self) -> list[Delivery]:
        """Return what is in flight, oldest first."""
        return list(self._deliveries.values())

    def free(self, slots: int) -> int:
        """Return the room that nothing in flight has, and no claim under way may fill; below 0 if they became fewer."""
        return slots - len(self._deliveries) - self._set_aside

    def claimable(self, slots: int) -> int:
        """Return how many a claim may ask for: what is free, less a slot for each take-over that waits for one."""
        return max(0, self.free(slots) - self._take_overs_waiting)

    def is_worth_a_claim(self, slots: int) -> bool:
        """Tell whether to claim: a claim for one freed slot costs as much as one for many, so a few are waited for."""
        return self.claimable(slots) >= max(1, slots // 8)

    def share(self, slots: int, shards: int) -> int:
        """Return how many one shard may be asked for: a silent one keeps what it is asked for until the time-out."""
        return min(self.claimable(slots), slots // shards)

    def set_aside(self, count: int) -> None:
        """Keep room for a claim that is under way; a negative count frees it."""
        self._set_aside += count

    @contextmanager
    def waiting_to_take_over(self) -> Generator[None]:
        """Let claims leave one slot, as long as a take-over waits for it."""
        self._take_overs_waiting += 1
        try:
            yield
        finally:
            self._take_overs_waiting -= 1

    def room_to_take_over(self, slots: int, shards: int) -> int:
        """Return how many lapsed deliveries may be taken over from one shard, of which every one is swept by itself.

        0 while a quarantined delivery is to be alone, however much room there is.
        """
        free = self.free(slots)
        return 0 if self._isolated or free < 1 else max(1, free // shards)

    def admit(self, delivery: Delivery, slots: int) -> Admission:
        """Hold a delivery, new or taken over, if there is room for it; say what is to be done with it."""
        if delivery.lease in self._deliveries:
            return Admission.IN_FLIGHT  # our own, after a pause longer than the lease
        if self.free(slots) < 1:
            return Admission.NO_ROOM
        self._deliveries[delivery.lease] = delivery
        if delivery.delivery_count > self._limits.max_deliveries:
            return Admission.DEAD
        if delivery.delivery_count >= self._limits.isolate_from_delivery or self._isolated:
            self._quarantine.append(delivery)
            return Admission.QUARANTINED
        return Admission.RUN

    def release(self, delivery: Delivery) -> None:
        """Hold a delivery no more; it may be admitted again."""
        self._deliveries.pop(delivery.lease, None)

    @property
    def has_quarantined(self) -> bool:
        """A delivery waits to run alone."""
        return bool(self._quarantine)

    @property
    def is_isolated(self) -> bool:
        """Nothing may begin but the next quarantined delivery."""
        return self._isolated

    def isolate(self) -> None:
        """Let nothing begin from here on, so that what runs comes to its end."""
        self._isolated = True

    def next_quarantined(self, *, running: int) -> Delivery | None:
        """Return the delivery to run alone now, the one that has waited longest; None while anything runs."""
        if running or not self._isolated or not self._quarantine:
            return None
        return self._quarantine.popleft()

    def end_isolation(self) -> None:
        """Let deliveries run beside each other again."""
        self._isolated = False
