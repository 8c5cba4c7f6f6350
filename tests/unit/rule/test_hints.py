"""Hints of the extraction: they save time and decide nothing, whatever a completion says."""

import functools
import importlib
import json
from pathlib import Path
from typing import Final

import pytest

from tinyv_stream.verifiers.rules.extract import final_answer

DATA: Final = Path(__file__).parents[2] / "data"
ROWS: Final = [
    json.loads(line)
    for path in sorted(DATA.glob("completion_*.jsonl"))
    for line in path.read_text("utf-8").splitlines()
]


@functools.cache
def heard() -> list[str]:
    return [final_answer(row["completion"], row["ground_truth"]) for row in ROWS]


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("attributed", "_HINTS"),
        ("bounded", "_LAST_WORDS"),
        ("frame_words", "_HEAD_HINTS"),
        ("frame_words", "_HINTS"),
        ("instructed", "_HINTS"),
        ("judged", "_HINTS"),
        ("retracted", "_UNSURE_HINTS"),
        ("supposed", "_HINTS"),
        ("supposed_elsewhere", "_HINTS"),
    ],
)
def test_a_hint_is_in_every_text_that_its_patterns_find(
    monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    with_hints = heard()
    monkeypatch.setattr(importlib.import_module(f"tinyv_stream.verifiers.rules.extract.{module}"), name, ("",))
    without = [final_answer(row["completion"], row["ground_truth"]) for row in ROWS]
    differs = [row["id"] for row, one, other in zip(ROWS, with_hints, without, strict=True) if one != other]
    assert differs == []
