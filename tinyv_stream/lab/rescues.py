"""Rescues: what the model gave back of what the rules had refused. The figures of this stage alone; pure.

The sum of both stages hides them: rules decide most pairs, and a verifier that gives nothing back has their accuracy.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec

from tinyv_stream.intervals import Rate, rate
from tinyv_stream.types import Outcome


class EvaluatedPair(Protocol):
    """What a judged pair tells: see `evaluate.JudgedPair`."""

    @property
    def label(self) -> bool:
        """Whether the answer is right."""
        ...

    @property
    def outcome(self) -> Outcome:
        """What the pipeline decided."""
        ...

    @property
    def rule(self) -> Outcome | None:
        """What the rules said."""
        ...


class KindRescues(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of answer among those that the rules refused: counts."""

    refused: int
    given_back: int
    rightly: int


class Rescues(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules refused, and what became of it."""

    refused: int
    given_back: int
    precision: Rate
    """Of what was given back, the share that is right."""
    recall: Rate
    """Of the right answers that the rules refused, the share that was given back."""
    fp_rate: Rate
    """Of the wrong ones, the same."""
    by_kind: dict[str, KindRescues]


def rescues(lines: Sequence[EvaluatedPair], kind: Callable[[int], str]) -> Rescues | None:
    """Return the rescues among judged pairs; `kind` names that of the pair at a place. None where no rules looked."""
    refused = [(n, line) for n, line in enumerate(lines) if line.rule not in {None, Outcome.CORRECT}]
    if not refused:
        return None
    found = [line for _, line in refused]
    names = sorted({kind(n) or "none" for n, _ in refused})
    return Rescues(
        refused=len(found),
        given_back=_given_back(found),
        precision=rate(_rightly(found), _given_back(found)),
        recall=rate(_rightly(found), sum(line.label for line in found)),
        fp_rate=rate(_given_back(found) - _rightly(found), sum(not line.label for line in found)),
        by_kind={name: _of_kind([line for n, line in refused if (kind(n) or "none") == name]) for name in names},
    )


def _of_kind(lines: Sequence[EvaluatedPair]) -> KindRescues:
    return KindRescues(refused=len(lines), given_back=_given_back(lines), rightly=_rightly(lines))


def _given_back(lines: Sequence[EvaluatedPair]) -> int:
    return sum(line.outcome is Outcome.CORRECT for line in lines)


def _rightly(lines: Sequence[EvaluatedPair]) -> int:
    return sum(line.outcome is Outcome.CORRECT and line.label for line in lines)


def in_words(found: Rescues) -> list[str]:
    """Return lines for a terminal: the whole, then the kinds of which something was given back."""
    lines = [
        f"rescues    {found.given_back} of {found.refused} that the rules refused",
        f"  precision  {found.precision}",
        f"  recall     {found.recall}",
        f"  wrong      {found.fp_rate} of the wrong ones",
    ]
    kinds = ((name, row) for name, row in found.by_kind.items() if row.given_back)
    return [
        *lines,
        *(f"  {name}: {row.rightly} right of {row.given_back}, {row.refused} refused" for name, row in kinds),
    ]
