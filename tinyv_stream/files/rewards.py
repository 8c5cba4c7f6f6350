"""Files of rewards out: one JSON object per line, at most one line per rollout, whatever is killed meanwhile.

- A line is one write, made before anybody is told of it.
- A file has one writer at a time; a second one is refused.
- A torn last line, left by a kill or a power cut, is cut off before more is added.
- A file that is not ours is refused and not touched.
- One that is removed, replaced, cut or written by somebody else meanwhile ends the run: no reward is told of that the
  file, as its name leads to it, does not hold.
"""

import errno
import fcntl
import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from tinyv_stream.errors import InvalidInputError, OutputFileError
from tinyv_stream.types import Outcome, Reward, Source, Status, Timings

_TORN_START: Final = b'{"rollout_id":'
"""How each of our lines starts: a file that ends otherwise is somebody else's, and is not touched."""

_CHANGED: Final = "leave it alone, and run the same command again: it goes on from what the file holds"


class RuleLine(msgspec.Struct, frozen=True):
    """The rule verifier's part of a reward line."""

    outcome: Outcome
    grader: str


class TinyVLine(msgspec.Struct, frozen=True):
    """TinyV's part of a reward line."""

    outcome: Outcome
    p_true: float | None
    model: str | None


class RewardLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a reward file; `rollout_id` comes first, see `_TORN_START`."""

    rollout_id: str
    value: float | None
    status: Status
    source: Source
    rule: RuleLine | None = None
    tinyv: TinyVLine | None = None
    reason: str = ""
    timings: Timings = Timings()
    settings_version: int = 0
    """Of the pool's settings that it was given by; 0: nobody's, as at a deadline that no worker saw."""


class _Key(msgspec.Struct, frozen=True):
    """As much of a reward line as resuming needs."""

    rollout_id: str
    status: Status


_key_decoder: Final = msgspec.json.Decoder(_Key)
_encoder: Final = msgspec.json.Encoder()


def reward_line(reward: Reward) -> RewardLine:
    """Return the line for a reward."""
    rule, tinyv = reward.rule, reward.tinyv
    return RewardLine(
        rollout_id=reward.rollout_id,
        value=reward.value,
        status=reward.status,
        source=reward.source,
        rule=RuleLine(rule.outcome, rule.grader) if rule else None,
        tinyv=TinyVLine(tinyv.outcome, tinyv.p_true, tinyv.model) if tinyv else None,
        reason=reward.reason,
        timings=reward.timings,
        settings_version=reward.settings_version,
    )


class RewardFile:
    """The only writer of a reward file. `with` opens, locks and repairs it; `done` says what it holds.

    Raises InvalidInputError on entry if the file is not ours to go on with, or another process writes it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.done: dict[str, Status] = {}
        self._fd = -1
        self._end = 0
        """How long the file is, by what was read and written here."""

    def __enter__(self) -> Self:
        if str(self.path) == "-":
            raise InvalidInputError("--out", "-", "name a file: resuming reads it")
        try:
            self._fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as exc:
            raise InvalidInputError("--out", str(self.path), f"it cannot be written ({exc.strerror})") from exc
        try:
            self._lock()
            self._load()
            self._end = os.fstat(self._fd).st_size
        except BaseException:  # the lock and the file are let go, whatever stopped it
            os.close(self._fd)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._check_is_ours()
        finally:
            os.close(self._fd)

    def write(self, reward: Reward) -> bool:
        """Append the reward in one write and return True; False if its id is there already.

        Raises OutputFileError, with nothing half written left behind, if the disk takes no more, or if the file is not
        what it was.
        """
        if reward.rollout_id in self.done:
            return False
        data = _encoder.encode(reward_line(reward)) + b"\n"
        self._check_is_ours()
        try:
            # A full disk may take a part of the line without an error: the next write then raises it.
            written = os.write(self._fd, data)
            while written < len(data):
                written += os.write(self._fd, data[written:])
        except OSError as exc:
            os.ftruncate(self._fd, self._end)
            doing = f"the reward of {reward.rollout_id!r} cannot be written to --out {self.path}"
            raise OutputFileError(
                doing, exc, "make room, and run the same command again: it goes on from here"
            ) from exc
        self._end += len(data)
        self.done[reward.rollout_id] = reward.status
        return True

    def _check_is_ours(self) -> None:
        """Raise OutputFileError unless the path leads to this file, and it is as long as it was left."""
        mine = os.fstat(self._fd)
        try:
            found = self.path.stat()
        except OSError as exc:
            found, reason = None, exc.strerror or "it is gone"
        else:
            reason = "another file is there now"
        if found and os.path.samestat(mine, found):
            if mine.st_size == self._end:
                return
            reason = f"it has {mine.st_size} bytes, and {self._end} were written"
        raise OutputFileError(
            f"--out {self.path} was changed while it was written", OSError(errno.ESTALE, reason), _CHANGED
        )

    def _lock(self) -> None:
        if not stat.S_ISREG(os.fstat(self._fd).st_mode):
            raise InvalidInputError("--out", str(self.path), "give a regular file: resuming reads it")
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise InvalidInputError("--out", str(self.path), "another process is writing it") from exc

    def _load(self) -> None:
        with os.fdopen(os.dup(self._fd), "rb") as file:
            file.seek(0)
            end = 0
            for number, raw in enumerate(file, 1):
                if not raw.endswith(b"\n"):
                    self._repair(end, raw)
                    return
                end += len(raw)
                if raw.strip():
                    self._learn(number, raw)

    def _learn(self, number: int, raw: bytes) -> None:
        try:
            key = _key_decoder.decode(raw)
        except ValueError as exc:
            remedy = f"its line {number} is not a reward: choose another file"
            raise InvalidInputError("--out", str(self.path), remedy) from exc
        self.done[key.rollout_id] = key.status

    def _repair(self, end: int, tail: bytes) -> None:
        tail = tail.rstrip(b"\0")  # what a power cut leaves of a page
        if not (tail.startswith(_TORN_START) or _TORN_START.startswith(tail)):
            raise InvalidInputError("--out", str(self.path), "its last line is not a reward: choose another file")
        os.ftruncate(self._fd, end)
