"""Scaling by simulation: exposed time by step size and by load, and the load that fleets of engines carry.

`check` holds the simulation against a measured result, so that nobody has to believe it.
"""

import math
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from bench.overlap.simulation import BENT, Arrival, Fleet, Mode, arrivals_of, bend, simulate
from bench.workload import Mix, bundled, make

SIZES: Final = (128, 512, 2048, 8192)
LOADS: Final = (0.1, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0)
FLEETS: Final = (8, 16, 32, 64, 128, 256, 512)
CURVE_MODES: Final[tuple[Mode, ...]] = ("rule_only", "stream", "stream_no_coalesce", "verl", "trl", "blocking")
GROUP: Final = 8
MADE: Final = "made from the seed"
"""What a result says of its questions where they can be made again."""
_BLOCK: Final = 256


def step_of(rollouts: int, wall_s: float, zipf_exponent: float, seed: int = 1) -> list[Arrival]:
    """Return the default workload's step with about `rollouts` completions."""
    prompts = max(1, round(rollouts / GROUP))
    return arrivals_of(
        make(bundled(prompts, seed), GROUP, wall_s=wall_s, seed=seed, mix=Mix(zipf_exponent=zipf_exponent))
    )


def curves(verdict_s: float, wall_s: float, zipf_exponent: float) -> list[dict[str, Any]]:
    """Return exposed time against load for every mode and step size.

    Load is the calls without coalescing per what the engine can do in the generation phase: one axis for all modes.
    """
    rows: list[dict[str, Any]] = []
    for size in SIZES:
        arrivals = step_of(size, wall_s, zipf_exponent)
        asked = sum(a.key is not None for a in arrivals)
        for load in LOADS:
            fleet = Fleet(
                engines=1, rate=asked / wall_s / load, verdict_s=verdict_s, rule_servers=max(2, size // GROUP)
            )
            rows += [
                {"rollouts": len(arrivals), "load": load, "mode": mode}
                | {"exposed_s": simulate(arrivals, fleet, mode).exposed_s}
                for mode in CURVE_MODES
            ]
    return rows


def saturation_of(rows: Sequence[dict[str, Any]], wall_s: float) -> list[dict[str, Any]]:
    """Return where each mode tips over at each step size; None for a mode that does not within the loads."""
    found: list[dict[str, Any]] = []
    for size in sorted({r["rollouts"] for r in rows}):
        for mode in ("stream", "stream_no_coalesce", "verl"):
            curve = [(r["load"], r["exposed_s"]) for r in rows if (r["rollouts"], r["mode"]) == (size, mode)]
            found.append({"rollouts": size, "mode": mode, "saturation": bend(curve, BENT * wall_s)})
    return found


def fleets(
    fleet: Fleet, *, utilisation: float, wall_s: float, zipf_exponent: float, broker_rate: float | None
) -> list[dict[str, Any]]:
    """Return what 8 to 512 engines like `fleet`'s carry at this utilisation, and how many brokers that takes."""
    one = step_of(_BLOCK, wall_s, zipf_exponent)
    calls = len({a.key for a in one if a.key})
    rows: list[dict[str, Any]] = []
    for engines in FLEETS:
        blocks = max(1, int(utilisation * engines * fleet.rate * wall_s / calls))
        # Many trainers' worth of questions, all ending at the same moments: a burst as bad as one step's.
        arrivals = [Arrival(a.ended_s, a.key and f"{a.key}#{n}") for a in one for n in range(blocks)]
        rate = len(arrivals) / wall_s
        rules = max(1, math.ceil(rate * fleet.rule_s / utilisation))
        many = msgspec.structs.replace(fleet, engines=engines, rule_servers=rules)
        row = {"engines": engines, "rule_processes": rules, "rollouts_per_s": rate}
        row |= {"exposed_s": simulate(arrivals, many, "stream").exposed_s}
        rows.append(row | {"brokers": math.ceil(rate / broker_rate) if broker_rate else None})
    return rows


def check(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return, for each mode of an overlap result, exposed and waiting time as measured and as simulated.

    The engine's rate is that of `trl`, else `blocking` (all calls at once; `blocking` forks 64 processes besides); its
    lone verdict and the rules' time are the result's. Raises ValueError if the seed does not give the steps again.
    """
    modes, setting = report["modes"], report["setting"]
    if setting["questions"] != MADE or setting["policy_tokens"] is not None:
        raise ValueError("its questions or its generation are not made from the seed")
    full, rules = modes.get("trl") or modes["blocking"], modes["rule_only"]
    rule_s = rules["work_s"]["median"] / rules["rollouts"]["median"]
    fleet = Fleet(
        engines=1,
        rate=full["calls"]["median"] / full["exposed_s"]["median"],
        verdict_s=report["verdict_s"],
        rule_servers=2,
        rule_s=rule_s,
        hop_s=max(0.0, rules["wait_p50_s"]["median"] - rule_s),
    )
    steps = [_again(setting, seed) for seed in report["workload"]["seeds"]]
    rows: list[dict[str, Any]] = []
    for mode in (*CURVE_MODES, "per_sample"):
        if mode not in modes:
            continue
        found = [simulate(step, fleet, mode) for step in steps]
        row = {"mode": mode, "measured_s": modes[mode]["exposed_s"]["median"]}
        row |= {"simulated_s": _median([f.exposed_s for f in found])}
        row |= {"measured_p99_s": modes[mode]["wait_p99_s"]["median"]}
        rows.append(row | {"simulated_p99_s": _median([f.wait_p99_s for f in found])})
    return rows


def _again(setting: dict[str, Any], seed: int) -> list[Arrival]:
    questions = bundled(setting["prompts"], seed)
    mix = Mix(zipf_exponent=setting["zipf_exponent"])
    return arrivals_of(make(questions, setting["group_size"], wall_s=setting["wall_s"], seed=seed, mix=mix))


def _median(values: Sequence[float]) -> float:
    return sorted(values)[len(values) // 2]
