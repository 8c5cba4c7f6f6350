"""Warning in the trainer's log when no rollout of a client can reach TinyV. Pure but for the log.

verl's data sets always name a `data_source`, and one that does not end in `_tinyv` goes to the rules alone: a run with
a TinyV worker beside it then looks well and gets nothing from it.
"""

import logging
from typing import Final

from tinyv_stream.types import Outcome, Reward, Source

_log = logging.getLogger(__name__)

MANY: Final = 64
"""Answers that the rules refused for good, after which it is no accident."""


class RoutingWatch:
    """Looks at a client's rewards, and says once that TinyV is never asked."""

    def __init__(self) -> None:
        self._refused = 0
        self._is_over = False

    def note(self, reward: Reward) -> None:
        """Take a reward in. One that TinyV was asked about, or that older workers gave, ends the watch."""
        if self._is_over:
            return
        if reward.tinyv is not None or reward.forwarded:
            self._is_over = True
        elif reward.source is Source.RULE and reward.rule is not None and reward.rule.outcome is Outcome.INCORRECT:
            self._refused += 1
            if self._refused >= MANY:
                self._is_over = True
                _log.warning(
                    "TinyV was asked about none of %d answers that the rules refused: their data_source does not end in"
                    " _tinyv, so it goes to the rules alone; name it so, or give it a row in tinyv.toml",
                    self._refused,
                )
