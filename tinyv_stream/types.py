"""The values that travel: Rollout in, Verdict between, Reward out. Frozen; no behaviour but validation.

- A `Reward` exists exactly once per submitted `Rollout`.
- `Reward.value` is a number only when `status` is `ok`; a failure is never a score.
- Durations are seconds (`_s`).
"""

import enum
import re
from typing import Final, Literal, Self, cast

import msgspec

from tinyv_stream.errors import InvalidInputError

MAX_ROLLOUT_BYTES: Final = 256 * 1024
"""Most text that one rollout may hold; more is refused at the client, because one 16 kB body already
costs the server eight times the memory of a 2 kB one."""

MAX_DEADLINE_S: Final = 366 * 86_400.0

_TEXTS: Final = ("prompt", "question", "completion", "ground_truth", "data_source", "rollout_id", "group_id")
_ID: Final = re.compile(r"[^\x00-\x1f\x7f\ud800-\udfff]{1,128}")
_NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class OpenEnum(enum.StrEnum):
    """Base of what travels: a word of a newer release is kept as its text, equal to no member that is known here."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        made = str.__new__(cls, value)
        made._name_ = made._value_ = value
        return made


class Outcome(OpenEnum):
    """What one verifier found."""

    CORRECT = "correct"
    INCORRECT = "incorrect"
    UNDECIDED = "undecided"
    """No finding: a timeout, a crash, an unreadable reply. Never a score."""


class Status(OpenEnum):
    """How a rollout ended."""

    OK = "ok"
    FAILED = "failed"
    """No verifier could decide, or the rollout killed its workers."""
    EXPIRED = "expired"
    """Not decided by its deadline."""
    CANCELLED = "cancelled"


class Source(OpenEnum):
    """Who decided."""

    RULE = "rule"
    TINYV = "tinyv"
    CACHE = "cache"
    """TinyV decided an equal question before, or at the same time."""
    FALLBACK = "fallback"
    """Nobody did: the rollout failed, expired or was cancelled. With status ok: the rule verdict stands, by policy."""


class Setup(enum.StrEnum):
    """How rule verdict and TinyV verdict become one reward (TinyV, arXiv 2505.14625)."""

    ADDON = "addon"
    """TinyV is asked only about what the rules did not call correct."""
    TINYV_ONLY = "tinyv_only"
    MIXED = "mixed"
    """weight * tinyv + (1 - weight) * rule."""


Stage = Literal["rule", "tinyv"]
STAGES: Final[tuple[Stage, ...]] = ("rule", "tinyv")


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """One verifier's finding. `grader` names what decided; `model` and `p_true` are TinyV's."""

    outcome: Outcome
    grader: str = ""
    reason: str = ""
    """Which comparison decided, or why nothing could; short, never model output."""
    taxonomy: str | None = None
    p_true: float | None = None
    model: str | None = None
    threshold: float | None = None
    """P(true) from which this verdict says correct; None where no probability was read."""


class Timings(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, gc=False):
    """Seconds spent per part; None where the rollout never was.

    Queue times are by the server's clock.
    """

    rule_queue_s: float | None = None
    rule_s: float | None = None
    tinyv_queue_s: float | None = None
    tinyv_s: float | None = None
    total_s: float | None = None
    """Submit to reward, on the client's monotonic clock; set by the client. It begins when `submit` has its credit."""
    credit_s: float | None = None
    """How long `submit` waited for that credit before; set by the client."""
    parked_s: float | None = None
    """Wait for an equal rollout's verdict, before the place in TinyV's queue."""


class Rollout(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One prompt with one finished completion.

    `question` is what TinyV is shown; without it the prompt is. `rollout_id` is unique within a run; without
    it the client makes one. `deadline_s` counts from submission.
    """

    completion: str
    ground_truth: str
    prompt: str = ""
    question: str = ""
    data_source: str = ""
    rollout_id: str = ""
    group_id: str = ""
    group_size: int = 1
    step: int | None = None
    deadline_s: float | None = None


class Reward(msgspec.Struct, frozen=True, kw_only=True):
    """What the trainer gets. `value` is None unless `status` is ok."""

    rollout_id: str
    value: float | None
    status: Status
    source: Source
    rule: Verdict | None = None
    tinyv: Verdict | None = None
    reason: str = ""
    group_id: str = ""
    timings: Timings = Timings()
    model_answer: str | None = None
    """The answer that was judged; None where none was cut out."""
    step: int | None = None
    """The rollout's own; set by the client."""
    forwarded: bool = False
    """TinyV had been asked, or its verdict taken; of one that expired: it was on its way there."""
    settings_version: int = 0
    """Version of the pool's settings that it was given by (`tinyv-stream pool show`); 0 where no worker gave it."""

    @property
    def rescued(self) -> bool:
        """TinyV gave back a reward that the rules had refused."""
        if self.tinyv is None or self.status is not Status.OK:
            return False
        refused = self.rule is None or self.rule.outcome is not Outcome.CORRECT
        return refused and self.tinyv.outcome is Outcome.CORRECT


def _check_kinds(rollout: object) -> Rollout:
    """Python lets anything stand in a field: a trainer's batch holds None and 42 where we need text."""
    if not isinstance(rollout, Rollout):
        raise InvalidInputError("rollout", rollout, "give a tinyv_stream.Rollout")
    truth = cast("object", rollout.ground_truth)
    if isinstance(truth, int | float) and not isinstance(truth, bool):
        rollout = msgspec.structs.replace(rollout, ground_truth=str(truth))
    kinds: tuple[tuple[tuple[str, ...], type | tuple[type, ...], str], ...] = (
        (_TEXTS, str, "give a string"),
        (("group_size",), int, "give a whole number"),
        (("step",), (int, type(None)), "give a whole number"),
        (("deadline_s",), (int, float, type(None)), "give seconds as a number"),
    )
    for fields, kind, remedy in kinds:
        for field in fields:
            value: object = getattr(rollout, field)
            if not isinstance(value, kind) or isinstance(value, bool):
                raise InvalidInputError(field, value, remedy)
    return rollout


def validate_name(field: str, value: str) -> str:
    """Return `value` if it can name a run, a pool or a client; raise InvalidInputError otherwise."""
    given = cast("object", value)  # whoever calls may not heed types
    if not isinstance(given, str) or not _NAME.fullmatch(given):
        raise InvalidInputError(field, value, "use 1 to 64 of A-Z a-z 0-9 . _ -")
    return value


def validate_rollout(rollout: Rollout) -> Rollout:
    """Return `rollout` if every field can travel; raise InvalidInputError naming the first that cannot.

    A number as `ground_truth`, as data sets have it, becomes its text.
    """
    rollout = _check_kinds(rollout)
    if not (rollout.question or rollout.prompt):
        raise InvalidInputError("question", rollout.question, "give `prompt` or `question`")
    if not rollout.ground_truth.strip():
        raise InvalidInputError("ground_truth", rollout.ground_truth, "give the reference answer")
    if rollout.rollout_id and not _ID.fullmatch(rollout.rollout_id):
        raise InvalidInputError("rollout_id", rollout.rollout_id, "use 1 to 128 printable characters")
    if rollout.group_id and not _ID.fullmatch(rollout.group_id):
        raise InvalidInputError("group_id", rollout.group_id, "use 1 to 128 printable characters")
    if rollout.group_size < 1:
        raise InvalidInputError("group_size", rollout.group_size, "use 1 or more")
    if rollout.deadline_s is not None and not 0 < rollout.deadline_s <= MAX_DEADLINE_S:
        raise InvalidInputError("deadline_s", rollout.deadline_s, "use a positive number of seconds, a year at most")
    size = sum(len(str(getattr(rollout, field)).encode("utf-8", "replace")) for field in _TEXTS)
    if size > MAX_ROLLOUT_BYTES:
        raise InvalidInputError("completion", f"{size} bytes", f"send at most {MAX_ROLLOUT_BYTES} in all fields")
    return rollout
