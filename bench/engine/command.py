"""The command line of the engine benchmark: run, print, write."""

import argparse
import os
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil
import uvloop
from rich.console import Console

from bench.engine.run import Settings, measure
from tinyv_stream.errors import InvalidInputError, TinyVError

GOALS: Final = (("worker_over_raw", 0.95), ("x_reference", 4.0))
_AT: Final = 0.75
"""The load whose waits stand at the top of the JSON."""


def main(argv: list[str]) -> int:
    """Run; 0 if the goals hold, 1 if not or if a part failed, 2 for a wrong command line."""
    console = Console()
    args = _parser().parse_args(argv)
    load_before = os.getloadavg()[0]
    try:
        with tempfile.TemporaryDirectory() as directory:
            found = uvloop.run(measure(_settings(args), Path(directory), partial(_say, console)))
    except InvalidInputError as exc:
        sys.stderr.write(f"bench engine: {exc}\n")
        return 2
    except (TinyVError, AssertionError) as exc:
        sys.stderr.write(f"bench engine: {exc}\n")
        return 1
    told = result(found)
    told |= {
        "machine": {"cores": len(os.sched_getaffinity(0)), "memory_mb": psutil.virtual_memory().total // 2**20},
        "load_before": load_before,
        "load_after": os.getloadavg()[0],
    }
    for name, value in told.items():
        if isinstance(value, float):
            console.print(f"{name:18} {value:.4g}", markup=False)
    if args.json:
        args.json.write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
    met = [told[name] is None or told[name] >= goal for name, goal in GOALS]
    return 0 if all(met) else 1


def _say(console: Console, text: str) -> None:
    console.print(text, style="dim", markup=False)


def result(found: dict[str, Any]) -> dict[str, Any]:
    """Return the figures that are promised, with everything they were made of beside them."""
    at = next(row for row in found["loads"] if row["share"] == _AT)
    return {
        "worker_over_raw": _ratio(found, "worker", "raw", "per_s"),
        "worker_over_raw_cpu": _ratio(found, "worker", "raw", "per_cpu_s"),
        "x_reference": _ratio(found, "step", "reference", "per_s"),
        "x_reference_cpu": _ratio(found, "step", "reference", "per_cpu_s"),
        "calls_avoided": 1 - found["calls"] / found["rollouts"],
        "prefix_hit_rate": found["prefix_hit_rate"],
        "p50_ms": at["p50_ms"],
        "p99_ms": at["p99_ms"],
        "measured": found,
    }


def _ratio(found: dict[str, Any], ours: str, theirs: str, per: str) -> float | None:
    rates = [[getattr(rate, per) for rate in found[name]] for name in (ours, theirs)]
    return statistics.median(rates[0]) / statistics.median(rates[1]) if rates[1] else None


def _settings(args: argparse.Namespace) -> Settings:
    if min(args.prompts, args.group_size, args.repeats) < 1:
        raise InvalidInputError("--prompts, --group-size, --repeats", 0, "use 1 or more")
    return Settings(
        prompts=args.prompts,
        group_size=args.group_size,
        seed=args.seed,
        repeats=args.repeats,
        load_s=args.load,
        questions=args.questions,
        model=args.model,
        threads=args.threads,
        with_reference=not args.no_reference,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench engine", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="F", help="write the figures here")
    parser.add_argument("--prompts", type=int, default=24, help="prompts of the step; 128 is the reference's size")
    parser.add_argument("--group-size", type=int, default=8, help="completions per prompt")
    parser.add_argument("--repeats", type=int, default=3, help="of raw, worker and step; the median counts")
    parser.add_argument("--load", type=float, default=20.0, metavar="S", help="seconds at each load")
    parser.add_argument("--questions", type=Path, metavar="F", help="JSON lines with question and ground_truth")
    parser.add_argument("--model", default="embedded", help="as tinyv.model")
    parser.add_argument("--threads", type=int, help="as tinyv.engine.threads")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-reference", action="store_true", help="leave the reference's server out")
    return parser
