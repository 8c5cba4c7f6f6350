"""Command line of `python -m bench rules [--json FILE] [--groups N] [--peer NAME=PYTHON]...`: run, table, goals.

Three promises (exit 1 where one is broken): five times Math-Verify's checks a second on the GRPO mix with no more false
positives, 100,000 a second where the fast path decides, p99 of the others at most doubled by a tenth of pathological
answers. Every grader sees the same cases in one process of its own, one after the other; nothing is remembered between
checks but what the grader itself keeps. Rates are per second of CPU time, latencies are wall time.
"""

import argparse
import asyncio
import json
import pathlib
import statistics
import subprocess
import sys
import time
from typing import Any, Final

import msgspec

from bench.rules.latency import p99_with_and_without
from bench.rules.mix import GROUP_SIZE, MixCase, grpo_mix, of_kind
from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.rules import fast_path
from tinyv_stream.verifiers.rules.graders import Check, load

OURS: Final = ("cascade", "prime", "exact")
_FAST_ROUNDS: Final = 20


class RulesRun(msgspec.Struct, frozen=True):
    """One grader over one set."""

    verdicts: list[bool]
    seconds: list[float]
    """Wall time of each check."""
    cpu_s: float
    """CPU time of all of them, so that a busy machine does not count against anybody."""


def main(argv: list[str]) -> int:
    """Run the benchmark; 0 if all three promises hold, 1 if not."""
    parser = argparse.ArgumentParser(prog="python -m bench rules", description=__doc__)
    parser.add_argument("--json", type=pathlib.Path, help="write everything measured to this file")
    parser.add_argument("--groups", type=int, default=60, help="groups of 8 in the GRPO mix (default 60)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON", help="trl=... or verl_prime=...")
    options = parser.parse_args(argv)
    result = measure(options.groups, options.seed, dict(peer.split("=", 1) for peer in options.peer))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))
    sys.stdout.write(table(result))
    promises = (
        result["x_math_verify_mix"] >= 5,
        result["fastpath_per_s"] >= 100_000,
        result["p99_ratio_with_pathological"] <= 2,
        result["false_positives"]["cascade"] <= result["false_positives"]["math_verify"],
    )
    return 0 if all(promises) else 1


def measure(groups: int, seed: int, peers: dict[str, str]) -> dict[str, Any]:
    """Return everything measured; the three promised figures at the top level."""
    sets = {"mix": grpo_mix(groups, seed=seed), **{k: of_kind(k, 80, seed=seed) for k in ("number", "short", "hard")}}
    graders: dict[str, Any] = {}
    for name in OURS:
        graders[name] = {kind: _summary(_ours(name, cases), cases) for kind, cases in sets.items()}
    for name, python in {"math_verify": sys.executable, **peers}.items():
        graders[name] = {kind: _summary(_peer(name, python, cases), cases) for kind, cases in sets.items()}
    p99, p99_with = asyncio.run(p99_with_and_without(seed))
    mix = {name: found["mix"] for name, found in graders.items()}
    return {
        "x_math_verify_mix": mix["cascade"]["checks_per_s"] / mix["math_verify"]["checks_per_s"],
        "fastpath_per_s": _fast_path_rate(sets["number"]),
        "p99_ratio_with_pathological": p99_with / p99,
        "p99_s": {"alone": p99, "with_a_tenth_pathological": p99_with},
        "distinct_share_in_groups": _distinct_share(sets["mix"]),
        "false_positives": {name: found["false_positives"] for name, found in mix.items()},
        "graders": graders,
    }


def table(result: dict[str, Any]) -> str:
    """Return the figures as text."""
    lines = ["grader       set      per CPU s  p50 ms   p99 ms   max ms   recall   false positives"]
    for name, sets in result["graders"].items():
        for kind, f in sets.items():
            ms = "  ".join(f"{f[key] * 1000:7.3f}" for key in ("p50_s", "p99_s", "max_s"))
            lines.append(
                f"{name:<12} {kind:<8} {f['checks_per_s']:8.0f}  {ms}   {f['recall']:6.3f}   {f['false_positives']}"
            )
    lines += [
        f"cascade / Math-Verify on the mix: {result['x_math_verify_mix']:.1f}x",
        f"fast path: {result['fastpath_per_s']:,.0f} checks/s on one core",
        f"p99 of the others with 10 % pathological: {result['p99_ratio_with_pathological']:.2f}x",
    ]
    return "\n".join(lines) + "\n"


def _ours(name: str, cases: list[MixCase]) -> RulesRun:
    grader = load(name)
    grader.grade(Check("x+1", "1+x"))
    verdicts: list[bool] = []
    seconds: list[float] = []
    cpu_s = 0.0
    for case in cases:
        check = Check(case.model_answer, case.ground_truth)
        started, busy = time.perf_counter(), time.process_time()
        verdict = grader.fast(check) or grader.grade(check)
        cpu_s += time.process_time() - busy
        seconds.append(time.perf_counter() - started)
        verdicts.append(verdict is not None and verdict.outcome is Outcome.CORRECT)
    return RulesRun(verdicts, seconds, cpu_s)


def _peer(name: str, python: str, cases: list[MixCase]) -> RulesRun:
    script = pathlib.Path(__file__).with_name("peer.py")
    pairs = json.dumps([(case.model_answer, case.ground_truth) for case in cases])
    done = subprocess.run([python, script, name], input=pairs, capture_output=True, text=True, check=True, timeout=900)  # noqa: S603 (a Python that the caller named)
    found = json.loads(done.stdout)
    return RulesRun(found["verdicts"], found["seconds"], found["cpu_s"])


def _summary(run: RulesRun, cases: list[MixCase]) -> dict[str, float]:
    ranked = sorted(run.seconds)
    right = [v for v, case in zip(run.verdicts, cases, strict=True) if case.label]
    return {
        "checks": len(cases),
        "checks_per_s": len(cases) / run.cpu_s,
        "p50_s": statistics.median(ranked),
        "p99_s": ranked[int(0.99 * (len(ranked) - 1))],
        "max_s": ranked[-1],
        "recall": sum(right) / len(right),
        "false_positives": sum(v for v, case in zip(run.verdicts, cases, strict=True) if not case.label),
    }


def _fast_path_rate(cases: list[MixCase]) -> float:
    started = time.process_time()
    for _ in range(_FAST_ROUNDS):
        for case in cases:
            fast_path.decide(case.model_answer, case.ground_truth)
    return _FAST_ROUNDS * len(cases) / (time.process_time() - started)


def _distinct_share(cases: list[MixCase]) -> float:
    groups = [cases[at : at + GROUP_SIZE] for at in range(0, len(cases), GROUP_SIZE)]
    return sum(len({case.model_answer for case in group}) for group in groups) / len(cases)
