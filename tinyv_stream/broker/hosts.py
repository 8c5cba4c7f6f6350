"""Hosts of a pool as its broker knows them: which are to be drained, and how many workers a place is to have.

- A mark stands until it is taken away: programs of the host that start again find it, and so does a later `join`.
- Marks are numbered over the whole pool, so that of two changes made upon one look the second is refused.
- A server that lost a mark learns it again from the host that goes by it.
- A wanted count belongs to a place: a host, or whatever else starts workers, such as a Ray cluster. Nothing here
  starts any; whoever does reads it again after a restart of its own.
"""

from collections.abc import Mapping
from typing import Final, cast

import msgspec

from tinyv_stream.broker.settings import whoami
from tinyv_stream.broker.shard import ShardClient
from tinyv_stream.types import STAGES, Stage

_DRAIN: Final = "drain:"
_LEFT: Final = "left:"


class DrainMark(msgspec.Struct, frozen=True, kw_only=True):
    """What was last said of one host."""

    host: str
    number: int
    """Grows over the pool with each change."""
    is_draining: bool
    at_ms: int
    """When, in the pool's time."""
    by: str
    """Host and process that said so."""

    def wire(self) -> str:
        """Return it as the broker keeps it."""
        return f"{self.number} {int(self.is_draining)} {self.at_ms} {self.by}"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """How many workers of one stage a place is to have."""

    least: int
    most: int
    count: int
    """What is wanted now, from `least` to `most`."""


class HostBook(msgspec.Struct, frozen=True, kw_only=True):
    """All that is kept of hosts and places, at one moment."""

    now_ms: int
    """The pool's time."""
    changes: int
    """Number of the last drain or undrain."""
    marks: dict[str, DrainMark]
    """By host; one that was drained once and works again is in it."""
    wanted: dict[str, dict[Stage, Wanted]]
    """By place, then stage."""
    left: dict[str, set[Stage]] = {}
    """Stages of workers that left a host in the last ten minutes, by host: it may be between two of them."""

    @property
    def draining(self) -> set[str]:
        """Names of the hosts that are to be drained, or are."""
        return {host for host, mark in self.marks.items() if mark.is_draining}


async def read_hosts(link: ShardClient) -> HostBook:
    """Return what is kept; `link` is one of the pool's first shard. What cannot be read is left out."""
    now, changes, *pairs = cast("list[bytes]", await link.script("read_hosts", []))
    marks: dict[str, DrainMark] = {}
    wanted: dict[str, dict[Stage, Wanted]] = {}
    left: dict[str, set[Stage]] = {}
    for raw_name, value in zip(pairs[::2], pairs[1::2], strict=True):
        name = raw_name.decode("utf-8", "replace")
        if name.startswith(_DRAIN):
            mark = _mark(name.removeprefix(_DRAIN), value)
            marks |= {mark.host: mark} if mark else {}
            continue
        _, stage, place = name.split(":", 2)
        if name.startswith(_LEFT):
            left.setdefault(place, set()).update(one for one in STAGES if one == stage)
            continue
        counts = _counts(value)
        if stage in STAGES and counts:
            wanted.setdefault(place, {})[stage] = counts
    return HostBook(now_ms=int(now), changes=int(changes), marks=marks, wanted=wanted, left=left)


async def set_drain(link: ShardClient, host: str, *, is_draining: bool, changes: int | None = None) -> int:
    """Mark a host; return the number of the change, 0 (and nothing done) where another change came after `changes`.

    None: whatever came after. Raises BrokerError, after which the mark may stand.
    """
    known = "" if changes is None else changes
    return cast("int", await link.script("set_drain", [host, int(is_draining), whoami(), known]))


async def read_mark(link: ShardClient, host: str) -> DrainMark | None:
    """Return what was last said of a host; None where nothing was, or it cannot be read."""
    return _mark(host, cast("bytes | None", await link.command("HGET", link.keys.meta, _DRAIN + host)) or b"")


async def keep_mark(link: ShardClient, mark: DrainMark) -> DrainMark | None:
    """Write `mark` back where the server knows only an older one or none; return the mark that then holds."""
    answer = await link.script("keep_drain", [mark.host, mark.wire(), mark.number])
    return _mark(mark.host, cast("bytes", answer))


async def set_wanted(link: ShardClient, place: str, wanted: Mapping[Stage, Wanted | None]) -> None:
    """Set how many workers a place is to have, per stage; None takes the count away. Safe to run twice."""
    for stage, one in wanted.items():
        numbers = [one.least, one.most, one.count] if one else []
        await link.script("set_wanted", [place, stage, *numbers])


def _mark(host: str, value: bytes) -> DrainMark | None:
    match value.decode("utf-8", "replace").split(" ", 3):
        case [number, ("0" | "1") as state, at_ms, by] if number.isdecimal() and at_ms.isdecimal():
            return DrainMark(host=host, number=int(number), is_draining=state == "1", at_ms=int(at_ms), by=by)
        case _:
            return None


def _counts(value: bytes) -> Wanted | None:
    words = value.split()
    if len(words) != len(Wanted.__struct_fields__) or not all(word.isdigit() for word in words):
        return None
    least, most, count = map(int, words)
    return Wanted(least=least, most=most, count=count)
