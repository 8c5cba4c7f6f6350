"""The pool's clock: deadlines survive a step of the server's wall clock, because workers check it against their own.

A server knows only its wall clock, which NTP, a suspended machine or an operator may set. A worker has a clock that
nobody sets. Twice a second it asks for the pool's time, and knows between which bounds it must have moved: the time
between its two questions, and the way to the server and back. What is beyond them by more than a second is a step. The
first worker that finds it has the server subtract it from then on (`clock.lua`), and only then are deadlines, and
leases that may have lapsed, looked at. A server that came back with older data may have lost corrections: what it lost
is found as a step again. A clock that stands before what was checked was set back for certain: a new worker corrects
that much at once.

Not corrected: a step ahead while no worker runs, and steps of less than a second. Either moves deadlines by as much.
The client's own deadlines go by its own clock, whatever the server's does.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, cast

import msgspec

_log = logging.getLogger(__name__)

SLACK_MS: Final = 1000.0
"""Steps below it are left alone: clocks drift, and NTP slews them."""

RunClockScript = Callable[[Sequence[str | bytes | int | float]], Awaitable[object]]
"""Runs the script `clock` with these arguments."""


class _Seen(msgspec.Struct, frozen=True):
    """One answer: the pool's time, how often it was corrected, and when it was asked for and came, all in ms."""

    now: float
    steps: str
    asked: float
    came: float


class PoolClock:
    """One worker's view of one shard's clock."""

    def __init__(self, own_ms: Callable[[], float] | None = None) -> None:
        self._own_ms = own_ms or boottime_ms
        self._seen: _Seen | None = None
        self._server_ahead_ms: float | None = None
        self._asking = asyncio.Lock()
        """One question at a time: what one finds is the other's measure."""

    async def now_ms(self, ask: RunClockScript) -> int:
        """Return the pool's time in ms, corrected if this worker is the first to find the server's clock stepped."""
        async with self._asking:
            return await self._now_ms(ask)

    async def _now_ms(self, ask: RunClockScript) -> int:
        asked = self._own_ms()
        now, steps, checked, server = _read(await ask([""]))
        came = self._own_ms()
        self._server_ahead_ms = server - (asked + came) / 2
        seen, self._seen = self._seen, _Seen(now, steps, asked, came)
        if seen is None:  # it cannot check yet, but what others have checked has passed for certain
            if checked - now > SLACK_MS:  # set back, and nobody who saw it lives: time would stand still for so long
                now, *_ = _read(await ask([steps, round(now - checked)]))
                self._seen = None
            return round(min(now, checked))
        # More corrections than it has seen: another worker's. Fewer: they were lost with data, and it looks itself.
        if int(steps) <= int(seen.steps) and (step := step_ms(seen, self._seen)):
            _log.warning("the broker's clock was set by %+.1f s; deadlines are kept as they were", step / 1000)
            now, *_ = _read(await ask([steps, round(step)]))
            self._seen = None
        return round(now)

    def server_ms(self) -> float | None:
        """Return the server's own time in ms, in which ids of entries are, as it was last asked; None before that."""
        return None if self._server_ahead_ms is None else self._own_ms() + self._server_ahead_ms


def step_ms(before: _Seen, after: _Seen) -> float:
    """Return by how much the server's clock was set between two answers, 0 where it may not have been set."""
    moved = after.now - before.now
    least, most = moved - (after.came - before.asked), moved - (after.asked - before.came)
    if least > SLACK_MS:
        return least
    return most if most < -SLACK_MS else 0.0


def boottime_ms() -> float:
    """Return this machine's time since its start, in ms: it goes on while the machine sleeps, and nobody sets it."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock) * 1000


def _read(answer: object) -> tuple[float, str, float, float]:
    now, steps, checked, server = cast("list[bytes]", answer)
    return float(now), steps.decode(), float(checked or now), float(server)
