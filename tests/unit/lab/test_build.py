"""Synthesized pairs: deterministic, balanced, of every kind, and labelled rightly."""

# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false
# math_verify ships no types.

import collections
import random
import re

import pytest
from math_verify import parse, verify

from tinyv_stream.lab.pairs import Pair, Question
from tinyv_stream.lab.synth.build import Recipe, is_held_out, synthesize, usable_reference
from tinyv_stream.lab.synth.invent import invent
from tinyv_stream.lab.synth.near import MISSES
from tinyv_stream.verifiers.taxonomy import KINDS

WORDS = re.compile(r"\\text|(?<![A-Za-z\\])[A-Za-z]{3,}")
"""A grader of formulas reads no sentences, no times and no durations."""


@pytest.fixture(scope="module")
def questions() -> list[Question]:
    rng = random.Random(1)
    return [Question(question=f"question {i}", ground_truth=invent(rng), source="test") for i in range(400)]


@pytest.fixture(scope="module")
def pairs(questions: list[Question]) -> list[Pair]:
    return list(synthesize(questions, Recipe(count=3_000, seed=3)))


def test_as_many_right_as_wrong(pairs: list[Pair]) -> None:
    assert len(pairs) == 3_000
    assert sum(p.label for p in pairs) == 1_500


def test_no_pair_twice(pairs: list[Pair]) -> None:
    assert len({(p.ground_truth, p.model_answer) for p in pairs}) == len(pairs)


def test_the_seed_decides_everything(questions: list[Question]) -> None:
    first, again = (list(synthesize(questions, Recipe(count=200, seed=5))) for _ in range(2))
    other = list(synthesize(questions, Recipe(count=200, seed=6)))
    assert first == again
    assert first != other


def test_every_kind_and_every_miss_occurs(pairs: list[Pair]) -> None:
    kinds = collections.Counter(p.kind for p in pairs)
    assert set(KINDS) <= set(kinds)
    assert {m.name for m in MISSES} <= set(kinds)
    assert max(kinds[k] for k in KINDS) < 1_500 / 4, "one kind takes more than a quarter of the right answers"


def test_a_right_answer_is_never_a_known_wrong_one(pairs: list[Pair]) -> None:
    by_reference: dict[tuple[str, str], set[bool]] = {}
    for p in pairs:
        key = (p.ground_truth.replace(" ", ""), p.model_answer.replace(" ", ""))
        by_reference.setdefault(key, set()).add(p.label)
    assert all(len(labels) == 1 for labels in by_reference.values())


def test_an_independent_grader_calls_almost_no_wrong_answer_right(pairs: list[Pair]) -> None:
    """Math-Verify shares no code with the generator; what it accepts of the numeric misses is a unit or a label."""
    numeric = {"digit", "sign", "operator", "exponent", "root", "inverse"}
    wrong = [p for p in pairs if p.kind in numeric and not WORDS.search(p.ground_truth)][:80]
    accepted = [p for p in wrong if verify(parse(f"${p.ground_truth}$"), parse(f"${p.model_answer}$"))]
    assert len(wrong) == 80
    assert len(accepted) <= 2, accepted


def test_an_independent_grader_accepts_right_answers_in_other_forms(pairs: list[Pair]) -> None:
    right = [p for p in pairs if p.kind in {"1.1", "1.3", "4.2"} and not WORDS.search(p.ground_truth)][:60]
    accepted = sum(verify(parse(f"${p.ground_truth}$"), parse(f"${p.model_answer}$")) for p in right)
    assert accepted >= 40, f"{accepted} of {len(right)}"


def test_a_question_is_held_out_or_not_for_good(questions: list[Question]) -> None:
    held = [q for q in questions if is_held_out(q)]
    assert 0 < len(held) < len(questions) / 5
    assert held == [q for q in questions if is_held_out(q)]


@pytest.mark.parametrize("text", ["", "$$", "90^\n", "\\frac{1", "![](http://x)", "\trac{1}{2}", "x" * 400])
def test_damaged_references_are_left_out(text: str) -> None:
    assert not usable_reference(text)
