"""Own attacks on `cascade` by kind, right and wrong ones, labelled by hand: what was found, and ten more of each."""

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
    for line in (Path(__file__).parents[2] / "data" / "answer_attacks.jsonl").read_text("utf-8").splitlines()
]
KINDS: Final = sorted({row["kind"] for row in ROWS})


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_has_ten_of_both_labels(kind: str) -> None:
    count = Counter(row["label"] for row in ROWS if row["kind"] == kind)
    assert min(count[True], count[False]) >= 10


@pytest.mark.parametrize("kind", KINDS)
def test_right_ones_are_accepted_and_wrong_ones_are_not(kind: str) -> None:
    missed = [
        (row["ground_truth"], row["model_answer"], row["label"])
        for row in ROWS
        if row["kind"] == kind
        and (grade(row["model_answer"], row["ground_truth"], row["question"]).outcome is Outcome.CORRECT)
        is not row["label"]
    ]
    assert missed == []


def test_a_wrong_answer_stays_wrong_in_a_box() -> None:
    for row in ROWS:
        if row["label"] or row["model_answer"].endswith(","):  # a comma at the end of a box is layout
            continue
        heard = final_answer(f"The final answer is \\boxed{{{row['model_answer']}}}.", row["ground_truth"])
        if heard != row["model_answer"]:
            assert grade(heard, row["ground_truth"], row["question"]).outcome is not Outcome.CORRECT, row
