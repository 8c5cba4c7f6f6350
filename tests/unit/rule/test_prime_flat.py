r"""Each rough edge of PRIME's LaTeX converter and parser, as verl 0.9.1 has it with pylatexenc and sympy."""

import pytest

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers import grade
from tinyv_stream.verifiers.rules.graders.prime_flat import flatten


@pytest.mark.parametrize(
    ("latex", "flat"),
    [
        (r"\frac{x+1}{2}", "x+1/2"),
        (r"\dfrac12", "1/2"),
        (r"\sqrt[3]{x}", "sqrt(x)"),
        (r"\ln 5", "ln5"),
        (r"2\pi", "2pi"),
        (r"2\cdot 3\times 4", "2*3*4"),
        (r"1\quad 2", "1  2"),
        (r"\hat{i}", "\u00ee"),
        (r"\vec{AB}", "A\u20d7B\u20d7"),
        (r"\mathbf{i}", "\U0001d422"),
        (r"\mathbb{R}", "\u211d"),
        (r"\mathbf{42}", "42"),
        (r"\color{red}{12}", "12"),
        (r"\textcolor{blue}{12}", "12"),
        (r"\text{\textdollar}12", "$12"),
        (r"a\\b", "a\nb"),
        (r"3~\mathrm{km}", "3\u00a0km"),
        (r"\begin{pmatrix} 1 & -2 \\ 3 & 4 \end{pmatrix}", "[  1 -2;  3  4 ]"),
        (r"\left[\begin{array}{cc}6&3\end{array}\right]", "[[ 6 3 ]]"),
        (r"\begin{cases} x=3 \\ y=2 \end{cases}", "x=3 \n y=2"),
        (r"x\rightarrow\infty", "x\u2192inf"),
        (r"\propto", "\u221d"),
        (r"\unknown{a}b", "ab"),
    ],
)
def test_latex_becomes_flat_text_as_in_the_reference(latex: str, flat: str) -> None:
    assert flatten(latex) == flat


@pytest.mark.parametrize(
    ("answer", "truth", "accepted"),
    [
        (r"x\not\le 4", r"x\le 4", False),
        (r"1\quad 2", "12", False),
        (r"\$12", r"\text{\textdollar}12", False),
        (r"3\hat{i}", r"3\mathbf{i}", False),
        (r"\color{red}{12}", "12", True),
        (r"\frac13", "0.(3)", False),
        ("3.2e-5", r"3.2\times 10^{-5}", False),  # its floats differ by a rounding error
        (r"245\times 10^{-8}", r"2.45\times 10^{-6}", False),  # so do these
        ("0.25", r"\frac{1}{4}", True),
        ("sqrt 45", r"3\sqrt{5}", True),
        (r"\ln(5)/3", r"\frac{\ln 5}{3}", False),  # `ln5` is a product of letters there
        (r"(1\,3\,2)", r"(1\,2\,3)", True),  # 1+3*2 and 1+2*3
        (r"\binom{2}{n}", r"\binom{n}{2}", True),
        (r"4, 9\text{ or else }6, 10", "4, 9", True),
        (r"6, 10\text{ or else }4, 9", "4, 9", False),
    ],
)
def test_verdicts_are_those_of_the_reference_where_it_is_rough(answer: str, truth: str, *, accepted: bool) -> None:
    assert (grade(answer, truth, "", "prime").outcome is Outcome.CORRECT) is accepted
