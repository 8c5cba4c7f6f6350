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
_CORRECTED: Final = re.compile(
    r"\s*[)\]}$*.;,!]*\s*(?:correction|edit|erratum|update)\s*:|\s*[)\]}$*.;,!]*\s*(?:actually,? no\b|oops\b)"
    r"|\s*[)\]}$*.;,!]*\s*or\s+(?:maybe\s+|perhaps\s+|possibly\s+)?[$\\({\[-]*\d"
    r"|\s*[)\]}$*.;,!]*\s*(?:sorry|no|no,? wait|wait)\b[,.:]?\s*(?:(?:it|the answer|that|this)(?:'s| is| was| should be)\s*)?[$\\({\[-]*\d",
    re.IGNORECASE,
)
"""`12. Sorry, it is 13.`"""
_GUESSED: Final = re.compile(
    r"\b(?:it|this|that|the answer) (?:could|might|may) (?:also|as well|equally|instead) be\b(?! (?:written|seen|found|expressed|checked|shown|stated))"
    r"|\balternatively,? (?:it|the answer)\b|\banother (?:possible |valid |likely )?(?:answer|candidate|guess) (?:is|would be|could be)\b",
    re.IGNORECASE,
)
"""A second guess beside the answer."""
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


def guesses_again(text: str) -> bool:
    """Say whether a text has a second guess beside its answer."""
    return _GUESSED.search(text) is not None


def taken_back(text: str, value: str) -> bool:
    """Say whether `text`, which follows an answer, withdraws it. What answers a question of its own does not."""
    text = text[:_MOST_CHARS]
    if _GOES_ON.match(text) or _CORRECTED.match(text):
        return True
    asked = other = False
    pos = 0
    bare = re.sub(r"[\s$*]", "", value)
    for _ in range(_MOST):
        said, pos, asks = statement.sentence(text, pos)
        if not said.strip() and pos >= len(text.rstrip()):
            return False
        if _GUESSED.search(said):
            return True
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
