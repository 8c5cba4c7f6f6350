"""What stands around a box: lines of work leave it as it is, an operand of its own formula becomes a part of it."""

# ruff: noqa: RUF001 the sign of multiplication is meant

from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers import grade
from tinyv_stream.verifiers.rules.extract import final_answer

NUMBERS: Final = st.integers(2, 999).map(str)
VALUES: Final = st.one_of(
    NUMBERS, NUMBERS.map("-{}".format), st.tuples(NUMBERS, NUMBERS).map(lambda n: f"\\frac{{{n[0]}}}{{{n[1]}}}")
)
WORK: Final = st.sampled_from(
    [
        "{} + {} = {}", "x = {}", "So the total is {}.", "- {} and {}", "$x = {}$", "It holds for all x", "{}", "{}.",
        "1. {}", "f(x) = {}x + {}", "The number of cases is {}", "\\[ {} \\cdot {} = {} \\]", "= {}/{}", "a_{}", "log",
        "({}, {})", "2 *", "Now we add {} and {}:", "n = {},", "{} ->", "**{}**", "| {} | {} |", "$$\n{}\n$$",
        "It costs ${}.", "It costs \\${}.",
    ]
)  # fmt: skip
FRAMES: Final = st.sampled_from(
    [
        "{}",
        "${}$",
        "**{}**",
        "- {}",
        "* {}",
        "Answer: {}",
        "The answer is {}.",
        "\\[ {} \\]",
        "1) {}",
        "=> {}",
        "So $x = {}$.",
    ]
)
TAILS: Final = st.sampled_from(["", "\n", "\n\nDone.", " as claimed.", "\n- {} was a distractor", "\nThis is {} + {}."])
OPERANDS: Final = st.sampled_from(
    ["$3+{}$", "$7-{}$", "$2\\cdot {}$", "${}\\cdot 3$", "${}+5$", "${}-4$", "The answer is 2 + {}.",
     "It is {} × 10.", "${}^2$", "$\\frac{{1}}{{2}}{}$", "$3({})$", "It is 4 · {}",
     "${}\\sqrt{{2}}$", "$9({})^2$", "= {} * 7", "It is {} ÷ 5."]
)  # fmt: skip


def _filled(text: str, numbers: list[str]) -> str:
    for number in numbers:
        text = text.replace("{}", number, 1)
    return text.replace("{}", "11")


@given(st.lists(st.tuples(WORK, st.lists(NUMBERS, max_size=3)), max_size=4), FRAMES, VALUES, TAILS)
@settings(max_examples=400, deadline=None)
def test_lines_of_work_around_a_box_change_nothing(
    work: list[tuple[str, list[str]]], frame: str, value: str, tail: str
) -> None:
    lines = [_filled(*line) for line in work]
    text = "\n".join([*lines, frame.replace("{}", f"\\boxed{{{value}}}")]) + _filled(tail, [])
    assert final_answer(text, value) == value


@given(OPERANDS, st.integers(6, 999).map(str))
@settings(max_examples=200, deadline=None)
def test_an_operand_in_the_same_formula_makes_another_value(frame: str, value: str) -> None:
    heard = final_answer(frame.format(f"\\boxed{{{value}}}"), value)
    assert heard != value
    assert grade(heard, value, "What is the value?").outcome is not Outcome.CORRECT
