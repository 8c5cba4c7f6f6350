"""Classes of the actors on a Ray cluster: a seat, and the keeper of a pool.

Ray runs an actor with any coroutine method on one event loop, where a call that waits holds up all others. These have
none: each call has a thread, and what runs for long has a loop of its own.
"""

import logging

from tinyv_stream.scale.keeper import Keeper
from tinyv_stream.scale.seat import Seat
from tinyv_stream.types import Stage

_FORM = "%(asctime)s %(levelname)s %(name)s %(message)s"


class SeatActor:
    """One worker."""

    def __init__(self, plan: bytes, stage: Stage, number: int, device: str | None) -> None:
        from tinyv_stream.scale.cluster import own_node

        logging.basicConfig(level=logging.INFO, format=_FORM)
        self._seat = Seat(plan, stage, number, device=device, node=own_node())

    def about(self) -> bytes:
        """Return a SeatView as JSON."""
        return self._seat.about()

    def drain(self) -> None:
        """Return when the worker has finished and is gone."""
        self._seat.drain()


class KeeperActor:
    """One pool's."""

    def __init__(self, plan: bytes) -> None:
        logging.basicConfig(level=logging.INFO, format=_FORM)
        self._keeper = Keeper(plan)

    def set_plan(self, plan: bytes, counts: dict[Stage, int]) -> None:
        """Go by another plan and these counts from now on."""
        self._keeper.set_plan(plan, counts)

    def rest(self) -> None:
        """Want no seat any more."""
        self._keeper.rest()

    def status(self) -> bytes:
        """Return a RayStatus as JSON."""
        return self._keeper.status()
