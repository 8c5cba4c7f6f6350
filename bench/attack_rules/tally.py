"""Tally of what a grader said of the mutants it saw; tallies of parts of a run add up."""

from collections import Counter
from typing import Final, TypeVar

import msgspec

from bench.attack_rules.mutants import Mutant, MutantLabel

_EXAMPLES: Final = 20

_T = TypeVar("_T")
Examples = dict[str, list[dict[str, str]]]
"""By kind of the edit, the first 20 of each."""


class Shown(msgspec.Struct, frozen=True):
    """A mutant as a grader of another process sees it, and what is counted of it."""

    answer: str
    ground_truth: str
    question: str
    family: str
    kind: str
    label: MutantLabel

    @classmethod
    def of(cls, mutant: Mutant) -> "Shown":
        """Return a mutant without its tree."""
        truth = mutant.truth
        return cls(mutant.answer, truth.text, truth.question, truth.family, mutant.kind, mutant.label)


class Tally(msgspec.Struct):
    """What one grader said of the mutants it saw."""

    seen: int = 0
    wrong: int = 0
    equal: int = 0
    late: int = 0
    patient: int = 0
    """Checks that a pool would have moved to its slow lane, where Math-Verify looks."""
    crashed: int = 0
    """Checks at which the grader raised."""
    seconds: float = 0.0
    cpu_s: float = 0.0
    """CPU time of all checks, so that a busy machine does not count against anybody."""
    accepted: Counter[str] = msgspec.field(default_factory=Counter[str])
    """Wrong ones accepted, by kind of the edit."""
    refused: Counter[str] = msgspec.field(default_factory=Counter[str])
    """Equal ones not accepted, by kind of the edit."""
    families: Counter[str] = msgspec.field(default_factory=Counter[str])
    examples: Examples = msgspec.field(default_factory=Examples)
    """Wrong ones accepted."""
    refused_examples: Examples = msgspec.field(default_factory=Examples)

    def count(self, mutant: Shown, verdict: bool | None) -> None:  # noqa: FBT001
        """Count what was said of one mutant; None: nothing by the deadline."""
        self.seen += 1
        self.late += verdict is None
        self.wrong += mutant.label == "wrong"
        self.equal += mutant.label == "equal"
        if mutant.label == "wrong" and verdict:
            self.accepted[mutant.kind] += 1
            self.families[mutant.family] += 1
            _keep(self.examples, mutant)
        if mutant.label == "equal" and not verdict:
            self.refused[mutant.kind] += 1
            _keep(self.refused_examples, mutant)

    def add(self, other: "Tally") -> None:
        """Take another part's tally into this one."""
        for field in ("seen", "wrong", "equal", "late", "patient", "crashed", "seconds", "cpu_s"):
            setattr(self, field, getattr(self, field) + getattr(other, field))
        for field in ("accepted", "refused", "families"):
            getattr(self, field).update(getattr(other, field))
        for mine, theirs in ((self.examples, other.examples), (self.refused_examples, other.refused_examples)):
            for kind, rows in theirs.items():
                mine[kind] = (mine.get(kind, []) + rows)[:_EXAMPLES]


def _keep(examples: Examples, mutant: Shown) -> None:
    kept = examples.setdefault(mutant.kind, [])
    if len(kept) < _EXAMPLES:
        row = {"family": mutant.family, "question": mutant.question, "ground_truth": mutant.ground_truth}
        kept.append({**row, "answer": mutant.answer})


def encoded(value: object) -> bytes:
    """Return a struct with tallies as JSON."""
    return msgspec.json.encode(value, enc_hook=dict)


def decoded(data: bytes, kind: type[_T]) -> _T:
    """Return a struct with tallies from JSON; raises msgspec.ValidationError where it is none."""
    return msgspec.json.decode(data, type=kind, dec_hook=lambda of, value: of(value))
