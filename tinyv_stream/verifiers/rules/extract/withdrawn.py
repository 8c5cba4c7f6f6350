"""Says whether a text takes back the answer that was given before it."""
# ruff: noqa: E501 one alternation is one line

import re
from typing import Final

from tinyv_stream.verifiers.rules.extract import statement

_WITHDRAWN: Final = re.compile(
    r"\b(?:this|that|it|which|(?:this|that|the|my) (?:(?:above|last|previous|boxed|final) )?(?:box|answer|value|result))\b"
    r"(?: above| in the box)? (?:is|was|are|seems?|must be|cannot be|can't be|isn't) "
    r"(?:clearly |simply |actually |completely )?(?:wrong|incorrect|mistaken|not (?:right|correct|the answer)|false|right\b)"
    r"|\b(?:ignore|disregard|retract|withdraw|scratch|forget) (?:this|that|the|my)\b"
    r"|\b(?:do not|don't|cannot|can't) (?:trust|stand by|give an answer|give a final|decide|determine|settle)\b"
    r"|\bcannot give\b|\bnot able to (?:give|decide|settle|finish)\b|\bI (?:was|am) wrong\b|\bI take (?:it|that|this) back\b",
    re.IGNORECASE,
)
_NAMED: Final = re.compile(
    r"\b(?:box|answer|value|result|ignore|disregard|retract|withdraw|scratch|forget|trust|stand|give|decide|determine|settle|finish|i)\b",
    re.IGNORECASE,
)
_PRONOUN: Final = re.compile(
    r"\W*(?:(?:no|wait|hmm+|oh|oops|sorry|actually|but|however|hold on)\b\W*)*(?:this|that|it|which)\b", re.IGNORECASE
)
_GOES_ON: Final = re.compile(r"\W*(?:is|was) (?:not|wrong|incorrect|false)\b(?! only)", re.IGNORECASE)
_STANDS: Final = re.compile(r"\b(?:is|was) right\b", re.IGNORECASE)
_NUMBER: Final = re.compile(r"\d[\d,.]*")
_MOST_CHARS: Final = 4_000
_MOST: Final = 40
"""Sentences that are looked at."""


def taken_back(text: str, value: str) -> bool:
    """Say whether `text`, which follows an answer, withdraws it. What answers a question of its own does not."""
    text = text[:_MOST_CHARS]
    if _GOES_ON.match(text):
        return True
    asked = other = False
    pos = 0
    bare = re.sub(r"[\s$*]", "", value)
    for _ in range(_MOST):
        said, pos, asks = statement.sentence(text, pos)
        if not said.strip() and pos >= len(text.rstrip()):
            return False
        if not asks and not asked:
            withdrawn = _WITHDRAWN.search(said)
            of_this = _NAMED.search(withdrawn[0]) or (_PRONOUN.match(said) and not other) if withdrawn else None
            if withdrawn and of_this and not _STANDS.search(said):
                return True
            denied = re.search(r"\bis not\b(.*)", said, re.DOTALL)
            if denied and bare and re.sub(r"[\s$*.]", "", denied[1]) == bare:
                return True
        asked = asks
        other = other or _NUMBER.search(said) is not None
    return False
