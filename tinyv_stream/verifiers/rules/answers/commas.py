r"""Commas: between elements, inside of numbers, before decimals. Decided once, before anything is split.

- A tight run of digits and commas is one number where every group has three digits (`1,234,567`), else a list.
- Inside of brackets with tight commas only, each comma parts two elements: `(2,300)` is a pair, `\{1,100\}` a set.
- `2,75` is a decimal where the question uses decimal commas or a language that has them, and without any question
  where the other side is `2.75`. `1, 234` is a list of two.
"""

import re
from typing import Final

_RUN: Final = re.compile(r"(?<![\d.])\d+(?:,\d+)+(?![\d.])")
_NUMBER: Final = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+")
_ONE_DECIMAL: Final = re.compile(r"(\s*\$?\s*(?:[A-Za-z]\s*=\s*)?[-+]?\d+),(\d+)(?![\d,;])([^,;]*)")
_DECIMAL_COMMA: Final = re.compile(r"-?\d+,\d+")
_FOREIGN: Final = re.compile(
    r"(?<![\d.,(\[{])(?<![(\[{]-)\d+,\d{1,2}(?![\d.,)\]}]|\\)|"
    r"\b(?:berechne|bestimme|dezimal\w*|wert|lösung|gib|wie viele?|calcule[rz]?|valeur|décimal\w*|réponse|trouve[rz]?|"
    r"calcola|trova|valore|calcula|encuentra|halla|cuánto|quanto|valor|wynosi|oblicz|vypočt\w+|найдите|вычислите|сколько|"
    r"bereken|számítsd)\b",
    re.IGNORECASE,
)


def settle(text: str) -> str:
    """Return `text` with a space behind every comma that parts elements."""
    if "," not in text:
        return text
    text = _RUN.sub(lambda m: m[0] if _NUMBER.fullmatch(m[0]) else m[0].replace(",", ", "), text)
    return _inside_brackets(text) if any(b in text for b in "([{") else text


def with_points(text: str, question: str) -> str:
    """Return a lone decimal of a question that uses decimal commas with a point."""
    if "," not in text or not _FOREIGN.search(question[:4_000]):
        return text
    found = _ONE_DECIMAL.fullmatch(text.replace("{,}", ","))
    return f"{found[1]}.{found[2]}{found[3]}" if found else text


def point_for(text: str, other: str) -> str:
    """Return a decimal comma as a point where the other side has the same digits with a point, else the text.

    `1,234` stays: its comma parts thousands.
    """
    plain = text.strip(" $")
    alike = _DECIMAL_COMMA.fullmatch(plain) and not _NUMBER.fullmatch(plain.lstrip("-"))
    return plain.replace(",", ".") if alike and plain.replace(",", ".") == other.strip(" $") else text


def _inside_brackets(text: str) -> str:
    """Return `text` with a space behind each comma of a bracket that has tight commas only."""
    commas: list[list[int]] = [[]]
    tight: list[bool] = [True]
    spaced: set[int] = set()
    for at, char in enumerate(text):
        if char in "([" or (char == "{" and text[at - 1 : at] == "\\"):
            commas.append([])
            tight.append(True)
        elif (char in ")]" or (char == "}" and text[at - 1 : at] == "\\")) and len(commas) > 1:
            found, all_tight = commas.pop(), tight.pop()
            if all_tight:
                spaced.update(found)
        elif char == "," and text[at - 1 : at] != "{":
            commas[-1].append(at)
            tight[-1] = tight[-1] and text[at + 1 : at + 2] != " "
    return "".join(char + " " if at in spaced else char for at, char in enumerate(text))
