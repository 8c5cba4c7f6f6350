"""`prime` means PRIME: our verdicts beside those of the grader in the verl package, which runs in a Python of its own.

`make test-adapters` runs it in verl's environment. By hand: TINYV_VERL_PYTHON names an interpreter that has verl 0.9.1,
TINYV_GROUND_TRUTHS a JSONL file whose `ground_truth`s replace the bundled ones.
"""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from bench.rules import peer
from bench.rules.altered import altered, ground_truths
from bench.rules.mix import grpo_mix
from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.rules.extract import prime_answer
from tinyv_stream.verifiers.rules.graders import Check, load

PYTHON = os.environ.get("TINYV_VERL_PYTHON", "")
OTHERS = os.environ.get("TINYV_GROUND_TRUTHS", "")
ROOT = Path(__file__).parents[3]
OWN = ROOT / "tests" / "data" / "answer_pairs.jsonl"
DEMO = ROOT / "tinyv_stream" / "demo" / "demo.jsonl"
COUNT = 6_000
FRAMES = (
    "@",
    "So it is @.",
    "Answer: @",
    "The ANSWER IS @. Done",
    "The answers are @\n\nas asked",
    "@ is the answer. ",
    r"Thus \boxed{@} holds. Check: 1 = 1",
    r"\fbox{@}, or \boxed{@",
    "We get @; let it be\n@",
    r"Step 2: x = 3.\n\nThe final answer is: \boxed{@}. I hope it is correct.",
    "We are\n@",
)
AGREEMENT = 0.99


def bundled() -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in OWN.read_text("utf-8").splitlines()]
    golds = [*ground_truths(OWN), *ground_truths(DEMO), *(case.ground_truth for case in grpo_mix(240, seed=3))]
    made = [(answer, gold) for answer, gold, _ in altered(list(dict.fromkeys(golds)))]
    return list(dict.fromkeys([(line["model_answer"], line["ground_truth"]) for line in lines] + made))


def altered_of(path: Path) -> list[tuple[str, str]]:
    return [(answer, gold) for answer, gold, _ in altered(ground_truths(path))]


def test_there_are_pairs_enough_with_verdicts_both_ways() -> None:
    pairs = bundled()
    accepted = sum(accepts(*pair) for pair in pairs)
    assert len(set(pairs)) >= 5_000
    assert 0.2 < accepted / len(pairs) < 0.8


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(not PYTHON, reason="TINYV_VERL_PYTHON names no Python with verl in it")
def test_prime_agrees_with_the_real_grader(tmp_path: Path) -> None:
    made = altered_of(Path(OTHERS)) if OTHERS else bundled()
    pairs = random.Random(0).sample(made, k=min(COUNT, len(made)))
    # in an empty directory: the real grader evaluates some of these texts as Python
    command = [str(Path(PYTHON).absolute()), str(peer.__file__), "verl_prime"]
    done = subprocess.run(command, input=json.dumps(pairs), capture_output=True, text=True, check=True, cwd=tmp_path)
    theirs: list[bool] = json.loads(done.stdout)["verdicts"]
    ours = [accepts(*pair) for pair in pairs]
    missed = [pair for pair, real, mine in zip(pairs, theirs, ours, strict=True) if real and not mine]
    extra = [pair for pair, real, mine in zip(pairs, theirs, ours, strict=True) if mine and not real]
    sys.stdout.write(f"{len(pairs)} pairs, verl accepts {sum(theirs)}; verl alone: {missed}; we alone: {extra}\n")
    assert len(pairs) >= 5_000
    assert len(missed) + len(extra) <= (1 - AGREEMENT) * len(pairs), (missed, extra)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(not PYTHON, reason="TINYV_VERL_PYTHON names no Python with verl in it")
def test_prime_cuts_out_what_the_real_grader_cuts_out() -> None:
    texts = [str(json.loads(line)["completion"]) for line in DEMO.read_text("utf-8").splitlines()]
    texts += [frame.replace("@", gold) for frame in FRAMES for gold in ground_truths(OWN)]
    command = [str(Path(PYTHON).absolute()), str(peer.__file__), "verl_extract"]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, check=True)
    ours = [[found.matched, found.text] for found in map(prime_answer, texts)]
    different = [(text, mine, real) for text, mine, real in zip(texts, ours, json.loads(done.stdout), strict=True)]
    assert [pair for pair in different if pair[1] != pair[2]] == []


def accepts(answer: str, gold: str) -> bool:
    grader = load("prime")
    verdict = grader.grade(Check(grader.extract(rf"The final answer is \boxed{{{answer}}}"), gold))
    return verdict is not None and verdict.outcome is Outcome.CORRECT
