"""Supervisor of one program: it is restarted, whatever it dies of, until it is to stop.

- A dead program comes back after a back-off that grows with its failures and is forgotten once it lives long enough;
  one that asks to be started again comes back after the first, shortest one.
- Every death is one log line with its reason; a program that keeps dying young also shows the end of its log.
- On stop the program gets its grace to drain, and is killed after it. So it does while its gate is closed: then it is
  kept down, and started again when the gate opens.

It never gives up: a server or a disk that comes back finds the workers there.
"""

import asyncio
import contextlib
import enum
import logging
import time
from typing import Final, Protocol

from tinyv_stream.aio.cancel import unless
from tinyv_stream.aio.gate import Gate
from tinyv_stream.errors import TinyVError

_log = logging.getLogger(__name__)

FIRST_DELAY_S: Final = 0.2
MAX_DELAY_S: Final = 10.0
STEADY_S: Final = 60.0
"""Alive for this long, a program's earlier failures say nothing about its next one."""
SHOW_LOG_AFTER: Final = 3
"""Failures in a row from which it is no accident, and somebody has to read the log."""


class PlannedEnd(enum.Enum):
    """An end that is no failure: it is not counted, and no back-off grows with it. The value is what the log says."""

    RESTART = "it starts again with the pool's new settings"
    """To be started again after the shortest delay."""
    DRAINED = "it drained"
    """To be started again once its gate is open."""


class State(enum.StrEnum):
    """Where a program is now."""

    NEW = "new"
    STARTING = "starting"
    RUNNING = "running"
    """Its process is alive; whether it has work is the broker's to say."""
    BACKING_OFF = "backing_off"
    DRAINING = "draining"
    DRAINED = "drained"
    """Its gate is closed."""
    STOPPED = "stopped"


class Program(Protocol):
    """What a supervisor asks of what it keeps running."""

    async def start(self) -> None:
        """Start it; return at once if it is alive. Raise TinyVError or OSError if it cannot be started."""
        ...

    async def ended(self) -> str | PlannedEnd:
        """Wait for its end; return the failure in words, or which planned end it was."""
        ...

    async def stop(self, grace_s: float) -> None:
        """Let it finish within `grace_s`, then kill it."""
        ...

    def last_lines(self, count: int = 20) -> list[str]:
        """Return the end of its log."""
        ...


class Supervisor:
    """Keeps one program running while `gate` is open. `state`, `restarts`, `reason` (of the last death) are to read."""

    def __init__(self, name: str, program: Program, *, grace_s: float, gate: Gate | None = None) -> None:
        self.name = name
        self.state = State.NEW
        self.restarts = 0
        self.reason = ""
        self._program = program
        self._grace_s = grace_s
        self._gate = gate or Gate()

    async def run(self, stop: asyncio.Event) -> None:
        """Keep it running until `stop` is set, then drain it. A cancellation leaves it as it is."""
        failures = 0
        while not stop.is_set():
            if not self._gate.is_open:
                self.state = State.DRAINED
                await unless(stop, self._gate.opened.wait())
                continue
            began = time.monotonic()
            how = await self._live(stop)
            if how is None:
                continue
            if isinstance(how, PlannedEnd):
                _log.info("%s: %s", self.name, how.value)
                await asyncio.sleep(FIRST_DELAY_S)
                continue
            failures = 1 if time.monotonic() - began >= STEADY_S else failures + 1
            delay_s = backoff_s(failures)
            self.state, self.reason = State.BACKING_OFF, how
            _log.warning("%s: %s; restart %d in %.1f s", self.name, how, self.restarts + 1, delay_s)
            if failures == SHOW_LOG_AFTER:
                lines = "\n".join(f"  | {line}" for line in self._program.last_lines())
                _log.error("%s failed %d times in a row; the end of its log:\n%s", self.name, failures, lines)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await stop.wait()
            self.restarts += not stop.is_set()
        self.state = State.STOPPED

    async def _live(self, stop: asyncio.Event) -> str | PlannedEnd | None:
        """Run it once; return how it ended by itself, or None if it was stopped, or drained as its gate closed."""
        self.state = State.STARTING
        try:
            await self._program.start()
        except (TinyVError, OSError) as exc:
            return str(exc)
        self.state = State.RUNNING
        ended = asyncio.create_task(self._program.ended(), name=f"{self.name} - end")
        stopping = asyncio.create_task(stop.wait(), name=f"{self.name} - stop")
        closing = asyncio.create_task(self._gate.closed.wait(), name=f"{self.name} - gate")
        try:
            await asyncio.wait({ended, stopping, closing}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done() and not stop.is_set():
                return ended.result()
            self.state = State.DRAINING
            await self._program.stop(self._grace_s)
            return None
        finally:
            for task in (ended, stopping, closing):
                task.cancel()
            await asyncio.gather(ended, stopping, closing, return_exceptions=True)


def backoff_s(failures: int) -> float:
    """Return how long to wait after that many failures in a row, from 1 on."""
    # The exponent is bounded: a float overflows after a thousand failures, which is a night of ten-second delays.
    return min(MAX_DELAY_S, FIRST_DELAY_S * 2 ** min(failures - 1, 16))
