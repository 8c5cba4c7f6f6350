"""Files of rollouts in: one JSON object per line.

- Every good line has an id, the same one each time the file is read: its `rollout_id`, or its line number and
  content.
- A bad line is a `BadLine` with its number and field; it never ends the reading.

It knows no broker: `cli.push` joins it to a client, and `reward_file` holds the other end.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, Final

import msgspec

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.files.rollout_json import decode_rollout
from tinyv_stream.types import MAX_ROLLOUT_BYTES, Rollout, Status, validate_rollout

MAX_LINE_BYTES: Final = 16 * MAX_ROLLOUT_BYTES
"""Longest line that is looked at: JSON may spend 12 bytes on one character, and other keys may stand beside ours."""


class RolloutLine(msgspec.Struct, frozen=True):
    """A good line: its rollout has an id and passed validation."""

    number: int
    """Counted from 1."""
    rollout: Rollout


class BadLine(msgspec.Struct, frozen=True):
    """A line that cannot be used, and why."""

    number: int
    field: str
    problem: str

    def __str__(self) -> str:
        return f"line {self.number}: {self.field}: {self.problem}"


class Survey(msgspec.Struct, frozen=True):
    """What a file asks for, before anything is started: each of its good ids is done already, or still to do."""

    good: int
    bad: tuple[BadLine, ...]
    todo: int
    not_ok: int
    """Good lines whose reward is there already, and is not ok."""


_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def read_rollouts(path: Path) -> Iterator[RolloutLine | BadLine]:
    """Yield the file's lines in order; empty ones are passed over.

    Raises InvalidInputError if the file cannot be read. Of two lines with one id the second is bad.
    """
    seen: dict[str, int] = {}
    with open_input(path) as file:
        for number, raw in _numbered(file):
            line = _parse(number, raw)
            if isinstance(line, RolloutLine):
                first = seen.setdefault(line.rollout.rollout_id, number)
                if first != number:
                    line = BadLine(number, "rollout_id", f"line {first} has it already")
            yield line


def survey(path: Path, done: Mapping[str, Status]) -> Survey:
    """Read the whole file once and return what is left to do; raise InvalidInputError if it cannot be read."""
    bad: list[BadLine] = []
    good = todo = not_ok = 0
    for line in read_rollouts(path):
        if isinstance(line, BadLine):
            bad.append(line)
            continue
        good += 1
        status = done.get(line.rollout.rollout_id)
        todo += status is None
        not_ok += status not in {None, Status.OK}
    return Survey(good, tuple(bad), todo, not_ok)


def open_input(path: Path) -> BufferedReader:
    """Open a rollout file; raise InvalidInputError if that fails or it can be read only once."""
    try:
        if path.exists() and not path.is_file():
            raise InvalidInputError("FILE", str(path), "give a regular file: it is read twice")
        return path.open("rb")
    except OSError as exc:
        raise InvalidInputError("FILE", str(path), f"it cannot be read ({exc.strerror})") from exc


def _numbered(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while raw := file.readline(MAX_LINE_BYTES):
        number += 1
        more = raw
        while len(more) == MAX_LINE_BYTES and not more.endswith(b"\n"):
            more = file.readline(MAX_LINE_BYTES)  # the rest of a line that is too long is read and dropped
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")  # some editors put a byte order mark there
        if raw.strip():
            yield number, raw


def _parse(number: int, raw: bytes) -> RolloutLine | BadLine:
    if len(raw) >= MAX_LINE_BYTES:
        return BadLine(number, "line", f"it is longer than {MAX_LINE_BYTES} bytes")
    try:
        rollout = decode_rollout(raw)
        if not rollout.rollout_id:
            digest = hashlib.blake2b(raw.strip(), digest_size=6).hexdigest()
            rollout = msgspec.structs.replace(rollout, rollout_id=f"line-{number}-{digest}")
        if _LONE_SURROGATE.search(rollout.rollout_id + rollout.group_id):
            return BadLine(number, "rollout_id", "it holds half a character, or group_id does")
        return RolloutLine(number, validate_rollout(rollout))
    except InvalidInputError as exc:
        return BadLine(number, exc.field, exc.remedy)
    except msgspec.ValidationError as exc:
        found = re.search(r"field `(\w+)`", str(exc)) or re.search(r"`\$\.(\w+)", str(exc))
        return BadLine(number, found[1] if found else "line", str(exc).split(" - at ")[0])
    except (ValueError, RecursionError) as exc:
        return BadLine(number, "line", f"it is not JSON ({exc})")
