"""Own attacks on what is cut out of a completion: denials, corrections, second guesses, boxes inside of expressions."""

import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers import grade
from tinyv_stream.verifiers.rules.extract import final_answer

ROWS: Final[list[dict[str, Any]]] = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "data" / "completion_attacks.jsonl").read_text("utf-8").splitlines()
]
KINDS: Final = sorted({row["kind"] for row in ROWS})


def accepts(row: dict[str, Any]) -> bool:
    answer = final_answer(row["completion"], row["ground_truth"])
    return grade(answer, row["ground_truth"], row["question"]).outcome is Outcome.CORRECT


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_ten_of_both_labels(kind: str) -> None:
    count = Counter(row["label"] for row in ROWS if row["kind"] == kind)
    assert min(count[True], count[False]) >= 10


@pytest.mark.parametrize("kind", KINDS)
def test_completions_that_give_the_answer_are_accepted_and_no_others(kind: str) -> None:
    missed = [
        (row["ground_truth"], row["completion"], row["label"])
        for row in ROWS
        if row["kind"] == kind and accepts(row) is not row["label"]
    ]
    assert missed == []
