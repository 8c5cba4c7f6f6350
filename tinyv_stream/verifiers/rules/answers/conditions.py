r"""Clauses behind an answer that say what its letters may be: `k \in \mathbb{Z}`, `where c is any constant`, `x \ne 1`.

- A clause is cut only if all of it is read; it becomes one `Condition` for each of its letters.
- Domains are `Z`, `N` (positive), `N0`, `Q`, `R`, `R+`, `R-`, `R*`, `C`, a relation, or nothing ("for all x").
- What narrows a value may stand in the answer alone only if the question says the same.
"""

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers.domains import domains
from tinyv_stream.verifiers.rules.answers.words import mentions
from tinyv_stream.verifiers.rules.maths.tree import words

Condition = tuple[str, str]
"""A letter and its domain."""

_NAME: Final = r"[a-zA-Z](?:_\w)?"
_NAMES: Final = rf"{_NAME}(?:(?: ?, ?and | ?, ?| and ){_NAME})*"
_VOCABULARY: Final = (
    "any|all|some|every|each|a|an|the|fixed|given|arbitrary|positive|negative|non-?negative|non-?zero|real|complex|rational|"
    "natural|whole|integers?|numbers?|constants?|const|values?|of|parameters?"
)
_WORDS: Final = rf"(?:(?:{_VOCABULARY})\b ?)"
_IN: Final = r"(?:\\in|in) ?(?:the )?(?:set of )?([ZNRQC])((?: ?[\^_] ?(?:\\ge ?0|>=? ?0|[+*\-0])){0,2})"
_MEMBER: Final = re.compile(rf"(?:{_WORDS}*)({_NAMES}) ?{_IN}")
_SAID: Final = re.compile(rf"({_NAMES}) (?:(?:is|are|being) )?({_WORDS}+)")
_NAMED: Final = re.compile(rf"({_WORDS}+)({_NAMES})")
_RELATION: Final = re.compile(
    rf"({_WORDS}*)([a-zA-Z]) ?(\\ge|\\le|\\ne|>=|<=|!=|>|<|\\gt|\\lt)(?![a-z]) ?(-?\d{{1,4}})"
)
_COUNTED: Final = re.compile(r"([a-zA-Z]) ?= ?([01]) ?, ?[12] ?,[\d ,]*(?:\\ldots|\.\.\.)")
_START: Final = re.compile(
    r"[,;(]|\\text(?![a-z])|(?<![A-Za-z\\])(?:where|with|for|if|when)(?![A-Za-z])|\\forall|"
    r"(?<=[ }\d)])(?=[a-zA-Z] ?(?:\\in(?![a-z])|is ))"
)
_LEAD: Final = re.compile(r"[,; ]*(?:(where|with|for|and|if|when|given)\b|\\forall)?[ ,]*")
_LAYOUT: Final = re.compile(r"\\(?:text|mathbb|mathbf|mathrm)(?![a-z])|[{}()$]")
_BRACKETS: Final = (("(", ")"), ("{", "}"), ("[", "]"))
_COMPARED: Final = re.compile(r"[<>]|\\(?:le|ge|ne|lt|gt|in)(?![a-z])|!=")
_BEFORE: Final = re.compile(r"\A\\forall ([^,:]{1,60})[,:] ?(?=\S)")
_POSITIVE_ASKED: Final = re.compile(
    r"positive (?:integer|whole|real)|natural|sequence|\bn ?-?\s*th\b|positive reals?|"
    r"\\mathbb ?\{? ?[NRZ] ?\}? ?[\^_] ?\{? ?[+*>]|\\mathbb ?\{? ?N",
    re.IGNORECASE,
)
_RATIONAL_ASKED: Final = re.compile(r"\brational|\\mathbb ?\{? ?Q", re.IGNORECASE)
_POSITIVE_RATIONAL_ASKED: Final = re.compile(
    r"positive rational|\\mathbb ?\{? ?Q ?\}? ?[\^_] ?\{? ?[+*>]", re.IGNORECASE
)
_SIGNS: Final = {"\\ge": ">=", "\\le": "<=", "\\ne": "!=", "\\gt": ">", "\\lt": "<"}
_WHOLE_ASKED: Final = re.compile(
    r"\bintegers?\b|\bintegral (?:values?|solutions?|points?)|\b(?:whole|natural) numbers?|diophantine|lattice point|"
    r"\\(?:mathbb|mathbf|Bbb) ?\{? ?[ZN]",
    re.IGNORECASE,
)
_COUNT_ASKED: Final = re.compile(
    r"\bdivi(?:sible|des|sors?)\b|remainder|congruen|\\equiv|\bmod(?:ulo)?\b|\\[pb]mod|\bmultiples?\b|sequence|"
    r"\b(?:even|odd|prime) numbers?",
    re.IGNORECASE,
)
"""Questions about whole numbers that do not say so."""
_REAL_ASKED: Final = re.compile(r"\breals?\b|\\(?:mathbb|mathbf|Bbb) ?\{? ?R", re.IGNORECASE)
_COMPLEX_ASKED: Final = re.compile(r"\bcomplex\b|\\(?:mathbb|mathbf|Bbb) ?\{? ?C|\bimaginary\b", re.IGNORECASE)
_COUNTERS: Final = words("n k m l j p q r s t")
"""Letters that count, where the question has no other use for them."""
_INDICES: Final = words("n k m i j")
_SOME: Final = "some "
"""Before a domain that holds for some value only."""
_MAX_STARTS: Final = 24
_MAX_CHARS: Final = 160


def cut(text: str) -> tuple[str, list[Condition]]:
    """Return a cleaned text without the clauses at its end (and one in front), and what they say."""
    found: list[Condition] = []
    front = _BEFORE.match(text) if text.startswith("\\forall") else None
    if front and (said := _read(front[1], led=True, rest="")):
        text, found = text[front.end() :], said
    while (clause := _last(text)) is not None:
        text, said = clause
        found += said
    return text, found


def whole(conditions: Iterable[Condition], letter: str) -> str:
    """Return `Z`, `N` or `N0` if a letter is said to be whole, else nothing."""
    return next((domain for name, domain in conditions if name == letter and domain in {"Z", "N", "N0"}), "")


def agree(
    gold: frozenset[Condition],
    answer: frozenset[Condition],
    question: str,
    variable: str = "",
    *,
    parameters: frozenset[str] = frozenset(),
) -> bool:
    """Say whether what the answer says of its letters is what the ground truth says, or adds nothing to it.

    - `variable` is the x of an answer `f(x) = ...`: the question gives its domain, if not by this name.
    - `parameters` are the letters that count the turns of a value with pi or degrees in it.
    """
    if not answer:
        return True
    if variable and any(name == variable and domain.startswith(_SOME) for name, domain in answer - gold):
        return False
    answer = frozenset((name, domain.removeprefix(_SOME)) for name, domain in answer)
    gold = frozenset((name, domain.removeprefix(_SOME)) for name, domain in gold)
    ours, theirs = {domain for _, domain in gold if domain}, {domain for _, domain in answer if domain}
    more = theirs - ours
    if ours - theirs and more:
        return False
    return all(
        _is_implied(name, domain, question, turns=name in parameters, function=bool(variable))
        if domain in {"Z", "R", "C"}
        else _adds_nothing(name, domain, question, variable)
        for name, domain in answer
        if domain in more
    )


def _is_implied(name: str, domain: str, question: str, *, turns: bool, function: bool) -> bool:
    """Say whether a letter has this domain unless something else is said: whole numbers count, constants are real."""
    if domain == "C":
        return _COMPLEX_ASKED.search(question) is not None
    stated = domains(question).get(name)
    if stated is not None and stated.whole:
        return domain == "Z"
    counts = name in _COUNTERS and not mentions(question, name)
    whole, real = (pattern.search(question) is not None for pattern in (_WHOLE_ASKED, _REAL_ASKED))
    counted = whole or _COUNT_ASKED.search(question) is not None
    if domain == "R":
        return not (turns and counts) and (not counted or real or mentions(question, name))
    if real or not whole:
        return counts and (turns or (counted and not function))
    return True


def _adds_nothing(name: str, domain: str, question: str, variable: str) -> bool:
    known = name == variable or mentions(question, name)
    stated = domains(question).get(name)
    if domain in {"N", "N0", "R+"}:
        if stated is not None and stated.low is not None and stated.low >= (-1 if domain == "N0" else 0):
            return True
        return known and _POSITIVE_ASKED.search(question) is not None
    if domain.startswith("Q"):
        pattern = _POSITIVE_RATIONAL_ASKED if domain != "Q" else _RATIONAL_ASKED
        return known and pattern.search(question) is not None
    return known and domain.startswith("!=")


def _last(text: str) -> tuple[str, list[Condition]] | None:
    """Return the text before its last clause, and what the clause says; None if it ends in none."""
    starts = [m.start() for m in _START.finditer(text, max(1, len(text) - _MAX_CHARS))][-_MAX_STARTS:]
    for start in starts:
        rest, tail = text[:start].rstrip(" ,;:"), text[start:]
        if not rest or any(part.count(a) != part.count(b) for part in (rest, tail) for a, b in _BRACKETS[:2]):
            continue
        plain = " ".join(_LAYOUT.sub(" ", tail.replace("\\{", "").replace("\\}", "")).split()).strip(" .")
        lead = _LEAD.match(plain)
        body = plain[lead.end() :] if lead else plain
        said = _read(body, led=bool((lead and lead[1]) or tail.startswith(("(", "\\forall"))), rest=rest)
        if said:
            return rest, said
    return None


def _read(  # noqa: PLR0911 (one way out per kind of clause)
    body: str, *, led: bool, rest: str
) -> list[Condition]:
    """Return what a clause says; nothing if a part of it is not read, or if it may be a part of the answer."""
    if body.startswith("some ") and _COMPARED.search(body):
        return []  # `for some x > 0` says less than `for all`
    if found := _MEMBER.fullmatch(body):
        return [(name, _member(found[2], found[3])) for name in _letters(found[1])]
    if found := _SAID.fullmatch(body):
        said = led or re.search(r"\b(?:is|are|any|arbitrary|an)\b", body)
        return [(name, _worded(found[2])) for name in _letters(found[1])] if said else []
    if led and (found := _NAMED.fullmatch(body)):
        some = _SOME if "some" in found[1] else ""
        return [(name, some + _worded(found[1])) for name in _letters(found[2])]
    if found := _COUNTED.fullmatch(body):
        numbers = [int(n) for n in re.findall(r"\d+", found[0])]
        in_a_row = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        return [(found[1], "N" if found[2] == "1" else "N0")] if in_a_row else []
    if led and not _COMPARED.search(rest) and (found := _RELATION.fullmatch(body)):
        return [(found[2], _related(found[2], _SIGNS.get(found[3], found[3]), int(found[4])))]
    return []


def _letters(text: str) -> list[str]:
    return re.findall(_NAME, re.sub(r"\band\b", " ", text))


def _member(domain: str, marks: str) -> str:
    marks = re.sub(r"[\s^_]", "", marks)
    if domain == "R" and marks in {"+", ">0", "*+", "+*"}:
        return "R+"
    if domain in "ZN" and marks and "0" not in marks.removesuffix(">0") and marks != "-":
        return "N"
    if domain in "ZN" and marks in {"0", "\\ge0", ">=0", "*0"}:
        return "N0"
    return domain + marks


def _worded(text: str) -> str:
    said = text.replace("-", "")
    if "integer" in said or "whole" in said or "natural" in said:
        if "natural" in said or "positive" in said:
            return "N"
        return "N0" if "nonnegative" in said else "Z-" if "negative" in said else "Z*" if "nonzero" in said else "Z"
    for word, domain in (("nonneg", "R0"), ("positive", "R+"), ("negative", "R-"), ("nonzero", "R*")):
        if word in said:
            return domain
    if "complex" in said or "rational" in said:
        return "C" if "complex" in said else "Q"
    return "R" if re.search("real|const|number|arbitrary|parameter", said) else ""


def _related(name: str, sign: str, number: int) -> str:
    if sign == ">" and number == 0:
        return "N" if name in _INDICES else "R+"
    if sign == ">=" and number in {0, 1} and name in _INDICES:
        return ("N0", "N")[number]
    return f"{sign}{Fraction(number)}"
