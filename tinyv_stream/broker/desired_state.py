"""Desired state of the pool's TinyV workers: which model, asleep or awake. One for all, kept with the pool.

- It is a state to reach, not an event: a worker that starts, or missed a change, reads it and applies it.
- Every step is one script. Setting it twice gives a newer number; all others may run twice.
- Nobody leads: a worker that cannot apply it refuses, and that sets the model before it for everyone.
"""

from typing import Final, cast

import msgspec

from tinyv_stream.broker.shard import ShardClient

REFUSED: Final = 1
NO_WAY_BACK: Final = 2


class DesiredState(msgspec.Struct, frozen=True, kw_only=True):
    """What holds now. Number 0: nothing was ever set."""

    number: int = 0
    model: str = ""
    """Empty: what each worker was configured to run."""
    revision: str = ""
    over: tuple[str, ...] = ()
    """Configured models that it replaces; a worker started with another setting was configured later."""
    is_proven: bool = True
    """A worker has run it."""
    asleep_s: float = 0.0
    """How much longer the workers are to sleep; 0: they are awake."""
    refused: int = 0
    """Number of the last state that was refused."""
    refused_by: str = ""
    reason: str = ""

    @property
    def is_way_back(self) -> bool:
        """It stands in for one that was refused."""
        return 0 < self.refused == self.number - 1

    def is_for(self, configured: str) -> bool:
        """Tell whether it names the model of a worker with this setting.

        One that was configured later goes back to its own.
        """
        return bool(self.model) and (configured in self.over or not self.is_way_back)


async def read_desired(link: ShardClient) -> DesiredState:
    """Return what holds now."""
    number, model, revision, over, proven, left_ms, refused, who, why = cast(
        "tuple[bytes, bytes, bytes, bytes, bytes, int, bytes, bytes, bytes]", await link.script("read_desired", [])
    )
    return DesiredState(
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


async def set_desired(link: ShardClient, model: str, revision: str, over: set[str]) -> int:
    """Set a model; return the number of the desired state."""
    return cast("int", await link.script("set_desired", [model, revision, _names(over)]))


async def record_applied(link: ShardClient, desired: DesiredState) -> None:
    """Record that a worker runs `desired`; a server that lost it learns it again."""
    await link.script("apply", [desired.number, desired.model, desired.revision, _names(desired.over)])


async def refuse(link: ShardClient, number: int, who: str, reason: str, *, only_new: bool = False) -> int:
    """Set the model before in place of state `number`: REFUSED, NO_WAY_BACK, or 0 if another state holds by now.

    `only_new` leaves a state as it is that a worker runs already.
    """
    return cast("int", await link.script("refuse", [number, who, reason, int(only_new)]))


async def set_sleep(link: ShardClient, at_most_s: float) -> None:
    """Let the TinyV workers sleep; 0 wakes them. They wake by themselves after `at_most_s`."""
    await link.script("sleep", [max(0, int(at_most_s * 1000))])


def _names(names: set[str] | tuple[str, ...]) -> bytes:
    return msgspec.json.encode(sorted(names))
