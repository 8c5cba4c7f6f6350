"""Each step of the reference's answer extraction, and what `final_answer` does otherwise."""

import pytest

from tinyv_stream.verifiers.rules.extract import final_answer, last_box, prime_answer


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        pytest.param("I add. Answer: 42", "42", id="after answer:"),
        pytest.param("So the ANSWER IS 42", "42", id="after answer is, any case"),
        pytest.param("The answers are 1, 2", "1, 2", id="after answers are"),
        pytest.param("answer: 1\nanswer: 2", "2", id="the last marker counts"),
        pytest.param("7 is the answer", "7", id="before is the answer"),
        pytest.param("1, 2 are the answers", "1, 2", id="before are the answers"),
        pytest.param("12 is answer", "12", id="before is answer"),
        pytest.param("1, 2 are answers", "1, 2", id="before are answers"),
        pytest.param("The answer: 3 is the answer", "3", id="behind one marker and before another"),
        pytest.param("answers are 1. The answer is 2. answer: 3", "3", id="markers in their turn"),
        pytest.param(r"\boxed{1} then \boxed{2}", "2", id="the last box"),
        pytest.param(r"\boxed{\frac{1}{2}}", r"\frac{1}{2}", id="nested braces"),
        pytest.param(r"\fbox{3}", "3", id="fbox"),
        pytest.param(r"\boxed{1} but \fbox{3}", "1", id="boxed before fbox"),
        pytest.param("We get 12. Then stop", "12", id="up to the last full stop"),
        pytest.param("it must be 5", "5", id="after be"),
        pytest.param("x = 3 and y = 4", "4", id="after the last ="),
        pytest.param(r"\boxed{x=3, y=4}", "4", id="after the last =, even in a box"),
        pytest.param("Total: 9", "9", id="after a colon"),
        pytest.param("we get 8", "8", id="after get"),
        pytest.param("the results are 4, 5", "4, 5", id="after are"),
        pytest.param("is 1 to be 2", "2", id="after be, then after is"),
        pytest.param("a = 2: 3 = 5", "5", id="the last of several ="),
        pytest.param("it must be\n5", "5", id="after be and a line end"),
        pytest.param("the result is\n6", "6", id="after is and a line end"),
        pytest.param("the results are\n6", "6", id="after are and a line end"),
        pytest.param("Total:\n9", "9", id="after a colon and a line end"),
        pytest.param("we get\n8", "8", id="after get and a line end"),
        pytest.param(r"the answer is \boxed{3}. Bye. See you", "3", id="a box before the full stop"),
        pytest.param(r"\boxed{} is 4", "4", id="an empty box is none"),
        pytest.param(r"\boxed{1} and \boxed{2", r"\boxed{1} and \boxed{2", id="a last box that never ends"),
        pytest.param(r"\boxed 5", r"\boxed 5", id="a box without braces"),
        pytest.param("nothing here", "nothing here", id="nothing matched"),
    ],
)
def test_prime_extraction_follows_each_step_of_the_reference(completion: str, answer: str) -> None:
    assert prime_answer(completion).text == answer


def test_prime_counts_an_answer_only_if_it_holds_a_digit() -> None:
    assert prime_answer("the answer is 4").matched
    assert not prime_answer("the answer is blue").matched
    assert not prime_answer("42 apples").matched  # no marker, no box


@pytest.mark.parametrize(
    ("completion", "answer"),
    [
        (r"thus \boxed{x=3, y=4}.", "x=3, y=4"),
        (r"\boxed{1} answer is unclear", "1"),
        (r"<think>\boxed{9}</think> So \boxed{7}", "7"),
        (r"<think>\boxed{9}</think> The answer is 7.", "7"),
        ("**Answer:** x = 3, y = 4.\n\nLet me check.", "x = 3, y = 4"),
        ("Thus it is 3.14.", "3.14"),
        (r"\boxed{} ", ""),
    ],
)
def test_cascade_reads_a_boxed_answer_whole(completion: str, answer: str) -> None:
    assert final_answer(completion) == answer


@pytest.mark.parametrize("text", [r"\boxed{42", r"\boxed", r"}\boxed", r"\boxed}{", "", r"\boxed{" + "{" * 9000])
def test_a_box_that_never_ends_is_no_box(text: str) -> None:
    assert last_box(text) is None
