"""Command line of `python -m bench attack-rules [--json FILE]`: mutants of ground truths before every grader.

Exit 1 where `cascade` accepts a wrong one, 3 where the run is not finished. Truths are drawn from a seeded grammar
together with their values; what the oracle cannot tell is counted as undecided, never as wrong.
"""

import argparse
import json
import math
import pathlib
import sys
from typing import Any, Final

from bench.attack_rules.graders import OURS, PEERS
from bench.attack_rules.mutants import kinds
from bench.attack_rules.outcome import outcome, table
from bench.attack_rules.parts import OtherPlanError, Plan, Store, digest, run

_SMALL: Final = (200, 20)
_SLOW: Final = (*PEERS, "math_verify")
_NOT_FINISHED: Final = 3


def main(argv: list[str]) -> int:
    """Run the attack; 0 where `cascade` accepts nothing wrong, or is not asked; 1 where it does; 3: more is to do."""
    parser = _parser()
    options = parser.parse_args(argv)
    if options.list_kinds:
        sys.stdout.write("".join(f"{kind}\n" for kind in kinds()))
        return 0
    names = [*OURS, *PEERS] if options.graders == "all" else options.graders.split(",")
    unknown = [name for name in names if name not in {*OURS, *PEERS}]
    if unknown:
        parser.error(f"--graders {','.join(unknown)}: take some of {', '.join((*OURS, *PEERS))}")
    if not math.isinf(options.slice_s) and options.parts is None:
        parser.error(f"--slice-s {options.slice_s:g}: give --parts, a directory from which the next slice goes on")
    plan = _plan(options, names)
    try:
        store = Store(options.parts, plan)
    except OtherPlanError as exc:
        parser.error(f"--parts {exc}")
    parts, away, done = run(plan, store, options.processes, options.slice_s)
    result = outcome(parts, away, done=done)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))
    sys.stdout.write(table(result))
    return _exit(result)


def _exit(result: dict[str, Any]) -> int:
    if result["wrong_accepted"].get("cascade"):
        return 1
    return 0 if result["complete"] else _NOT_FINISHED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench attack-rules", description=__doc__)
    parser.add_argument("--json", type=pathlib.Path, help="write everything measured to this file")
    parser.add_argument("--truths", type=pathlib.Path, help="JSONL with ground truths to take instead of drawn ones")
    parser.add_argument("--count", type=int, default=3_300, help="ground truths (default 3,300)")
    parser.add_argument("--mutants", type=int, default=220_000, help="about so many mutants in all (default 220,000)")
    parser.add_argument(
        "--graders", default="cascade", help=f"of {','.join((*OURS, *PEERS))}, or `all` (default cascade)"
    )
    parser.add_argument("--sample", type=int, default=5_000, help="mutants that a slow grader sees (default 5,000)")
    parser.add_argument("--parts", type=pathlib.Path, help="keep what is done here; the same command goes on from it")
    parser.add_argument("--slice-s", type=float, default=math.inf, help="leave after so many seconds (exit 3)")
    parser.add_argument("--processes", type=int, default=1, help="ours run in so many processes (default 1)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--small", action="store_true", help="200 truths and 20 mutants of each: about 20 s")
    parser.add_argument("--peer-path", type=pathlib.Path, help="the directory `verl` of a copy of verl")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON", help="verl_prime=... or trl=...")
    parser.add_argument("--list-kinds", action="store_true", help="print the kinds of edits and leave")
    return parser


def _plan(options: argparse.Namespace, names: list[str]) -> Plan:
    count, each = _SMALL if options.small else (options.count, -(-options.mutants // options.count))
    away = tuple((name, python) for name, _, python in (str(peer).partition("=") for peer in options.peer))
    here = [name for name in names if name not in dict(away)]
    return Plan(
        count=count,
        each=each,
        seed=options.seed,
        graders=tuple(name for name in here if name not in _SLOW),
        slow=tuple(name for name in here if name in _SLOW),
        away=away,
        sample=options.sample if len(names) > sum(name not in _SLOW for name in names) or away else 0,
        truths=str(options.truths or ""),
        peer_path=str(options.peer_path or ""),
        rules=digest(),
    )
