r"""Hugging Face's Math-Verify, one direction, with the ground truth wrapped in `$..$` (unwrapped costs it 26 points).

- Its own timeouts are off: they turn "too slow" into "wrong". The killable process around this says "undecided".
- An unreadable ground truth is undecided; an unreadable answer is incorrect, for that is the model's doing.
- Ground truths are parsed once and kept: the answers of a group share one.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportMissingTypeStubs=false
# Math-Verify returns lists of unknown sympy objects.

import functools
import logging
import re
from typing import Final

import math_verify

from tinyv_stream.types import Outcome, Verdict
from tinyv_stream.verifiers.rules.extract import final_answer
from tinyv_stream.verifiers.rules.graders import Check
from tinyv_stream.verifiers.rules.maths.clean import clean

logging.getLogger("math_verify").setLevel(logging.CRITICAL)


class MathVerify:
    """Math-Verify's verdict on the extracted answer."""

    name = "math_verify"

    def extract(self, completion: str, ground_truth: str = "") -> str:
        """Return the last box, or the worded answer."""
        return final_answer(completion, ground_truth)

    def fast(self, check: Check) -> Verdict | None:
        """Say nothing: this grader's verdicts are Math-Verify's own."""
        del check
        return None

    def grade(self, check: Check, *, patient: bool = True) -> Verdict:
        """Decide with Math-Verify as it is."""
        del patient
        gold = parsed(check.ground_truth)
        if not gold:
            return Verdict(outcome=Outcome.UNDECIDED, grader=self.name, reason="the ground truth cannot be read")
        found = agree(gold, parsed(check.model_answer))
        outcome = Outcome.CORRECT if found else Outcome.INCORRECT
        return Verdict(outcome=outcome, grader=self.name, reason="math-verify")


@functools.lru_cache(maxsize=256)
def parsed(text: str) -> tuple[object, ...]:
    """Return Math-Verify's readings of a bare answer: an expression and the text itself; empty if unreadable."""
    wrapped = text if "$" in text or "\\boxed" in text else f"${text}$"
    return tuple(math_verify.parse(wrapped, parsing_timeout=None))  # type: ignore[arg-type]  # None: no alarm


def agree(gold: tuple[object, ...], answer: tuple[object, ...]) -> bool:
    """Say whether Math-Verify calls `answer` the same as `gold`; the order matters to it."""
    return math_verify.verify(list(gold), list(answer), timeout_seconds=None)  # type: ignore[arg-type]


_LETTER: Final = re.compile(
    r"(?<![A-Za-z\\])d?([A-Za-z])(?![A-Za-z])|\\(alpha|beta|gamma|delta|theta|lambda|mu|sigma|omega)(?![A-Za-z])"
)
_DIGITS: Final = re.compile(r"\d+")
_SILENT: Final = frozenset("dei")
"""Letters that need not show in a reading: of differentials, and the constants."""


def is_whole(reading: tuple[object, ...], text: str) -> bool:
    """Say whether a reading has every letter of its text, and a number for each that is not a small one."""
    if not reading:
        return False
    shown = str(reading[0])
    plain = clean(text)
    letters = {m[1] or m[2] for m in _LETTER.finditer(plain)} - _SILENT
    names = set(re.findall(r"[A-Za-z]+", shown.replace("_", " ")))
    numbers = {int(n) for n in _DIGITS.findall(plain)}
    return letters <= names and (numbers <= {int(n) for n in _DIGITS.findall(shown)} | {0, 1} or not letters)
