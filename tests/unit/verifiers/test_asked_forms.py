"""Asked forms and times by their parts: sentences that ask, kinds to choose from, sizes, factors, halves of the day."""

from typing import Final

import pytest

from tinyv_stream.verifiers.rules.answers import asked_clauses, asked_forms, form_choices, times
from tinyv_stream.verifiers.rules.answers.form_kinds import AskedForm
from tinyv_stream.verifiers.rules.answers.form_skeletons import skeleton
from tinyv_stream.verifiers.rules.answers.form_table import FORMS
from tinyv_stream.verifiers.rules.answers.form_trees import is_no_larger, is_rational_below, size, sum_factors
from tinyv_stream.verifiers.rules.answers.forms import Form, Words
from tinyv_stream.verifiers.rules.answers.polynomials import polynomial
from tinyv_stream.verifiers.rules.maths.read import read


def clock(text: str) -> Form:
    found = times.read_clock(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("sentence", "rounds"),
    [
        ("give the answer rounded to two decimal places.", True),
        ("find it to the nearest mile.", True),
        ("approximate the root as a decimal.", True),
        ("do not give a decimal approximation.", False),
        ("an approximate value is not enough.", False),
        ("walk to the nearest shop.", False),
        ("he rounded the corner.", False),
    ],
)
def test_a_rounding_is_asked_for_in_words_that_mean_one(sentence: str, *, rounds: bool) -> None:
    assert asked_clauses.rounds(sentence) is rounds


@pytest.mark.parametrize(
    ("sentence", "kinds"),
    [
        ("give your answer as an integer or a fraction in lowest terms.", {"integer", "fraction"}),
        ("express it as a decimal or a percent.", {"decimal", "percent"}),
        ("write it as a mixed number, not as a decimal or an improper fraction.", None),
        ("is a number or its double larger?", None),
    ],
)
def test_a_choice_is_between_the_kinds_that_a_sentence_offers(sentence: str, kinds: set[str] | None) -> None:
    assert form_choices.choices(sentence) == kinds


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("(x-2)(x+2)(x^2+4)", 3),
        ("(x^2-4)(x^2+4)(1+0x)", 2),
        ("(x+1)^3", 3),
        ("x(x-1)", 1),
        ("(x^2-4)(x+1)/(x+1)", None),
        ("(x^2-4)(x+1)(x+1)^{-1}", None),
    ],
)
def test_a_factor_counts_if_it_is_a_sum_with_a_letter(text: str, count: int | None) -> None:
    assert sum_factors(read(text)) == count


def test_a_polynomial_is_expanded_exactly_or_is_none() -> None:
    expanded = polynomial(read("(x+1)(x-1)+0x"))
    assert expanded == polynomial(read("x^2-1")) is not None
    assert polynomial(read("x-x")) == {}
    assert [polynomial(read(text)) for text in ("\\sqrt{2}x", "x^{-1}", "x^n", "\\frac{1}{x}", "(a+b+c+d)^{24}")] == [
        None
    ] * 5


@pytest.mark.parametrize(
    ("gold", "simple", "not_simple"),
    [
        ("6\\sqrt{2}", "6\\cdot\\sqrt{2}", "2\\sqrt{18}"),
        ("5x", "5\\cdot x", "4x+x"),
        ("6x", "6\\cdot x", "2\\cdot 3x"),
        ("\\frac{5x}{6}", "\\frac56 x", "\\frac{10x}{12}"),
        ("x^2\\sqrt{y}", "\\sqrt{y}x^2", "\\sqrt{x^4y}"),
        ("\\frac{\\sqrt{3}}{3}", "\\frac13\\sqrt{3}", "3^{-1/2}"),
    ],
)
def test_a_simple_expression_has_no_more_of_anything(gold: str, simple: str, not_simple: str) -> None:
    assert is_no_larger(read(simple), read(gold))
    assert not is_no_larger(read(not_simple), read(gold))
    assert size(read(gold)).is_within(size(read(gold)))


@pytest.mark.parametrize("text", ["\\frac{1}{7^{1/2}}", "7^{-1/2}", "\\sqrt{\\frac17}", "2(\\sqrt5-1)^{-1}"])
def test_a_root_below_is_seen_however_it_is_written(text: str) -> None:
    assert not is_rational_below(read(text))


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("(x+3)^2-4", "-4+(x+3)^2", True),
        ("1+2i", "5i-7", True),
        ("2+i", "\\frac{5(2+i)}{5}", False),
        ("\\frac{2}{x-1}+\\frac{3}{x+2}", "\\frac{5x+1}{(x-1)(x+2)}", False),
        ("(x-2)^2+3", "x(x-4)+7", False),
    ],
)
def test_a_skeleton_is_an_expression_without_numbers_and_order(one: str, other: str, *, alike: bool) -> None:
    assert (skeleton(read(one)) == skeleton(read(other))) is alike


@pytest.mark.parametrize(
    ("gold", "answer", "question", "same"),
    [
        ("1:00", "1:00 p.m.", "It left at 9 am and drove for 4 hours. When did it arrive?", True),
        ("1:00", "1:00 a.m.", "It left at 9 am and drove for 4 hours. When did it arrive?", False),
        ("1:00", "1:00 p.m.", "It left at 9 am and drove for 6 hours. When did it arrive?", False),
        ("9:00", "9:00 p.m.", "What time is it 3 hours before midnight?", True),
        ("6:00", "6:00 p.m.", "It is 6 hours before or after noon. What time is it?", False),
        ("2:00", "2:00 p.m.", "He left at 9 a.m., walked 3 hours and rested 2 hours. When was he back?", False),
        ("3:05", "3:05 p.m.", "At what time in the afternoon do they meet?", True),
        ("3:05", "3:05 p.m.", "In the afternoon they met. At what time did she come?", False),
        ("10:05 a.m.", "10:05", "When do they meet?", True),
        ("10:05 a.m.", "10:05", "When do they meet in the evening?", False),
        ("10:05 p.m.", "10:05", "When do they meet?", False),
        ("4:05", "04:05", "What time does the clock show?", True),
        ("0:05", "12:05 a.m.", "What time is it?", True),
    ],
)
def test_a_half_of_the_day_is_the_one_that_the_question_tells(
    gold: str, answer: str, question: str, *, same: bool
) -> None:
    found = times.same_times(clock(gold), clock(answer), question)
    assert (found is not None and found.same) is same


def test_another_form_is_no_time() -> None:
    assert times.same_times(Words("noon"), clock("1:05"), "") is None
    assert times.read_clock("13:05 p.m.") is None
    assert times.read_clock("3:75 p.m.") is None


ASKS: Final = {
    "decimal": ["Write it as a decimal.", "Find the decimal value of $3/8$."],
    "repeating": ["Express it as a repeating decimal.", "Write it as a recurring decimal."],
    "fraction": ["Write it as a common fraction.", "What fraction of the cake is left?"],
    "simple": ["Give the simplest form.", "Simplify."],
    "lowest": ["Write it in lowest terms.", "Reduce $18/24$.", "Give an irreducible one.", "Give a common fraction."],
    "denominator": ["Write it with denominator 24.", "Find an equivalent fraction."],
    "radical": ["Write it in simplest radical form.", "Write it in the form $a\\sqrt{b}$."],
    "prime": ["Find the prime factorization.", "Write it as a product of primes."],
    "scientific": ["Use scientific notation.", "Use exponential notation."],
    "standard": ["Write it in standard form.", "Write it in index form.", "Write it as an ordinary number."],
    "mixed": ["Write it as a mixed number."],
    "pi": ["Answer in terms of $\\pi$.", "Answer in terms of π."],
    "percent": ["Write it as a percentage.", "What percent of 40 is 15?"],
    "no decimal": ["Use no decimals.", "Do not give it as a decimal: not a decimal."],
    "words": ["Write 305 in words."],
    "digits": ["Write it in digits.", "Write it in figures.", "Write it as a numeral."],
    "factored": ["Factor $x^2-1$.", "Give the factored form."],
    "expanded": ["Expand $(x+1)^2$.", "Multiply out."],
    "collected": ["Expand $(x+1)^2$.", "Simplify $2x+3x$.", "Collect $2x+3x$.", "Multiply out $(x+1)x$."],
    "rationalized": ["Rationalize the denominator.", "Rationalise $1/\\sqrt3$."],
    "one fraction": ["Write it as a single fraction."],
    "shape": ["Write it in vertex form.", "Complete the square.", "Find the partial fractions."],
    "worked out": ["Compute $12 \\div 4$.", "Compute 12 ÷ 4."],
    "interval": ["Use interval notation."],
    "listed": ["List all elements.", "Use roster form."],
}
"""Questions in which a form is named, for every word of its own."""


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_form_is_named_by_each_of_its_words(form: AskedForm) -> None:
    asks = [text.lower() for text in ASKS[form.name]]
    assert [text for text in asks if not form.is_named(text)] == []
    assert [word for word in form.words.split() if not any(word in text for text in asks)] == []


def test_names_of_forms_are_unique() -> None:
    assert len({form.name for form in FORMS}) == len(FORMS)


def test_a_question_without_forms_takes_any_answer() -> None:
    assert asked_forms.fits("x" * 5_000, "1", "How many apples are there?")
    assert asked_forms.fits("2/4", "\\frac12", "Write half as a number.")
