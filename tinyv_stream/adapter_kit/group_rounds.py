"""Group ids for a trainer that comes back to a prompt: a full group is followed by one with a number behind its id.

A client refuses one member too many. A trainer that draws the same prompt twice in a step, or again in a later one, did
nothing wrong: its second round of completions is a group of its own.
"""

import hashlib
from collections import OrderedDict
from typing import Final

import msgspec

from tinyv_stream.types import Rollout

_MOST: Final = 100_000
"""Groups remembered. A forgotten one starts again at its first round."""

_MOST_CHARS: Final = 100
"""Longer ids are hashed before a number goes behind them: an id has at most 128 characters."""


class GroupRounds:
    """How many members each group was given here."""

    def __init__(self) -> None:
        self._members: OrderedDict[str, int] = OrderedDict()

    def place(self, rollout: Rollout) -> Rollout:
        """Return `rollout` in the round of its group that has room; as it is, in the first one or without a group."""
        group_id, size = rollout.group_id, rollout.group_size
        if not group_id or size < 2:
            return rollout
        before = self._members.pop(group_id, 0)
        self._members[group_id] = before + 1
        if len(self._members) > _MOST:
            self._members.popitem(last=False)
        number = before // size
        if not number:
            return rollout
        short = group_id if len(group_id) <= _MOST_CHARS else hashlib.sha256(group_id.encode()).hexdigest()
        return msgspec.structs.replace(rollout, group_id=f"{short}/{number + 1}")
