"""Prompt of a pair for a model, built from the same table as in the TinyV stage."""

from typing import Literal

from tinyv_stream.lab.pairs import Pair
from tinyv_stream.verifiers.tinyv.models import PROMPTS
from tinyv_stream.verifiers.tinyv.prompts import fill

Style = Literal["short", "tinyv", "tinyv_qwen3"]


def user_turn(pair: Pair, style: Style) -> str:
    """Return what the user says."""
    row = PROMPTS[style]
    cut = row.cut_answer_chars
    return fill(row.template, pair.question, pair.ground_truth.strip()[:cut], pair.model_answer.strip()[:cut])
