"""Choices that a question leaves between kinds of number: `as a fraction or a decimal`, `an integer or a fraction`."""

import re
from collections.abc import Callable, Iterable
from typing import Final

from tinyv_stream.verifiers.rules.answers import asked_clauses
from tinyv_stream.verifiers.rules.answers import form_shapes as shapes

LOWEST: Final = frozenset({"lowest", "simple"})
"""Names of the forms that want a fraction in lowest terms."""

_KIND: Final = (
    r"fractions?|decimals?|mixed (?:numbers?|numerals?|fractions?)|percent(?:age)?s?|integers?|whole numbers?|"
    r"radicals?|roots?|powers?|forms?|terms"
)
_KINDS: Final = re.compile(rf"\b(?:{_KIND})\b")
_EITHER: Final = re.compile(
    rf"\b(?:as|in|into|to|using|answers?)\b[^.?!]{{0,50}}?\b((?:{_KIND})(?:,? or\b[^.?!;:]{{0,40}}|"
    rf"[^.?!;:]{{0,20}} or (?:as |in )?(?:an? |the )?(?:\w+ )?(?:{_KIND})\b[^.?!;:]{{0,20}}))"
)
_DENIED: Final = re.compile(r"\b(?:not|never|instead|rather|without)\b|n't\b")
_ANY: Final = "any"
_TESTS: Final[dict[str, Callable[[str], bool]]] = {
    _ANY: lambda _text: True,
    "integer": shapes.is_whole,
    "whole": shapes.is_whole,
    "fraction": shapes.is_fraction,
    "lowest": shapes.is_lowest,
    "decimal": shapes.is_decimal,
    "mixed": lambda text: shapes.is_mixed(text) or shapes.is_whole(text),
    "percent": lambda text: bool(shapes.percentage(text)),
}


def choices(sentence: str) -> frozenset[str] | None:
    """Return the kinds between which a sentence leaves a choice; None where it leaves none."""
    if " or " not in sentence:
        return None
    found = [match for match in _EITHER.finditer(sentence) if not asked_clauses.is_denied(sentence, match.start(1))]
    said = [match[1] for match in found if not _DENIED.search(match[1])]
    return frozenset(_name(word) for word in _KINDS.findall(said[0])) - {""} if said else None


def narrowed(found: Iterable[frozenset[str]], *, lowest: bool) -> frozenset[str]:
    """Return all choices together, fractions in lowest terms where these are asked for; empty where any will do."""
    names = frozenset[str]().union(*found)
    if _ANY in names:
        return frozenset()
    return names - {"fraction"} | {"lowest"} if lowest and "fraction" in names else names


def is_one(text: str, kinds: frozenset[str]) -> bool:
    """Say whether a text is a number of one of these kinds."""
    return any(_TESTS[kind](text) for kind in kinds)


def _name(word: str) -> str:
    first = word.split(maxsplit=1)[0].removesuffix("s")
    if first in {"term", "form"}:  # `in lowest terms`
        return ""
    return {"percentage": "percent"}.get(first, first) if first in _TESTS or first == "percentage" else _ANY
