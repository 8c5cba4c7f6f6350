"""What is not clearly True or False is undecided."""

import math

import pytest

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.tinyv.models import MODELS, OWN, ModelRow
from tinyv_stream.verifiers.tinyv.read_out import Reading, decide, p_true, read_words

THINK = MODELS["zhangchenxu/TinyV-1.5B-Think"]
QWEN_THINK = MODELS["zhangchenxu/TinyV-Qwen3-1.7B-Think"]


def test_probability_is_the_softmax_of_two():
    assert p_true(-1.0, -1.0) == 0.5
    assert p_true(math.log(0.03), math.log(0.01)) == pytest.approx(0.75)
    assert p_true(-1000.0, 0.0) == 0.0
    assert p_true(0.0, -1000.0) == 1.0


@pytest.mark.parametrize(
    ("value", "threshold", "outcome"),
    [(0.5, None, "correct"), (0.499, None, "incorrect"), (0.6, 0.7, "incorrect"), (0.7, 0.7, "correct")],
)
def test_threshold_is_included(value: float, threshold: float | None, outcome: str):
    assert decide(Reading(p_true=value), OWN, threshold)[0] == outcome


def test_embedded_brings_its_own_threshold() -> None:
    row = MODELS["embedded"]
    assert row.threshold > OWN.threshold
    below, above = (Reading(p_true=row.threshold + step) for step in (-0.001, 0.001))
    assert decide(below, row)[0] is Outcome.INCORRECT
    assert decide(above, row)[0] is Outcome.CORRECT
    assert decide(below, row, OWN.threshold)[0] is Outcome.CORRECT


@pytest.mark.parametrize("reading", [Reading(), Reading(p_true=math.nan)])
def test_no_evidence_is_no_verdict(reading: Reading):
    outcome, reason = decide(reading, OWN)
    assert outcome is Outcome.UNDECIDED
    assert reason


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("True", "correct"),
        ("  false.\n", "incorrect"),
        ('"True"', "correct"),
        ("**TRUE**", "correct"),
        ("The answer is True", "correct"),
        ("not true", "undecided"),
        ("This isn't true.", "undecided"),
        ("That is not entirely true", "undecided"),
        ("True or False", "undecided"),
        ("untrue", "undecided"),
        ("Truthful", "undecided"),
        ("The given question is:", "undecided"),
        ("", "undecided"),
    ],
)
def test_reply_is_read_in_whole_words(reply: str, outcome: str):
    assert read_words(reply, OWN)[0] == outcome
    assert decide(Reading(text=reply), OWN)[0] == outcome


WORDS = ("Equal", "Not equal")


@pytest.mark.parametrize(
    ("reply", "outcome"),
    [
        ("equal.", "correct"),
        ("Not equal", "incorrect"),
        ("never equal", "undecided"),
        ("equal, or not equal", "undecided"),
        ("True", "undecided"),
        ("equally", "undecided"),
    ],
)
def test_words_are_those_of_the_row(reply: str, outcome: str):
    assert (
        decide(Reading(text=reply), ModelRow(template="", read_out="text", correct=WORDS[:1], incorrect=WORDS[1:]))[0]
        == outcome
    )


@pytest.mark.parametrize(
    ("row", "reply", "outcome"),
    [
        (THINK, "It is false that they differ, so... Answer: True", "correct"),
        (THINK, "Is it true? I think it is true", "undecided"),
        (QWEN_THINK, "<think>True? No, not true.</think>\n\nFalse", "incorrect"),
        (QWEN_THINK, "<think>True, true, true", "undecided"),
    ],
)
def test_verdict_stands_after_the_thinking(row: ModelRow, reply: str, outcome: str):
    assert decide(Reading(text=reply), row)[0] == outcome
