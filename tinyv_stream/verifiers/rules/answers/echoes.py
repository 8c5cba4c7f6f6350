r"""Answers that only say the question again: `2+3` for "compute `2+3`", `x^2-5x+6` for "factor `x^2-5x+6`".

Such an answer has the right value and no work in it. It is compared as text, without layout and in any order of its
signs; it stands where the ground truth is that very text.
"""
# ruff: noqa: RUF001 the sign of multiplication is meant

import functools
import re
from typing import Final

from tinyv_stream.verifiers.rules.answers.wanted import formulas, wanted
from tinyv_stream.verifiers.rules.maths.clean import clean

_LAYOUT: Final = re.compile(
    r"\\(?:cdot|times|left|right|displaystyle|limits|ast)(?![a-z])|\\[,;:! ]|[\s${}*()\[\].?·×]"
)
_OPERATION: Final = re.compile(
    r"[-+*/^!(×÷·|]|\\(?:frac|binom|sqrt|int|sum|prod|lim|log|ln|sin|cos|tan|cdot|times|div|gcd|lcm|det|overline)(?![a-z])|\d!"
)
_FILLER: Final = re.compile(
    r"\A(?:\s*\b(?:find|compute|calculate|evaluate|simplify|expand|factor\w*|what|is|the|value|of|expression|product|"
    r"convert|sum|exact|determine|fraction|number|polynomial|completely|quantity|following|work|out|rationalize)\b:?)+",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(r"\s+(?:to|into|as|in|completely|exactly|over)\b.*\Z|[\s.?:;,]+\Z", re.DOTALL)


def echoes(answer: str, gold: str, question: str) -> bool:
    """Say whether an answer is a formula that the question asks to work out or to rewrite, and the truth is not."""
    if not question or not _OPERATION.search(answer.strip(" $").removeprefix("-")) or "=" in answer:
        return False
    said = _bare(answer)
    return len(said) > 1 and said in _asked(question) and said != _bare(gold)


@functools.lru_cache(maxsize=1024)
def _asked(question: str) -> frozenset[str]:
    found: set[str] = set()
    for clause in wanted(question).clauses:
        found |= {_bare(formula) for formula in formulas(clause)}
        filler = _FILLER.match(clause)
        found.add(_bare(_TAIL.sub("", clause[filler.end() :] if filler else "")))
    return frozenset(found)


def _bare(text: str) -> str:
    """Return the signs of a text in one order, without layout and signs of multiplication."""
    filler = _FILLER.match(text)
    return "".join(sorted(_LAYOUT.sub("", clean(text[filler.end() :] if filler else text).replace("\\frac", "/"))))
