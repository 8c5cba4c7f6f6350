"""A verifier is trained on the words that the TinyV stage uses."""

from typing import get_args

import pytest

from tinyv_stream.lab.pairs import Pair
from tinyv_stream.lab.prompt import Style, user_turn
from tinyv_stream.verifiers.tinyv.models import PROMPTS, TINYV_QWEN3_TEMPLATE, TINYV_TEMPLATE
from tinyv_stream.verifiers.tinyv.prompts import PromptBuilder

PAIR = Pair(question="What is 1+1?", ground_truth="2", model_answer="\\frac{4}{2}", label=True)


@pytest.mark.parametrize("style", get_args(Style))
def test_training_and_use_agree(style: Style) -> None:
    built = PromptBuilder(PROMPTS[style]).build(PAIR.question, PAIR.ground_truth, PAIR.model_answer)
    assert user_turn(PAIR, style) == built


def test_every_style_has_its_row() -> None:
    assert set(PROMPTS) == set(get_args(Style))


def test_the_released_prompts_are_told_apart() -> None:
    assert TINYV_TEMPLATE != TINYV_QWEN3_TEMPLATE


def test_a_field_in_an_answer_stays_text() -> None:
    turn = user_turn(Pair(ground_truth="{answer}", model_answer="x", label=False), "short")
    assert "Reference: {answer}\nAnswer: x\n" in turn
