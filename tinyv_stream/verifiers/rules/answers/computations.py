r"""Computations on the left of an answer: `\int_0^2 x\,dx = 2`, which name what was worked out."""

import re
from typing import Final

from tinyv_stream.verifiers.rules.maths.clean import clean

_LAYOUT: Final = re.compile(r"[\s{}$]|\\(?:left|right|limits|displaystyle)(?![a-z])|\\[,;:! ]")
_OPERATOR: Final = re.compile(r"\\(?:int|iint|oint|sum|prod|lim|det)(?![A-Za-z])")

_LONE: Final = re.compile(r"\(([A-Za-z])\)")
"""`\\det(A)` is `\\det A`."""


def is_asked(left: str, question: str) -> bool:
    """Say whether a left side stands in the question, but for layout."""
    said = _bare(left)
    return bool(said) and re.search(re.escape(said) + r"(?![A-Za-z\d^])", _bare(question[:4_000])) is not None


def is_another(name: str, question: str) -> bool:
    r"""Say whether a label is another limit or determinant than the one that the question writes: `\det(2A)`."""
    found = _OPERATOR.match(name)
    return found is not None and found[0] != name and found[0] in question and not is_asked(name, question)


def _bare(text: str) -> str:
    return _LONE.sub(r"\1", _LAYOUT.sub("", clean(text)))
