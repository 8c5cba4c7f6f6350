"""The kind of a difference is named by program where it is certain, and not otherwise."""

import pytest

from tinyv_stream.lab.classify import classify


@pytest.mark.parametrize(
    ("ground_truth", "answer", "kind"),
    [
        ("f(x) = 2 x", "f(x)=2x", "1.1"),
        ("\\frac{32}{9}", "\\dfrac{32}{9}", "1.3"),
        ("18.8^\\circ", "18.8", "1.4"),
        ("k = n+1", "n + 1", "1.5"),
        ("x \\in [-2,7]", "[-2, 7]", "1.5"),
        ("a \\leqslant 2", "(-\\infty, 2]", "2.1"),
        ("3 \\pm 2 \\sqrt{2}", "3 + 2\\sqrt{2}, 3 - 2\\sqrt{2}", "2.3"),
        ("\\begin{pmatrix} -7 \\\\ 16 \\\\ 5 \\end{pmatrix}", "(-7,16,5)", "2.4"),
        ("\\frac{1-p^{2}}{3}", "\\frac{-p^2+1}{3}", "3.1"),
        ("\\frac{600}{7}", "85.71", "4.1"),
        ("165.47", "165.5", "4.3"),
        ("16,3,1,1", "x=16, y=3, z=1, w=1", "5.2"),
        ("5,1", "1, 5", "6.1"),
        ("(1,2), (3,4)", "\\{(1,2), (3,4)\\}", "6.2"),
        ("f(n) = 2 n+1007", "f(m) = 2m + 1007", "7.1"),
    ],
)
def test_a_known_difference_has_its_kind(ground_truth: str, answer: str, kind: str) -> None:
    found = classify(ground_truth, answer)
    assert found is not None
    assert found.id == kind


@pytest.mark.parametrize(("ground_truth", "answer"), [("7", "7"), ("7", "a quite different thing"), ("x" * 900, "y")])
def test_what_nothing_explains_stays_unnamed(ground_truth: str, answer: str) -> None:
    assert classify(ground_truth, answer) is None
