r"""Operands around a box: what its own formula joins to it by a sign of operation, or by standing next to it.

`$1-\boxed{5}$` says `1-(5)`, `\boxed{5} \cdot 10.` says `(5)\cdot 10`, `\frac12\boxed{5}` a half of it. Inside of a
formula all counts from the last relation or separator to the next one. Outside of one a sign has to stand between the
box and a number, which no word goes on with and which is no number of a question or a case.
"""
# ruff: noqa: RUF001 one alternation is one line; signs of other scripts are meant

import re
from typing import Final

import msgspec

_GROUP: Final = r"\{(?:[^{}\n]|\{[^{}\n]{0,40}\}){0,60}\}"
_TOKEN: Final = re.compile(
    r"(?P<space>[^\S\n]+|\\[,;:! ]|\\(?:left|right|displaystyle|limits|[bB]ig[lr]?)(?![A-Za-z]))"
    r"|(?P<stop>\*\*+|--+|\A\s*\(?\w{1,2}[.)](?=\s)|\d+\.(?=\s)|\^\s*\{?\s*\\circ\b\}?)"
    r"|(?P<sign>\+|-|−|\*|×|·|⋅|÷|\\(?:cdot|times|div|ast|pm|mp)(?![A-Za-z]))"
    rf"|(?P<power>[\^_](?:{_GROUP}|\\?[A-Za-z\d])|!)"
    rf"|(?P<value>\d(?:[\d.,]*\d)?|\\(?:[dtc]?frac|d?binom)\s*(?:{_GROUP}|\d)\s*(?:{_GROUP}|\d)|\\sqrt(?:\[[^\]\n]{{0,9}}\])?\s*(?:{_GROUP}|\d)"
    r"|\\(?:pi|alpha|beta|gamma|theta|lambda|mu|sigma|omega|phi)(?![A-Za-z])|(?<![^\W\d_])[A-Za-zπ](?![^\W\d_]))"
    r"|(?P<open>\()|(?P<close>\))|(?P<word>[^\W\d_]{2,})|(?P<other>\\[A-Za-z]+|\\?.|\n)"
)
_COUNTED: Final = re.compile(
    r"(?:question|problem|exercise|case|step|part|answer|option|choice|solution|item|method|section|example|no|nr|task|q)[.\s#]*\Z",
    re.IGNORECASE,
)
_OPENS: Final = re.compile(r"\\[(\[]|\\begin\b|\\[)\]]|\\end\b")
_JOINED_FORMULA: Final = re.compile(r"\$(\s*[-+×·÷]\s*)\$")
"""A sign between two formulas: `$\\boxed{5}$ + $3$` is one."""
_NEAR: Final = 60
_FAR: Final = 400


class _Token(msgspec.Struct, frozen=True):
    kind: str
    text: str
    start: int


def operands(text: str, start: int, end: int) -> tuple[str, str]:
    """Return what is operated on the box from `start` to `end` in front of it and behind it; empty where nothing is."""
    before = re.split(r"\n|\\\\(?![A-Za-z])", text[max(0, start - _NEAR) : start])[-1]
    behind = re.split(r"\n|\\\\(?![A-Za-z])", text[end : end + _NEAR])[0]
    is_formula = _in_formula(text[max(0, start - _FAR) : start])
    if is_formula:
        before = before[before.rfind("$") + 1 :]
        behind = re.split(r"\$|\\[\])]", _JOINED_FORMULA.sub(r"\1", behind))[0]
    left, right = _tokens(before), _tokens(behind)
    front, back = _front(left, before, is_formula=is_formula), _back(right, is_formula=is_formula)
    inner = [token for token in left if token.kind != "space"][-1:], [t for t in right if t.kind != "space"][:1]
    if not front and not back and [t.kind for side in inner for t in side] == ["open", "close"]:
        at = right.index(inner[1][0]) + 1
        front = _front(left[: left.index(inner[0][0])], before, is_formula=is_formula)
        back = _back(right[at:], is_formula=is_formula)
        return (f"{front}(", f"){back}") if front or back else ("", "")
    return front, back


def _in_formula(before: str) -> bool:
    if before.rpartition("\n")[2].replace("\\$", "").count("$") % 2:  # not an amount of money of a line above
        return True
    marks = _OPENS.findall(before)
    return bool(marks) and marks[-1] in {"\\(", "\\[", "\\begin"}


def _tokens(text: str) -> list[_Token]:
    return [_Token(found.lastgroup or "other", found[0], found.start()) for found in _TOKEN.finditer(text)]


def _front(tokens: list[_Token], text: str, *, is_formula: bool) -> str:
    """Return the end of `text` that belongs to the box behind it."""
    taken: list[_Token] = []
    depth = 0
    for token in reversed(tokens):
        if token.kind in {"word", "other", "stop"} or (token.kind == "open" and depth == 0):
            break
        depth += (token.kind == "close") - (token.kind == "open")
        taken.insert(0, token)
    shown = [token for token in taken if token.kind != "space"]
    if not shown or depth:
        return ""
    last = shown[-1]
    if last.kind == "sign" and len(shown) == 1:  # a dash with a space behind it is a bullet, or punctuation
        return "-" if last.text in {"-", "−"} and (is_formula or taken[-1] is last) else ""
    piece = "".join(token.text for token in taken).strip()
    if is_formula:
        return piece
    if last.kind != "sign" or shown[-2].kind not in {"value", "power"} or _COUNTED.search(text[: shown[0].start]):
        return ""
    is_letter = shown[-2].text.isalpha()
    return "" if is_letter and last.text in {"-", "−"} else piece


def _back(tokens: list[_Token], *, is_formula: bool) -> str:
    """Return the beginning of a text that belongs to the box in front of it."""
    taken: list[_Token] = []
    depth, ends = 0, ""
    for token in tokens:
        if token.kind in {"word", "other", "stop"} or (token.kind == "close" and depth == 0):
            ends = token.kind
            break
        depth += (token.kind == "open") - (token.kind == "close")
        taken.append(token)
    shown = [token for token in taken if token.kind != "space"]
    if not shown or depth or (len(shown) == 1 and shown[0].kind == "sign"):
        return ""
    piece = "".join(token.text for token in taken).rstrip()
    if is_formula:
        return piece
    if shown[0].kind == "power" and shown[0].text != "!":
        return shown[0].text
    is_operation = shown[0].kind == "sign" and shown[1].kind == "value" and ends != "word"
    return piece if is_operation else ""
