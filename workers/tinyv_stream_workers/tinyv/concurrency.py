"""Adaptive concurrency limit: rollouts in flight, measured, because it differs on every machine and model.

- Held ones are what a killed worker gives up to others, and what waits; too few leave the engine hungry.
- While the limit is what holds the engine back, it is doubled; a doubling that brings less than 5 % is taken
  back, and not tried again for a while. All it knows are the ends of verdicts and a clock that it is given.
"""

from typing import Final

_GAIN: Final = 1.05
_WINDOW_S: Final = 2.0
_LEAST_ENDED: Final = 32
"""A window with fewer ends says nothing."""
_REST: Final = 30
"""Windows until a doubling that failed is tried again: load and prompts change."""


class Pace:
    """A limit between `low` and `high` verdicts held at once."""

    def __init__(self, low: int, high: int) -> None:
        self.limit = low
        self._low = low
        self._high = high
        self._held = 0
        self._since = 0.0
        self._ended = 0
        self._was_full = False
        self._before = 0.0
        self._rest = 0

    def began(self, now: float) -> None:
        """Count one verdict in."""
        if not self._held:
            self._restart(now)  # what was measured before a pause is of another load
        self._held += 1
        self._was_full |= self._held >= self.limit

    def ended(self, now: float) -> None:
        """Count one verdict out, and judge the window if it is over."""
        self._held -= 1
        self._ended += 1
        passed = now - self._since
        if passed >= _WINDOW_S and self._ended >= _LEAST_ENDED:
            self._judge(self._ended / passed)
            self._restart(now)

    def _judge(self, rate: float) -> None:
        if self._before and rate < self._before * _GAIN:
            self.limit = max(self._low, self.limit // 2)
            self._before, self._rest = 0.0, _REST
        elif self._rest:
            self._before, self._rest = 0.0, self._rest - 1
        elif self._was_full and self.limit < self._high:
            self._before = rate
            self.limit = min(self._high, self.limit * 2)
        else:
            self._before = 0.0

    def _restart(self, now: float) -> None:
        self._since, self._ended, self._was_full = now, 0, self._held >= self.limit
