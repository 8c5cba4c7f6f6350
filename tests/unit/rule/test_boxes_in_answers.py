"""Boxes inside an answer are layout: what stands around them is part of the answer."""

import pytest

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers import grade

SAME = [
    (r"\boxed{5}", "5"),
    (r"$\boxed{5}$", "5"),
    (r"\[\boxed{7}\]", "7"),
    (r"\boxed{7}.", "7"),
    (r"\boxed 5", "5"),
    (r"\fbox{7}", "7"),
    (r"\boxed{\boxed{5}}", "5"),
    (r"\boxed{\frac12}", "0.5"),
    (r"x=\boxed{5}", "5"),
    (r"\boxed{2}, \boxed{3}", "2, 3"),
    ("2,3", r"\boxed{2}, \boxed{3}"),
    (r"2\boxed{5}", "10"),
    (r"-\boxed{5}", "-5"),
    (r"\boxed{(1,2)}", "(1,2)"),
    (r"\left(\boxed{1}, 2\right)", "(1,2)"),
    ("7", r"The answer is \boxed{7}"),
]
OTHER = [
    (r"x \neq \boxed{5}", "5"),
    ("3", r"\boxed{2}, \boxed{3}"),
    (r"\boxed{2},\boxed{3}", "3"),
    (r"\boxed{2}\text{ or }\boxed{3}", "3"),
    (r"\boxed{5}\text{ is wrong}", "5"),
    (r"not \boxed{5}", "5"),
    (r"2\boxed{5}", "5"),
    (r"-\boxed{5}", "5"),
    (r"\boxed{5} + 1", "5"),
    (r"\boxed{5}!", "5"),
    (r"\boxed{5}^2", "5"),
    (r"\boxed{5}\%", "5"),
    (r"x > \boxed{5}", "5"),
    (r"\frac{\boxed{5}}{2}", "5"),
    (r"\sqrt{\boxed{5}}", "5"),
]


@pytest.mark.parametrize(("model_answer", "ground_truth"), SAME)
def test_a_box_changes_nothing(model_answer: str, ground_truth: str) -> None:
    assert grade(model_answer, ground_truth).outcome is Outcome.CORRECT


@pytest.mark.parametrize(("model_answer", "ground_truth"), OTHER)
def test_what_stands_around_a_box_counts(model_answer: str, ground_truth: str) -> None:
    assert grade(model_answer, ground_truth).outcome is not Outcome.CORRECT
