"""Forms of class 6, sets and lists: order, braces, delimiters, brackets."""
# Answers are written with such signs; a form tries one shape after the other.

import random
import re
from typing import Final

from tinyv_stream.lab.synth.form import RewriteForm
from tinyv_stream.lab.synth.shape import bare, elements


def _reorder(text: str, rng: random.Random) -> str | None:
    found = elements(text)
    if (
        not found
        or found[0] in {"(", "["}
        or re.search(r"dots|[<>≤≥≠∀]|\\[lg]e|\\ne|\\forall|\\text|[a-z]{4,} [a-z]", text)
    ):
        return None
    parts = list(found[1])
    rng.shuffle(parts)
    return f"{found[0]}{', '.join(parts)}{found[2]}"


def _braces(text: str, _rng: random.Random) -> str | None:
    found = elements(text)
    if not found or found[0] in {"(", "["} or any("=" in p for p in found[1]):
        return None
    return ", ".join(found[1]) if found[0] else f"\\{{{', '.join(found[1])}\\}}"


def _delimiter(text: str, rng: random.Random) -> str | None:
    found = elements(text)
    if not found or found[0] == "[" or any("," in p and "(" not in p for p in found[1]):
        return None
    return found[0] + rng.choice(("; ", ", \\; ", ";")).join(found[1]) + found[2]


def _parentheses(text: str, _rng: random.Random) -> str | None:
    found = elements(text)
    if not found or found[0] == "[":
        return None
    if found[0] == "(" and not any("=" in p for p in found[1]):
        return f"({bare(text)})"
    return f"\\left\\{{ {', '.join(found[1])} \\right\\}}" if found[0] == "\\{" else None


FORMS: Final = (
    RewriteForm("6.1", _reorder),
    RewriteForm("6.2", _braces),
    RewriteForm("6.3", _delimiter),
    RewriteForm("6.4", _parentheses),
)
