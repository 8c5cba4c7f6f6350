r"""Answers that only say the question again: `2+3` for "compute `2+3`", `x^2-5x+6` for "factor `x^2-5x+6`".

Such an answer has the right value and no work in it. It is compared as text, without layout and in any order of its
signs; it stands where the ground truth is that very text.
"""
# ruff: noqa: RUF001 the sign of multiplication is meant

import functools
import re
from typing import Final

from tinyv_stream.verifiers.rules.answers import computed_again, given_quantities
from tinyv_stream.verifiers.rules.answers.wanted import formulas, wanted
from tinyv_stream.verifiers.rules.maths.clean import clean

_LAYOUT: Final = re.compile(
    r"\\(?:cdot|times|left|right|displaystyle|limits|ast)(?![a-z])|\\[,;:! ]|[\s${}*()\[\].?·×]"
)
_OPERATION: Final = re.compile(
    r"[-+*/^!(×÷·|]|\\(?:frac|binom|sqrt|int|sum|prod|lim|log|ln|sin|cos|tan|cdot|times|div|gcd|lcm|det|overline)(?![a-z])|\d!"
)
_BOUND: Final = re.compile(r"\\(?:lim|sum|prod)(?:\\limits)?\s*_\s*\{\s*([a-z])\s*(?:=|\\to|\\rightarrow)")


def echoes(answer: str, gold: str, question: str) -> bool:
    """Say whether an answer is a formula that the question asks to work out or to rewrite, and the truth is not."""
    if not question:
        return False
    if given_quantities.is_given(answer, gold, question):
        return True
    if not _OPERATION.search(answer.strip(" $").removeprefix("-")):
        return False
    if "=" in computed_again.BOUNDS.sub("", answer):
        return _relation(answer) in _relations(question) and _relation(answer) != _relation(gold)
    said = _bare(answer)
    if len(said) > 1 and said in _asked(question) and said != _bare(gold):
        return True
    return computed_again.holds_computation(answer, gold, question)


def _relation(text: str) -> frozenset[str]:
    return frozenset(_bare(side) for side in text.split("="))


@functools.lru_cache(maxsize=1024)
def _relations(question: str) -> frozenset[frozenset[str]]:
    """Return the equations of a question, in either order of their sides."""
    return frozenset(_relation(formula) for formula in formulas(question[:4_000]) if "=" in formula)


@functools.lru_cache(maxsize=1024)
def _asked(question: str) -> frozenset[str]:
    found: set[str] = set()
    for clause in wanted(question).clauses:
        found |= {_bare(formula) for formula in formulas(clause)}
        found.add(_bare(computed_again.without_verb(clause)))
    return frozenset(found)


def _bare(text: str) -> str:
    """Return the signs of a text in one order, without layout and signs of multiplication."""
    if bound := _BOUND.search(text):
        text = re.sub(rf"(?<![A-Za-z\\]){bound[1]}(?![A-Za-z])", "@", text)
    return "".join(sorted(_LAYOUT.sub("", clean(computed_again.without_filler(text)).replace("\\frac", "/"))))
