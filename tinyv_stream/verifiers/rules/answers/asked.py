"""Form of answer that a question asks for: a rounded value, a percentage, an angle, a ratio, a time, a unit, a count.

What an answer has and the ground truth has not may be dropped only where it is named here.
"""

import functools
import re
from typing import Final

from tinyv_stream.verifiers.rules.answers import quantities
from tinyv_stream.verifiers.rules.maths.tree import words as table

ROUNDING: Final = re.compile(
    r"to the nearest|nearest (?:tenth|hundredth|thousandth|whole|integer|cent|dollar|percent|degree)|\brounded\b|"
    r"\bround(?:ing)? (?:your|the|to|off|up|down|it|answer)|approximat|decimal places?|(?<!no )decimals\b|about how|"
    r"estimat|significant|accurate to|accuracy|calculator|≈|\\approx",
    re.IGNORECASE,
)
_PLACES: Final = re.compile(
    r"\b(\d{1,2}|one|two|three|four|five|six|a)[- ](?:decimals?\b(?: (?:places?|digits?))?|d\.?p\b|digits? after)|"
    r"nearest (tenth|hundredth|thousandth|cent|penny|whole|integer|degree|unit|dollar|second|minute|day|year|percent)|"
    r"nearest \$?0?\.(0*1)\b|(?:to|correct to|accurate to) (?:the )?\$?0?\.(0*1)\b",
    re.IGNORECASE,
)
_COUNT_WORDS: Final = {w: n for n, w in enumerate(("zero", "one", "two", "three", "four", "five", "six"))} | {"a": 1}
_NEAREST: Final = {"tenth": 1, "hundredth": 2, "thousandth": 3, "cent": 2, "penny": 2}
_EXPRESSION: Final = re.compile(
    r"\b(?:find|compute|determine|calculate|evaluate|what is|value of)\s+(?:the value of\s+)?\$?\s*"
    r"((?:\d*\s*[A-Za-z](?:\s*\^\s*\{?\d\}?)?)(?:\s*[-+*/]\s*\d*\s*[A-Za-z\d](?:\s*\^\s*\{?\d\}?)?)+)(?![A-Za-z])",
    re.IGNORECASE,
)
_NAME: Final = re.compile(
    r"\b(?:[Ff]ind|[Dd]etermine|[Cc]ompute|[Cc]alculate|[Ww]hat is)\s+(?:the )?(?:(?:length|value|size) of )?"
    r"(?:(?:segment|side|line) )?(?:\$\s*([A-Z]{2}|[A-Za-z])\s*\$(?!\s*(?:,|and|or)\s*\$)|"
    r"([A-Z]{2}|[b-hj-z])(?=\s*[.?]|\s*$))"
)
EXACT: Final = re.compile(
    r"\bexact\b|\b(?:give|find|express|compute|calculate|state|write|answer|determine|evaluate)\b[^.?]*\bexactly\b",
    re.IGNORECASE,
)
PERCENT: Final = re.compile(
    r"(?:what|which|how many|find the|by a|the|as a|in|a|is|express\w*|give\w*)\s+(?:\w+\s+){0,2}percent(?!\s+of\b)|"
    r"percentage|(?:what|which|how many)\s+\\?%|\bin\s+\\?%|by what \\?%|equivalent",
    re.IGNORECASE,
)
PERCENT_ASKED: Final = re.compile(
    r"\b(?:what|which|how many)\s+(?:percent(?:age)?\b|\\?%)|\b(?:as|in|into)\s+(?:an?\s+)?percent(?:age)?\b|"
    r"\bwhat is the percent(?:age)?\b",
    re.IGNORECASE,
)
"""Questions for a percentage itself: a bare 25 is then 25 %, not a number."""
_RADIANS: Final = re.compile(r"\bradians?\b|\brad\b", re.IGNORECASE)
_IN_DEGREES: Final = re.compile(r"\b(?:to|in|into|as) degrees?\b", re.IGNORECASE)
_ANGLE: Final = re.compile(r"\bdegrees?\b|\bangles?\b|°|\\circ|\binclination\b|\bmeasure of\b|\\angle|∠", re.IGNORECASE)
RATIO: Final = re.compile(r"ratio|proportion|odds|\bscale\b|\b[a-zA-Z]{1,2}\s*:\s*[a-zA-Z]{1,2}\b", re.IGNORECASE)
TIME: Final = re.compile(
    r"what time|\bwhen (?:do|does|did|will|is|are|was|were|should)\b|o'clock|[ap]\.m\.|"
    r"\b\d{1,2}(?::\d\d)?\s*[ap]\.?m\b|"
    r"what hour|\btime (?:is|was|did|does|will|should)\b|\bclock\b|\bh:mm\b|\bhh:mm\b",
    re.IGNORECASE,
)
_HOW_MANY: Final = re.compile(
    r"\b(?:how many|(?:the )?(?:total )?number of|how much)\s+((?:[a-z][a-z-]*[\s,/]+){0,3}?[a-z][a-z-]*)\b",
    re.IGNORECASE,
)
_HOW_MANY_ALL: Final = re.compile(r"\b(?:how many|number of|how much)\s+([a-z][a-z' ,-]{1,80})", re.IGNORECASE)
_VERB: Final = re.compile(
    r"\b(?:are|is|were|was|there|do|does|did|can|will|would|could|have|has|had|of|in|"
    r"that|if)\b"
)
_AUXILIARIES: Final = table(
    "the a an are is were was there do does did can will would could be have has had he she they it we you i that"
)
_SIGNS: Final = frozenset({"of", "positive", "negative"})
"""Words that say which things are counted, in the question's own order."""
_PREDICATE: Final = re.compile(r"(?:is|are|was|were|has|have|does|do|can|will|would)\b", re.IGNORECASE)
_MORE: Final = frozenset({"more", "fewer", "less"})
"""Words that change a number, unless the question asks for just that: "how many more"."""
_COUNTERS: Final = frozenset({"way", "solution", "unit", "value", "element", "square unit", "cubic unit"})
NEVER: Final = table(
    "square squared cube cubed half halve halves third quarter tenth hundredth thousandth ten hundred thousand million "
    "billion trillion dozen pair couple percent pi factorial degree time less more fewer not no and or plus minus root "
    "power double twice triple per of each every other than at most "
    "least if but except zero one two three four five six "
    "seven eight nine without negative positive inverse reciprocal mod "
    "modulo base over score gross fifth sixth seventh "
    "eighth ninth"
)
"""Words that change a number, which no question makes droppable."""
_DROPPED_WORDS: Final = frozenset({"different", "distinct", "possible", "total", "in total", "altogether", "such"})


@functools.lru_cache(maxsize=1024)
def places(question: str) -> int | None:
    """Return the decimals to which the question wants its answer rounded; None where it does not say, or says two."""
    found: set[int] = set()
    for match in _PLACES.finditer(question[:4_000]):
        said = (match[1] or "").lower()
        if said:
            found.add(int(said) if said.isdigit() else _COUNT_WORDS[said])
        elif match[2]:
            found.add(_NEAREST.get(match[2].lower(), 0))
        else:
            found.add(len(match[3] or match[4]))
    return found.pop() if len(found) == 1 else None


def wants_more_than(name: str, question: str) -> bool:
    """Say whether the question asks for an expression in which this letter is only a part: m in "find `m + n`"."""
    return any(
        re.search(rf"(?<![A-Za-z\\]){re.escape(name)}(?![A-Za-z])", found[1])
        for found in _EXPRESSION.finditer(question[:4_000])
    )


@functools.lru_cache(maxsize=1024)
def only_name(question: str) -> str:
    """Return the letter or the segment that the question asks for, `x` in "find `x`"; empty if none, or several."""
    found = {match[1] or match[2] for match in _NAME.finditer(question[:4_000])}
    return found.pop() if len(found) == 1 else ""


def radians(question: str) -> bool:
    """Say whether angles are asked for in radians."""
    return _RADIANS.search(question) is not None and _IN_DEGREES.search(question) is None


def angle(question: str) -> bool:
    """Say whether a bare number may be one of degrees."""
    kinds = quantities.asked_kinds(question)
    return _ANGLE.search(question) is not None and not radians(question) and (not kinds or "angle" in kinds)


def is_noun_of(unit: str, question: str) -> bool:
    """Say whether every word of `unit` names what `question` counts: `ways`, `different ways`, `students`."""
    if _PREDICATE.match(unit):
        return False
    if _is_said(unit, question):
        return True
    counted_by = re.fullmatch(r"([A-Za-z ]+?)(?:/| per | an? | each | every )([a-z ]+)", unit)
    if counted_by is not None and re.search(rf"\b(?:per|an?|each|every)\s+{re.escape(counted_by[2])}\b", question):
        return is_noun_of(counted_by[1], question)
    names = [_singular(word) for word in unit.lower().replace("^", " ^").split()]
    if not names or changes_a_number(unit) or not all(name.isalpha() for name in names):
        return False
    counted = _counted(question)
    kept = [name for name in names if name not in _DROPPED_WORDS]
    return bool(kept) and all(name in counted or name in _COUNTERS for name in kept)


def _is_said(unit: str, question: str) -> bool:
    """Say whether the question asks "how many" of just this, word by word: `more points`, `students in the class`.

    Words may be left out at its end, and in front of its noun; none may be added, but for those that say nothing.
    """
    said = _plain_words(unit)
    if not said or not re.fullmatch(r"[A-Za-z ,.'-]+", unit) or set(said) & NEVER - _MORE - _SIGNS:
        return False
    for match in _HOW_MANY_ALL.finditer(question[:4_000]):
        wanted = _plain_words(match[1])
        noun = len(_plain_words(_VERB.split(match[1], maxsplit=1)[0]))  # what stands before the noun may be left out
        for start in range(1 if set(said) & _MORE else min(3, noun)):
            if wanted[start : start + len(said)] == said and not set(wanted[:start]) & NEVER - _MORE - _SIGNS:
                return True
    return False


def _plain_words(text: str) -> list[str]:
    return [_singular(word) for word in re.findall(r"[a-z]+", text.lower()) if word not in _AUXILIARIES]


def changes_a_number(unit: str) -> bool:
    """Say whether a word behind a number makes it another number: `5 squared`, `3 tenths`, `6 pi`."""
    parts = [word for word in re.split(r"[\s/]+", unit.lower()) if word]
    return any({word, _singular(word)} & NEVER or word.startswith("\\") for word in parts)


@functools.lru_cache(maxsize=1024)
def _counted(question: str) -> frozenset[str]:
    found = {
        _singular(word) for m in _HOW_MANY.finditer(question[:4_000]) for word in re.findall(r"[a-z]+", m[1].lower())
    }
    return frozenset(found - NEVER)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 2 else word
