"""Labelled completions by kind: what is cut out of them, and that none with a wrong answer is accepted.

`completion_kinds.jsonl` was written from the specification by an author who saw no code; `completion_marks.jsonl` for
the kinds of marks, before they were read. The kinds named `recall` are about the comparison of two answers.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers import grade
from tinyv_stream.verifiers.rules import fast_path
from tinyv_stream.verifiers.rules.extract import final_answer

DATA: Final = Path(__file__).parents[2] / "data"
FILES: Final = ("completion_kinds.jsonl", "completion_marks.jsonl")
_LOOKS: Final = re.compile(r"\\(?:boxed|text|mathrm)(?=\{)|\*{2,}|`|\\[()\[\]]|[$\s{}]|\\[,;:! ]|\\\$|\\q?quad\b")


def rows(name: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]
    return [row for row in found if not row["kind"].startswith("recall")]


def bare(text: str | None) -> str:
    digits = "".join(str(int(c)) if c.isdecimal() else c for c in _LOOKS.sub("", text or ""))
    return fast_path.cosmetic(digits).rstrip(".;,")


def accepts(row: dict[str, Any]) -> bool:
    answer = final_answer(row["completion"], row["ground_truth"])
    return grade(answer, row["ground_truth"], row["question"]).outcome is Outcome.CORRECT


@pytest.mark.parametrize("name", FILES)
def test_every_kind_has_cases_of_both_labels(name: str) -> None:
    count = Counter((row["kind"], row["label"]) for row in rows(name))
    assert all(count[kind, label] >= 5 for kind, _ in count for label in (True, False))
    assert len({row["id"] for row in rows(name)}) == count.total()


@pytest.mark.parametrize("name", FILES)
def test_the_answer_that_a_completion_gives_is_cut_out_of_it(name: str) -> None:
    wrong = {
        row["id"]: found
        for row in rows(name)
        if row["label"]
        and bare(found := final_answer(row["completion"], row["ground_truth"])) != bare(row["expected_answer"])
    }
    assert wrong == {}


@pytest.mark.parametrize("name", FILES)
def test_no_completion_with_a_wrong_answer_is_accepted(name: str) -> None:
    assert [row["id"] for row in rows(name) if not row["label"] and accepts(row)] == []


def test_right_answers_are_heard() -> None:
    refused = [row["id"] for row in rows("completion_kinds.jsonl") if row["label"] and not accepts(row)]
    assert refused == []
