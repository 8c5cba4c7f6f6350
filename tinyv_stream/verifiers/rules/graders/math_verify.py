r"""Hugging Face's Math-Verify, one direction, with the ground truth wrapped in `$..$` (unwrapped costs it 26 points).

- It may read a part of a text and say nothing of the rest. So its "equal" counts only where both readings show every
  letter and number of their texts, or where the structural comparison agrees.
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
from collections import Counter
from typing import Final

import math_verify

from tinyv_stream.types import Outcome, Verdict
from tinyv_stream.verifiers.rules.answers.same import compare
from tinyv_stream.verifiers.rules.extract import final_answer
from tinyv_stream.verifiers.rules.graders import Check
from tinyv_stream.verifiers.rules.maths.clean import clean
from tinyv_stream.verifiers.rules.maths.tree import Unreadable

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
        """Decide with Math-Verify, where it read the whole of both texts."""
        del patient
        gold = parsed(check.ground_truth)
        if not gold:
            return Verdict(outcome=Outcome.UNDECIDED, grader=self.name, reason="the ground truth cannot be read")
        answer = parsed(check.model_answer)
        if not agree(gold, answer):
            return Verdict(outcome=Outcome.INCORRECT, grader=self.name, reason="math-verify")
        if (is_whole(gold, check.ground_truth) and is_whole(answer, check.model_answer)) or _is_same(check):
            return Verdict(outcome=Outcome.CORRECT, grader=self.name, reason="math-verify")
        return Verdict(outcome=Outcome.INCORRECT, grader=self.name, reason="math-verify read a part of it")


@functools.lru_cache(maxsize=256)
def parsed(text: str) -> tuple[object, ...]:
    """Return Math-Verify's readings of a bare answer: an expression and the text itself; empty if unreadable."""
    wrapped = text if "$" in text or "\\boxed" in text else f"${text}$"
    return tuple(math_verify.parse(wrapped, parsing_timeout=None))  # type: ignore[arg-type]  # None: no alarm


def agree(gold: tuple[object, ...], answer: tuple[object, ...]) -> bool:
    """Say whether Math-Verify calls `answer` the same as `gold`; the order matters to it."""
    return math_verify.verify(list(gold), list(answer), timeout_seconds=None)  # type: ignore[arg-type]


def _is_same(check: Check) -> bool:
    """Say whether the structural comparison agrees with what Math-Verify may have read in part."""
    try:
        found = compare(check.model_answer, check.ground_truth, check.question)
    except Unreadable:
        return False
    return found is not None and found.same


_LETTER: Final = re.compile(
    r"(?<![A-Za-z\\])d?([A-Za-z])(?![A-Za-z])|\\(alpha|beta|gamma|delta|theta|lambda|mu|sigma|omega)(?![A-Za-z])"
)
_DIGITS: Final = re.compile(r"\d+")
_NAMED: Final = re.compile(
    r"\\(int|iint|oint|sum|prod|lim|ln|lg|log|exp|sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan)(?![A-Za-z])"
)
_SHOWN_AS: Final = {
    "int": "Integral",
    "iint": "Integral",
    "oint": "Integral",
    "sum": "Sum",
    "prod": "Product",
    "lim": "Limit",
    "ln": "log",
    "lg": "log",
    "arcsin": "asin",
    "arccos": "acos",
    "arctan": "atan",
}
_SILENT: Final = frozenset("dei")
"""Letters that need not show in a reading: of differentials, and the constants."""


def is_whole(reading: tuple[object, ...], text: str) -> bool:
    """Say whether a reading has every letter and function of its text, as often, and each number but 0 and 1."""
    if not reading:
        return False
    shown = str(reading[0])
    plain = clean(text)
    letters = Counter(m[1] or m[2] for m in _LETTER.finditer(plain) if m[1] not in _SILENT)
    functions = Counter(_SHOWN_AS.get(m[1], m[1]) for m in _NAMED.finditer(plain))
    names = Counter(re.findall(r"[A-Za-z]+", shown.replace("_", " ")))
    numbers = {int(n) for n in _DIGITS.findall(plain)}
    return letters + functions <= names and numbers <= {int(n) for n in _DIGITS.findall(shown)} | {0, 1}
