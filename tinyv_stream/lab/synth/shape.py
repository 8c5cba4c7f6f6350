"""The shape of a written answer: what wraps it, its elements, its ends. Text in, text out; nothing is evaluated.

Every function is total: a text that does not have the shape gives None or itself. Linear in the text's length.
"""

import re
from typing import Final

NUMBER: Final = r"-?\d+(?:\.\d+)?"
ATOM: Final = r"[^,;<>=]+?"
LE: Final = r"\\leqslant|\\leq|\\le(?![a-z])|≤"
GE: Final = r"\\geqslant|\\geq|\\ge(?![a-z])|≥"
_OPEN: Final = "([{"
_CLOSE: Final = ")]}"
_RELATION: Final = re.compile(rf"{LE}|{GE}|<|>")
_ASSIGNED: Final = re.compile(r"([A-Za-z]\w{0,3}(?:_\{?\w+\}?)?(?:\([a-z](?:,\s*[a-z])?\))?|\\[a-z]+)\s*=\s*([^=]+)")
FRACTION: Final = re.compile(r"\\[dt]?frac\{(-?\d+)\}\{(\d+)\}")


def bare(text: str) -> str:
    """Return `text` without dollar signs, outer spaces and a final full stop."""
    return text.replace("$", "").strip().removesuffix(".").strip()


def split_top(text: str, separators: str = ",;") -> list[str]:
    """Split at separators outside every bracket; the elements are stripped."""
    parts: list[str] = []
    depth, start = 0, 0
    for i, char in enumerate(text):
        if char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
        elif char in separators and depth == 0 and text[i - 1 : i] != "\\":
            parts.append(text[start:i].strip())
            start = i + 1
    return [*parts, text[start:].strip()]


def elements(text: str) -> tuple[str, list[str], str] | None:
    r"""Return opening, elements and closing of a list, a set or a tuple of two or more; None otherwise."""
    text = bare(text).replace("\\left", "").replace("\\right", "")
    found = re.fullmatch(r"(\\\{|\(|\[|)(.*?)(\\\}|\)|\]|)", text, re.DOTALL)
    if not found or bool(found[1]) != bool(found[3]):
        return None
    opening, inner, closing = found[1], found[2], found[3]
    if opening and not _is_balanced(inner):
        opening, inner, closing = "", text, ""
    parts = split_top(inner)
    if len(parts) < 2 or not all(parts) or not all(map(_is_balanced, parts)):
        return None
    return opening, parts, closing


def interval(text: str) -> tuple[str, str, str, str] | None:
    """Return (opening, low, high, closing) if brackets with two ends are all there is."""
    text = bare(text).replace("\\left", "").replace("\\right", "").strip()
    if len(text) < 5 or text[0] not in "([" or text[-1] not in ")]":
        return None
    parts = split_top(text[1:-1])
    if len(parts) != 2 or not all(parts) or not all(map(_is_balanced, parts)):
        return None
    return text[0], parts[0], parts[1], text[-1]


def is_surely_interval(text: str) -> bool:
    """Tell whether a bracketed pair cannot be a point: a closed end or an infinite one."""
    found = interval(text)
    return bool(found) and ("infty" in text or "∞" in text or "[" in text[:7] or "]" in text[-7:])


def relations(text: str) -> tuple[list[str], list[str]] | None:
    """Return the sides and the signs (`<`, `<=`, `>`, `>=`) of a chain of inequalities."""
    text = bare(text)
    signs = [_sign(found[0]) for found in _RELATION.finditer(text)]
    sides = [part.strip() for part in _RELATION.split(text)]
    if (
        not 1 <= len(signs) <= 2
        or not all(sides)
        or any(re.search(r"[=,]|\\text|\\neq|≠|\band\b|\bor\b", s) for s in sides)
    ):
        return None
    return sides, signs


def assignment(text: str) -> tuple[str, str] | None:
    """Return (name, value) of `x = 3` or `f(x) = 2x`."""
    found = _ASSIGNED.fullmatch(bare(text))
    return (found[1], found[2].strip()) if found and found[2].strip() else None


def terms(text: str) -> list[str] | None:
    """Split a sum into signed terms, first sign included; None if there is but one or it is no sum."""
    text = bare(text)
    if re.search(
        r"[=<>,;:]|\\pm|\\in|\\cup|\\text|\\le|\\ge|\\begin|\\to|\\mid|[A-Za-z]{4,}(?<!frac)(?<!sqrt)",
        _commandless(text),
    ):
        return None
    parts: list[str] = []
    depth, start = 0, 0
    for i, char in enumerate(text):
        if char in _OPEN:
            depth += 1
        elif char in _CLOSE:
            depth -= 1
        elif (
            char in "+-" and depth == 0 and i > start and not re.search(r"[\^_/*(]\s*$|\\(?:cdot|times)\s*$", text[:i])
        ):
            parts.append(text[start:i].strip())
            start = i
    parts.append(text[start:].strip())
    return parts if len(parts) > 1 and all(re.search(r"\w", p) for p in parts) else None


def join_terms(parts: list[str]) -> str:
    """Write signed terms as a sum."""
    out = ""
    for part in parts:
        sign = "-" if part.startswith("-") else "+"
        body = part.lstrip("+- ").strip()
        out += f" {sign} {body}" if out else (f"-{body}" if sign == "-" else body)
    return out


def group_end(text: str, start: int) -> int:
    """Return the index after the `}` that closes the `{` at `start`; -1 if none does."""
    depth = 0
    for i in range(start, len(text)):
        depth += (text[i] == "{") - (text[i] == "}")
        if depth == 0:
            return i + 1
    return -1


def fraction(text: str) -> tuple[str, str, str] | None:
    r"""Return (sign, numerator, denominator) if the whole text is one \frac."""
    text = bare(text)
    found = re.match(r"(-?)\s*\\[dt]?frac\s*\{", text)
    if not found:
        return None
    first = group_end(text, found.end() - 1)
    if first < 0 or text[first : first + 1] != "{" or group_end(text, first) != len(text):
        return None
    return found[1], text[found.end() : first - 1].strip(), text[first + 1 : -1].strip()


def _commandless(text: str) -> str:
    return re.sub(
        r"\\(?:[dt]?frac|sqrt|cdot|times|left|right|sin|cos|tan|ln|log|pi|alpha|beta|theta|lambda)", " ", text
    )


def _sign(text: str) -> str:
    if text in "<>":
        return text
    return "<=" if text == "≤" or text.startswith("\\l") else ">="


def _is_balanced(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char in _OPEN) - (char in _CLOSE)
        if depth < 0:
            return False
    return depth == 0
