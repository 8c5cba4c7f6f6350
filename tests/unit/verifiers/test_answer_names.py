"""Names in front of right values, hedges, echoes of the question, and boxes that nobody says to be the answer.

`answer_names.jsonl` has answers, `completion_frames.jsonl` completions, both written from the promises and not from the
code. A right value under the name of another quantity is no answer; neither is one that is only supposed.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

import pytest

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers import grade
from tinyv_stream.verifiers.rules.answers.wanted import bears, wanted
from tinyv_stream.verifiers.rules.extract import final_answer

DATA: Final = Path(__file__).parents[2] / "data"
FILES: Final = ("answer_names.jsonl", "answer_forms.jsonl", "answer_questions.jsonl", "completion_frames.jsonl")
HEARD: Final = 0.93
"""Share of the right ones that are heard, at least."""


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]


def accepts(row: dict[str, Any]) -> bool:
    truth = row["ground_truth"]
    answer = final_answer(row["completion"], truth) if "completion" in row else row["model_answer"]
    return grade(answer, truth, row["question"]).outcome is Outcome.CORRECT


@pytest.mark.parametrize("name", FILES)
def test_every_kind_has_cases_of_both_labels(name: str) -> None:
    count = Counter((row["kind"], row["label"]) for row in rows(name))
    assert all(count[kind, label] >= 5 for kind, _ in count for label in (True, False))
    assert len({row["id"] for row in rows(name)}) == count.total()


@pytest.mark.parametrize("name", FILES)
def test_no_wrong_one_is_accepted_and_right_ones_are_heard(name: str) -> None:
    cases = rows(name)
    accepted = [case for case in cases if accepts(case)]
    assert [case["id"] for case in accepted if not case["label"]] == []
    assert len(accepted) >= HEARD * sum(case["label"] for case in cases)


@pytest.mark.parametrize(
    ("question", "borne", "others"),
    [
        ("Find $P(A)$, where $P(B) = 0.2$.", ("P(A)", "P"), ("P(B)", "P(A^c)", "E", "x")),
        ("A circle has radius 5. What is its diameter?", ("d", "D", "diameter", "x"), ("r", "C", "radius", "n")),
        ("Find the variance of $X$.", ("V", "Var(X)"), ("X", "\\sigma", "\\mu", "E(X)")),
        ("Let $a_1 = 2$. Find the tenth term.", ("a_10",), ("a_9", "a_1", "S_10", "d")),
        ("Solve $x^2 = 4$.", ("x",), ("f", "AB", "x_0(3)")),
        ("Compute the value.", ("x", "AB", "n"), ()),
        ("How many roots does $p(t)$ have?", ("N",), ("t", "x", "p")),
    ],
)
def test_a_question_bears_the_names_of_what_it_asks_for(
    question: str, borne: tuple[str, ...], others: tuple[str, ...]
) -> None:
    assert {name: bears(name, question) for name in (*borne, *others)} == {
        **dict.fromkeys(borne, True),
        **dict.fromkeys(others, False),
    }


def test_only_the_clause_that_asks_says_what_is_asked_for() -> None:
    asked = wanted("A rectangle has length 7 and width 4. What is its perimeter, if the area is 28?")
    assert asked.heads == {"perimeter"}
    assert asked.names == frozenset()
