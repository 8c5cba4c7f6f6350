"""The numeric comparison proves what it says: equal, different, or nothing at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyv_stream.lab.synth.worth import compare, evaluate, values


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("\\frac{1}{2}", "0.5"),
        ("\\dfrac{\\pi}{3}", "\u03c0/3"),
        ("2^{-2/3}", "\\frac{1}{\\sqrt[3]{4}}"),
        ("3\\frac{1}{4}", "13/4"),
        ("f(x) = 2x + 1", "1+2 x"),
        ("\\{1, 2, 3\\}", "$3, 1, 2$"),
        ("(-\\infty, 3]", "(-\u221e, 3]"),
        ("\\begin{pmatrix} 1 \\\\ 2 \\end{pmatrix}", "(1, 2)"),
        ("(a+b)^2", "a^2 + 2ab + b^2"),
        ("\\binom{5}{2}", "10"),
        ("\\sin^2 x + \\cos^2 x", "1"),
        ("\\log_{2} 8", "3"),
        ("1,000,000", "10^6"),
        ("45^{\\circ}", "45"),
        ("\\sqrt{12}", "2\\sqrt3"),
    ],
)
def test_equal_answers_are_equal(first: str, second: str) -> None:
    assert compare(first, second) is True


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("\\frac{1}{2}", "0.51"),
        ("2x + 1", "2x - 1"),
        ("(1, 2), (3, 4)", "(1, 2), (3, 5)"),
        ("1, 2", "1, 2, 3"),
        ("2^{n+1}", "2^n + 1"),
        ("\\sqrt{a+b}", "\\sqrt{a} + \\sqrt{b}"),
        ("(-\\infty, 3]", "(-\\infty, 4]"),
        ("-x^2", "(-x)^2"),
        ("ab", "ac"),
    ],
)
def test_different_answers_are_different(first: str, second: str) -> None:
    assert compare(first, second) is False


@pytest.mark.parametrize(
    "text", ["", "odd", "the triangle is isosceles", "1/0", "\\sum_{k=1}^n k", "9^{9^{9^9}}", "((", "1000!"]
)
def test_what_cannot_be_read_proves_nothing(text: str) -> None:
    assert values(text) is None
    assert compare(text, "1") is None


def test_deep_nesting_ends() -> None:
    assert evaluate("(" * 5_000 + "1" + ")" * 5_000) is None


@given(st.text(alphabet="0123456789+-*/^(){}[]\\fracsqtpi,;<>= x", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert compare(text, text) in {True, None}
