"""Command line of `python -m bench attack-rules [--json FILE]`: mutants of ground truths before every grader.

Exit 1 where `cascade` accepts a wrong one. Truths are drawn from a seeded grammar together with their values; what the
oracle cannot tell is counted as undecided, never as wrong.
"""

import argparse
import json
import pathlib
import sys
import time
from typing import Any, Final

from bench.attack_rules.attack import Tally, attack, attack_away, loaded, outcome, sample
from bench.attack_rules.file_truths import file_truths
from bench.attack_rules.graders import OURS, PEERS
from bench.attack_rules.mutants import Mutant, kinds, mutants, truths

_SMALL: Final = (200, 20)
_SLOW: Final = (*PEERS, "math_verify")


def main(argv: list[str]) -> int:
    """Run the attack; 0 if `cascade` accepts no wrong answer (or is not asked), 1 if it does."""
    parser = argparse.ArgumentParser(prog="python -m bench attack-rules", description=__doc__)
    parser.add_argument("--json", type=pathlib.Path, help="write everything measured to this file")
    parser.add_argument("--truths", type=pathlib.Path, help="JSONL with ground truths to take instead of drawn ones")
    parser.add_argument("--count", type=int, default=3_300, help="ground truths (default 3,300)")
    parser.add_argument("--mutants", type=int, default=220_000, help="about so many mutants in all (default 220,000)")
    parser.add_argument(
        "--graders", default="cascade", help=f"of {','.join((*OURS, *PEERS))}, or `all` (default cascade)"
    )
    parser.add_argument("--sample", type=int, default=5_000, help="mutants that a slow grader sees (default 5,000)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--small", action="store_true", help="200 truths and 20 mutants of each: about 20 s")
    parser.add_argument("--peer-path", type=pathlib.Path, help="the directory `verl` of a copy of verl")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON", help="verl_prime=... or trl=...")
    parser.add_argument("--list-kinds", action="store_true", help="print the kinds of edits and leave")
    options = parser.parse_args(argv)
    if options.list_kinds:
        sys.stdout.write("".join(f"{kind}\n" for kind in kinds()))
        return 0
    names = [*OURS, *PEERS] if options.graders == "all" else options.graders.split(",")
    unknown = [name for name in names if name not in {*OURS, *PEERS}]
    if unknown:
        parser.error(f"--graders {','.join(unknown)}: take some of {', '.join((*OURS, *PEERS))}")
    count, each = _SMALL if options.small else (options.count, -(-options.mutants // options.count))
    result = run(count, each, names, options)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1))
    sys.stdout.write(table(result))
    return 1 if result["wrong_accepted"].get("cascade") else 0


def run(count: int, each: int, names: list[str], options: argparse.Namespace) -> dict[str, Any]:
    """Draw the truths and their mutants, and put them before the graders."""
    started = time.monotonic()
    drawn = file_truths(options.truths)[:count] if options.truths else truths(count, options.seed)
    made: list[Mutant] = []
    for truth in drawn:
        made += mutants(truth, each, options.seed)
    sys.stderr.write(f"{len(made)} mutants of {len(drawn)} ground truths in {time.monotonic() - started:.0f} s\n")
    away = dict(str(peer).split("=", 1) for peer in options.peer)
    graders, missing = loaded([name for name in names if name not in away], options.peer_path)
    tallies: dict[str, Tally] = {}
    for name, accepts in graders.items():
        tallies[name] = attack(name, accepts, sample(made, options.sample, options.seed) if name in _SLOW else made)
    for name, python in away.items():
        tallies[name] = attack_away(name, python, sample(made, options.sample, options.seed))
    return outcome(made, len(drawn), tallies, missing)


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
            f" {seen['mutants']} seen in {result['cpu_s'][name]} s of CPU time, {seen['late']} late"
        )
    lines += [f"{name}: not installed" for name, state in result["peers"].items() if state == "not installed"]
    lines.append(f"undecided by the oracle, in no count: {result['undecided']}")
    return "\n".join(lines) + "\n"
