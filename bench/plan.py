"""`python -m bench plan`: how many engines and rule workers a trainer needs, checked by the simulation.

The rule: engines so that TinyV's calls fill them to at most `UTILISATION` of the generation phase, and one more for
a spare where there are several; rule workers likewise. Verification then has drained when the last completion ends, and
what stays exposed is the way of that one completion.
"""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Table

from bench.overlap.curves import curves_svg
from bench.simulation import Arrival, Fleet, Mode, Simulated, arrivals_of, simulate
from bench.workload import Mix, bundled, make

UTILISATION: Final = 0.7
"""Full engines would still keep up on average, but a burst before the end would not drain: the knee, see docs."""
SIZES: Final = (128, 512, 2048, 8192)
LOADS: Final = (0.1, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0)
FLEETS: Final = (8, 16, 32, 64, 128, 256, 512)
CURVE_MODES: Final[tuple[Mode, ...]] = ("stream", "stream_no_coalesce", "per_sample", "blocking")
_GROUP: Final = 8
_BLOCK: Final = 256


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What a trainer sends, and what one engine and one rule process can do."""

    rollouts_per_s: float
    verdict_rate: float
    verdict_s: float
    rule_s: float
    wall_s: float
    habit: float


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed, and what the simulation says of it."""

    engines: int
    rule_processes: int
    calls_per_s: float
    simulated: Simulated
    one_engine_less: Simulated | None


def step_of(rollouts: int, wall_s: float, habit: float, seed: int = 1) -> list[Arrival]:
    """Return the default workload's step with about `rollouts` completions."""
    prompts = max(1, round(rollouts / _GROUP))
    return arrivals_of(make(bundled(prompts, seed), _GROUP, wall_s=wall_s, seed=seed, mix=Mix(habit=habit)))


def plan(demand: Demand, arrivals: Sequence[Arrival]) -> Plan:
    """Return the smallest fleet that the rule allows for this step, and how it does."""
    calls_per_s = len({a.key for a in arrivals if a.key}) / demand.wall_s
    engines = max(1, math.ceil(calls_per_s / (UTILISATION * demand.verdict_rate)))
    rules = max(1, math.ceil(len(arrivals) / demand.wall_s * demand.rule_s / UTILISATION))
    less = simulate(arrivals, fleet_of(demand, engines - 1, rules), "stream") if engines > 1 else None
    return Plan(
        engines=engines,
        rule_processes=rules,
        calls_per_s=calls_per_s,
        simulated=simulate(arrivals, fleet_of(demand, engines, rules), "stream"),
        one_engine_less=less,
    )


def fleet_of(demand: Demand, engines: int, rules: int) -> Fleet:
    """Return a fleet of this size, of the demand's kind."""
    return Fleet(
        engines=engines,
        rate=demand.verdict_rate,
        verdict_s=demand.verdict_s,
        rule_servers=rules,
        rule_s=demand.rule_s,
    )


def curves(demand: Demand) -> list[dict[str, Any]]:
    """Return exposed time against load for every mode and step size.

    Load is the calls of the stream without coalescing per what the engine can do: one axis for all modes.
    """
    rows: list[dict[str, Any]] = []
    for size in SIZES:
        arrivals = step_of(size, demand.wall_s, demand.habit)
        asked = sum(a.key is not None for a in arrivals)
        for load in LOADS:
            rate = asked / demand.wall_s / load
            fleet = Fleet(engines=1, rate=rate, verdict_s=demand.verdict_s, rule_servers=max(2, size // 256))
            for mode in CURVE_MODES:
                found = simulate(arrivals, fleet, mode)
                rows.append({"rollouts": len(arrivals), "load": load, "mode": mode, "exposed_s": found.exposed_s})
    return rows


def main(argv: list[str]) -> int:
    """Print a plan, and with --grow how it grows; 0, or 2 for a wrong command line."""
    args = _parser().parse_args(argv)
    demand = Demand(
        rollouts_per_s=args.rollouts_per_s,
        verdict_rate=args.verdict_rate,
        verdict_s=args.verdict_s or 1 / args.verdict_rate,
        rule_s=args.rule_s,
        wall_s=args.wall,
        habit=args.habit,
    )
    console = Console()
    arrivals = step_of(round(demand.rollouts_per_s * demand.wall_s), demand.wall_s, demand.habit)
    made = plan(demand, arrivals)
    told: dict[str, Any] = {"demand": demand, "plan": made}
    _print(console, demand, made)
    if args.grow:
        told |= {"curves": curves(demand), "fleets": _fleets(demand, made, args.broker_rate)}
        _print_fleets(console, told["fleets"])
    if args.grow and args.report:
        args.report.write_text(curves_svg(told["curves"], "exposed seconds against load, simulated"))
    if args.json:
        args.json.write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
    return 0


def _fleets(demand: Demand, made: Plan, broker_rate: float | None) -> list[dict[str, Any]]:
    """Return what fleets of 8 to 512 engines carry by the rule, simulated, and what of it the broker allows."""
    calls_per_rollout = made.calls_per_s / demand.rollouts_per_s
    rows: list[dict[str, Any]] = []
    one = step_of(_BLOCK, demand.wall_s, demand.habit)
    for engines in FLEETS:
        blocks = max(1, int(UTILISATION * engines * demand.verdict_rate / calls_per_rollout * demand.wall_s / len(one)))
        # Many trainers' worth of questions, all ending at the same moments: a burst as bad as one step's.
        arrivals = [Arrival(a.ended_s, a.key and f"{a.key}#{n}") for a in one for n in range(blocks)]
        rate = len(arrivals) / demand.wall_s
        rules = max(1, math.ceil(rate * demand.rule_s / UTILISATION))
        found = simulate(arrivals, fleet_of(demand, engines, rules), "stream")
        row = {"engines": engines, "rule_processes": rules, "rollouts_per_s": rate, "exposed_s": found.exposed_s}
        rows.append(row | {"brokers": math.ceil(rate / broker_rate) if broker_rate else None})
    return rows


def _print(console: Console, demand: Demand, made: Plan) -> None:
    console.print(
        f"{demand.rollouts_per_s:g} rollouts/s ask TinyV {made.calls_per_s:.2f} times a second after coalescing.\n"
        f"engines: {made.engines}   rule processes: {made.rule_processes}\n"
        f"simulated: engines {made.simulated.load:.0%} busy, {made.simulated.exposed_s:.3f} s exposed"
        + (f"; one engine less: {made.one_engine_less.exposed_s:.3f} s" if made.one_engine_less else ""),
        markup=False,
    )


def _print_fleets(console: Console, rows: list[dict[str, Any]]) -> None:
    table = Table("engines", "rule processes", "rollouts/s", "exposed s", "brokers")
    for r in rows:
        brokers = "?" if r["brokers"] is None else str(r["brokers"])
        rate, exposed = f"{r['rollouts_per_s']:.0f}", f"{r['exposed_s']:.3f}"
        table.add_row(str(r["engines"]), str(r["rule_processes"]), rate, exposed, brokers)
    console.print(table)


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m bench plan", description="Engines and rule workers for a trainer.")
    p.add_argument("--rollouts-per-s", type=_positive, required=True, metavar="R", help="mean over a generation phase")
    p.add_argument("--verdict-rate", type=_positive, required=True, metavar="V", help="verdicts/s of one full engine")
    p.add_argument("--verdict-s", type=_positive, metavar="S", help="time of a lone verdict [1/V]")
    p.add_argument("--rule-s", type=_positive, default=0.01, metavar="S", help="mean time of a rule check [0.01]")
    p.add_argument("--wall", type=_positive, default=60.0, metavar="S", help="generation phase of a step [60]")
    p.add_argument("--habit", type=_positive, default=2.0, help="how much a group repeats its answers [2.0]")
    p.add_argument("--grow", action="store_true", help="also: exposed time against load, and 8 to 512 engines")
    p.add_argument("--broker-rate", type=_positive, metavar="N", help="rollouts/s of one broker (bench throughput)")
    p.add_argument("--json", type=Path, metavar="FILE")
    p.add_argument("--report", type=Path, metavar="SVG", help="with --grow: the curves as a picture")
    return p


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError("use a positive number")
    return value
