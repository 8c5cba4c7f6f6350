"""Answers that say the question again, drawn: a computation in any dress is no answer, and its value is one."""

import math
import random
from collections.abc import Callable
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers import grade

Computation = tuple[list[str], int]
"""Writings of one computation, and its value."""


def _computations(a: int, b: int) -> list[Computation]:
    big, small = max(a, b), min(a, b)
    return [
        ([f"{a}+{b}", f"{b}+{a}", f"({a})+({b})"], a + b),
        ([f"{a}\\cdot {b}", f"{b} \\times {a}", f"{a}({b})"], a * b),
        ([f"{big}-{small}", f"-{small}+{big}"], big - small),
        ([f"{a}^2+{b}", f"{b}+{a}^{{2}}"], a**2 + b),
        ([f"\\sqrt{{{a * a}}}", f"\\sqrt[2]{{{a * a}}}", f"{a * a}^{{1/2}}"], a),
        ([f"\\binom{{{big + 3}}}{{2}}"], math.comb(big + 3, 2)),
        ([f"\\gcd({a},{b})", f"\\gcd({b},{a})"], math.gcd(a, b)),
        ([f"\\sum_{{k=1}}^{{{a}}} k", f"\\sum_{{i=1}}^{{{a}}} i"], a * (a + 1) // 2),
        ([f"2\\cdot({a}+{b})", f"({b}+{a})\\cdot 2"], 2 * (a + b)),
        ([f"{min(a, 9)}!"], math.factorial(min(a, 9))),
    ]


_IDLE: Final[list[Callable[[str], str]]] = [
    lambda text: text,
    lambda text: f"{text}+0",
    lambda text: f"0+{text}",
    lambda text: f"({text})\\cdot 1",
    lambda text: f"\\left({text}\\right)",
    lambda text: f"\\boxed{{{text}}}",
    lambda text: f"{text} - 0",
]
_TASKS: Final = ("Compute ${}$.", "Evaluate ${}$.", "What is ${}$?", "Find the value of ${}$.", "Calculate: ${}$")


@given(
    st.integers(3, 60),
    st.integers(3, 60),
    st.integers(0, 9),
    st.randoms(use_true_random=False),
    st.sampled_from(_TASKS),
)
@settings(max_examples=300, deadline=None)
def test_a_computation_of_the_question_is_no_answer_and_its_value_is(
    a: int, b: int, which: int, draw: random.Random, task: str
) -> None:
    writings, value = _computations(a, b)[which]
    question = task.format(writings[0])
    again = draw.choice(_IDLE)(draw.choice(writings))
    assert grade(again, str(value), question).outcome is not Outcome.CORRECT, again
    assert grade(f"{value}", str(value), question).outcome is Outcome.CORRECT
    assert grade(f"${writings[0]}={value}$", str(value), question).outcome is Outcome.CORRECT
