"""Attacks on the guard of the small model: pairs that look alike, by kind, and edits that no model is asked about."""

from collections.abc import Iterator

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tinyv_stream.verifiers.tinyv.same_symbols import one_sided

WRONG = {
    "Simplify.": r"""
        2^{n+1} | 2^n+1        \sqrt{3y} | \sqrt3 y       p/(qr) | p/q r          \frac{1}{5t} | \frac{1}{5}t
        2^{\frac{1}{3}} | 2^1/3    2^-\frac{1}{3} | 2^-1/3    a/\frac{1}{4} | a/1/4    \sin\frac{t}{2} | \sin t/2
        4\frac{1}{3} | 4, 1/3  4\frac{1}{3} | 41/3        4 \cdot \frac{1}{3} | 4\frac{1}{3}    4\cdot7 | 4, 7
        4 \times 7 | 4 7       4**7 | 4*7                 6/5 \cdot t | 6/5t      u \times v | u \cdot v
        \binom{n}{k} | \frac{n}{k}     \sum_{i=1}^n i+1 | \sum_{i=1}^{n+1} i      |t|+1 | |t+1|    (k!)! | k!!
        f'(t) | f(t)           \lfloor t\rfloor | \lceil t\rceil    \{t\} | t      \hat{u} | u      \mathbf{u} | u
        \sin^2 t | \sin 2t     \sin^{-1} t | \frac{1}{\sin t}    \mathbb{Z} | Z    \pm 8 | 8        \pm8 | \mp8
        pq | p is q            6 8 | 6 equals 8           Pq | pQ                 6 mW | 6 MW       6e3 | 6 \cdot e3
        \begin{bmatrix}1&2\end{bmatrix} | \begin{Bmatrix}1&2\end{Bmatrix}         2.7 | 27          .7 | 7
        0.(6) | 0(6)           0.777... | 0.777           0.\overline{45} | 0.4\overline{5}         t² | t2
        3,456 | 3, 456         3 456 | 3, 456             3:40 | 3 40             8, , 9 | 8, 9     (8,9,) | (8,9)
        \{8,9\},\{7\} | \{8\},\{9,7\}    \{\{8\},9\} | \{8,9\}    \{\emptyset\} | \emptyset        8, 9, ... | 8, 9
        8 - 9 | 8, -9          12 | 1%RTL%2     %ALPHA% | A        y` | y            6'' | 6
        \text{three hundred} | three, hundred             five-three | five three  sixty | sixteen   60% | 60""",
    "Who is younger, Eva or Tom?": "Eva | Tom   Eva | Eva or Tom   Eva | not Eva   Eva, Tom | Eva or Tom",
    "How old is Eva? Tom is 9 years old.": "6 | Tom is 6   6 | Tom 6   6 | Tom is 6 years old",
    "Is f rising or falling?": "rising | falling   rising | rising or falling   rising | f falling",
    "How many days before, how many after?": "6 before | 6 after   6 | 6 after   6 | after 6",
    "What is the square of 6?": "36 | square of 36   36 | square 36   36 | the square is 36   36 | 36 square",
    "What is twice the area?": "8 | the area is 8   8 | area 8",
    "What is the sum of the roots?": "8 | the roots are 8   8 | roots 8   8 | sum 8",
    "What is the cosine of 60 degrees?": "1/2 | cosine of 1/2   1/2 | 1/2 degrees   1/2 | cosine 1/2",
    "A bus goes 40 km per hour. How far in 2 hours?": "80 | 80 km per hour   80 | 80 hours   80 | far 80",
    "Profit or loss?": "8 | loss of 8   profit 8 | loss 8   8 | loss is 8",
    "Who is smallest? Who is largest?": "smallest Eva | largest Eva   Eva | largest Eva   Eva | Eva largest",
    "What is t if s is 4?": "6 | s is 6   6 | s = 6   t = 6 | s = 6   6 | t : 6   6 | T = 6   6 | t = -6",
    "What is 2t?": "6 | t = 6   6 | t is 6",
    "Find t^2.": "6 | t = 6",
    "Find the number of values of t.": "6 | t = 6",
    "Solve for s and t.": "4, 6 | s = 4, 6   s=4, t=6 | t=4, s=6   4, 6 | 4 or 6 or   s<1 or t>2 | s<1 and t>2",
    "Give the pair.": "4, 6 | 4 or 6   (4,6) | 4, 6   (4,6) | [4,6]   4, 6 | 4, 6, 6   4, 6 | 4 to 6",
    "How many are more than 7?": "4 | 4 more   4 | more 4   4 | 4 or so   4 |",
}  # fmt: skip
"""Per question, pairs `one | other`, two spaces or more between pairs."""
RIGHT = {
    "In cents, what do they cost?": "83 | they cost eighty-three cents   83 | 83 cents",
    "What are the roots of t^2-9t+14?": r"2, 7 | the roots are 2 and 7   2, 7 | 2 or 7   \{2,7\} | 2\text{ and }7",
    "Which day is it?": "Friday | Therefore, Friday   Friday | it is friday.   Friday | the day is Friday",
    "How many apples are left?": "5 | There are 5 apples left.   5 | five apples   5 apples | Answer: 5 apples",
    "Find t.": r"6 | t = 6   6 | t is six   -\frac{1}{6} | t=-1/6   6^{7} | 6^7   6s | 6 \cdot s",
    "What is the area of the square?": "6 | the area of the square is 6   6 | The area is 6",
    "How long?": "2 hours 5 minutes | two hours and five minutes",
}


def _pairs(table: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for question, rows in table.items():
        spelled = rows.replace("%RTL%", "\u202e").replace("%ALPHA%", "\u0391").replace("\n", "   ")
        for pair in spelled.split("  "):
            if pair.strip():
                one, _, other = f"{pair} ".partition(" | ")
                yield question, one.strip(), other.strip()


@pytest.mark.parametrize(("question", "one", "other"), list(_pairs(WRONG)))
def test_what_looks_alike_is_told_apart_in_both_directions(question: str, one: str, other: str) -> None:
    assert one_sided(question, one, other)
    assert one_sided(question, other, one)


@pytest.mark.parametrize(("question", "one", "other"), list(_pairs(RIGHT)))
def test_what_only_says_more_is_left_to_the_model(question: str, one: str, other: str) -> None:
    assert one_sided(question, one, other) == ""
    assert one_sided(question, other, one) == ""


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=5), st.data())
def test_no_change_of_a_number_is_overlooked(numbers: list[int], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(numbers) - 1))
    wrong = numbers[place] + data.draw(st.integers(1, 9)) * 10 ** data.draw(st.integers(0, 13))
    others = [*numbers[:place], wrong, *numbers[place + 1 :]]
    asked = "Find all solutions."
    assert one_sided(asked, " or ".join(map(str, numbers)), ", ".join(map(str, others)))
    assert not one_sided(asked, " or ".join(map(str, numbers)), ", ".join(map(str, numbers)))


SPANS = st.tuples(st.integers(0, 5), st.integers(0, 5)).map(sorted).filter(lambda ends: ends[0] < ends[1])


@given(
    st.lists(st.sampled_from("pqr257"), min_size=6, max_size=6),
    st.sampled_from(("+", "-", "/", "^", r" \cdot ", " ")),
    st.sampled_from(("()", "{}", r"\sqrt{ }", "^{ }", "||", "[]")),
    SPANS,
    SPANS,
)
def test_no_change_of_grouping_is_overlooked(
    terms: list[str], sign: str, around: str, one: list[int], other: list[int]
) -> None:
    assume(one != other)
    assert one_sided("Simplify.", _grouped(terms, sign, around, one), _grouped(terms, sign, around, other))


@given(
    st.sampled_from([(q, one) for q, one, _ in _pairs(WRONG) if one]),
    st.sampled_from("0123456789^_/=+-!|<>?"),
    st.data(),
)
def test_no_inserted_sign_is_overlooked(pair: tuple[str, str], sign: str, data: st.DataObject) -> None:
    question, text = pair
    place = data.draw(st.integers(0, len(text)))
    assume(text[place - 1 : place] != "\\")
    assert one_sided(question, text, text[:place] + sign + text[place:])


def _grouped(terms: list[str], sign: str, around: str, ends: list[int]) -> str:
    first, last = ends
    opening, closing = around.split(" ") if " " in around else around
    inner = opening + sign.join(terms[first : last + 1]) + closing
    return sign.join([*terms[:first], inner, *terms[last + 1 :]])
