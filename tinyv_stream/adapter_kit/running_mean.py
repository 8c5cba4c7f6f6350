"""The running mean of decided rewards: the baseline value for a trainer that must have a number where nobody decided.

- It is a mean of rewards that verifiers gave: of the same question's if there are any, else of all.
- An undecided rollout that is given it is, for a trainer that subtracts a baseline, neither better nor worse than its
  neighbours; no verdict is made up.
- What is kept is bounded, in number and in bytes: no text is kept. Pure; one loop only.
"""

import hashlib
from collections import OrderedDict, deque
from typing import Final

from tinyv_stream.types import Rollout

_OF_ALL: Final = 1024
"""Rewards in the mean of all: about a batch of a GRPO run, so that it follows the policy as it learns."""
_OF_ONE: Final = 64
"""Rewards kept of one question: more than the groups of GRPO runs have."""
_QUESTIONS: Final = 4096
"""Questions remembered: more than a batch has; the one that was rewarded longest ago goes first."""


class RunningMean:
    """Means of the rewards of one process."""

    def __init__(self) -> None:
        self._all: deque[float] = deque(maxlen=_OF_ALL)
        self._of_question: OrderedDict[bytes, deque[float]] = OrderedDict()

    def add(self, rollout: Rollout, value: float) -> None:
        """Take in the reward of a rollout that a verifier decided."""
        self._all.append(value)
        key = _key(rollout)
        self._of_question.setdefault(key, deque(maxlen=_OF_ONE)).append(value)
        self._of_question.move_to_end(key)
        if len(self._of_question) > _QUESTIONS:
            self._of_question.popitem(last=False)

    def of(self, rollout: Rollout | None) -> float | None:
        """Return the baseline value of `rollout`, of any for None; or None while nothing has been decided."""
        known = (rollout and self._of_question.get(_key(rollout))) or self._all
        return sum(known) / len(known) if known else None


def _key(rollout: Rollout) -> bytes:
    """Return 16 bytes for question and reference answer, which may be of a quarter of a megabyte each time."""
    question = rollout.question or rollout.prompt
    # The length keeps apart what would be one text when put together; a lone surrogate must not raise here.
    text = f"{len(question)}:{question}{rollout.ground_truth}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
