"""Lines of a record, one JSON object each; `e` tells their kind. Times are wall-clock seconds of the writing process.

- One offset per process between its monotonic and its wall clock: spans of one process add up. Clocks of hosts differ,
  so times of two clients are never subtracted from one another.
- Fields are only ever appended, with defaults: a record outlives the version that wrote it.
"""

from typing import Final

import msgspec

from tinyv_stream.types import Status, Timings, Verdict

UNTAGGED: Final = -1
"""The step of a rollout whose trainer told none."""


class RecordLine(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    gc=False,  # no line is part of a cycle, and an index holds thousands at a time
    tag_field="e",
    tag="?",
    rename={"try_": "try"},
):
    """What every line names: the run, the client that wrote it, and the try, one per start of the run's trainer."""

    run: str
    client: str
    try_: int
    """Wall clock in ms when the first client of this try began to record."""


class Began(RecordLine, frozen=True, kw_only=True, tag="b"):
    """A step begins, and ends the one before (`client.step(n)`)."""

    step: int
    at: float


class Ended(RecordLine, frozen=True, kw_only=True, tag="s"):
    """A completion ended: the entry of `submit`, before it waited for credit."""

    id: str
    step: int = UNTAGGED
    group: str = ""
    ended: float


class Withdrawn(RecordLine, frozen=True, kw_only=True, tag="w"):
    """A submitted rollout was taken back: no reward follows."""

    id: str
    step: int = UNTAGGED


class Left(RecordLine, frozen=True, kw_only=True, tag="x"):
    """The client left: its last step is over. `dropped` lines never reached the disk."""

    at: float
    dropped: int = 0


class Rewarded(RecordLine, frozen=True, kw_only=True, tag="r"):
    """A reward reached its trainer, with the texts that it is about."""

    id: str
    step: int = UNTAGGED
    group: str = ""
    group_size: int = 1
    ended: float
    rewarded: float
    data_source: str = ""
    question: str = ""
    ground_truth: str = ""
    answer: str | None = None
    """The answer that was judged; None where none was cut out, or where the worker is of an older version."""
    completion: str = ""
    value: float | None
    status: Status
    source: str
    reason: str = ""
    rule: Verdict | None = None
    tinyv: Verdict | None = None
    timings: Timings = Timings()
    forwarded: bool = False
    pair: str = ""
    """Equal question, reference and answer have it in common; labels hang on it."""

    @property
    def rescued(self) -> bool:
        """TinyV gave back a reward that the rules had refused."""
        if self.tinyv is None or self.status is not Status.OK or self.tinyv.outcome != "correct":
            return False
        return self.rule is None or self.rule.outcome != "correct"


AnyLine = Began | Ended | Withdrawn | Left | Rewarded

encoder: Final = msgspec.json.Encoder()
decoder: Final[msgspec.json.Decoder[AnyLine]] = msgspec.json.Decoder(AnyLine)
