"""Labelled answers by kind, written from the specification of a sound verdict and not from the code.

`tests/data/answer_kinds.jsonl` has pairs, and `answer_writings.jsonl` those that a language model would write for one
value; `completion_kinds.jsonl` has completions (`test_completion_kinds.py`).
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers import grade

DATA: Final = Path(__file__).parents[2] / "data"
HEARD: Final = 0.94
"""Share of the right writings that are heard, at least."""
UNSOUND: Final = frozenset[str]()
"""Kinds of which `cascade` accepts a wrong answer today. A kind leaves when its root is closed; none joins."""


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


@pytest.mark.parametrize("name", ["answer_kinds.jsonl", "answer_writings.jsonl", "completion_kinds.jsonl"])
def test_every_kind_has_cases_of_both_labels(name: str) -> None:
    count = Counter((row["kind"], row["label"]) for row in rows(name))
    assert all(count[kind, label] >= 5 for kind, _ in count for label in (True, False))
    assert len({row["id"] for row in rows(name)}) == count.total()


def test_kinds_that_are_sound_accept_no_wrong_answer() -> None:
    accepted = {
        row["kind"]
        for row in rows("answer_kinds.jsonl")
        if not row["label"]
        and grade(row["model_answer"], row["ground_truth"], row["question"]).outcome is Outcome.CORRECT
    }
    assert accepted <= UNSOUND
    assert accepted == UNSOUND, "sound now: take them off the list"


def test_of_the_writings_of_one_value_none_of_another_is_accepted_and_nine_in_ten_are_heard() -> None:
    cases = rows("answer_writings.jsonl")
    accepted = [
        case
        for case in cases
        if grade(case["model_answer"], case["ground_truth"], case["question"]).outcome is Outcome.CORRECT
    ]
    assert [case["id"] for case in accepted if not case["label"]] == []
    assert len(accepted) >= HEARD * sum(case["label"] for case in cases)
