"""Families that are read by one token on a real engine: prompt, words and read-out, with Qwen's kind of vocabulary."""

from collections.abc import Callable
from pathlib import Path

import pytest
from test_read_outs import ask

from tinyv_stream.verifiers.tinyv.family import ModelRow, families, row_of_family
from tinyv_stream.verifiers.tinyv.prompts import PromptBuilder
from tinyv_stream.verifiers.tinyv.read_out import Reading

pytestmark = [pytest.mark.vllm, pytest.mark.long, pytest.mark.timeout(600)]

ONE_TOKEN = sorted(name for name, family in families().items() if family.row.read_out == "one_token")
ANSWERS = [str(n) for n in range(40)]


def prompts(row: ModelRow) -> list[str]:
    built = [PromptBuilder(row).build("What is 3 + 4?", "7", a, completion=f"So it is {a}.") for a in ANSWERS]
    assert all(isinstance(prompt, str) for prompt in built)
    return [str(prompt) for prompt in built]


@pytest.fixture(scope="module")
def by_token(build: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Reading]]:
    """What each family reads from one model, which knows all their words and likes to say A, B and C."""
    model = build(tmp_path_factory.mktemp("model") / "words", words=("A", "B", "C"))
    rows = {name: row_of_family(name) for name in ONE_TOKEN}
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
