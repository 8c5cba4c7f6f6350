"""No answer makes a grader raise or hang: 20 seconds here, ten minutes in `make fuzz`.

`TINYV_FUZZ_S` sets the seconds, `TINYV_FUZZ_SEED` the seed, and `TINYV_FUZZ_CORPUS` a directory in which pairs that
were at fault are kept, and from which they are tried first the next time.
"""

import hashlib
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Final

import pytest
from answer_grammar import QUESTIONS, answers, damaged

from tinyv_stream.types import Verdict
from tinyv_stream.verifiers.rules.graders import Check, Grader, load

_SECONDS: Final = float(os.environ.get("TINYV_FUZZ_S", "20"))
_SEED: Final = int(os.environ.get("TINYV_FUZZ_SEED", "13"))
_CORPUS: Final = os.environ.get("TINYV_FUZZ_CORPUS")
_SLOWEST_S: Final = 5.0
"""Processor time of one comparison; a pool kills it at 2 s."""
_PATIENCE_S: Final = 2.0
"""Processor time of a check with patience, at which a pool kills it: no fault."""
_GRADERS: Final = ("cascade", "prime", "exact")
"""Math-Verify's own faults are its own, but not where `cascade` asks it."""


class _KilledError(BaseException):
    """The time of a check with patience is over; no Exception, so that no grader swallows it."""


@pytest.mark.timeout(_SECONDS + 100)
def test_no_pair_of_answers_makes_a_grader_raise() -> None:
    graders = [load(name) for name in _GRADERS]
    rng = random.Random(_SEED)
    drawn, ends, seen, patient = answers(rng), time.monotonic() + _SECONDS, 0, 0
    for check in _checks(drawn, rng):
        patient += sum(_grade(grader, check) for grader in graders)
        seen += 1
        if time.monotonic() > ends:
            break
    sys.stdout.write(f"{seen} pairs before each grader, {patient} with patience\n")
    assert seen > 100


def _checks(drawn: Iterator[str], rng: random.Random) -> Iterator[Check]:
    if _CORPUS:
        for file in sorted(Path(_CORPUS).glob("*.json")):
            yield Check(**json.loads(file.read_text("utf-8")))
    while True:
        gold = next(drawn)
        answer = rng.choice((gold, damaged(gold, rng), next(drawn)))
        yield Check(answer, gold, rng.choice(QUESTIONS))


def _grade(grader: Grader, check: Check) -> bool:
    """Grade as a pool does; keep the pair and raise if the grader does. Return whether that needed patience."""
    started = time.process_time()
    try:
        verdict = grader.fast(check) or grader.grade(check, patient=False)
        took_s = time.process_time() - started
        patient = verdict is None
        if patient:
            verdict = _with_patience(grader, check)
    except Exception as exc:
        _keep(check)
        raise AssertionError(f"{grader.name} raised {exc!r} for {check!r}") from exc
    if took_s > _SLOWEST_S:
        _keep(check)
        raise AssertionError(f"{grader.name} took too long for {check!r}")
    assert verdict is None or verdict.reason
    return patient


def _with_patience(grader: Grader, check: Check) -> Verdict | None:
    """Return the verdict of slow work; None where a pool would have killed it."""

    def kill(_signal: int, _frame: FrameType | None) -> None:
        raise _KilledError

    before = signal.signal(signal.SIGPROF, kill)
    signal.setitimer(signal.ITIMER_PROF, _PATIENCE_S)
    try:
        return grader.grade(check, patient=True)
    except _KilledError:
        return None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _keep(check: Check) -> None:
    if not _CORPUS:
        return
    fields = {"model_answer": check.model_answer, "ground_truth": check.ground_truth, "question": check.question}
    text = json.dumps(fields)
    Path(_CORPUS).mkdir(parents=True, exist_ok=True)
    (Path(_CORPUS) / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.json").write_text(text, "utf-8")
