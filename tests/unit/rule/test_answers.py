"""Our own labelled pairs, by class of TinyV's taxonomy: precision first."""

import collections
import json
from pathlib import Path

import pytest

from tinyv_stream.types import Outcome, Verdict
from tinyv_stream.verifiers.rules.graders import Check, load

DEMO = Path(__file__).parents[3] / "tinyv_stream" / "demo" / "demo.jsonl"
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
    distinct = {(p["question"], p["ground_truth"], p["model_answer"]) for p in PAIRS}
    assert len(distinct) == len(PAIRS) >= 2_400
    assert all(counts[name, label] >= 80 for name in CLASSES for label in (True, False))


def test_no_wrong_answer_is_accepted(verdicts: list[Verdict]) -> None:
    wrong = [
        (p["ground_truth"], p["model_answer"])
        for p, v in zip(PAIRS, verdicts, strict=True)
        if accepts(v) and not p["label"]
    ]
    assert wrong == []


def test_at_most_one_in_a_hundred_right_answers_is_missed(verdicts: list[Verdict]) -> None:
    right = [(p, v) for p, v in zip(PAIRS, verdicts, strict=True) if p["label"]]
    missed = [(p["ground_truth"], p["model_answer"]) for p, v in right if not accepts(v)]
    assert len(missed) <= 0.01 * len(right), missed


@pytest.mark.parametrize("name", CLASSES)
def test_right_answers_of_every_class_are_recognised(verdicts: list[Verdict], name: str) -> None:
    right = [v for p, v in zip(PAIRS, verdicts, strict=True) if p["label"] and p["taxonomy"] == name]
    assert sum(map(accepts, right)) >= 0.95 * len(right)


def test_every_verdict_has_a_reason_and_an_accepted_answer_a_class(verdicts: list[Verdict]) -> None:
    assert all(v.reason for v in verdicts)
    assert all(v.taxonomy in CLASSES for v in verdicts if accepts(v))
    assert all(v.taxonomy is None for v in verdicts if not accepts(v))


def test_every_class_of_the_taxonomy_is_given_to_some_accepted_answer(verdicts: list[Verdict]) -> None:
    assert {v.taxonomy for v in verdicts if accepts(v)} == set(CLASSES)


def test_no_wrong_answer_of_the_demo_set_is_accepted() -> None:
    grader = load("cascade")
    wrong: list[str] = []
    for text in DEMO.read_text("utf-8").splitlines():
        line = json.loads(text)
        check = Check(grader.extract(line["completion"]), line["ground_truth"], line["question"])
        verdict = grader.grade(check)
        if verdict is not None and accepts(verdict) and not line["label"]:
            wrong.append(line["rollout_id"])
    assert wrong == []


def accepts(verdict: Verdict) -> bool:
    return verdict.outcome is Outcome.CORRECT
