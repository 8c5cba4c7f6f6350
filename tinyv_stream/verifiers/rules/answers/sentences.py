"""Sentences that end in a value: `The answer is 5`, `There are 31 students`, `Option D`, `Yes, it converges`.

What stands before the value may go only if each of its words is one that says nothing, or one that the question bears,
and none of them turns the value round ("not", "at least", "minus", "more").
"""

import functools
import re
from typing import Final

from tinyv_stream.verifiers.rules.answers import asked, conventions, left_sides, order, spoken, wanted
from tinyv_stream.verifiers.rules.maths.tree import words as table

_SAYS_NOTHING: Final = table(
    "the a an this that these it its is are be was of so thus hence therefore we get have has there and our all answer "
    "answers final value values result solution solutions required correct total following in can must will then exact "
    "exactly do does they equal equals to number numbers as given by for which only unique single such"
)
_TURNS: Final = table(
    "not no never none neither nor without except unless until before after above below under beyond between outside "
    "within opposite minus plus times more less fewer greater "
    "smaller least most almost nearly half twice double negative "
    "inverse reciprocal complement or but wrong false incorrect from up down off"
)
_SENTENCE: Final = re.compile(
    r"((?:[A-Za-z][A-Za-z'-]*[\s,]+){0,14}(?:is|are|be|equals|equal to|was|have|has|get|contains|scored|sold)|"
    r"(?:[A-Za-z][A-Za-z'-]*\s+){0,8}[A-Za-z'-]+\s*(?=:)|there (?:is|are))\s*:?\s+(?!=)(\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_NOUN: Final = re.compile(
    r"((?:the\s+)?(?:answer|digit|number|point|value|base|segment|line|angle|set|player|statement|case|figure))\s+"
    r"(?=[-\d(\\$]|[A-Z]{1,3}(?![A-Za-z])|[a-z]\s*=)(\S.*)",
    re.IGNORECASE | re.DOTALL,
)
_VERDICT: Final = re.compile(r"(yes|no|true|false)\b\s*[,.;:]+\s*(\S.*)", re.IGNORECASE | re.DOTALL)
_JOINED: Final = re.compile(r"\s(?:to|and|over)\s|:(?!\s*\Z)", re.IGNORECASE)
"""Between two things whose ratio, or whose values, come next."""
_VALUE: Final = r"(?:[-+\d\\(.$\[][^A-Za-z]*(?:\\[a-z]+[^A-Za-z]*)*(?:[A-Za-z]{1,2}[^A-Za-z]*)?)"
_NAMED: Final = re.compile(
    rf"(?:the )?([A-Za-z][A-Za-z-]*(?: [a-z-]+){{0,3}}) (?:is|are|=|equals) ({_VALUE})", re.IGNORECASE
)
_BETWEEN: Final = re.compile(
    r"\s*(?:;|,?\s+and\b(?=\s+(?:the |[A-Za-z]+ (?:is|are|=)))|,(?=\s*(?:the )?[A-Za-z]))\s*", re.IGNORECASE
)
_IN_THE_RATIO: Final = re.compile(r"in (?:the|a) (?:ratio|proportion) (?:of )?(?=[\d\\])", re.IGNORECASE)
_ASSIGNED: Final = re.compile(r"([^=<>]*[-+*/^|\\(][^=<>]*?)\s*=\s*([^=<>]+)")
_COMMAND: Final = re.compile(r"\\(?:[dt]?frac|sqrt|pi|cdot|times|circ|left|right|%)(?![A-Za-z])")
_ENDS_OPERATOR: Final = re.compile(r"(?:[})|!]|\\[A-Za-z]+)\s*\Z")
_LETTER: Final = re.compile(r"[A-Za-z\\]")
_LAYOUT: Final = re.compile(r"\\(?:left|right|displaystyle)(?![A-Za-z])|\$|\\[,;!()\[\]]")
_REASON: Final = re.compile(r"(?:because|since)\s", re.IGNORECASE)
_FRONT: Final = re.compile(
    r"((?:[a-z] ?= ?)?-?\d[\d.,/]*|(?:[a-z] ?= ?)\S+) is (the (?:only )?[a-z ]+?)\.?", re.IGNORECASE
)
"""`17 is the largest such integer`, `x = 2 is the only solution`."""
_WHO_WINS: Final = re.compile(r"\bwh(?:o|ich)\b[^.?]*\b(?:wins?|winning|won)\b|\bwinner\b", re.IGNORECASE)
_NAME: Final = (
    r"(?:the )?(?:(?:first|second|starting) player|player (?:one|two|1|2|A|B)|"
    r"(?!(?:Both|Neither|Nobody|No|Not|None|Each|Either)\b)[A-Z][a-z]+)"
)
_WINS: Final = re.compile(
    rf"({_NAME}) (?:always )?(?:wins|will win|can win|has (?:a|the) winning strategy)(?: the game| with optimal play)?|"
    rf"the winner is ({_NAME})",
    re.IGNORECASE,
)
_DENIAL: Final = re.compile(r"\bnot\b|n't\b|\bno\b", re.IGNORECASE)
_IN_ALL: Final = re.compile(r"\s+(?:in total|in all|altogether|total)\s*(\}?)\s*\.?\Z", re.IGNORECASE)
_TEXT: Final = re.compile(r"\\(?:text|textbf|mathrm|textrm|mathbf)\s*\{([^{}]*)\}")
_WORD: Final = re.compile(r"[A-Za-z]+(?:'[a-z]+)?")
_SYNONYMS: Final = (
    table("maximum max largest greatest biggest highest maximal"),
    table("minimum min smallest least lowest minimal"),
)
_RATIO_OF: Final = re.compile(r"\bratio of (.{1,60}?) to (.{1,60}?)[?.,;]", re.IGNORECASE | re.DOTALL)
_STEM: Final = 6
_MOST_NAME: Final = 40
"""Characters of an expression that the question asks for by itself."""
_MAX_CHARS: Final = 300


@functools.lru_cache(maxsize=1024)
def value_in(text: str, question: str) -> str:  # noqa: PLR0911, C901 (one way out per kind of sentence)
    """Return the value that a sentence ends in, or the text as it is."""
    if len(text) > _MAX_CHARS or not (" " in text or "=" in text) or not any(c.isalpha() for c in text[:12]):
        return text
    text = _IN_ALL.sub(r"\1", text)
    plain = _TEXT.sub(r" \1 ", text, count=1).replace("**", "").strip()
    if (value := left_sides.value_of(plain, question) or _of_the_question(plain, question)) is not None:
        return value
    if (said := spoken.restated(plain, question)) is not None:
        return said
    if (said := spoken.plain(plain, question)) != plain:
        return left_sides.value_of(said, question) or value_in(said, question)
    if (verdict := _VERDICT.fullmatch(plain)) is not None:
        return verdict[1] if _agrees(verdict[1].lower(), verdict[2], question) else text
    if (said := _repeated(plain, question) or _who(plain, question) or _winner(plain, question)) is not None:
        return said
    if (front := _FRONT.fullmatch(plain)) is not None and _is_known(front[2], question):
        return front[1]
    if (listed := _listed(plain, question)) is not None:
        return listed
    found = _SENTENCE.fullmatch(plain) or _NOUN.fullmatch(plain)
    if found is None or not _is_subject(found[1], question, found[2]):
        return text
    if found[1].lower().endswith(("has", "scored", "sold", "contains")) and not re.match(
        r"(?:exactly )?[-\d]", found[2]
    ):
        return text
    value = _IN_THE_RATIO.sub("", found[2].strip())
    if ":" in value and ":" in plain[: found.start(2)]:  # one of several names
        return text
    first = _WORD.match(value)
    if first is not None and first[0].lower() in _TURNS | asked.NEVER:
        return text
    return value


def _is_subject(words: str, question: str, value: str) -> bool:
    """Say whether what stands in front of a value is what the question asks for, in its own words."""
    if not _is_known(words, question) or not _is_in_place(words, question) or _names_one_part(words, question):
        return False
    if _IN_THE_RATIO.match(value.strip()):
        return wanted.heads_subject("ratio", question)
    return not _names_somebody_else(words, question) and wanted.heads_subject(words, question)


def _names_somebody_else(subject: str, question: str) -> bool:
    """Say whether a subject has a word of the question that no clause has which asks: `Alice is`, `The discount is`."""
    clauses = wanted.wanted(question).clauses
    borne = {word.lower() for clause in clauses for word in _WORD.findall(clause)}
    borne |= {word for head in wanted.wanted(question).heads for word in head.split()}
    for group in _SYNONYMS:
        borne |= group if borne & group else set()
    said = {word.lower() for word in _WORD.findall(subject)}
    if "they" in said and "does" in borne:  # whom the question asks about is one
        return True
    return bool(clauses) and not all(any(_are_akin(word, other) for other in borne) for word in said - _SAYS_NOTHING)


def _names_one_part(subject: str, question: str) -> bool:
    """Say whether a subject is one part of a ratio that is asked for: `zinc is 3/5` says a share, and no ratio."""
    ratio = _RATIO_OF.search(question)
    said = {word.lower() for word in _WORD.findall(subject)} - _SAYS_NOTHING
    parts = [{word.lower() for word in _WORD.findall(part)} for part in ratio.groups()] if ratio else []
    return bool(said) and any(said <= part for part in parts)


def _of_the_question(text: str, question: str) -> str | None:
    """Return the value of `m + n = 16`, where the question speaks of `m + n` and gives no value for it."""
    found = _ASSIGNED.fullmatch(_LAYOUT.sub("", text).strip()) if text.count("=") == 1 and question else None
    if found is None or _LETTER.search(_COMMAND.sub(" ", found[2])):
        return None
    name = "".join(_LAYOUT.sub("", found[1]).split())
    if not 1 < len(name) <= _MOST_NAME:
        return None
    asks = wanted.wanted(question)
    if asks.heads - conventions.TRANSPARENT and any(name in "".join(c.split()) for c in asks.clauses):
        return None  # `x^2` of "the coefficient of `x^2`"
    if asks.names and not any(name in "".join(_LAYOUT.sub("", c).split()) for c in asks.clauses):
        return None  # `\\log x` where x is asked for
    spaced = r"[\s$]*".join(re.escape(char) for char in name)
    pattern = re.compile(
        rf"(?<![A-Za-z0-9^_+*/\\-]){spaced}(?![A-Za-z0-9^_(])(?!\s*[-+*/])[\s$]*(=|<|>|\\[lg]eq?|\\ne)?"
    )
    places = list(pattern.finditer(_LAYOUT.sub("", question[:4_000])))
    return (
        found[2].strip()
        if places and not any(place[1] or _ENDS_OPERATOR.search(place.string, 0, place.start()) for place in places)
        else None
    )


def _listed(text: str, question: str) -> str | None:
    """Return `The width is 3 and the length is 8` as `width: 3, length: 8`."""
    if not any(verb in text for verb in (" is ", " are ", " equals ", " = ")):
        return None
    found = [_NAMED.fullmatch(part.strip(" .")) for part in _BETWEEN.split(text)]
    parts = [match for match in found if match is not None]
    if len(parts) < 2 or len(parts) != len(found) or not all(_is_known(part[1], question) for part in parts):
        return None
    return ", ".join(f"{part[1]}: {part[2]}" for part in parts)


def _is_in_place(subject: str, question: str) -> bool:
    """Say whether two things that a subject names, `boys to girls`, have their order from the question."""
    halves = _JOINED.split(subject)
    names = [next((w for w in reversed(_WORD.findall(half)) if w.lower() not in _SAYS_NOTHING), "") for half in halves]
    named = [name for name in names if name]
    return len(named) < 2 or order.are_in_place(named, question)


def _repeated(text: str, question: str) -> str | None:
    """Return what follows "is" behind words and formulas that stand in the question as they are."""
    subject, verb, value = text.rpartition(" is ")
    said, asked_for = ("".join(part.split()).lower() for part in (subject, question[:4_000]))
    if (
        not verb
        or len(said) < _STEM
        or said not in asked_for
        or set(value.lower().split()[:2]) & (_TURNS | asked.NEVER)
        or _names_one_part(subject, question)
        or not wanted.heads_subject(subject, question)
    ):
        return None
    return value.strip()


def _who(text: str, question: str) -> str | None:
    """Return the name of `Ann served first`, where the question says "who served first" and nothing else."""
    name, _, rest = text.rstrip(" .").partition(" ")
    asked_for = " ".join(question[:4_000].lower().split())
    is_asked = len(rest) >= _STEM and f"who {rest.lower()}" in asked_for
    return name if name[:1].isupper() and name.isalpha() and is_asked else None


def _winner(text: str, question: str) -> str | None:
    """Return who wins, by the name that the question gives or by a place: `The first player wins`, `Petya will win`."""
    found = _WINS.fullmatch(text.strip(" .")) if "win" in text and _WHO_WINS.search(question) else None
    return (found[1] or found[2]).strip() if found else None


def _is_known(words: str, question: str) -> bool:
    """Say whether each word says nothing or stands in the question, in one of its forms."""
    if any(len(word) == 1 and word != "a" for word in _WORD.findall(words)):
        return False
    found = [word.lower() for word in _WORD.findall(words)]
    if re.search(r"[\d\\^+*/<>]", words) or set(found) & _TURNS:
        return False
    borne = {word.lower() for word in _WORD.findall(question[:4_000])} | wanted.wanted(question).heads
    for group in _SYNONYMS:
        borne |= group if borne & group else set()
    return all(
        word in _SAYS_NOTHING or (word not in asked.NEVER and any(_are_akin(word, other) for other in borne))
        for word in found
    )


def _are_akin(word: str, other: str) -> bool:
    """Say whether two words are forms of one: `probability`, `probabilities`; an eigenvalue is no eigenvector."""
    if word == other:
        return True
    common = max(_STEM, min(len(word), len(other)) - 3)
    return len(word) >= _STEM and word[:common] == other[:common]


def _agrees(verdict: str, rest: str, question: str) -> bool:
    """Say whether `Yes, it does` says yes twice, `No, it does not` no, and `Yes, because ...` gives a reason only."""
    if _REASON.match(rest):
        return True
    denied, count = _DENIAL.subn(" ", rest)
    given = set(re.findall(r"\d+", question))
    denied = re.sub(r"\b\d+\b", lambda m: " " if m[0] in given else m[0], denied)
    return count == (verdict in {"no", "false"}) and _is_known(denied, question)
