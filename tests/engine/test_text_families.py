"""Families that are read from a written reply, on a real engine: prompt, reply, marker and verdict."""

import importlib.util
from pathlib import Path

import msgspec
import pytest
from test_read_outs import ask

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.tinyv.family import ModelRow, families, row_of_family
from tinyv_stream.verifiers.tinyv.prompts import PromptBuilder
from tinyv_stream.verifiers.tinyv.read_out import Reading, decide

pytestmark = [pytest.mark.vllm, pytest.mark.long, pytest.mark.timeout(600)]

CONTEXT = 8192
"""The reply model has a token for each byte, and the longest prompt has four thousand of them."""
REPLIES = {
    "general_verifier": ("[general]", "They are the same.\nFinal Decision: Yes", Outcome.CORRECT),
    "compass_cot": ("[cot]", "At first B.\nFinal Judgment: \\boxed{A} - CORRECT", Outcome.CORRECT),
    "judge": ("[judge]", "Yes, it is close.\n\nFinal Judgment: No", Outcome.INCORRECT),
    "stopped": ("[stopped]", "Equal", Outcome.CORRECT),
}
"""Opener that the reply model answers to, what it then writes, and the verdict in it."""


def row(name: str) -> ModelRow:
    """The family's row, with the opener; `stopped` is one of a user's own, which ends replies at a text."""
    own = ModelRow(
        template="{{GROUND_TRUTH_ANSWER}} {{MODEL_ANSWER}}",
        read_out="last_word",
        correct=("Equal",),
        incorrect=("Not equal",),
        stop=("END",),
    )
    found = own if name == "stopped" else row_of_family(name)
    return msgspec.structs.replace(found, prefill=REPLIES[name][0], max_tokens=64)


def prompt(name: str) -> str:
    built = PromptBuilder(row(name)).build("What is 3 + 4?", "7", "7", completion="So it is 7.")
    assert isinstance(built, str)
    return built


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reading]:
    """What one engine reads, asked as each family asks."""
    spec = importlib.util.spec_from_file_location("reply_model", Path(__file__).parent / "reply_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.build_reply_model(tmp_path_factory.mktemp("model") / "replies")
    rounds = [(row(name), [prompt(name)], False) for name in REPLIES]
    return dict(zip(REPLIES, (found[0] for found in ask(str(model), *rounds, context=CONTEXT)), strict=True))


def test_every_text_family_with_a_marker_of_its_own_is_here() -> None:
    marked = {name for name, family in families().items() if family.row.read_out == "text" and family.row.verdict_after}
    assert marked - set(REPLIES) == {"tinyv_think", "tinyv_qwen3_think"}, "those are in test_read_outs"


@pytest.mark.parametrize("name", REPLIES)
def test_family_is_read_from_what_the_engine_writes(readings: dict[str, Reading], name: str) -> None:
    _, text, outcome = REPLIES[name]
    assert readings[name].text == text
    assert readings[name].p_true is None
    assert not readings[name].is_cut
    assert decide(readings[name], row(name)) == (outcome, "")
