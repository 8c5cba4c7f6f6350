"""Answers that are said: each form is the same answer, each near miss another, and numbers are read back by a table."""

import random

import pytest

from tinyv_stream.lab.synth.build import BY_KIND
from tinyv_stream.lab.synth.forms import FORMS, convention, sentence, spoken
from tinyv_stream.lab.synth.near import meaning, parts

SAME = [
    ("20\\%", {"twenty percent", "\\text{twenty percent}", "20 percent"}),
    ("\\frac{3}{8}", {"3 out of 8", "three eighths", "\\text{3 out of 8}"}),
    ("\\$3.50", {"three dollars and fifty cents", "\\text{three dollars and fifty cents}"}),
    ("2 \\text{ hours } 30 \\text{ minutes}", {"two and a half hours", "2.5 hours", "150 minutes"}),
    ("7:45 \\text{ PM}", {"19:45", "quarter to eight in the evening"}),
    ("0.\\overline{45}", {"0.(45)", "0.454545\\ldots", "\\frac{5}{11}", "0.\\dot{4}\\dot{5}"}),
    ("1101_2", {"0b1101", "\\texttt{0b1101}", "(1101)_{2}"}),
    ("n = 4k + 2", {"n \\equiv 2 \\pmod{4}"}),
    ("\\binom{10}{4}", {"{}^{10}C_{4}", "C(10, 4)"}),
    ("(-\\infty, -2) \\cup [3, \\infty)", {"]-\\infty;-2[ \\cup [3;\\infty[", "x \\notin [-2, 3)"}),
    ("3600000", {"3.6e6", "3.6 \\times 10^{6}", "3\\ 600\\ 000"}),
    ("Wednesday", {"Wed", "\\text{Wed.}"}),
    ("January 5", {"5 January", "\\text{5 January}"}),
    ("Petya will receive the last token.", {"Petya"}),
    ("The sum is odd.", {"odd"}),
    ("\\emptyset", {"no solution", "\\text{no solution}"}),
    ("B", {"Option B", "\\text{Option B}"}),
    ("33 J", {"33 joules", "33 \\text{ joules}"}),
    ("x=2, y=300", {"(x, y) = (2, 300)"}),
    ("2\\mathrm{e}^3 + \\mathrm{i}", {"2e^3 + i"}),
]


@pytest.mark.parametrize(("text", "wanted"), SAME)
def test_an_answer_is_said_in_other_words(text: str, wanted: set[str]) -> None:
    rng = random.Random(0)
    new = (*convention.FORMS, *spoken.FORMS, *sentence.FORMS)
    found = {form.rewrite(text, rng) for form in new for _ in range(300)}
    assert wanted & found, found
    assert set(new) <= set(FORMS)


@pytest.mark.parametrize(
    "text",
    [
        "Alice cannot win the game.",
        "Bob loses the game",
        "The answer is not odd",
        "Anna and Bob win the game",
        "Each player wins once",
        "The sum is odd or even",
    ],
)
def test_a_sentence_that_says_no_is_not_cut_to_its_name(text: str) -> None:
    rng = random.Random(0)
    assert {sentence._short(text, rng) for _ in range(50)} == {None}


def test_a_clock_said_in_words_or_in_24_hours_is_the_same_minute() -> None:
    rng = random.Random(0)
    assert {spoken._clock("12:05 AM", rng) for _ in range(200)} & {"0:05", "00:05"}
    assert not any("24:" in (spoken._clock(f"12:30 {half}", rng) or "") for half in ("AM", "PM") for _ in range(200))
    assert {spoken._clock("12:30 PM", rng) for _ in range(200)} & {"12:30 p.m."}


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zero"),
        (13, "thirteen"),
        (40, "forty"),
        (99, "ninety-nine"),
        (105, "one hundred and five"),
        (1000, "one thousand"),
        (2024, "two thousand and twenty-four"),
        (9999, "nine thousand nine hundred and ninety-nine"),
    ],
)
def test_numbers_in_words(number: int, words: str) -> None:
    assert spoken.in_words(number) == words


def test_no_two_numbers_have_the_same_words() -> None:
    assert len({spoken.in_words(n) for n in range(10_000)}) == 10_000
    assert spoken.in_words(10_000) is None
    assert spoken.in_words(-1) is None


def test_no_unit_has_a_spelling_of_another() -> None:
    spellings = [spelling for row in spoken.UNITS for spelling in row]
    assert len(spellings) == len(set(spellings))


OTHER = [
    ("33 J", "unit"),
    ("7:45 PM", "half of day"),
    ("Petya wins", "person"),
    ("5", "qualifier"),
    ("|a| + 1", "bars"),
    ("\\lfloor x \\rfloor", "bars"),
    ("\\max(a, b)", "one of two"),
    ("0.\\overline{45}", "period"),
    ("x \\ne 0, 1", "excluded"),
    ("\\mathbb{R} \\setminus \\{0, 1\\}", "excluded"),
    ("1 + \\frac{1}{2} + \\cdots + \\frac{1}{n}", "dots"),
    ("1, 2, 3, \\ldots", "dots"),
    ("20^\\circ C", "scale of degrees"),
    ("3", "part word"),
]


@pytest.mark.parametrize(("text", "name"), OTHER)
def test_a_near_miss_in_meaning_is_another_answer(text: str, name: str) -> None:
    rng = random.Random(0)
    miss = next(m for m in (*meaning.MISSES, *parts.MISSES) if m.name == name)
    found = {miss.rewrite(text, rng) for _ in range(200)} - {None}
    forms = {form.rewrite(text, rng) for kind in BY_KIND.values() for form in kind for _ in range(50)}
    assert found
    assert not found & forms, found & forms
