"""`prime` means PRIME: our verdicts beside those of the grader in the verl package, which runs in a Python of its own.

Set TINYV_VERL_PYTHON to an interpreter that has verl 0.9.1 (`--no-deps`), sympy, pylatexenc and numpy.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from bench.rules import peer
from bench.rules.mix import grpo_mix
from tinyv_stream.types import Outcome
from workers.rule.graders import Check, load

PYTHON = os.environ.get("TINYV_VERL_PYTHON", "")
PAIRS = Path(__file__).parents[2] / "data" / "answer_pairs.jsonl"


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not PYTHON, reason="TINYV_VERL_PYTHON names no Python with verl in it")
def test_prime_agrees_with_the_real_grader() -> None:
    lines = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    pairs = [(line["model_answer"], line["ground_truth"]) for line in lines]
    pairs += [(case.model_answer, case.ground_truth) for case in grpo_mix(25, seed=3)]
    command = [PYTHON, str(peer.__file__), "verl_prime"]
    done = subprocess.run(command, input=json.dumps(pairs), capture_output=True, text=True, check=True)
    theirs: list[bool] = json.loads(done.stdout)["verdicts"]
    missed = [pair for pair, real in zip(pairs, theirs, strict=True) if real and not accepts(*pair)]
    extra = [pair for pair, real in zip(pairs, theirs, strict=True) if not real and accepts(*pair)]
    assert len(missed) <= 0.01 * len(pairs)
    # What only we accept is symbolic equality, which is switched off in verl 0.9.1 by a fault: never of two numbers.
    assert not [pair for pair in extra if all(map(number, pair))]


def accepts(answer: str, gold: str) -> bool:
    grader = load("prime")
    verdict = grader.grade(Check(grader.extract(rf"The final answer is \boxed{{{answer}}}"), gold))
    return verdict is not None and verdict.outcome is Outcome.CORRECT


def number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
