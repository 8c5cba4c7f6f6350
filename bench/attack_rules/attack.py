"""Run of an attack: every mutant before every grader, counted by kind."""

import pathlib
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec

from bench.attack_rules.graders import Accepts, NotInstalledError, accepted, load
from bench.attack_rules.mutants import Mutant

_EXAMPLES: Final = 20
_TOLD_EVERY_S: Final = 20.0


class Tally(msgspec.Struct):
    """What one grader said of the mutants it saw."""

    seen: int = 0
    wrong: int = 0
    equal: int = 0
    late: int = 0
    seconds: float = 0.0
    accepted: Counter[str] = msgspec.field(default_factory=Counter[str])
    """Wrong ones accepted, by kind of the edit."""
    refused: Counter[str] = msgspec.field(default_factory=Counter[str])
    """Equal ones not accepted, by kind of the edit."""
    families: Counter[str] = msgspec.field(default_factory=Counter[str])
    examples: dict[str, list[dict[str, str]]] = msgspec.field(default_factory=dict[str, list[dict[str, str]]])


def attack(name: str, accepts: Accepts, mutants: Sequence[Mutant]) -> Tally:
    """Put every mutant before one grader; each different check once."""
    tally = Tally()
    started = told = time.monotonic()
    for at, mutant in enumerate(mutants):
        verdict = accepted(accepts, mutant.answer, mutant.truth.text, mutant.truth.question)
        _count(tally, mutant, verdict)
        if time.monotonic() - told > _TOLD_EVERY_S:
            told = time.monotonic()
            wrong = sum(tally.accepted.values())
            sys.stderr.write(f"{name}: {at + 1} of {len(mutants)}, {wrong} wrong ones accepted\n")
    tally.seconds = time.monotonic() - started
    return tally


def _count(tally: Tally, mutant: Mutant, verdict: bool | None) -> None:  # noqa: FBT001
    tally.seen += 1
    tally.late += verdict is None
    tally.wrong += mutant.label == "wrong"
    tally.equal += mutant.label == "equal"
    if mutant.label == "wrong" and verdict:
        tally.accepted[mutant.kind] += 1
        tally.families[mutant.truth.family] += 1
        kept = tally.examples.setdefault(mutant.kind, [])
        if len(kept) < _EXAMPLES:
            truth = mutant.truth
            kept.append(
                {
                    "family": truth.family,
                    "question": truth.question,
                    "ground_truth": truth.text,
                    "answer": mutant.answer,
                }
            )
    if mutant.label == "equal" and not verdict:
        tally.refused[mutant.kind] += 1


def sample(mutants: Sequence[Mutant], most: int, seed: int) -> list[Mutant]:
    """Return at most so many mutants, drawn."""
    rng = random.Random(seed)  # noqa: S311 (a workload, not a secret)
    return list(mutants) if len(mutants) <= most else rng.sample(mutants, k=most)


def outcome(
    mutants: Sequence[Mutant], truths: int, graders: dict[str, Tally], missing: Iterable[str]
) -> dict[str, Any]:
    """Return the result as it is written: totals, then by kind, then what was accepted."""
    labels = Counter(mutant.label for mutant in mutants)
    kinds: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    for kind, count in Counter(mutant.kind for mutant in mutants).items():
        wrong = sum(mutant.label == "wrong" for mutant in mutants if mutant.kind == kind)
        kinds[kind] = {
            "mutants": count,
            "wrong": wrong,
            "accepted": {name: tally.accepted[kind] for name, tally in graders.items()},
        }
    return {
        "mutants": len(mutants),
        "truths": truths,
        "wrong": labels["wrong"],
        "equal": labels["equal"],
        "undecided": labels["unsure"],
        "wrong_accepted": {name: sum(tally.accepted.values()) for name, tally in graders.items()},
        "equal_refused": {name: sum(tally.refused.values()) for name, tally in graders.items()},
        "seen": {
            name: {"mutants": t.seen, "wrong": t.wrong, "equal": t.equal, "late": t.late} for name, t in graders.items()
        },
        "seconds": {name: round(tally.seconds, 1) for name, tally in graders.items()},
        "by_kind": dict(sorted(kinds.items())),
        "by_family": {name: dict(tally.families) for name, tally in graders.items()},
        "peers": dict.fromkeys(graders, "run") | dict.fromkeys(missing, "not installed"),
        "examples": {name: tally.examples for name, tally in graders.items()},
        "refused_by_kind": {name: dict(tally.refused) for name, tally in graders.items()},
    }


def loaded(names: Sequence[str], peer_path: pathlib.Path | None) -> tuple[dict[str, Accepts], list[str]]:
    """Return the graders that are here, and the names of those that are not."""
    found: dict[str, Accepts] = {}
    missing: list[str] = []
    for name in names:
        try:
            found[name] = load(name, peer_path)
        except NotInstalledError:
            missing.append(name)
    return found, missing
