r"""Words and letters that a question asks for, which an answer may therefore repeat or leave out.

A question that asks twice, denies, or names alternatives asks for no word: each may be the one that decides.
"""

import re
from typing import Final

from tinyv_stream.verifiers.rules.maths.tree import words as table

_ASKS: Final = re.compile(
    r"\b(?:what|which|who|where|when|how|find|determine|compute|calculate|evaluate)\b", re.IGNORECASE
)
_SENTENCE: Final = re.compile(r"[^.?!\n]*")
_ALTERNATIVES: Final = re.compile(r"\b(?:or|and|not|no|either|neither|than|versus|vs)\b|n't\b", re.IGNORECASE)
_BORDER: Final = re.compile(
    r"[,;:(]|\b(?:of|if|when|given|where|such|after|before|for|with|than|that|in|on|at|to|from|between|by|per|as)\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[a-z]{2,}")
_MATHS_ONLY: Final = re.compile(r"\W*solve(?:\s+the)?(?:\s+equation)?\b(?!.*?[A-Za-z]{2,})", re.IGNORECASE | re.DOTALL)
CHANGES_VALUE: Final = table(
    "not no non never none neither nor except without least most more less fewer over under above below between "
    "minus negative plus times half twice double triple about almost nearly approximately roughly around up all "
    "any only some both each every per percent before after than square squared cubed root inverse opposite "
    "reciprocal true false right wrong correct cannot impossible else maybe"
)
"""Words beside which the thing that is asked for is not the whole of it: `twice the area`."""
NAMES_VALUES: Final = table("roots solutions values zeros")
"""Words that say nothing in front of values, unless the question has them in another place than the asked one."""


def asked_words(question: str) -> frozenset[str]:
    """Return the words of the thing that a question asks for, in small letters: `cost` of "what do they cost"."""
    asked = _asked(question)
    head = frozenset(_WORD.findall(_BORDER.split(asked.lower())[0]))
    names = NAMES_VALUES - frozenset(_WORD.findall(question.lower()))
    return names if head & CHANGES_VALUE else head | names


def asked_phrase(question: str) -> str:
    """Return the whole of what stands behind `what is the` or `find the`, in small letters; empty if unsure."""
    found = re.match(r"\s*(?:(?:is|are|was|were)\s+)?the\s+(.+)", _asked(question).lower())
    return " ".join(found[1].split()) if found else ""


def asks_for_letter(letter: str, question: str) -> bool:
    """Say whether a question asks for this letter itself: `solve for x`, `find x`, or an equation of it alone."""
    plain = question.replace("$", " ")
    asked = (
        r"(?i:find|what\s+is|what\s+are|solve(?:\s+\S+)?\s+for|determine)\s+(?:(?:all|the|possible)\s+)*(?:values?\s+of\s+)?"
        rf"{re.escape(letter)}\s*(?=[.?;]|\Z|,?\s*(?:if|such|so|when|where|that|in|given)\b)"
    )
    if len(_ASKS.findall(question)) > 1:
        return False
    if re.search(asked, plain):
        return True
    return _MATHS_ONLY.match(plain) is not None and set(re.findall(r"[A-Za-z]", _MATHS_ONLY.sub("", plain))) == {letter}


def asks_for_each(question: str) -> bool:
    """Say whether a question asks for all values that solve it, so that `or` lists them."""
    return re.search(r"\b(?:solve|solutions?|roots?|zeros|possible|values)\b", question, re.IGNORECASE) is not None


def _asked(question: str) -> str:
    """Return what stands behind the one asking word of a question, to the end of its sentence."""
    found = _ASKS.findall(question)
    if len(found) != 1:
        return ""
    asked = next(s[0] for s in _SENTENCE.finditer(question) if _ASKS.search(s[0]))
    return "" if _ALTERNATIVES.search(asked) else _ASKS.split(asked)[1]
