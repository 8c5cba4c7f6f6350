"""Calls of the trainer's side to the broker: the one place that makes them, again and again until they work.

- Two things end a call: leaving the session (a cancellation), and a bad argument. There is no list of errors that may
  pass: whatever else is raised, the call is made again, with back-off. Each call given to `make` may run twice.
- Every failure is counted. It is said at once, then once a minute with its remedy for as long as it lasts, and once
  more when it is over.
- A link that does not answer is no end: open rollouts have deadlines, which `session` keeps without the broker.
"""

import asyncio
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from tinyv_stream.aio.log_limit import LogLimit
from tinyv_stream.broker.remedies import remedy_for
from tinyv_stream.errors import InvalidInputError

_log = logging.getLogger(__name__)
T = TypeVar("T")

PAUSE_S: Final = (0.05, 2.0)
"""First and longest pause between attempts: a failover takes about two seconds."""


class Calls:
    """Of one session. `failures` counts by what was to be done."""

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()
        self._failing: dict[object, tuple[float, str]] = {}
        """Calls that fail now: since when, in the loop's seconds, and what they are to do."""
        self._limits: dict[str, LogLimit] = {}

    async def make(self, what: str, call: Callable[[], Awaitable[T]], *, where: str = "broker") -> T:
        """Return what `call` returns, however often it has to be made. Raises InvalidInputError, and nothing else.

        `what` completes "cannot ..."; `where` names what is asked, such as one shard.
        """
        pause_s, mark = PAUSE_S[0], object()
        try:
            while True:
                try:
                    answer = await call()
                except InvalidInputError:
                    raise
                except asyncio.CancelledError as exc:
                    task = asyncio.current_task()
                    if task is None or task.cancelling():
                        raise
                    self._note(mark, what, where, exc)  # a library's own, that nobody here asked for
                except Exception as exc:  # noqa: BLE001 counted and said; see the module's first promise
                    self._note(mark, what, where, exc)
                else:
                    if mark in self._failing:
                        _log.info("%s: can %s again", where, what)
                    return answer
                await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))  # noqa: S311 jitter, not a secret
                pause_s = min(pause_s * 2, PAUSE_S[1])
        finally:
            self._failing.pop(mark, None)

    def failing(self, now: float) -> tuple[float, str]:
        """Return for how long, at the loop's time `now`, a call has failed, and what it is to do; (0, "") if none."""
        since, what = min(self._failing.values(), default=(now, ""))
        return now - since, what

    def _note(self, mark: object, what: str, where: str, exc: BaseException) -> None:
        self.failures[what] += 1
        self._failing.setdefault(mark, (asyncio.get_running_loop().time(), what))
        remedy = remedy_for(exc)
        # One limit per remedy: ten loops that meet one fault say it once.
        if self._limits.setdefault(f"{where}: {remedy}", LogLimit()).is_due():
            reported = str(exc)[:300] or type(exc).__name__
            _log.warning("cannot %s: %s; %s; trying until it works", what, reported, remedy)
            _log.debug("the failure in full", exc_info=exc)
