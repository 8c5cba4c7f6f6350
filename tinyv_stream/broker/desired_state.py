"""Desired state of the pool's TinyV workers: which model, asleep or awake. One order for all, kept with the pool.

- An order is a state to reach, not an event: a worker that starts, or missed one, reads it and follows.
- Every step is one script. Giving an order twice gives a newer number; all others may run twice.
- Nobody leads: a worker that cannot follow refuses, and that orders the model before for everyone.
"""

from typing import Final, cast

import msgspec

from tinyv_stream.broker.shard import Link

REFUSED: Final = 1
NO_WAY_BACK: Final = 2


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What holds now. Number 0: nothing was ever ordered."""

    number: int = 0
    model: str = ""
    """Empty: what each worker was configured to run."""
    revision: str = ""
    over: tuple[str, ...] = ()
    """Configured models that it replaces; a worker started with another setting was given a newer word."""
    is_proven: bool = True
    """A worker has run it."""
    asleep_s: float = 0.0
    """How much longer the workers are to sleep; 0: they are awake."""
    refused: int = 0
    """Number of the last order that was refused."""
    refused_by: str = ""
    reason: str = ""

    @property
    def is_way_back(self) -> bool:
        """It stands in for an order that was refused."""
        return 0 < self.refused == self.number - 1

    def is_for(self, configured: str) -> bool:
        """Tell whether it names the model of a worker with this setting.

        One that had a newer word of its own goes back to that.
        """
        return bool(self.model) and (configured in self.over or not self.is_way_back)


async def read_order(link: Link) -> Order:
    """Return what holds now."""
    number, model, revision, over, proven, left_ms, refused, who, why = cast(
        "tuple[bytes, bytes, bytes, bytes, bytes, int, bytes, bytes, bytes]", await link.script("read_desired", [])
    )
    return Order(
        number=int(number or 0),
        model=model.decode(),
        revision=revision.decode(),
        over=tuple(msgspec.json.decode(over or b"[]", type=list[str])),
        is_proven=proven != b"0",
        asleep_s=left_ms / 1000,
        refused=int(refused or 0),
        refused_by=who.decode(),
        reason=why.decode(),
    )


async def give_order(link: Link, model: str, revision: str, over: set[str]) -> int:
    """Order a model; return the order's number."""
    return cast("int", await link.script("set_desired", [model, revision, _names(over)]))


async def apply_order(link: Link, order: Order) -> None:
    """Say that a worker runs `order`; a server that lost it learns it again."""
    await link.script("apply", [order.number, order.model, order.revision, _names(order.over)])


async def refuse(link: Link, number: int, who: str, reason: str, *, only_new: bool = False) -> int:
    """Order the model before in place of order `number`: REFUSED, NO_WAY_BACK, or 0 if another order holds by now.

    `only_new` leaves an order alone that a worker runs already.
    """
    return cast("int", await link.script("refuse", [number, who, reason, int(only_new)]))


async def order_sleep(link: Link, at_most_s: float) -> None:
    """Let the TinyV workers sleep; 0 wakes them. They wake by themselves after `at_most_s`."""
    await link.script("sleep", [max(0, int(at_most_s * 1000))])


def _names(names: set[str] | tuple[str, ...]) -> bytes:
    return msgspec.json.encode(sorted(names))
