"""Our own ground truths as a language model would write them: all are heard, and none of another value."""

import json
from pathlib import Path
from typing import Any

from bench.rules.rewritten import REWRITINGS, rewritten, twisted
from tinyv_stream.types import Outcome
from tinyv_stream.verifiers import grade

PAIRS = Path(__file__).parents[2] / "data" / "answer_pairs.jsonl"
HEARD = 0.985
"""Share of the rewritings that are accepted; the rest is of ground truths that nobody reads, such as quantifiers."""


def truths() -> list[tuple[str, str]]:
    rows: list[dict[str, Any]] = [json.loads(line) for line in PAIRS.read_text("utf-8").splitlines()]
    return list(dict.fromkeys((row["ground_truth"], row["question"]) for row in rows))


def is_accepted(answer: str, ground_truth: str, question: str) -> bool:
    return grade(answer, ground_truth, question).outcome is Outcome.CORRECT


def test_what_keeps_the_value_is_heard() -> None:
    made = [(*pair, question) for gold, question in truths() for pair in rewritten([gold])]
    assert len({name for _, _, name, _ in made}) > 0.8 * len(REWRITINGS)
    missed = [(answer, gold, name) for answer, gold, name, question in made if not is_accepted(answer, gold, question)]
    assert len(missed) <= (1 - HEARD) * len(made), missed


def test_what_has_another_value_is_not() -> None:
    made = [(*pair, question) for gold, question in truths() for pair in twisted([gold])]
    accepted = [(answer, gold, name) for answer, gold, name, question in made if is_accepted(answer, gold, question)]
    assert accepted == []
