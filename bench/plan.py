"""Capacity plan, `python -m bench plan`: engines and rule processes for a trainer, checked by the simulation.

The rule: as many that TinyV's calls, and the rule checks, fill them to at most `UTILISATION` of the generation phase.
Verification then has drained when the last completion ends, and what stays exposed is the way of that one.
"""

import argparse
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop
from rich.console import Console
from rich.table import Table

from bench.overlap.curves import curves_svg
from bench.overlap.growth import check, curves, fleets, saturation_of, step_of
from bench.overlap.saturation import GROUP, PROMPTS, TOLERANCE, WALL_S, run, saturation_points
from bench.overlap.simulation import BENT, Arrival, Fleet, Simulated, simulate
from bench.servers import servers_for
from bench.workload.steps import ZIPF_EXPONENT
from tinyv_stream.charts.png import missing, png

UTILISATION: Final = 0.7
"""Fuller engines keep up on average, but what a burst left over would not drain before the end: see docs/overlap.md."""

LONE_S: Final = 0.1
"""A lone verdict of the engine in `--run`, unless told: about that of the embedded verifier on two cores."""


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What a trainer sends, and what one engine and one rule process can do."""

    rollouts_per_s: float
    verdict_rate: float
    verdict_s: float
    rule_s: float
    wall_s: float
    zipf_exponent: float

    def fleet(self, engines: int, rules: int) -> Fleet:
        """Return a fleet of this size."""
        return Fleet(
            engines=engines, rate=self.verdict_rate, verdict_s=self.verdict_s, rule_servers=rules, rule_s=self.rule_s
        )


class PoolPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is needed, and what the simulation says of it."""

    engines: int
    rule_processes: int
    calls_per_s: float
    simulated: Simulated
    one_engine_less: Simulated | None
    servers: int | None = None
    """Of the broker, where the rate of one is given."""


def plan(demand: Demand, arrivals: Sequence[Arrival], broker_rate: float | None = None) -> PoolPlan:
    """Return the smallest fleet that the rule allows for this step, and how it does.

    `broker_rate`: rollouts/s that one server carries; then also how many servers, their busiest filled as the engines.
    """
    calls_per_s = len({a.key for a in arrivals if a.key}) / demand.wall_s
    engines = max(1, math.ceil(calls_per_s / (UTILISATION * demand.verdict_rate)))
    rules = max(1, math.ceil(len(arrivals) / demand.wall_s * demand.rule_s / UTILISATION))
    return PoolPlan(
        engines=engines,
        rule_processes=rules,
        calls_per_s=calls_per_s,
        simulated=simulate(arrivals, demand.fleet(engines, rules), "stream"),
        servers=_servers(demand, arrivals, broker_rate) if broker_rate else None,
        one_engine_less=simulate(arrivals, demand.fleet(engines - 1, rules), "stream") if engines > 1 else None,
    )


def _servers(demand: Demand, arrivals: Sequence[Arrival], broker_rate: float) -> int | None:
    """Return how many servers carry the mean rate, with a question's whole group on one of them."""
    questions = max(1, len(arrivals) // GROUP)
    return servers_for(demand.rollouts_per_s, broker_rate, questions, utilisation=UTILISATION)


def main(argv: list[str]) -> int:
    """Print a plan, with --grow how it grows, with --check and --run how right the simulation is.

    1 if a saturation point that was run is not where it was simulated, 2 for a wrong command line.
    """
    args = _parser().parse_args(argv)
    console = Console()
    if args.run:
        return _run(console, args.verdict_s or LONE_S, args.zipf, args.json)
    if args.check:
        try:
            console.print(_table(check(json.loads(args.check.read_text()))))
        except (OSError, ValueError, KeyError, TypeError) as exc:
            _parser().error(f"--check: give a result of `bench overlap` with all modes, replayed ({exc!r})")
        return 0
    if args.rollouts_per_s is None or args.verdict_rate is None:
        _parser().error("give --rollouts-per-s and --verdict-rate, or --check, or --run")
    demand = Demand(
        rollouts_per_s=args.rollouts_per_s,
        verdict_rate=args.verdict_rate,
        verdict_s=args.verdict_s or 1 / args.verdict_rate,
        rule_s=args.rule_s,
        wall_s=args.wall,
        zipf_exponent=args.zipf,
    )
    step = step_of(round(demand.rollouts_per_s * demand.wall_s), demand.wall_s, demand.zipf_exponent)
    made = plan(demand, step, args.broker_rate)
    report: dict[str, Any] = {"demand": demand, "plan": made}
    _print(console, demand, made)
    if args.grow:
        one = demand.fleet(1, 1)
        report["fleets"] = fleets(
            one, utilisation=UTILISATION, wall_s=args.wall, zipf_exponent=args.zipf, broker_rate=args.broker_rate
        )
        report["curves"] = curves(demand.verdict_s, args.wall, args.zipf)
        report["saturation"] = saturation_of(report["curves"], args.wall)
        console.print(_table(report["fleets"]))
        console.print(_table(report["saturation"]))
    if args.grow and args.picture:
        picture = curves_svg(
            report["curves"], report["saturation"], "exposed seconds against load, simulated; saturation points marked"
        )
        args.picture.write_text(picture + "\n")
        if missing():
            console.print(f"NO PNG: {missing()}", style="bold red", markup=False)
        else:
            args.picture.with_suffix(".png").write_bytes(png(picture))
    if args.json:
        args.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    return 0


def _run(console: Console, verdict_s: float, zipf_exponent: float, file: Path | None) -> int:
    points = uvloop.run(run(verdict_s, zipf_exponent, lambda text: console.print(text, style="dim", markup=False)))
    found = saturation_points(points)
    report = {"saturation": found, "tolerance": TOLERANCE, "bent": BENT, "verdict_s": verdict_s, "wall_s": WALL_S}
    report |= {"rollouts": PROMPTS * GROUP, "zipf_exponent": zipf_exponent, "points": points}
    rows: list[dict[str, Any]] = msgspec.to_builtins(found)
    console.print(_table(rows))
    if file:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    return 0 if all(point.holds for point in found) else 1


def _print(console: Console, demand: Demand, made: PoolPlan) -> None:
    less = f"; one engine less: {made.one_engine_less.exposed_s:.3f} s" if made.one_engine_less else ""
    console.print(
        f"{demand.rollouts_per_s:g} rollouts/s ask TinyV {made.calls_per_s:.2f} times a second after coalescing.\n"
        f"engines: {made.engines}   rule processes: {made.rule_processes}"
        f"{f'   broker servers: {made.servers}' if made.servers else ''}\n"
        f"simulated: engines {made.simulated.load:.0%} busy, {made.simulated.exposed_s:.3f} s exposed{less}",
        markup=False,
    )


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table(*rows[0])
    for row in rows:
        table.add_row(*(f"{v:.4g}" if isinstance(v, float) else "?" if v is None else str(v) for v in row.values()))
    return table


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="python -m bench plan", description="Engines and rule processes for a trainer.")
    p.add_argument("--rollouts-per-s", type=_positive, metavar="R", help="mean over a generation phase")
    p.add_argument("--verdict-rate", type=_positive, metavar="V", help="verdicts/s of one full engine")
    p.add_argument("--verdict-s", type=_positive, metavar="S", help="time of a lone verdict [1/V]")
    p.add_argument("--rule-s", type=_positive, default=0.01, metavar="S", help="mean time of a rule check [0.01]")
    p.add_argument("--wall", type=_positive, default=60.0, metavar="S", help="generation phase of a step [60]")
    p.add_argument(
        "--zipf", type=_positive, default=ZIPF_EXPONENT, help=f"how much a group repeats its answers [{ZIPF_EXPONENT}]"
    )
    p.add_argument("--grow", action="store_true", help="also: exposed time against load, and 8 to 512 engines")
    p.add_argument("--broker-rate", type=_positive, metavar="N", help="rollouts/s of one broker (bench throughput)")
    p.add_argument("--picture", type=Path, metavar="SVG", help="with --grow: the curves, as PNG beside it too")
    p.add_argument("--run", action="store_true", help="hold it against real pools around saturation (six minutes)")
    p.add_argument("--check", type=Path, metavar="JSON", help="hold the simulation against a result of bench overlap")
    p.add_argument("--json", type=Path, metavar="FILE")
    return p


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError("use a positive number")
    return value
