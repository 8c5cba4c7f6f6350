"""Ledger of a client's unrewarded submissions: pure book-keeping, no task, socket or clock.

- A rollout is in the ledger from before its first send until its reward is in the trainer's hands.
- `settle` hands out each reward once; a second one for the same rollout is told apart and dropped.
"""

import asyncio
import heapq
from collections import OrderedDict
from typing import Final

import msgspec

from tinyv_stream.broker.trainer import UnreadableReward
from tinyv_stream.client.ticket import Ticket
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.types import Reward

KEPT_IDS: Final = 32_768
"""Rewarded and dropped rollouts remembered (about 4 MB): a later reward for one is dropped in the broker, too."""
KEPT_GROUPS: Final = 4096
"""Groups kept for a later `group()` call once all their members here are rewarded: 32 steps of 128 prompts. A trainer
that scatters a group over processes never completes it in one of them, so there has to be an end."""
_SLACK: Final = 1024
"""Deadlines of rewarded rollouts that may stay in the heap before it is rebuilt."""


class LedgerEntry(msgspec.Struct, eq=False, kw_only=True):
    """One unrewarded rollout. Times are the loop's monotonic seconds."""

    uid: str
    body: bytes
    ticket: Ticket
    submitted: float
    deadline: float
    step: int | None = None
    credit_s: float = 0.0
    """How long `submit` waited for its credit."""
    shard: int = 0
    """Where in the pool it belongs; known from its first send on."""
    stored: bool = False
    """The broker said that it has it."""
    sending: asyncio.Future[int | Reward | UnreadableReward] | None = None
    """The broker's answer, while it is waited for."""


class Group(msgspec.Struct, eq=False):
    """The members of one group that this client submitted."""

    size: int
    tickets: list[Ticket] = []

    @property
    def idle(self) -> bool:
        """Every member that was submitted here is rewarded."""
        return all(t.done for t in self.tickets)

    @property
    def whole(self) -> bool:
        """Every member was submitted and rewarded."""
        return len(self.tickets) >= self.size and self.idle


class Ledger:
    """The unrewarded rollouts of one client, by rollout_id, and the groups they form."""

    def __init__(self) -> None:
        self._entries: dict[str, LedgerEntry] = {}
        self._groups: dict[str, Group] = {}
        self._idle: OrderedDict[str, None] = OrderedDict()
        self._deadlines: list[tuple[float, str]] = []
        self._over: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        """How many rollouts are unrewarded."""
        return len(self._entries)

    def get(self, rollout_id: str) -> LedgerEntry | None:
        """Return the entry of an unrewarded rollout."""
        return self._entries.get(rollout_id)

    def entries(self) -> list[LedgerEntry]:
        """Return all unrewarded rollouts, oldest first."""
        return list(self._entries.values())

    def add(self, entry: LedgerEntry, *, group_size: int) -> None:
        """Take a rollout in; raise InvalidInputError if its id is unrewarded already, or its group differs."""
        rollout_id, group_id = entry.ticket.rollout_id, entry.ticket.group_id
        group = self._groups.get(group_id)
        if group and group.size != group_size:
            raise InvalidInputError("group_size", group_size, f"group {group_id!r} was begun with {group.size}")
        if rollout_id in self._entries:
            raise InvalidInputError("rollout_id", rollout_id, "it was submitted and has no reward yet; use another id")
        if group:  # a member that had its reward may be submitted again: it is still one member
            group.tickets = [t for t in group.tickets if t.rollout_id != rollout_id]
        if group and group.size > 1 and len(group.tickets) >= group.size:
            remedy = f"group {group_id!r} has all its {group.size} members: name another, or take this one by `group()`"
            raise InvalidInputError("group_id", group_id, remedy)
        self._entries[rollout_id] = entry
        if len(self._deadlines) > 2 * len(self._entries) + _SLACK:
            self._deadlines = [(e.deadline, e.ticket.rollout_id) for e in self._entries.values()]
            heapq.heapify(self._deadlines)
        else:
            heapq.heappush(self._deadlines, (entry.deadline, rollout_id))
        if group_id:
            self._idle.pop(group_id, None)
            self._groups.setdefault(group_id, Group(group_size)).tickets.append(entry.ticket)

    def settle(self, reward: Reward, now: float) -> Reward | None:
        """Hand a reward to its ticket and return it with `total_s`; None if this rollout had one already."""
        entry = self._entries.pop(reward.rollout_id, None)
        if entry is None:
            return None
        timings = msgspec.structs.replace(reward.timings, total_s=now - entry.submitted, credit_s=entry.credit_s)
        reward = msgspec.structs.replace(reward, timings=timings, group_id=entry.ticket.group_id, step=entry.step)
        self._note_over(entry)
        entry.ticket.settle(reward)
        self._note_idle(entry.ticket.group_id)
        return reward

    def is_over(self, uid: str) -> bool:
        """Tell whether this rollout was rewarded or dropped, as far back as `KEPT_IDS` go."""
        return uid in self._over

    def drop(self, rollout_id: str) -> LedgerEntry | None:
        """Forget a rollout without a reward: its submitter went away."""
        entry = self._entries.pop(rollout_id, None)
        if entry is None:
            return None
        self._note_over(entry)
        group = self._groups.get(entry.ticket.group_id)
        if group:
            group.tickets.remove(entry.ticket)
            if not group.tickets:
                self.forget_group(entry.ticket.group_id)
        return entry

    def overdue(self, now: float) -> list[LedgerEntry]:
        """Return the rollouts whose deadline is before `now`; each is returned once."""
        found: list[LedgerEntry] = []
        while self._deadlines and self._deadlines[0][0] < now:
            deadline, rollout_id = heapq.heappop(self._deadlines)
            entry = self._entries.get(rollout_id)
            if entry and entry.deadline == deadline:
                found.append(entry)
        return found

    def group(self, group_id: str) -> Group | None:
        """Return a group that has members here."""
        return self._groups.get(group_id)

    def forget_group(self, group_id: str) -> None:
        """Drop a group that was handed out."""
        self._groups.pop(group_id, None)
        self._idle.pop(group_id, None)

    def _note_over(self, entry: LedgerEntry) -> None:
        self._over[entry.uid] = None
        if len(self._over) > KEPT_IDS:
            self._over.popitem(last=False)

    def _note_idle(self, group_id: str) -> None:
        group = self._groups.get(group_id)
        if group is None or not group.idle:
            return
        self._idle[group_id] = None
        if len(self._idle) > KEPT_GROUPS:
            self.forget_group(next(iter(self._idle)))
