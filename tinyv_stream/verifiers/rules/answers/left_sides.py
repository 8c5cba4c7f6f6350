r"""Left sides that name what is asked for: `f(g(x)) = 2x+1`, `\mathrm{Var}(X) = 3`, `\max f = 4`, `x_1 + x_2 = 5`.

A left side goes where a clause of the question has that very formula by itself, or where it is the notation of the
quantity that heads the clause, of a letter that the question has. What is left is read as any other answer.
"""

import re
from typing import Final

from tinyv_stream.verifiers.rules.answers.asked import ROUNDING
from tinyv_stream.verifiers.rules.answers.wanted import own_formulas, wanted
from tinyv_stream.verifiers.rules.answers.words import mentions
from tinyv_stream.verifiers.rules.maths.clean import clean

_LAYOUT: Final = re.compile(r"\\(?:left|right|limits|displaystyle|text|cdot)(?![a-z])|\\[,;:! ]|[\s${}]")
_COMPOSED: Final = re.compile(r"\(?([a-z])\\circ([a-z])\)?\(([a-z\d]+)\)")
_LONE: Final = re.compile(r"(\\[a-z]+)\(([A-Za-z])\)")
_CAPITAL: Final = re.compile(r"(?<![A-Za-z\\])(?!A\b|I\b)[A-Z](?![A-Za-z])")
_NAME: Final = r"\(?\[?([A-Za-z])?(?:\([a-z]\))?\)?\]?"
_NOTATION: Final = {
    "variance": rf"(?:\\?Var|V|D){_NAME}|\\sigma\^2(?:_([A-Z]))?|\\sigma_([A-Z])\^2|s\^2",
    "standard deviation": rf"(?:\\?SD|\\?sd|\\sigma){_NAME}|\\sigma_([A-Z])",
    "mean": rf"(?:\\?E|\\mathbb\s*E){_NAME}|\\mu(?:_([A-Z]))?|\\bar\s*([a-z])",
    "maximum value": rf"\\?max{_NAME}|([a-zA-Z])(?:\([a-z]\))?_\\?max",
    "minimum value": rf"\\?min{_NAME}|([a-zA-Z])(?:\([a-z]\))?_\\?min",
    "determinant": rf"\\?det{_NAME}|\|([A-Z])\|",
    "trace": rf"\\?tr{_NAME}",
    "rank": rf"\\?(?:rank|rk){_NAME}",
    "degree": rf"\\?deg{_NAME}",
    "probability": r"\\?(?:P|Pr)\((?:\\?text)?([A-Z])\)",
}
_NOTATIONS: Final = {head: re.compile(pattern) for head, pattern in _NOTATION.items()}
_OF_ROOTS: Final = {
    "sum": re.compile(r"(x|z|r|\\alpha)_?1\+\1_?2(?:\+\1_?3)?|\\alpha\+\\beta|r\+s|p\+q"),
    "product": re.compile(r"(x|z|r|\\alpha)_?1\1_?2(?:\1_?3)?|\\alpha\\beta|rs|pq"),
}
_COMMON: Final = re.compile(r"\\?(gcd|lcm)\((\d+(?:,\d+)+)\)", re.IGNORECASE)
_COMMON_HEADS: Final = {"gcd": "greatest common divisor", "lcm": "least common multiple"}
_ROOTS: Final = re.compile(r"\b(?:roots|solutions|zeros|zeroes)\b", re.IGNORECASE)
_RESIDUE: Final = re.compile(
    r"(.+?)\\equiv\s*(-?\d+)\s*(?:\\pmod\s*\{?|\(?\s*\\b?mod|\(?\s*mod)\s*\}?\s*(\d+)\s*\}?\s*\)?"
)
_DIVIDED: Final = re.compile(r"\bwhen\s+(.{1,60}?)\s+is\s+divided\s+by\s+\$?\s*(\d+)", re.DOTALL)
_MOST: Final = 60


def value_of(text: str, question: str) -> str | None:
    """Return what a text says of the thing that is asked for; None where its left side is another thing, or none."""
    if "=" not in text and "mod" in text:
        return _remainder(text, question)
    sign = "=" if "=" in text else "\\approx" if ROUNDING.search(question) else ""
    if not sign or sign not in text:
        return None
    left, _, right = text.partition(sign)
    if "=" in right and ("," in right or " and " in right or "\\quad" in right or "or" in right):
        return None  # several names
    name = without_layout(left)
    if not right.strip() or not 1 < len(name) <= _MOST or right.lstrip().startswith("="):
        return None
    return right.strip() if _is_asked(name, question) else None


def without_layout(text: str) -> str:
    """Return a formula without layout, compositions and probabilities in one notation."""
    squashed = _LAYOUT.sub("", clean(text)).replace("\\Pr", "P").removeprefix("Pr(").strip(".,;:?")
    return _COMPOSED.sub(r"\1(\2(\3))", _LONE.sub(r"\1\2", squashed))


def _is_asked(name: str, question: str) -> bool:
    asked = wanted(question)
    if any(name == without_layout(formula) for clause in asked.clauses for formula in own_formulas(clause)):
        return True
    for head in asked.heads & _NOTATIONS.keys():
        found = _NOTATIONS[head].fullmatch(name)
        letters = [letter for letter in found.groups() if letter] if found else []
        if (
            found
            and len(asked.heads) == 1
            and all(
                mentions(question, letter) or (letter == "X" and not _CAPITAL.search(question)) for letter in letters
            )
        ):
            return True
    common = _COMMON.fullmatch(name)
    if common is not None and _COMMON_HEADS[common[1].lower()] in asked.heads:
        return any(set(common[2].split(",")) <= set(re.findall(r"\d+", clause)) for clause in asked.clauses)
    roots = any(_ROOTS.search(clause) for clause in asked.clauses)
    return roots and any(head in asked.heads and pattern.fullmatch(name) for head, pattern in _OF_ROOTS.items())


def _remainder(text: str, question: str) -> str | None:
    r"""Return 2 of `2^{100} \equiv 2 \pmod 7`, where the remainder of that very number is asked for."""
    found = _RESIDUE.fullmatch(clean(text))
    asked = _DIVIDED.search(question) if found and "remainder" in question.lower() else None
    if found is None or asked is None or found[3] != asked[2] or without_layout(found[1]) != without_layout(asked[1]):
        return None
    return found[2] if 0 <= int(found[2]) < int(found[3]) else None
