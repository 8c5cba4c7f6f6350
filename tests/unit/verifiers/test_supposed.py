"""Boxes behind an instruction or a supposition: each wording reaches the patterns that know it."""

import pytest

from tinyv_stream.verifiers.rules.extract.supposed import supposes


@pytest.mark.parametrize(
    "before",
    [
        "Submit your result as ",
        "A student gets ",
        "Wrap your answer in ",
        "Enter your answer as ",
        "State your answer as ",
        "Report your value as ",
        "Type your answer as ",
        "Use the template ",
        "Many people might answer ",
        "If the answer were ",
        "It should be in the form ",
    ],
)
def test_a_box_that_nobody_says_to_be_the_answer(before: str) -> None:
    assert supposes(before, "")


@pytest.mark.parametrize("before", ["So the answer is ", "Then we get ", "The total is ", "If x = 6, the answer is "])
def test_a_box_that_is_said_to_be_the_answer(before: str) -> None:
    assert not supposes(before, "")
