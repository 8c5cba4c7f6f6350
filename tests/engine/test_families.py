"""Each shipped family on a real engine: prompt, words and read-out, on models with Qwen's kind of vocabulary."""

import importlib.util
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from test_read_outs import ask

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.tinyv.family import ModelRow, families, row_of_family
from tinyv_stream.verifiers.tinyv.prompts import PromptBuilder
from tinyv_stream.verifiers.tinyv.read_out import Reading, decide

pytestmark = [pytest.mark.vllm, pytest.mark.long, pytest.mark.timeout(600)]

ONE_TOKEN = sorted(name for name, family in families().items() if family.row.read_out == "one_token")
LETTERS = msgspec.structs.replace(
    row_of_family("compass"), template="{{QUESTION}} {{GROUND_TRUTH_ANSWER}} {{MODEL_ANSWER}}", min_mass=0.0
)
"""A short prompt: the random model keeps to its words only where few tokens stand before them."""
ANSWERS = [str(n) for n in range(40)]


def prompts(row: ModelRow) -> list[str]:
    built = [PromptBuilder(row).build("What is 3 + 4?", "7", a, completion=f"So it is {a}.") for a in ANSWERS]
    assert all(isinstance(prompt, str) for prompt in built)
    return [str(prompt) for prompt in built]


@pytest.fixture(scope="module")
def by_token(build: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Reading]]:
    """What each family reads from one model, which knows all their words and likes to say A, B and C."""
    model = build(tmp_path_factory.mktemp("model") / "words", words=("A", "B", "C"))
    rows = {**{name: row_of_family(name) for name in ONE_TOKEN}, "letters": LETTERS}
    found = ask(str(model), *((row, prompts(row), False) for row in rows.values()))
    return dict(zip(rows, found, strict=True))


@pytest.mark.parametrize("name", ONE_TOKEN)
def test_family_is_read_by_one_token(by_token: dict[str, list[Reading]], name: str) -> None:
    readings = by_token[name]
    p = [reading.p_true for reading in readings if reading.p_true is not None]
    assert len(p) == len(ANSWERS), "the words have no single tokens"
    assert len({round(x, 4) for x in p}) > 5, "equal readings prove nothing"
    assert all(reading.reply_tokens == 1 for reading in readings)
    assert all(0 < (reading.mass or 0) <= 1 for reading in readings)
    assert all((reading.p_none > 0) is bool(row_of_family(name).undecided) for reading in readings)


def test_greedy_token_of_a_family_is_what_its_probabilities_say(by_token: dict[str, list[Reading]]) -> None:
    readings = by_token["letters"]
    assert all(reading.text in {"A", "B", "C"} for reading in readings), "the model was made to like them"
    said = [decide(Reading(text=reading.text), LETTERS)[0] for reading in readings]
    assert [decide(reading, LETTERS)[0] for reading in readings] == said
    assert len(set(said)) > 1, "a model that always says the same proves nothing"


@pytest.fixture(scope="module")
def by_text(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reading]:
    """What a model writes that answers each text family in its own form."""
    spec = importlib.util.spec_from_file_location("reply_model", Path(__file__).parent / "reply_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    model = module.build_reply_model(tmp_path_factory.mktemp("model") / "replies")
    rounds = [(row, prompts(row)[:1], False) for row in TEXT.values()]
    return dict(zip(TEXT, (readings[0] for readings in ask(str(model), *rounds)), strict=True))


def opened(name: str, opener: str) -> ModelRow:
    """The family's row with an opener that tells the reply model what to write; its context is short."""
    return msgspec.structs.replace(row_of_family(name), prefill=opener, max_tokens=64)


TEXT = {
    "general_verifier": opened("general_verifier", "[general]"),
    "compass_cot": opened("compass_cot", "[cot]"),
    "judge": opened("judge", "[judge]"),
    "stopped": ModelRow(
        template="{{GROUND_TRUTH_ANSWER}} {{MODEL_ANSWER}}",
        read_out="last_word",
        correct=("Equal",),
        incorrect=("Not equal",),
        prefill="[stopped]",
        stop=("END",),
        max_tokens=16,
    ),
}


@pytest.mark.parametrize(
    ("name", "text", "outcome"),
    [
        ("general_verifier", "They are the same.\nFinal Decision: Yes", Outcome.CORRECT),
        ("compass_cot", "At first B.\nFinal Judgment: \\boxed{A} - CORRECT", Outcome.CORRECT),
        ("judge", "Yes, it is close.\n\nFinal Judgment: No", Outcome.INCORRECT),
        ("stopped", "Equal", Outcome.CORRECT),
    ],
)
def test_family_is_read_from_what_the_engine_writes(
    by_text: dict[str, Reading], name: str, text: str, outcome: Outcome
) -> None:
    reading = by_text[name]
    assert reading.text == text
    assert reading.p_true is None
    assert decide(reading, TEXT[name]) == (outcome, "")


def test_prompt_without_chat_template_is_the_template_alone(by_text: dict[str, Reading]) -> None:
    """The reply model's tokenizer has a token for each byte, and one for the opener."""
    row = TEXT["general_verifier"]
    assert by_text["general_verifier"].prompt_tokens == len(prompts(row)[0].encode()) + 1
