"""Our own labelled pairs, by class of TinyV's taxonomy: precision first."""

import collections
import json
from pathlib import Path

import pytest

from tinyv_stream.types import Outcome, Verdict
from workers.rule.graders import Check, load

PAIRS = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "data" / "answer_pairs.jsonl").read_text("utf-8").splitlines()
]
CLASSES = ("formatting", "notation", "expression", "numeric", "language", "set_list", "symbolic")


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    grader = load("cascade")
    found = [grader.grade(Check(p["model_answer"], p["ground_truth"], p["question"])) for p in PAIRS]
    return [verdict for verdict in found if verdict is not None]


def test_the_set_covers_every_class_with_both_labels() -> None:
    counts = collections.Counter((p["taxonomy"], p["label"]) for p in PAIRS)
    assert len(PAIRS) >= 600
    assert all(counts[name, label] >= 40 for name in CLASSES for label in (True, False))


def test_no_wrong_answer_is_accepted(verdicts: list[Verdict]) -> None:
    wrong = [
        (p["ground_truth"], p["model_answer"])
        for p, v in zip(PAIRS, verdicts, strict=True)
        if accepts(v) and not p["label"]
    ]
    assert wrong == []


@pytest.mark.parametrize("name", CLASSES)
def test_right_answers_of_every_class_are_recognised(verdicts: list[Verdict], name: str) -> None:
    right = [v for p, v in zip(PAIRS, verdicts, strict=True) if p["label"] and p["taxonomy"] == name]
    assert sum(map(accepts, right)) >= 0.95 * len(right)


def test_an_accepted_answer_has_a_reason_and_a_class(verdicts: list[Verdict]) -> None:
    assert all(v.reason for v in verdicts)
    assert all(v.taxonomy in CLASSES for v in verdicts if accepts(v))


def accepts(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.CORRECT
