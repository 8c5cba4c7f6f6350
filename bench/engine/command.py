"""The command line of the engine benchmark: run, print, write."""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil
import uvloop
from rich.console import Console

from bench.engine.determinism import Asked, asked
from bench.engine.parts import EngineRate
from bench.engine.plain import PLAIN, plain
from bench.engine.reference import Pattern
from bench.engine.resistance import Resisted, resisted
from bench.engine.run import EngineSettings, measure
from tinyv_stream.errors import InvalidInputError, TinyVError

GOALS: Final = (("worker_over_raw", 0.95), ("x_reference", 4.0))
_ABOUT: Final = "How near is TinyV to its engine, and how far from the reference's pattern?"
_AT: Final = 0.75
"""The load whose waits stand at the top of the JSON."""


def main(argv: list[str]) -> int:
    """Run; 0 if the goals hold, 1 if not, if the machine was busy or if a part failed, 2 for a wrong command line."""
    console = Console()
    args = _parser().parse_args(argv)
    load_before = os.getloadavg()[0]
    try:
        with tempfile.TemporaryDirectory() as directory:
            report, is_met = uvloop.run(_run(args, Path(directory), partial(_say, console)))
    except InvalidInputError as exc:
        sys.stderr.write(f"bench engine: {exc}\n")
        return 2
    except (TinyVError, AssertionError) as exc:
        sys.stderr.write(f"bench engine: {exc}\n")
        return 1
    for name, value in report.items():
        if isinstance(value, float):
            console.print(f"{name:24} {value:.4g}", markup=False)
    report |= {
        "machine": {"cores": len(os.sched_getaffinity(0)), "memory_mb": psutil.virtual_memory().total // 2**20},
        "load_before": load_before,
        "load_after": os.getloadavg()[0],
    }
    if args.json:
        args.json.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1) + b"\n")
    return 0 if is_met else 1


async def _run(args: argparse.Namespace, directory: Path, say: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    """Run what was asked for; return its figures, and whether they are as promised."""
    settings = _settings(args)
    if settings.model == PLAIN:
        say("unpacking SmolLM2 as it is, half a minute")
        settings = msgspec.structs.replace(settings, model=str(await asyncio.to_thread(plain, directory / PLAIN)))
    if args.determinism is not None:
        return _determined(await asked(settings, args.determinism, say), say)
    if args.attacks:
        return _resisted(await resisted(settings, say), say)
    busy, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
    report = result(await measure(settings, directory, say))
    if busy > cores:
        say(f"load average {busy:.1f} on {cores} cores at the start: trust the figures per CPU second only")
    return report, busy <= cores and all(report[name] is None or report[name] >= goal for name, goal in GOALS)


def _determined(rows: list[Asked], say: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    for row in rows:
        say(
            f"{row.prompt} prompt: {row.prompts} x 3, {row.flips} flips, {row.asked_again} asked again alone; largest "
            f"difference {row.largest_difference:.4f} logits, {row.largest_near_threshold:.4f} among the "
            f"{row.near_threshold} near the threshold (margin {row.margin})"
        )
    return {"determinism": rows}, all(row.holds for row in rows)


def _resisted(rows: list[Resisted], say: Callable[[str], None]) -> tuple[dict[str, Any], bool]:
    say(f"{'family':34}{'tried':>7}{'guard':>7}{'accepted':>10}{'undecided':>11}{'unguarded':>11}")
    for row in rows:
        name = row.family if row.structural else f"{row.family} (meaning)"
        counts = f"{row.tried:7}{row.stopped:7}{row.accepted:10}{row.undecided:11}{row.accepted_without_guard:11}"
        say(f"{name:34}{counts}")
    return {"attacks": rows}, not any(row.accepted for row in rows if row.structural)


def _say(console: Console, text: str) -> None:
    console.print(text, style="dim", markup=False)


def result(found: dict[str, Any]) -> dict[str, Any]:
    """Return the figures that are promised, with everything they were made of beside them."""
    at = next(row for row in found["loads"] if row["share"] == _AT)
    theirs: list[Pattern] = found["reference"]
    rates = {name: found[name] for name in ("raw", "worker", "step")}
    rates |= {name: [run.rate for run in found[name]] for name in ("reference", "reference_as_published")}
    report = {
        "worker_over_raw": _ratio(rates, "worker", "raw", "per_s"),
        "worker_over_raw_cpu": _ratio(rates, "worker", "raw", "per_cpu_s"),
        "x_reference": _ratio(rates, "step", "reference", "per_s"),
        "x_reference_cpu": _ratio(rates, "step", "reference", "per_cpu_s"),
        "x_reference_as_published": _ratio(rates, "step", "reference_as_published", "per_s"),
        "calls_avoided": 1 - found["calls"] / found["rollouts"],
        "prefix_hit_rate": found["prefix_hit_rate"],
        "p50_ms": at["p50_ms"],
        "p99_ms": at["p99_ms"],
    }
    return report | _limits(found, rates, theirs) | {"measured": found}


def _limits(
    found: dict[str, Any], rates: dict[str, list[EngineRate]], theirs: list[Pattern]
) -> dict[str, float | None]:
    """Return what `x_reference` would be for an engine that computes each different token once, and nothing else.

    In tokens; and in time, at the speed at which our engine computed tokens in `raw`.
    """
    tokens = found["tokens"]
    if not theirs or tokens["least"] is None:
        return {"x_limit_tokens": None, "x_limit": None, "x_limit_cpu": None}
    steps = (tokens["raw"] / found["different"]) / tokens["least"] * found["rollouts"]
    limit = {per: _ratio(rates, "raw", "reference", per) for per in ("per_s", "per_cpu_s")}
    return {
        "x_limit_tokens": statistics.median(run.computed for run in theirs) / tokens["least"],
        "x_limit": None if limit["per_s"] is None else steps * limit["per_s"],
        "x_limit_cpu": None if limit["per_cpu_s"] is None else steps * limit["per_cpu_s"],
    }


def _ratio(rates: dict[str, list[EngineRate]], ours: str, theirs: str, per: str) -> float | None:
    each = [[getattr(rate, per) for rate in rates[name]] for name in (ours, theirs)]
    return statistics.median(each[0]) / statistics.median(each[1]) if each[1] else None


def _settings(args: argparse.Namespace) -> EngineSettings:
    if min(args.prompts, args.group_size, args.repeats) < 1:
        raise InvalidInputError("--prompts, --group-size, --repeats", 0, "use 1 or more")
    return EngineSettings(
        prompts=args.prompts,
        group_size=args.group_size,
        seed=args.seed,
        repeats=args.repeats,
        load_s=args.load,
        questions=args.questions,
        model=args.model,
        threads=args.threads,
        with_reference=not args.no_reference,
        as_published=args.as_published,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench engine", description=_ABOUT)
    parser.add_argument("--json", type=Path, metavar="F", help="write the figures here")
    parser.add_argument("--prompts", type=int, default=24, help="prompts of the step; 128 is the reference's size")
    parser.add_argument("--group-size", type=int, default=8, help="completions per prompt")
    parser.add_argument("--repeats", type=int, default=3, help="of raw, worker and step; the median counts")
    parser.add_argument("--load", type=float, default=20.0, metavar="S", help="seconds at each load")
    parser.add_argument("--questions", type=Path, metavar="F", help="JSON lines with question and ground_truth")
    parser.add_argument(
        "--model", default="embedded", help="as tinyv.model, or `smollm2`: the same without its adapter [embedded]"
    )
    parser.add_argument("--threads", type=int, help="as tinyv.engine.threads")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-reference", action="store_true", help="leave the reference's server out")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--determinism",
        type=int,
        nargs="?",
        const=1000,
        metavar="N",
        help="instead: N prompts in three orders, and how far their readings differ [1000]",
    )
    instead.add_argument("--attacks", action="store_true", help="instead: which attacks the model falls for")
    parser.add_argument(
        "--as-published",
        action="store_true",
        help="measure the reference once more, with the imports that each of its 64 processes makes (5 GB)",
    )
    return parser
