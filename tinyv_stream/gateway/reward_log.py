"""Numbered reward log of one HTTP client, which `GET /v1/rewards` reads and resumes from. Pure; one loop only.

- Every admitted rollout is added once; numbers go up by one without a gap.
- Unrewarded plus unread never exceed the credit, so a reader that is slow or gone costs bounded memory.
- What was written to a reader may have got lost on its way. It is kept for `retention_s`, and beyond
  `retention_bytes` the oldest goes first, so that a reader that stalled can go on from the last cursor that it had.
"""

import asyncio
from collections import deque
from typing import Final

import msgspec

from tinyv_stream.errors import InvalidInputError, TinyVError
from tinyv_stream.types import Reward

_POST_AGAIN: Final = "start without a cursor, and post again what has no reward"


class CreditError(TinyVError):
    """The client has too much unrewarded or unread; it must read before it posts more."""


class StaleCursorError(TinyVError):
    """The cursor is of another life of the client, or older than what is kept; the message says what was lost."""


class _Kept(msgspec.Struct, frozen=True):
    number: int
    reward: Reward
    size: int
    added_s: float


class RewardLog:
    """Rewards of one client. `epoch` is part of every cursor: another client of this name has another."""

    def __init__(
        self, name: str, epoch: str, *, credit: int, now_s: float, retention_s: float = 0.0, retention_bytes: int = 0
    ) -> None:
        self.name = name
        self._retention_s = retention_s
        self._retention_bytes = retention_bytes
        self._bytes = 0
        self._epoch = epoch
        self._credit = credit
        self._open: set[str] = set()
        self._kept: deque[_Kept] = deque()
        self._kept_ids: set[str] = set()
        self._last = 0
        self._read = 0
        self._news = asyncio.Event()
        self.readers = 0
        self.touched_s = now_s

    def restore(self, rewards: list[tuple[int, Reward, int]], rollout_ids: list[str], *, last: int, read: int) -> None:
        """Take up where an earlier gateway ended: rewards with numbers and bytes, and what has none yet."""
        self._kept.extend(_Kept(number, reward, size, self.touched_s) for number, reward, size in rewards)
        self._bytes = sum(size for _, _, size in rewards)
        self._kept_ids = {reward.rollout_id for _, reward, _ in rewards}
        self._open.update(rollout_ids)
        self._last, self._read = last, read

    @property
    def unread(self) -> int:
        """Rewards that no reader has taken."""
        return self._last - self._read

    @property
    def is_busy(self) -> bool:
        """Something is unrewarded or being read. Unread rewards alone are not waited for without end."""
        return bool(self._open or self.readers)

    @property
    def oldest(self) -> int:
        """The number of the oldest reward that is kept, or else of the next one."""
        return self._kept[0].number if self._kept else self._last + 1

    @property
    def cursor(self) -> str:
        """The cursor after the newest reward."""
        return f"{self._epoch}-{self._last}"

    def admit(self, rollout_ids: list[str]) -> list[str]:
        """Take rollouts in; return those that are new. Raises CreditError, and then takes none.

        One that is open, or whose reward is kept, is not new: a request may be repeated safely.
        """
        new = [i for i in dict.fromkeys(rollout_ids) if i not in self._open and i not in self._kept_ids]
        if len(self._open) + self.unread + len(new) > self._credit:
            raise CreditError(f"{len(self._open)} unrewarded and {self.unread} unread of {self._credit}")
        self._open.update(new)
        return new

    def withdraw(self, rollout_id: str) -> None:
        """Forget an admitted rollout that was never submitted."""
        self._open.discard(rollout_id)

    def number_for(self, rollout_id: str) -> int:
        """Return the number that the reward of an admitted rollout gets by `add`; 0 for any other rollout."""
        return self._last + 1 if rollout_id in self._open else 0

    def add(self, reward: Reward, *, size: int, now_s: float) -> None:
        """Append the reward of an admitted rollout, and wake readers; any other is dropped."""
        if reward.rollout_id not in self._open:
            return
        self._open.discard(reward.rollout_id)
        self._last += 1
        self._kept.append(_Kept(self._last, reward, size, now_s))
        self._bytes += size
        self._kept_ids.add(reward.rollout_id)
        self._forget(now_s)
        self._news.set()

    def position(self, cursor: str) -> int:
        """Return the number of the last reward before `cursor`; raise StaleCursorError or InvalidInputError.

        Without a cursor: before the oldest that is kept.
        """
        oldest = self.oldest
        if not cursor:
            return oldest - 1
        epoch, _, number = cursor.rpartition("-")
        if not (number.isascii() and number.isdigit() and len(number) < 16):
            raise InvalidInputError("cursor", cursor, "give the `cursor` of a reward, as it was received")
        if epoch != self._epoch or int(number) > self._last:
            raise StaleCursorError(f"cursor {cursor[:64]!r} is of another life of this client; {_POST_AGAIN}")
        if int(number) < oldest - 1:
            lost = f"{oldest - 1 - int(number)} rewards, numbers {int(number) + 1} to {oldest - 1}, are no longer kept"
            raise StaleCursorError(f"cursor {cursor[:64]!r}: {lost}; {_POST_AGAIN}")
        return int(number)

    def after(self, position: int, most: int) -> list[tuple[str, Reward]]:
        """Return up to `most` rewards after `position`, each with its cursor."""
        if not self._kept or position >= self._last:
            return []
        start = max(0, position + 1 - self._kept[0].number)
        picked = [self._kept[i] for i in range(start, min(len(self._kept), start + most))]
        return [(f"{self._epoch}-{one.number}", one.reward) for one in picked]

    def taken(self, position: int, now_s: float) -> None:
        """Note that the rewards up to `position` were written to a reader: their credit comes back."""
        self._read = max(self._read, position)
        self._forget(now_s)

    async def more(self, position: int) -> None:
        """Return once there is a reward after `position`."""
        while position >= self._last:
            self._news.clear()
            await self._news.wait()

    def _forget(self, now_s: float) -> None:
        while self._kept and self._kept[0].number <= self._read:
            oldest = self._kept[0]
            if self._bytes <= self._retention_bytes and now_s - oldest.added_s <= self._retention_s:
                return
            self._kept.popleft()
            self._bytes -= oldest.size
            self._kept_ids.discard(oldest.reward.rollout_id)
