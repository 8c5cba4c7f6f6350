"""Parts of a run: some ground truths each, written as they are done, so that a run that was cut off goes on.

A directory of parts belongs to one plan: its counts, its seed, its graders, and the very text of rules and attack.
"""

import functools
import hashlib
import pathlib
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from typing import Final, TypeVar

import msgspec

import tinyv_stream.verifiers.rules
from bench.attack_rules.attack import attack, attack_away, loaded
from bench.attack_rules.context import Truth
from bench.attack_rules.file_truths import file_truths
from bench.attack_rules.mutants import Mutant, mutants, truths
from bench.attack_rules.tally import Shown, Tally, decoded, encoded

_TRUTHS: Final = 20
"""Ground truths of one part: some seconds of work."""
_BATCH: Final = 500
"""Mutants that a peer in another Python is given at once: its start costs seconds."""
_TOLD_EVERY_S: Final = 20.0


class Plan(msgspec.Struct, frozen=True):
    """What is drawn, and who is attacked; `slow` graders and `away` peers see about `sample` mutants in all."""

    count: int
    each: int
    seed: int
    graders: tuple[str, ...]
    slow: tuple[str, ...] = ()
    away: tuple[tuple[str, str], ...] = ()
    sample: int = 0
    truths: str = ""
    peer_path: str = ""
    rules: str = ""
    """Digest of the rules' and the attack's own text."""


class Part(msgspec.Struct):
    """What came of some ground truths."""

    truths: int
    kinds: dict[str, dict[str, int]]
    """Kind of the edit -> label -> mutants."""
    tallies: dict[str, Tally]
    missing: list[str]
    shown: list[Shown]
    """Mutants that slow graders and peers see."""


def digest() -> str:
    """Return a digest of the text of the rules and of the attack."""
    found = hashlib.sha256()
    rules = pathlib.Path(next(iter(tinyv_stream.verifiers.rules.__path__)))
    for folder in (rules, pathlib.Path(__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            found.update(path.read_bytes())
    return found.hexdigest()[:16]


@functools.lru_cache(maxsize=1)
def drawn(plan: Plan) -> list[Truth]:
    """Return the ground truths of a plan."""
    if plan.truths:
        return file_truths(pathlib.Path(plan.truths))[: plan.count]
    return truths(plan.count, plan.seed)


def work(plan: Plan, index: int) -> Part:
    """Do one part."""
    those = drawn(plan)[index * _TRUTHS : (index + 1) * _TRUTHS]
    made: list[Mutant] = [mutant for truth in those for mutant in mutants(truth, plan.each, plan.seed)]
    kinds: dict[str, Counter[str]] = {}
    for mutant in made:
        kinds.setdefault(mutant.kind, Counter())[mutant.label] += 1
    peer_path = pathlib.Path(plan.peer_path) if plan.peer_path else None
    shown = _sample(made, -(-plan.sample * len(those) // len(drawn(plan))), f"{plan.seed} {index}")
    tallies: dict[str, Tally] = {}
    absent: list[str] = []
    for names, seen in ((plan.graders, made), (plan.slow, shown)):
        graders, missing = loaded(names, peer_path)
        tallies |= {name: attack(accepts, seen) for name, accepts in graders.items()}
        absent += missing
    return Part(
        len(those), {kind: dict(found) for kind, found in kinds.items()}, tallies, absent, list(map(Shown.of, shown))
    )


def _sample(made: Sequence[Mutant], most: int, seed: str) -> list[Mutant]:
    rng = random.Random(seed)  # noqa: S311 (a workload, not a secret)
    return list(made) if len(made) <= most else rng.sample(made, k=most)


_Kept = TypeVar("_Kept", Part, Tally)


class OtherPlanError(Exception):
    """A directory of parts that belong to another plan."""


class Store:
    """A directory of parts; without one, parts live in memory and end with the run."""

    def __init__(self, directory: pathlib.Path | None, plan: Plan) -> None:
        """Take a directory; raises OtherPlanError if its parts are of another plan."""
        self._directory = directory
        self._kept: dict[str, bytes] = {}
        if directory is None:
            return
        directory.mkdir(parents=True, exist_ok=True)
        at = directory / "plan.json"
        if at.exists() and (before := decoded(at.read_bytes(), Plan)) != plan:
            fields = [f for f in Plan.__struct_fields__ if getattr(before, f) != getattr(plan, f)]
            raise OtherPlanError(f"{directory} has parts with another {', '.join(fields)}: take an empty directory")
        at.write_bytes(encoded(plan))

    def put(self, name: str, value: Part | Tally) -> None:
        """Keep a part, whole or not at all."""
        if self._directory is None:
            self._kept[name] = encoded(value)
            return
        draft = self._directory / f"{name}.draft"
        draft.write_bytes(encoded(value))
        draft.replace(self._directory / f"{name}.json")

    def get(self, name: str, kind: type[_Kept]) -> _Kept | None:
        """Return a part, None if it is not there."""
        if self._directory is None:
            return decoded(self._kept[name], kind) if name in self._kept else None
        path = self._directory / f"{name}.json"
        return decoded(path.read_bytes(), kind) if path.exists() else None


def run(plan: Plan, store: Store, processes: int, slice_s: float) -> tuple[list[Part], dict[str, Tally], bool]:
    """Do what is not done yet, for about so many seconds; return parts, peers' tallies, and whether all is done."""
    ends = time.monotonic() + slice_s
    count = -(-len(drawn(plan)) // _TRUTHS)
    parts = {index: part for index in range(count) if (part := store.get(f"part-{index:04}", Part)) is not None}
    told = time.monotonic()
    for index, part in _made(plan, [i for i in range(count) if i not in parts], processes, ends):
        store.put(f"part-{index:04}", part)
        parts[index] = part
        if time.monotonic() - told > _TOLD_EVERY_S:
            told = time.monotonic()
            sys.stderr.write(f"{len(parts)} of {count} parts, {_accepted(parts.values())}\n")
    found = [parts[index] for index in sorted(parts)]
    away, done = ({}, False) if len(parts) < count else _away(plan, store, found, ends)
    return found, away, done


def _made(plan: Plan, indices: list[int], processes: int, ends: float) -> Iterator[tuple[int, Part]]:
    if processes == 1:
        for index in indices:
            yield index, work(plan, index)
            if time.monotonic() > ends:
                return
        return
    with ProcessPoolExecutor(processes) as pool:
        running = {pool.submit(work, plan, index): index for index in indices}
        for future in as_completed(running):
            if not future.cancelled():
                yield running[future], future.result()
            if time.monotonic() > ends:  # what is under way is finished
                for other in running:
                    other.cancel()


def _away(plan: Plan, store: Store, parts: list[Part], ends: float) -> tuple[dict[str, Tally], bool]:
    shown = [mutant for part in parts for mutant in part.shown]
    tallies: dict[str, Tally] = {}
    for name, python in plan.away:
        for at in range(0, len(shown), _BATCH):
            key = f"away-{name}-{at // _BATCH:03}"
            found = store.get(key, Tally)
            if found is None and time.monotonic() > ends:
                return tallies, False
            if found is None:
                found = attack_away(name, python, shown[at : at + _BATCH])
                store.put(key, found)
            tallies.setdefault(name, Tally()).add(found)
    return tallies, True


def _accepted(parts: Iterable[Part]) -> str:
    wrong: Counter[str] = Counter()
    for part in parts:
        wrong.update({name: tally.accepted.total() for name, tally in part.tallies.items()})
    return ", ".join(f"{name} accepted {wrong[name]} wrong ones" for name in wrong)
