"""Kinds of quantity that a question asks for: a length, a time, a price; which unit may then stand behind a bare number.

The first word of a kind in what is asked decides, so `How long does it take a train 110 m long?` asks for a time and
`What is the speed of the train?` for a speed, whatever else was measured.
"""

# ruff: noqa: E501 one alternation is one line

import functools
import re
from typing import Final

_ASKS: Final = re.compile(
    r"\b(?:what|how|find|calculate|determine|compute|evaluate|when|which|give|express|estimate|work out|if)\b",
    re.IGNORECASE,
)
_SENTENCE: Final = re.compile(r"(?<=[.?!;])\s+|\n+")
_ASIDE: Final = re.compile(r"\b(?:if|given that|assuming|considering|taking into|provided|knowing)\b", re.IGNORECASE)
_KINDS: Final = {
    "count": r"how many(?! degrees)|(?:the|what|which) (?:\w+ ){0,2}numbers?|population",
    "speed": r"speeds?|velocity|how fast|pace",
    "area": r"areas?|surface",
    "volume": r"volumes?|capacity|how much (?:\w+ )?(?:water|milk|juice|liquid|oil|paint|fuel|gas|gasoline|petrol|ink|sand|soil|solution|acid|alcohol)",
    "mass": r"weigh(?:t|ts|s|ed)?|mass(?:es)?|how heavy|how much (?:\w+ )?(?:flour|sugar|rice|meat|salt|gold|food|butter|chocolate|fruit)",
    "money": (
        r"costs?|price[sd]?|money|pays?|paid|spen[dt]s?|earn(?:s|ed|ings)?|profits?|loss(?:es)?|salary|wages?|income|revenue|charge[sd]?|bill|"
        r"budget|worth|owes?|save[sd]?|savings|discount|tax|tips?|fees?|fare|rent|debt|invest\w*|interest|principal|dollars?|refund|donat\w+|"
        r"sells?|sold|bu(?:y|ys|ought)|value of (?:the|his|her|a|each) (?:house|home|car|property|land|stocks?|investment|item|machine|coins?|goods)|"
        r"how much(?= (?:money|did|do|does|will|would|should|is|was|are|were|more|less|change|can|could|in|must|each|per)\b)"
    ),
    "time": r"how long|what time|when|how much time|time|duration|how soon|how old|ages?|days?|hours?|minutes?|seconds?|years?|weeks?|months?",
    "length": (
        r"how (?:far|tall|high|deep|wide)|distances?|lengths?|heights?|widths?|breadth|depths?|perimeters?|circumferences?|radi(?:us|i)|"
        r"diameters?|sides?|altitudes?|thickness|hypotenuse|chords?|rises?|apart|gap|edges?|base|diagonals?|segments?|displacement|"
        r"travel(?:s|led|ed)?|walk(?:s|ed)?|climb(?:s|ed)?|level|arc"
    ),
    "angle": r"angles?|degrees?|inclination|\\angle|∠|direction|bearing|rotat\w+|phase|argument|measure of",
}
_WORD: Final = re.compile(
    "|".join(rf"(?P<{name}>(?<![A-Za-z])(?:{pattern})(?![A-Za-z]))" for name, pattern in _KINDS.items()), re.IGNORECASE
)
_HOW_LONG_IS: Final = re.compile(r"how long (?:is|are|was|were|will \w+ be)\b", re.IGNORECASE)
_OF_UNITS: Final = {
    "length^2": "area",
    "length^3": "volume",
    "volume^1": "volume",
    "mass2^1": "mass",
    "months^1": "time",
}
_NAMED: Final = frozenset({"length", "time", "mass", "money", "angle"})


@functools.lru_cache(maxsize=1024)
def asked_kinds(question: str) -> frozenset[str]:
    """Return the kinds of quantity that the sentences ask for which ask; the last one always does."""
    sentences = [part for part in _SENTENCE.split(question[:4_000].strip()) if part.strip()]
    found: set[str] = set()
    for at, sentence in enumerate(sentences):
        asks = list(_ASKS.finditer(sentence))
        if not asks and at < len(sentences) - 1:
            continue
        if at < len(sentences) - 1 and "?" not in sentence and asks[0].start() > 0:
            continue
        found |= _kinds(sentence, asks)
    return frozenset(found)


def kind(dimension: str) -> str:
    """Return the kind of a dimension as `units.factor` gives it (`length^2`); empty for one that has no words here."""
    if dimension in _OF_UNITS:
        return _OF_UNITS[dimension]
    if dimension.startswith("length^1 time^-1") or dimension.endswith("/h^1"):
        return "speed"
    name, _, power = dimension.partition("^")
    return name if name in _NAMED and power == "1" else ""


def _kinds(sentence: str, asks: list[re.Match[str]]) -> set[str]:
    """Return the kind of the first word behind each question word, but the condition's."""
    starts = [m.start() for m in asks if m[0].lower() != "if"] or [0]
    found: set[str] = set()
    for start in starts:
        clause = sentence[start:]
        aside = _ASIDE.search(clause, 1)
        word = _WORD.search(clause[: aside.start()] if aside else clause)
        if word is not None and word.lastgroup:
            found |= {"time", "length"} if _HOW_LONG_IS.match(word.string, word.start()) else {word.lastgroup}
    return found
