"""Meaning of the order of several values, and which value belongs to which name, as the question says.

Order is free where a set is asked for ("find all", "the two primes"). It is not where names are asked for ("x and y",
"minimum and maximum"), or an order ("respectively", "arrange", "the first three terms").
"""

import itertools
import re
from typing import Final

from tinyv_stream.verifiers.rules.answers.wanted import wanted

_LETTER: Final = (
    r"\$?\s*\\?(?:(?:sin|cos|tan)\s*\(?\w\)?|[A-Za-z]\(-?\w+\)|[A-Za-z]|alpha|beta|gamma|lambda|mu|theta|omega|phi)"
    r"(?:_\{?\w\}?)?\s*\$?"
)
_QUANTITY: Final = (
    r"(?:larger|smaller|greater|lesser|bigger|older|younger|longer|shorter|area|perimeter|length|width|height|volume|surface|radius|diameter|circumference|mean|median|mode|range|minimum|"
    r"maximum|least|greatest|smallest|largest|min|max|sum|product|difference|quotient|remainder|slope|intercept|numerator|"
    r"denominator|center|centre|real|imaginary|amplitude|period|frequency|variance|deviation|gcd|lcm|probability|cost|"
    r"price|age|speed|distance|time|first|second|numbers? of \w+|\w+ed|degree|order|base|hypotenuse|mass|angle [A-Z])"
)
_ORDERED: Final = re.compile(
    r"respectively|in (?:that|this|the following|the given) order|arrange|how (?:many|much|old)\b[^.?]*\band\b|\brank|"
    r"\bsort|(?:next|first|last) (?:two|three|four|five|\d) (?:terms|numbers|digits)|\bsequence\b|"
    r"the (?:three|four|five|next) terms|(?:list|write|give|express|put|place|state)\b[^.]*\border\b|"
    rf"from (?:the )?(?:smallest|largest|least|greatest) to|"
    rf"\b{_QUANTITY}s?\b[^.?;]{{0,40}}\band\s+(?!whose\b)(?:the\s+)?(?:[\w$]+[\s$-]+)?{_QUANTITY}|"
    r"\b(?:real|horizontal|vertical|tens|hundreds|units|ones|x|y)\b[$\s-]+(?:\w+\s+)?and\s+(?:the\s+)?\$?(?:imaginary|horizontal|vertical|tens|units|ones|x|y)\b",
    re.IGNORECASE,
)
_TOLD: Final = re.compile(
    r"(?:ascending|descending|increasing|decreasing|numerical|alphabetical)\s+order\b|\border from\b|"
    r"from (?:the )?(?:smallest|largest|least|greatest|lowest|highest) to|\b(?:sort|arrange|rank)\b|"
    r"(?:larger|smaller|greater|lesser|bigger|largest|smallest|greatest|least|positive|negative)\s+(?:\w+\s+)?first\b|"
    r",\s*(?:and )?then\b",
    re.IGNORECASE,
)
"""An order in so many words, which no freedom undoes."""
_NAMED: Final = re.compile(
    r"\b(?:solve\b[^.?]*\bfor|find|determine|values? of|what are|compute|calculate|give|state|\bsolutions? for|"
    r"(?:find|list|give)[^.?]*\bangles)\s+"
    r"(?:the\s+)?(?:values? of\s+)?(?:(?:integers|numbers|constants|angles|sides)\s+)?"
    rf"(?<![A-Za-z]){_LETTER}(?![A-Za-z])(?:\s*,\s*{_LETTER}(?![A-Za-z]))*\s*(?:,\s*and|and|,)\s*{_LETTER}(?![A-Za-z(])",
    re.IGNORECASE,
)
_ALTERNATIVES: Final = re.compile(
    r"(?!.*respectively)\b(?:possible values|"
    r"all (?:the )?(?:possible|real|complex|integer|positive|ordered|pairs|triples|solutions|values|numbers))",
    re.IGNORECASE | re.DOTALL,
)
_NO_TASK: Final = re.compile(
    r"\bsolve (?:it|this|them|(?:the|this) (?:problem|question|exercise|following))\b", re.IGNORECASE
)
_JOINED: Final = re.compile(
    r"(?i:\bsystem\b|\bhow (?:much|many) of each\b|\bwhat is\b[^.?]*\band what is\b)|"
    r"\bof [A-Z]\w+ and (?:of )?[A-Z]\w+|\bof (?:the|an?) \w+ and (?:of )?(?:the |an? )?\w+"
)
"""Names, or things, each of which has its own value."""
_UNORDERED: Final = re.compile(
    r"(?:find|determine|list|give|name|identify|compute|what are|are) all\b|"
    r"\ball (?:the )?(?:possible|real|complex|integer|positive|negative|natural|odd|even|prime|ordered|pairs|triples|"
    r"solutions|values|numbers|integers|primes|roots|functions|such|points)|"
    r"solutions?\b|roots?\b|\bsolve\b|zeros?\b|zeroes|possible|values of|find the angles|\bset\b|"
    r"which (?:of|numbers|values|statements|propositions)|"
    r"\b(?:for )?which (?:\w+ )?(?:integers|primes|digits|angles|roots|points)|"
    r"\btwo (?:positive |real |whole )?(?:numbers|integers)\b|"
    r"[xyt]\$?-intercepts\b|"
    r"the (?:two|three|four|five|six) (?:numbers|primes?|digits|values|integers|points|\w*bers|angles|solutions|roots)|"
    r"(?:correct|true|false) (?:statements|propositions|conclusions)|"
    r"(?:statements|propositions|conclusions)[^.?]*(?:correct|true|false)|"
    r"prime factors|divisors|eigenvalues|critical points|asymptotes",
    re.IGNORECASE,
)
_AT_ONCE: Final = re.compile(
    r"\b(?:the )?(?:two|three|four|five) (?:\w+ )?(?:numbers|integers|primes|angles|sides|digits|terms)\b",
    re.IGNORECASE,
)
_IN_TURN: Final = re.compile(r"\b(?:solutions?|roots?|zeros?|possible|values?|all)\b", re.IGNORECASE)
"""What one unknown is in turn: `x = 2 or x = 3`."""
_TUPLE: Final = re.compile(
    r"pairs?\b|coordinates?\b|\bpoints?\b|vertex|vertices|vector|\bfoc(?:us|i)\b|triples?|tuples?|\bsystem\b|"
    r"find \$?\(\w|midpoint|centroid|intersect",
    re.IGNORECASE,
)
_SET: Final = re.compile(r"\bsets?\b|\\\{", re.IGNORECASE)
_EXTREME: Final = re.compile(r"[A-Za-z]{0,2}(?:\([a-z]\))?_\\?(max|min)(?:imum)?")
_AND: Final = r"[\s$\\\\{}()]*(?:,\s*and|,|and)[\s$\\\\{}()]*"
_MOST_LETTERS: Final = 4
_SHORT: Final = {"min": "minimum", "max": "maximum"}


def is_ordered(question: str) -> bool:
    """Say whether each value has its place."""
    if _NAMED.search(question[:4_000]) or any(_TOLD.search(clause) for clause in wanted(question).clauses):
        return True
    if _ALTERNATIVES.search(question) is not None:
        return False
    return "respectively" in question.lower() or any(
        _ORDERED.search(text) for text in wanted(question).clauses or (question,)
    )


def is_free(question: str) -> bool:
    """Say whether all the values that fit are asked for, in whatever order, by a clause that asks for no names."""
    clauses = [_NO_TASK.sub("", clause) for clause in wanted(question).clauses] or [question]
    free = any(_UNORDERED.search(clause) for clause in clauses)
    return free and not any(_JOINED.search(clause) for clause in clauses)


def are_all_meant(question: str) -> bool:
    """Say whether "the two numbers" are asked for, which are what they are at once."""
    return any(_AT_ONCE.search(clause) and not _IN_TURN.search(clause) for clause in wanted(question).clauses)


def tuple_asked(question: str) -> bool:
    """Say whether two values in brackets are one pair, no interval."""
    return _TUPLE.search(question) is not None or _NAMED.search(question[:4_000]) is not None


def set_asked(question: str) -> bool:
    """Say whether the question speaks of a set, in which nothing counts twice."""
    return _SET.search(question) is not None


def are_extremes_asked(question: str) -> bool:
    """Say whether a maximum and a minimum are asked for."""
    return all(
        re.search(pattern, question, re.IGNORECASE) for pattern in (r"\bmin|\bleast|\bsmall", r"\bmax|\bgreat|\blarg")
    )


def is_said(label: str, question: str) -> bool:
    """Say whether a question has a name."""
    return _place(label, question) >= 0


def full_name(label: str) -> str:
    r"""Return one spelling of a name that is often cut short: `min`, `f_{\max}`."""
    found = _EXTREME.fullmatch(label)
    return _SHORT.get(found[1] if found else label, label)


def places(labels: list[str], question: str) -> list[str] | None:
    """Return the names as the question lists them; letters that it lacks by the alphabet; None where it lacks words."""
    if 1 < len(labels) <= _MOST_LETTERS and all(len(label) == 1 for label in labels):
        return _listed(labels, question) or sorted(labels)
    found = [(_place(label, question), label) for label in labels]
    if any(place < 0 and len(label) > 1 for place, label in found):
        return None
    return [label for _, label in sorted((place if place >= 0 else len(question), name) for place, name in found)]


def are_in_place(names: list[str], question: str) -> bool:
    """Say whether the last sentence of the question that has all the names has them in this order."""
    patterns = [
        re.compile(rf"(?<![A-Za-z\\\\]){re.escape(name.strip())}(?![A-Za-z])", re.IGNORECASE if len(name) > 2 else 0)
        for name in names
    ]
    for sentence in reversed(re.split(r"(?<=[.?!;])\s+", question[:4_000])):
        found = [pattern.search(sentence) for pattern in patterns]
        places = [match.start() for match in found if match]
        if len(places) == len(names):
            return places == sorted(places)
    return False


def _listed(letters: list[str], question: str) -> list[str] | None:
    """Return the letters as the question lists them, `y and x`; None where they only occur, as in `y = x^2`."""
    for names in itertools.permutations(letters):
        if re.search(rf"(?<![A-Za-z\\\\]){_AND.join(names)}(?![A-Za-z])", question[:4_000]):
            return list(names)
    return None


def _place(label: str, question: str) -> int:
    name = re.escape(full_name(label).removeprefix("\\"))
    found = re.search(rf"(?<![A-Za-z\\]){name}s?(?![A-Za-z])", question, re.IGNORECASE)
    return found.start() if found else -1
