"""Pairs of a verifier's own field: those that the rules before it do not accept."""

import random

import pytest

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.pairs import Pair, Question
from tinyv_stream.lab.synth.build import Recipe, synthesize
from tinyv_stream.lab.synth.invent import invent
from tinyv_stream.lab.synth.refused import is_refused, refused
from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.in_process import grade


@pytest.fixture(scope="module")
def made() -> list[Pair]:
    rng = random.Random(1)
    questions = [Question(question=f"question {i}", ground_truth=invent(rng)) for i in range(200)]
    return list(synthesize(questions, Recipe(count=2_000, seed=9)))


def test_only_what_the_rules_refuse_is_kept_half_of_it_right(made: list[Pair]) -> None:
    found = list(refused(made, 100))
    assert len(found) == 100
    assert sum(pair.label for pair in found) == 50
    for pair in found:
        assert grade(pair.model_answer, pair.ground_truth, pair.question or "What is the answer?").outcome is not (
            Outcome.CORRECT
        )
    assert found == list(refused(made, 100))


def test_a_share_of_the_accepted_right_ones_may_be_kept_and_no_wrong_one(made: list[Pair]) -> None:
    found = list(refused(made, 400, accepted=0.5))
    easy = [pair for pair in found if not is_refused(pair)]
    assert 0 < len(easy) < 200
    assert all(pair.label for pair in easy)
    assert abs(2 * sum(pair.label for pair in found) - len(found)) <= 1


def test_another_grader_refuses_other_pairs(made: list[Pair]) -> None:
    strict = list(refused(made, 200, grader="exact"))
    assert any(not is_refused(pair) for pair in strict), "the cascade hears more than equal texts"


def test_an_unknown_grader_is_named(made: list[Pair]) -> None:
    with pytest.raises(InvalidInputError, match="grader"):
        next(refused(made, 2, grader="cascad"))
