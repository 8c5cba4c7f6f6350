"""Outcome of an attack: totals, then by kind, then what was accepted; as JSON and as a table."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

from bench.attack_rules.graders import PEERS
from bench.attack_rules.parts import Part
from bench.attack_rules.tally import Tally


def outcome(parts: Sequence[Part], away: dict[str, Tally], *, done: bool) -> dict[str, Any]:
    """Return the result as it is written."""
    graders: dict[str, Tally] = {}
    for part in parts:
        for name, tally in part.tallies.items():
            graders.setdefault(name, Tally()).add(tally)
    graders |= away
    missing = sorted({name for part in parts for name in part.missing})
    kinds: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for part in parts:
        for kind, found in part.kinds.items():
            kinds[kind].update(found)
    labels = sum(kinds.values(), Counter[str]())
    return {
        "mutants": labels.total(),
        "truths": sum(part.truths for part in parts),
        "complete": done,
        "wrong": labels["wrong"],
        "equal": labels["equal"],
        "undecided": labels["unsure"],
        "wrong_accepted": {name: tally.accepted.total() for name, tally in graders.items()},
        "equal_refused": {name: tally.refused.total() for name, tally in graders.items()},
        "seen": {
            name: {"mutants": t.seen, **{f: getattr(t, f) for f in ("wrong", "equal", "late", "patient", "crashed")}}
            for name, t in graders.items()
        },
        "seconds": {name: round(tally.seconds, 1) for name, tally in graders.items()},
        "cpu_s": {name: round(tally.cpu_s, 1) for name, tally in graders.items()},
        "by_kind": {kind: _kind(kind, found, graders) for kind, found in sorted(kinds.items())},
        "by_family": {name: dict(tally.families) for name, tally in graders.items()},
        "peers": {
            **{name: _peer(tally, labels["wrong"]) for name, tally in graders.items() if name in PEERS},
            **{name: {"state": "not installed"} for name in missing},
        },
        "examples": {name: tally.examples for name, tally in graders.items()},
        "refused_examples": {name: tally.refused_examples for name, tally in graders.items()},
        "refused_by_kind": {name: dict(tally.refused) for name, tally in graders.items()},
    }


def _kind(kind: str, found: Counter[str], graders: dict[str, Tally]) -> dict[str, Any]:
    accepted = {name: tally.accepted[kind] for name, tally in graders.items()}
    return {"mutants": found.total(), "wrong": found["wrong"], "accepted": accepted}


def _peer(tally: Tally, wrong: int) -> dict[str, Any]:
    """Return what a peer accepted of the sample it saw, and that figure scaled to all wrong ones."""
    accepted_wrong = tally.accepted.total()
    scaled = round(accepted_wrong * wrong / tally.wrong) if tally.wrong else 0
    return {"state": "run", "wrong_seen": tally.wrong, "wrong_accepted": accepted_wrong, "scaled_to_all_wrong": scaled}


def table(result: dict[str, Any]) -> str:
    """Return the figures as text, by kind."""
    names = list(result["wrong_accepted"])
    lines = [f"{'kind':<36} {'mutants':>8} {'wrong':>8}" + "".join(f" {name:>17}" for name in names)]
    for kind, found in result["by_kind"].items():
        cells = "".join(f" {found['accepted'][name]:>17}" for name in names)
        lines.append(f"{kind:<36} {found['mutants']:>8} {found['wrong']:>8}{cells}")
    cells = "".join(f" {result['wrong_accepted'][name]:>17}" for name in names)
    lines.append(f"{'all':<36} {result['mutants']:>8} {result['wrong']:>8}{cells}")
    for name in names:
        seen = result["seen"][name]
        lines.append(
            f"{name}: {result['wrong_accepted'][name]} of {seen['wrong']} wrong ones accepted,"
            f" {result['equal_refused'][name]} of {seen['equal']} equal ones refused,"
            f" {seen['mutants']} seen in {result['cpu_s'][name]} s of CPU time, {seen['patient']} with patience,"
            f" {seen['late']} late, {seen['crashed']} crashed"
        )
    lines += [f"{name}: not installed" for name, peer in result["peers"].items() if peer["state"] != "run"]
    lines.append(f"undecided by the oracle, in no count: {result['undecided']}")
    if not result["complete"]:
        lines.append(f"not finished: {result['truths']} ground truths so far; the same command goes on")
    return "\n".join(lines) + "\n"
