r"""Questions for the intervals on which a function rises or falls, where an end of an interval may be left out.

A function that increases on `[a, b]` increases on `(a, b)`. The other way round it may not: `1/x` has no value at 0.
"""

import functools
import re
from typing import Final

_HOW: Final = r"(?:(?:strict|monoton(?:ic|e|ous))(?:al)?(?:ly)?\s+)?"
_TURNS: Final = rf"{_HOW}(?:in|de)creas(?:ing|es)"
_CORE: Final = re.compile(
    rf"\b(?:{_HOW}(?:in|de)creasing\s+intervals?(?:\(s\))?|"
    rf"intervals?(?:\(s\))?\s+of\s+(?:{_HOW}(?:in|de)crease|monotonicity)|"
    rf"intervals?(?:\(s\))?\s+(?:(?:on|in|over)\s+which|where)\s+.{{1,400}}?(?:\b(?:is|are)\s+{_TURNS}|\b{_HOW}(?:in|de)creases?)\b|"
    rf"(?:on|in|over)\s+(?:what|which)\s+intervals?(?:\(s\))?\s+(?:is|are|does|do)\s+.{{1,400}}?"
    rf"\b(?:{_TURNS}|{_HOW}(?:in|de)crease)\b)",
    re.IGNORECASE | re.DOTALL,
)
_GIVEN: Final = re.compile(
    r"\b(?:if|that|given|when|since|because|suppose|assume|with|let|for|whose|and|or|contains?|of|is|are|as|has)\s+"
    r"(?:the\s+|its\s+|an?\s+|all\s+)*\Z",
    re.IGNORECASE,
)
"""What makes of the intervals a condition, or one of several things that are asked."""
_ELSE: Final = re.compile(
    r"\b(?:then|given|satisf|(?:non-?)?(?:negative|positive)\b|"
    r"range|values?|sets?|solutions?|solve|domain|lengths?|sum|such that|contain|includ|inequalit|conca|"
    r"conve|extrem|maxim|minim|zeros?|how many|number of|parameter|at least|subset|only if|"
    r"and (?:find|the|its|determine))",
    re.IGNORECASE,
)
_DENIED: Final = re.compile(
    r"\b(?:not|never|nowhere|no|neither|nor|non|without|fails?|except)\b|n't\b|\bnon-?(?:in|de)", re.IGNORECASE
)
"""Where it does not rise, an end that is left out is one that belongs."""
_ENDS: Final = re.compile(r"\bclosed\b|end-?points?|inclusive|includ", re.IGNORECASE)
"""The question says which ends belong."""
_ASKS_MORE: Final = re.compile(
    r"\b(?:hence|then|also|find|solve|determine|compute|calculate|what|which|how|prove|show)\b", re.IGNORECASE
)
_SENTENCE: Final = re.compile(r"(?<=[.?!;。\uff1b\uff1f])\s+|\n")
_TOLD: Final = re.compile(
    r"(?:\b(?:find|determine|give|state|identify|calculate|compute|write(?:\s+down)?|what\s+(?:is|are))\s+"
    r"(?:(?:the|its|all|an?|open|largest|maximal)\s+)*|\A\W*)\Z",
    re.IGNORECASE,
)
"""What tells to find them. A sentence that begins with them is a question: `On which interval is f ...`."""
_STATED: Final = re.compile(r"(?:(?!\b(?:is|are)\b).)*\b(?:is|are)\b[\s:_\\.$?()]*", re.IGNORECASE | re.DOTALL)
"""Behind them nothing but whose they are, and the blank."""


@functools.lru_cache(maxsize=1024)
def are_asked(question: str) -> bool:
    """Say whether the question asks for intervals of increase or decrease, and for nothing else."""
    sentences = [part for part in _SENTENCE.split(question[-4_000:]) if part.strip()]
    places = [n for n, part in enumerate(sentences) if _CORE.search(part)]
    if (
        len(places) != 1
        or _ENDS.search(question)
        or any(_ASKS_MORE.search(part) for part in sentences[places[0] + 1 :])
    ):
        return False
    sentence = sentences[places[0]]
    if _DENIED.search(sentence):
        return False
    *_, found = _CORE.finditer(sentence)  # the last: others before it are given
    before, after = sentence[: found.start()], sentence[found.end() :]
    told = _TOLD.search(before) is not None
    stated = _STATED.fullmatch(after) is not None and not _GIVEN.search(before)
    return (told or stated) and not _ELSE.search(found[0] + after)
