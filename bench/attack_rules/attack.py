"""Run of an attack: every mutant before every grader, counted by kind."""

import json
import os
import pathlib
import random
import subprocess
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
    cpu_s: float = 0.0
    """CPU time of all checks, so that a busy machine does not count against anybody."""
    accepted: Counter[str] = msgspec.field(default_factory=Counter[str])
    """Wrong ones accepted, by kind of the edit."""
    refused: Counter[str] = msgspec.field(default_factory=Counter[str])
    """Equal ones not accepted, by kind of the edit."""
    families: Counter[str] = msgspec.field(default_factory=Counter[str])
    examples: dict[str, list[dict[str, str]]] = msgspec.field(default_factory=dict[str, list[dict[str, str]]])
    """Wrong ones accepted, the first 20 of each kind."""
    refused_examples: dict[str, list[dict[str, str]]] = msgspec.field(default_factory=dict[str, list[dict[str, str]]])


def attack(name: str, accepts: Accepts, mutants: Sequence[Mutant]) -> Tally:
    """Put every mutant before one grader; each different check once."""
    tally = Tally()
    started = told = time.monotonic()
    busy = _cpu_s()
    for at, mutant in enumerate(mutants):
        verdict = accepted(accepts, mutant.answer, mutant.truth.text, mutant.truth.question)
        _count(tally, mutant, verdict)
        if time.monotonic() - told > _TOLD_EVERY_S:
            told = time.monotonic()
            wrong = sum(tally.accepted.values())
            sys.stderr.write(f"{name}: {at + 1} of {len(mutants)}, {wrong} wrong ones accepted\n")
    tally.seconds, tally.cpu_s = time.monotonic() - started, _cpu_s() - busy
    return tally


def _cpu_s() -> float:
    """Return the CPU time so far, of finished children too: one of the peers forks for every comparison."""
    return sum(os.times()[:4])


def attack_away(name: str, python: str, mutants: Sequence[Mutant]) -> Tally:
    """Put the mutants before a peer that lives in another Python; its own limits of time hold."""
    pairs = json.dumps([(mutant.answer, mutant.truth.text) for mutant in mutants])
    program = pathlib.Path(__file__).parent.with_name("rules") / "peer.py"
    done = subprocess.run([python, program, name], input=pairs, capture_output=True, text=True, check=True)  # noqa: S603 (a Python that the caller named)
    found = json.loads(done.stdout)
    tally = Tally(seconds=sum(found["seconds"]), cpu_s=found["cpu_s"])
    for mutant, verdict in zip(mutants, found["verdicts"], strict=True):
        _count(tally, mutant, verdict)
    return tally


def _count(tally: Tally, mutant: Mutant, verdict: bool | None) -> None:  # noqa: FBT001
    tally.seen += 1
    tally.late += verdict is None
    tally.wrong += mutant.label == "wrong"
    tally.equal += mutant.label == "equal"
    if mutant.label == "wrong" and verdict:
        tally.accepted[mutant.kind] += 1
        tally.families[mutant.truth.family] += 1
        _keep(tally.examples, mutant)
    if mutant.label == "equal" and not verdict:
        tally.refused[mutant.kind] += 1
        _keep(tally.refused_examples, mutant)


def _keep(examples: dict[str, list[dict[str, str]]], mutant: Mutant) -> None:
    kept = examples.setdefault(mutant.kind, [])
    truth = mutant.truth
    if len(kept) < _EXAMPLES:
        row = {"family": truth.family, "question": truth.question, "ground_truth": truth.text}
        kept.append({**row, "answer": mutant.answer})


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
        "cpu_s": {name: round(tally.cpu_s, 1) for name, tally in graders.items()},
        "by_kind": dict(sorted(kinds.items())),
        "by_family": {name: dict(tally.families) for name, tally in graders.items()},
        "peers": dict.fromkeys(graders, "run") | dict.fromkeys(missing, "not installed"),
        "examples": {name: tally.examples for name, tally in graders.items()},
        "refused_examples": {name: tally.refused_examples for name, tally in graders.items()},
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
