r"""Symbols of a reference and of an answer, side by side: what a small model cannot be trusted to tell apart.

A model of a hundred million weights reads words and layout. It takes `1111` for `111`, `2n` for `2m`, `7 cm` for `7`.
Where its family says `same_symbols`, it is asked only about answers that differ from the reference in nothing else:

- numbers, letters, signs, functions, brackets and commas are the same, in the same order (see `symbol_tokens`);
- words are the same in the same order, but for those that say nothing, and for those of the thing that the question
  asks for, in front of a copula or at the end (see `asked_words`);
- a word behind a last number is the unit or the noun that the question asks for;
- a letter in front (`x =`, `x is`) is the one that the question asks for.

Any other answer is incorrect without a call. That refuses right ones too (`0.5` for `1/2`): values are the rules' work.
"""

import re
from itertools import zip_longest
from typing import Final

from tinyv_stream.verifiers.rules.answers.asked_units import asked_units, unit_worth
from tinyv_stream.verifiers.rules.answers.units import factor, one_name
from tinyv_stream.verifiers.tinyv import asked_words
from tinyv_stream.verifiers.tinyv.symbol_tokens import (
    SAYS_NOTHING,
    is_number,
    is_word,
    tokens,
    upright,
    without_fillers,
)

_LOOKED_AT: Final = 2_000
"""Characters; longer answers are too much for a small model anyway."""
_RELATIONS: Final = frozenset({"<", ">", "=", "<=", ">=", "!="})
_BESIDE_NUMBERS: Final = frozenset({",", ";", "or", "and", "-", "/", ".", "%"})
_JOINS: Final = frozenset({",", ";", "and"})
_COPULAS: Final = frozenset({"is", "are", "was", "were", "be", "equals"})
_PRONOUNS: Final = frozenset({"it", "they", "we"})
_LABEL: Final = re.compile(r"[\s$]*([A-Za-z])\s*(?:=|\bis\b|\bare\b)\s*")


def one_sided(question: str, ground_truth: str, answer: str) -> str:
    """Return what only one of the texts has, or has at that place; empty if they differ in words and layout alone."""
    if max(len(ground_truth), len(answer)) > _LOOKED_AT:
        return "its length"
    shorter, longer = sorted((_read(text, question) for text in (ground_truth, answer)), key=len)
    if not shorter:
        return next(iter(longer), "an empty answer")
    if longer[: len(shorter)] != shorter:
        return next(b or a for a, b in zip_longest(shorter, longer, fillvalue="") if a != b)
    behind = longer[len(shorter) :]
    if behind and is_number(shorter[-1]):
        if not _is_asked_unit(behind[0], question):
            return behind[0]
        behind = behind[1:]
    elif behind and not is_word(shorter[-1]):
        return behind[0]
    may_go = asked_words.asked_words(question)
    return next((word for word in behind if word not in may_go or not is_word(word)), "")


def _is_asked_unit(word: str, question: str) -> bool:
    """Say whether a question asks for this unit or noun; a unit that it has behind a number only is none."""
    unit = one_name(word)
    if not is_word(word) or word in asked_words.CHANGES_VALUE or unit_worth(unit, question) != 1:
        return False
    given = re.search(rf"\d\s*{re.escape(word)}\b", question, re.IGNORECASE) is not None
    return factor(unit) is None or not given or unit in asked_units(question)


def _is_unit(word: str) -> bool:
    return is_word(word) and factor(one_name(word)) is not None


def _read(text: str, question: str) -> list[str]:
    """Return the tokens of a text without words that say nothing and without a label that the question asks for."""
    plain = upright(text)
    label = _LABEL.match(plain)
    if label and asked_words.asks_for_letter(label[1], question):
        plain = plain[label.end() :]
    phrase = asked_words.asked_phrase(question)
    phrase = re.escape(asked_words.asked_phrase(question)) or "(?!)"
    echo = re.match(rf"[\s$]*the\s+{phrase}\s+(?:is|are|was|were|=)\s", plain, re.IGNORECASE)
    found = _without_lead(tokens(plain[echo.end() :] if echo else plain), asked_words.asked_words(question))
    return _joined(without_fillers(found), question)


def _without_lead(found: list[str], may_go: frozenset[str]) -> list[str]:
    """Return tokens without `the roots are`, `they cost` and `therefore,` in front of the others."""
    copula = next((n for n, token in enumerate(found) if token not in may_go and token not in SAYS_NOTHING), 0)
    if copula and found[copula - 1] in _COPULAS:
        return found[copula:]
    if len(found) > 2 and found[0] in _PRONOUNS and found[1] in may_go:
        return found[2:]
    nothing = next((n for n, token in enumerate(found) if token not in SAYS_NOTHING), len(found))
    return found[nothing + 1 :] if nothing and found[nothing : nothing + 1] in ([","], [":"]) else found


def _joined(found: list[str], question: str) -> list[str]:
    """Return tokens with one comma for what joins the parts of a list; words that join relations stay."""
    if not _RELATIONS.isdisjoint(found):
        return found
    numbers = all(is_number(part) or part in _BESIDE_NUMBERS for part in found)
    joins = _JOINS | {"or"} if numbers and asked_words.asks_for_each(question) else _JOINS
    joined: list[str] = []
    for place, part in enumerate(found):
        after = [*found[place + 1 : place + 3], "", ""]
        if part in {",", ";"} and after[0] in {"and", "or"}:
            continue
        if part == "and" and _is_measured(joined[-1:], after):
            continue
        joined.append("," if part in joins else part)
    return joined


def _is_measured(before: list[str], after: list[str]) -> bool:
    """Say whether `and` stands between the parts of one measure: `2 hours and 5 minutes`."""
    return bool(before) and _is_unit(before[0]) and is_number(after[0]) and _is_unit(after[1])
