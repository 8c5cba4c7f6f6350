"""Labels that people and judges gave rewards: `labels.jsonl` beside the runs, append-only, read by `eval` and `train`.

- A label is about a pair (equal question, reference and answer), so it covers all equal rollouts; the last word counts.
- It is never in the index alone: that may be deleted.
- A line that is labelled right or wrong is a labelled pair as `tinyv_stream.lab.pairs` reads it; one that is unsure or
  taken back has the label null.
"""

import logging
import os
import sqlite3
import time
from pathlib import Path
from typing import Final, Literal, get_args

import msgspec

Said = Literal["right", "wrong", "unsure", ""]
SAID: Final = frozenset(get_args(Said))


JUDGE: Final = "judge "
"""Before the names of models in `by`."""


class Label(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One word about one pair. `label`: the answer is correct; None where that was not said."""

    pair_id: str
    said: Said
    """What the reward is; empty: an earlier word is taken back."""
    question: str
    ground_truth: str
    model_answer: str
    label: bool | None = None
    source: str = ""
    via: str = ""
    """`audit`: the pair was drawn at random, so that rates may be computed of it."""
    by: str = ""
    at: float = 0.0

    @property
    def is_judged(self) -> bool:
        """A model said so, not a person."""
        return self.by.startswith(JUDGE)


_log = logging.getLogger(__name__)
_decoder: Final = msgspec.json.Decoder(Label)


class Labels:
    """The labels of a directory of runs."""

    def __init__(self, runs: Path) -> None:
        self.path = runs / "labels.jsonl"

    def stamp(self) -> tuple[int, int]:
        """Return what changes whenever a word is added, by whichever process: size, and time of the last write."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return 0, 0
        return found.st_size, found.st_mtime_ns

    def read(self) -> dict[str, Label]:
        """Return the last word about each pair, without those taken back; a torn last line is passed over."""
        found: dict[str, Label] = {}
        lines = self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []
        for line in lines:
            if line.endswith(b"\n") and line.strip():
                try:
                    one = _decoder.decode(line)
                except msgspec.DecodeError as exc:  # half a line of a writer that was killed
                    _log.warning("%s has a line that is no label: %s", self.path, exc)
                    continue
                found.pop(one.pair_id, None)
                if one.said:
                    found[one.pair_id] = one
        return found

    def add(self, label: Label) -> None:
        """Append one word, as one write."""
        fd = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(fd).st_size
            torn = size > 0 and os.pread(fd, 1, size - 1) != b"\n"
            os.write(fd, (b"\n" if torn else b"") + msgspec.json.encode(label) + b"\n")
        finally:
            os.close(fd)

    def mirror(self, base: sqlite3.Connection) -> None:
        """Copy the last words into the index, for filtering."""
        base.execute("begin immediate")
        base.execute("delete from label")
        rows = [(one.pair_id, one.said, one.via, one.at, one.label) for one in self.read().values()]
        base.executemany("insert or replace into label values(?, ?, ?, ?, ?)", rows)
        base.execute("commit")


def label_of(
    said: Said,
    *,
    accepted: bool,
    pair_id: str,
    texts: tuple[str, str, str],
    source: str,
    via: str,
    by: str | None = None,
) -> Label:
    """Return the label of a reward: an accepted answer whose reward is right is correct, a refused one wrong."""
    known = None if said not in {"right", "wrong"} else accepted == (said == "right")
    question, ground_truth, answer = texts
    return Label(
        pair_id=pair_id,
        said=said,
        question=question,
        ground_truth=ground_truth,
        model_answer=answer,
        label=known,
        source=source,
        via=via,
        by=os.environ.get("USER", "") if by is None else by,
        at=round(time.time(), 3),
    )
