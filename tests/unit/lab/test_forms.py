"""Every kind of the taxonomy is written by program, and what a form writes is the same answer."""

import random

import pytest

from tinyv_stream.lab.synth.build import BY_KIND
from tinyv_stream.lab.synth.forms import FORMS
from tinyv_stream.verifiers.taxonomy import KINDS

EXAMPLES = [
    ("1.1", "f(x) = 2 x", {"f(x)=2x"}),
    ("1.2", "(-\\infty, 3)", {"(-\u221e, 3)"}),
    ("1.3", "\\frac{32}{9}", {"\\dfrac{32}{9}", "\\tfrac{32}{9}"}),
    ("1.4", "18 \\text{ cm}", {"18"}),
    ("1.5", "N = n + 1", {"n + 1"}),
    ("1.6", "B. 7", {"7", "B"}),
    ("2.1", "k < -5", {"(-\\infty, -5)"}),
    ("2.2", "2:1", {"2/1", "\\frac{2}{1}"}),
    ("2.3", "1 \\pm \\sqrt{19}", {"1 + \\sqrt{19}, 1 - \\sqrt{19}", "1 - \\sqrt{19}, 1 + \\sqrt{19}"}),
    ("2.4", "\\begin{pmatrix} -7 \\\\ 16 \\\\ 5 \\end{pmatrix}", {"(-7, 16, 5)"}),
    ("2.5", "3.14", {"3,14"}),
    ("3.1", "\\frac{1-p^{2}}{3}", {"\\frac{-p^{2} + 1}{3}"}),
    ("3.2", "\\sqrt{x}", {"x^{1/2}"}),
    ("3.3", "\\frac{\\pi}{6}", {"30^\\circ", "30^{\\circ}"}),
    ("3.4", "\\binom{5}{2}", {"10"}),
    ("4.1", "\\frac{600}{7}", {"85.71"}),
    ("4.2", "10^{3}", {"1000"}),
    ("4.3", "1.275", {"1.27", "1.28"}),
    ("4.4", "1000000", {"1,000,000"}),
    ("5.1", "42", {"The answer is 42", "Answer: 42"}),
    ("5.2", "(16, 3)", {"x = 16, y = 3", "x=16, y=3", "a = 16, b = 3"}),
    ("5.3", "\\text{odd}", {"odd"}),
    ("5.4", "1, 3", {"1 \\text{ and } 3"}),
    ("6.1", "5,1", {"1, 5"}),
    ("6.2", "(1,2), (3,4)", {"\\{(1,2), (3,4)\\}"}),
    ("6.3", "(1,2,3)", {"(1;2;3)"}),
    ("6.4", "(1,2)", {"((1,2))"}),
    ("7.1", "f(x) = 2x", {"f(t) = 2t"}),
    ("7.2", "x_1 + x_2", {"x_{1} + x_{2}"}),
    ("7.3", "f(x) = 2x", {"f(\\alpha ) = 2\\alpha "}),
    ("7.4", "P(x) = 2x", {"p(x) = 2x"}),
]


def test_every_kind_has_a_form_and_an_example() -> None:
    assert set(BY_KIND) == set(KINDS) == {kind for kind, _, _ in EXAMPLES}


@pytest.mark.parametrize(("kind", "text", "wanted"), EXAMPLES)
def test_a_kind_is_written_as_the_taxonomy_shows_it(kind: str, text: str, wanted: set[str]) -> None:
    rng = random.Random(0)
    found = {form.rewrite(text, rng) for form in BY_KIND[kind] for _ in range(200)}
    assert wanted & found, found


@pytest.mark.parametrize("text", ["", "$", "{", "\\frac{", "((((", ",,,", "\\left", "=", "\\pm", "-", "x" * 500])
def test_a_form_takes_any_text(text: str) -> None:
    rng = random.Random(0)
    for form in FORMS:
        assert form.rewrite(text, rng) is None or isinstance(form.rewrite(text, rng), str)
