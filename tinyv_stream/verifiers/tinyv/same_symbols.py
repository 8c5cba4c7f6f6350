r"""Symbols of a reference and of an answer, side by side: what a small model cannot be trusted to tell apart.

A model of a hundred million weights reads words and layout. It takes `1111` for `111`, `2n` for `2m`, `7 cm` for `7`.
Where its family says `same_symbols`, it is asked only about answers that differ from the reference in nothing else:

- numbers, letters, signs, functions and brackets are the same, in the same order; numbers may be written in words;
- each word is on both sides, or in the question, or says nothing; one that changes a value (`not`, `least`) is on both;
- a word behind a number that one side lacks is the unit or the noun that the question asks for;
- a letter in front (`x =`, `x is`) is one that the question has.

Any other answer is incorrect without a call. That refuses right ones too (`0.5` for `1/2`): values are the rules' work.
"""

import re
from itertools import zip_longest
from typing import Final, NamedTuple

from tinyv_stream.verifiers.rules.answers.asked_units import unit_worth
from tinyv_stream.verifiers.rules.answers.units import canonical
from tinyv_stream.verifiers.rules.answers.words import number_word
from tinyv_stream.verifiers.rules.maths.tree import words as table

_LOOKED_AT: Final = 2_000
"""Characters; longer answers are too much for a small model anyway."""
_UPRIGHT: Final = re.compile(r"\\(?:boxed|text(?:bf|it|rm|tt|normal)?|mathrm|mathbf|mbox)\s*\{([^{}]*)\}")
_LAYOUT: Final = re.compile(
    r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|q?quad|limits)(?![a-zA-Z])|\\[,;:! ]|[$`~]|\*\*"
)
_THOUSANDS: Final = re.compile(r"(?<=\d)\{,\}(?=\d{3}(?!\d))")
_FRACTION: Final = re.compile(r"\\[dtc]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_ONE_TOKEN: Final = re.compile(
    r"(?<!\\)\{\s*(\d+|[A-Za-z]|\\[A-Za-z]+)\s*\}|\(\s*(\d+|[A-Za-z])\s*\)(?=\s*/|\s*$)|(?<=/ )\(\s*(\d+|[A-Za-z])\s*\)"
)
_ONE_SIGN: Final = {
    "\u2212": "-", "\u2013": "-", "\\leqslant": "<=", "\\leq": "<=", "\\le": "<=", "\u2264": "<=", "\\geqslant": ">=",
    "\\geq": ">=", "\\ge": ">=", "\u2265": ">=", "\\lt": "<", "\\gt": ">", "\\neq": "!=", "\\ne": "!=", "\u2260": "!=",
    "\\infty": "\u221e", "\\pi": "\u03c0", "\\%": "%", "\\div": "/", "\\degree": "\u00b0", "^\\circ": "\u00b0",
    "^{\\circ}": "\u00b0", "\\$": " dollars ", "\\cdot": " ", "\\times": " ", "\\ast": " ", "*": " ", "\u00b7": " ",
    "\u00d7": " ",
}  # fmt: skip
"""One sign for one thing; that of a product is none, because it may be left out."""
_SIGN: Final = re.compile("|".join(rf"{re.escape(k)}(?![a-zA-Z])" for k in sorted(_ONE_SIGN, key=len, reverse=True)))
_NUMBER_WORD: Final = (
    r"(?:zero|one|two|three|four(?:teen)?|five|six(?:teen|ty)?|seven(?:teen|ty)?|eight(?:een|y)?|nine(?:teen|ty)?|ten"
    r"|eleven|twelve|thirteen|fifteen|twenty|thirty|forty|fifty|hundred|thousand)(?![a-z])"
)
_TOKEN: Final = re.compile(
    rf"(?P<said>(?<![a-z\\]){_NUMBER_WORD}(?:[\s-]+(?:and\s+)?{_NUMBER_WORD})*)"
    r"|(?P<word>(?<![A-Za-z\\])[^\W\d_]{2,}(?:'[a-z]+)?)"
    r"|(?P<number>\d+(?:\.\d+)?)|(?P<symbol>\\[A-Za-z]+|\\[{}]|[^\W\d_]|[<>!]=|[^\s\w.,;:\"]|_)",
    re.IGNORECASE,
)
_FUNCTIONS: Final = table(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp max min gcd lcm mod lim det"
)
_SAYS_NOTHING: Final = table(
    "the an this that these those they it its is are was were be of so thus hence therefore we get have has there and "
    "or then answer answers result equals equal"
)
_JOINS: Final = table("and or")
_RELATIONS: Final = frozenset("<>=") | {"<=", ">=", "!="}
_NAMES_VALUES: Final = table("root roots solution solutions value values zeros")
"""Words that say nothing beside a symbol, and are an answer without one: `no solution`."""
_CHANGES_VALUE: Final = table(
    "not no non never none neither nor except without least most more less fewer over under above below between minus "
    "negative plus times half twice double about almost nearly approximately roughly around up"
)
_LABEL: Final = re.compile(r"\s*([A-Za-z])\s*(?:=|:|\bis\b|\bare\b)\s*")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_STEM: Final = 5


class _Parts(NamedTuple):
    """What a text is made of, in order; `counted` are the words that stand behind a number."""

    tokens: list[str]
    words: frozenset[str]
    counted: frozenset[str]


def one_sided(question: str, ground_truth: str, answer: str) -> str:
    """Return what only one of the texts has, or has at that place; empty if they differ in words and layout alone."""
    if max(len(ground_truth), len(answer)) > _LOOKED_AT:
        return "its length"
    ours, theirs = _parts(_without_label(ground_truth, question)), _parts(_without_label(answer, question))
    says_nothing = _SAYS_NOTHING if _RELATIONS.isdisjoint(ours.tokens) else _SAYS_NOTHING - _JOINS
    lacking = ours.words ^ theirs.words
    kept, theirs_kept = ([t for t in one.tokens if t not in lacking | says_nothing] for one in (ours, theirs))
    if kept != theirs_kept:
        return next(b or a for a, b in zip_longest(kept, theirs_kept, fillvalue="") if a != b)
    has_symbols = not ours.words.issuperset(kept)
    may_go = says_nothing | _said(question) | (_NAMES_VALUES if has_symbols else table(""))
    counted = ours.counted | theirs.counted
    for word in sorted(lacking):
        if unit_worth(canonical(word), question) != 1 if word in counted - says_nothing else not _goes(word, may_go):
            return word
    return ""


def _goes(word: str, may_go: frozenset[str]) -> bool:
    return word not in _CHANGES_VALUE and (word in may_go or word[:_STEM] in may_go)


def _said(question: str) -> frozenset[str]:
    """Return the words of a question, as their first letters."""
    return frozenset(word[:_STEM] for word in _WORD.findall(question.lower()))


def _without_label(text: str, question: str) -> str:
    """Return the text without a letter in front of it that the question has."""
    plain = _UPRIGHT.sub(r" \1 ", text)
    while (shorter := _UPRIGHT.sub(r" \1 ", plain)) != plain:
        plain = shorter
    plain = _LAYOUT.sub(" ", _THOUSANDS.sub("", plain))
    found = _LABEL.match(plain)
    if found and re.search(rf"(?<![A-Za-z\\]){re.escape(found[1])}(?![A-Za-z])", question):
        return plain[found.end() :]
    return plain


def _parts(text: str) -> _Parts:
    plain = text
    while (shorter := _FRACTION.sub(r" (\1) / (\2) ", plain)) != plain:
        plain = shorter
    plain = _SIGN.sub(lambda found: _ONE_SIGN[found[0]], plain)
    plain = _ONE_TOKEN.sub(lambda found: f" {found[1] or found[2] or found[3]} ", plain)
    tokens: list[str] = []
    words: set[str] = set()
    counted: set[str] = set()
    is_behind = False
    for found in _TOKEN.finditer(plain):
        token, kind = found[0], found.lastgroup
        if kind == "word" and token.lower() not in _FUNCTIONS:
            tokens.append(token.lower())
            words.add(token.lower())
            counted |= {token.lower()} if is_behind else set()
        elif token not in {"\\{", "\\}"}:
            tokens += _numbers(token.lower()) if kind == "said" else [_named(token)]
        is_behind = kind in {"said", "number"}
    unclosed = plain.count("\\{") - plain.count("\\}")
    return _Parts([*tokens, "\\{"] if unclosed else tokens, frozenset(words), frozenset(counted))


def _named(token: str) -> str:
    """Return a function by its name, with or without its backslash."""
    name = token.removeprefix("\\").lower()
    return name if name in _FUNCTIONS else token


def _numbers(said: str) -> list[str]:
    words = re.split(r"[\s-]+", said)
    whole = number_word(" ".join(words))
    return words if whole is None else [str(whole)]
