"""Scheduling priority: the order in which the engine takes what it is given, a pure function of arrivals.

- Equal questions go together, and a question that was begun goes before new ones: the rollouts of one GRPO
  group share their prompt's prefix, and a group is worth nothing to the trainer before its last member.
- Among new questions of one window the shortest goes first; windows go in turn, so no question waits for more
  than one window of later ones.
"""

import hashlib
from collections import OrderedDict
from typing import Final

WINDOW: Final = 64
"""Questions that may overtake each other: about one batch."""
_KNOWN: Final = 4_096
"""Questions that are remembered, by digest: one may be of many kilobytes. A step of 128 prompts fits many times."""
_LENGTHS: Final = 100_000


class PriorityQueue:
    """Gives every arrival its place; a lower number goes first."""

    def __init__(self) -> None:
        self._places: OrderedDict[bytes, int] = OrderedDict()
        self._seen = 0

    def place(self, question: str) -> int:
        """Return the place of one more rollout of `question`."""
        key = hashlib.blake2b(question.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        known = self._places.get(key)
        if known is not None:
            self._places.move_to_end(key)
            return known
        place = self._seen // WINDOW * _LENGTHS + min(len(question), _LENGTHS - 1)
        self._seen += 1
        self._places[key] = place
        if len(self._places) > _KNOWN:
            self._places.popitem(last=False)
        return place
