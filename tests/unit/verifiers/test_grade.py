"""`grade`: one answer in this process, with the verdicts of a pool and none of its walls."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tinyv_stream.config import RuleConfig
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.types import Outcome
from tinyv_stream.verifiers import grade
from tinyv_stream.verifiers.in_process import MOST_ANSWER_CHARS
from tinyv_stream.verifiers.rules.graders import BUILTIN

CODE = """
def same(check):
    return check.model_answer == check.ground_truth + check.question

def faulty(check):
    raise KeyError(check.model_answer)
"""


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "graders_of_grade.py").write_text(CODE)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return "graders_of_grade"


@pytest.mark.parametrize("grader", sorted(BUILTIN))
def test_every_built_in_grader_tells_right_from_wrong(grader: str) -> None:
    right, wrong = grade("42", "42", grader=grader), grade("41", "42", grader=grader)
    assert (right.outcome, right.grader) == (Outcome.CORRECT, grader)
    assert (wrong.outcome, wrong.grader) == (Outcome.INCORRECT, grader)


def test_the_cascade_is_asked_unless_another_is_named() -> None:
    found = grade(r"\frac{1}{2}", "0.5")
    assert (found.outcome, found.grader, found.taxonomy) == (Outcome.CORRECT, "cascade", "numeric")


def test_what_needs_sympy_is_worked_out_here() -> None:
    assert grade(r"\int_0^1 2x dx", "1").reason == "math-verify"


def test_a_grader_of_ones_own_is_asked_with_the_question(theirs: str) -> None:
    assert grade("ab", "a", "b", grader=f"{theirs}:same").outcome is Outcome.CORRECT


def test_a_grader_that_raises_is_undecided(theirs: str) -> None:
    found = grade("x", "y", grader=f"{theirs}:faulty")
    assert (found.outcome, found.reason) == (Outcome.UNDECIDED, "KeyError in the grader")


def test_an_unknown_grader_is_refused_with_the_choices() -> None:
    with pytest.raises(InvalidInputError, match="cascade, exact, math_verify, prime"):
        grade("1", "1", grader="no_such")


@pytest.mark.parametrize("field", ["model_answer", "ground_truth", "question", "grader"])
def test_what_is_no_text_is_refused(field: str) -> None:
    texts: dict[str, Any] = {"model_answer": "1", "ground_truth": "1", field: None}
    with pytest.raises(InvalidInputError, match=field):
        grade(**texts)


def test_a_long_answer_is_incorrect_as_in_a_pool_unless_the_ground_truth_is_long_too() -> None:
    assert RuleConfig().max_answer_chars == MOST_ANSWER_CHARS
    assert grade("1" * MOST_ANSWER_CHARS, "1" * MOST_ANSWER_CHARS).outcome is Outcome.CORRECT
    found = grade("1" * (MOST_ANSWER_CHARS + 1), "1")
    assert (found.outcome, found.reason) == (Outcome.INCORRECT, "the answer is too long")
    assert grade("1" * (MOST_ANSWER_CHARS + 1), "1" * 600).outcome is Outcome.UNDECIDED


def test_importing_loads_no_grader() -> None:
    heavy = "print(*[m for m in sys.modules if m.startswith(('tinyv_stream.verifiers.rules', 'mpmath', 'sympy'))])"
    code = f"import sys, tinyv_stream.verifiers as v; {heavy}; v.grade('1/2', '0.5'); {heavy}"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    imported, used = out.splitlines()
    assert imported == ""
    assert "tinyv_stream.verifiers.rules.graders.cascade" in used
