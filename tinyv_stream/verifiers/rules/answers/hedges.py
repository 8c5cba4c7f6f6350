r"""Hedges around a value: `about 42`, `x \approx 42`, `42 or so`. An exact ground truth is not what they say.

A hedge may go where a rounded value is right: the question asks for one, or the ground truth is one itself. Behind an
exact value (`5\sqrt{2} \approx 7.07`) it says nothing of that value.
"""

import re
from typing import Final

from tinyv_stream.verifiers.rules.answers import asked
from tinyv_stream.verifiers.rules.answers.relations import label

_HEDGE: Final = re.compile(
    r"\b(?:about|around|roughly|approximately|approx\b\.?|nearly|almost|circa|ca\.|close to|more or less|or so|"
    r"give or take|estimated)(?![A-Za-z])|\\(?:approx|sim|simeq|cong|thickapprox)(?![A-Za-z])|[≈≃≅]",
    re.IGNORECASE,
)
_LAYOUT: Final = re.compile(r"\\(?:text|mathrm|textbf|quad|boxed)(?![A-Za-z])|\\[,;:! ]|[\s${}*()]")
_NO_MORE: Final = re.compile(r"[\s.)}$*\\]*\Z")
_DECIMAL: Final = re.compile(r"\d[.,]\d|\d\{,\}\d")
_SAYS_A_VALUE: Final = re.compile(r"\d|\\(?:frac|sqrt|pi|infty)|/")


def hedges(answer: str, gold: str, question: str) -> bool:
    """Say whether an answer hedges the value that it gives, and nobody asked for a rounded one."""
    found = _HEDGE.search(answer)
    if found is None or _HEDGE.search(gold) or _DECIMAL.search(gold) or asked.ROUNDING.search(question):
        return False
    before = answer[: found.start()].rstrip(" =:")
    if _NO_MORE.match(answer, found.end()):
        return True
    bare = _LAYOUT.sub("", before)
    return label(bare) is not None or _SAYS_A_VALUE.search(bare) is None
