"""Attack on one grader: every mutant before it, in this process or in a peer's own Python."""

import json
import os
import pathlib
import subprocess
import time
from collections.abc import Sequence

from bench.attack_rules.graders import Accepts, NotInstalledError, Ours, Peer, accepted, load
from bench.attack_rules.mutants import Mutant
from bench.attack_rules.tally import Shown, Tally


def attack(accepts: Accepts, mutants: Sequence[Mutant]) -> Tally:
    """Put every mutant before one grader."""
    tally = Tally()
    started, busy = time.monotonic(), _cpu_s()
    patient, crashed = _counted(accepts)
    for mutant in mutants:
        verdict = accepted(accepts, mutant.answer, mutant.truth.text, mutant.truth.question)
        tally.count(Shown.of(mutant), verdict)
    now = _counted(accepts)
    tally.patient, tally.crashed = now[0] - patient, now[1] - crashed
    tally.seconds, tally.cpu_s = time.monotonic() - started, _cpu_s() - busy
    return tally


def _counted(accepts: Accepts) -> tuple[int, int]:
    """Return how many checks needed patience so far, and at how many the grader raised."""
    return (
        accepts.patient if isinstance(accepts, Ours) else 0,
        accepts.crashed if isinstance(accepts, Ours | Peer) else 0,
    )


def _cpu_s() -> float:
    """Return the CPU time so far, of finished children too: one of the peers forks for every comparison."""
    return sum(os.times()[:4])


def attack_away(name: str, python: str, mutants: Sequence[Shown]) -> Tally:
    """Put the mutants before a peer that lives in another Python; its own limits of time hold."""
    pairs = json.dumps([(mutant.answer, mutant.ground_truth) for mutant in mutants])
    program = pathlib.Path(__file__).parent.with_name("rules") / "peer.py"
    done = subprocess.run([python, program, name], input=pairs, capture_output=True, text=True, check=True)  # noqa: S603 (a Python that the caller named)
    found = json.loads(done.stdout)
    tally = Tally(seconds=sum(found["seconds"]), cpu_s=found["cpu_s"], crashed=found["crashed"])
    for mutant, verdict in zip(mutants, found["verdicts"], strict=True):
        tally.count(mutant, verdict)
    return tally


def loaded(names: Sequence[str], peer_path: pathlib.Path | None) -> tuple[dict[str, Accepts], list[str]]:
    """Return the graders that are here, and the names of those that are not."""
    found: dict[str, Accepts] = {}
    missing: list[str] = []
    for name in names:
        try:
            found[name] = load(name, peer_path)
        except NotInstalledError:
            missing.append(name)
    return found, missing
