r"""Tokens of an answer: numbers, words, signs and commands in their order, with no more taken away than layout.

What is not understood stays a token. Two texts with the same tokens are written alike; only these writings are one:
upright text, spaces, `\left` and `\right`, a sign of comparison, a number in words, `x^{2}` and `x^2` where nothing
stands behind, `\frac{1}{2}` and `1/2` where it is a term of its own, `2 \cdot x` and `2x`, outer braces of a list.
"""

import re
from typing import Final

from tinyv_stream.verifiers.rules.answers.units import factor, one_name
from tinyv_stream.verifiers.rules.answers.words import number_word
from tinyv_stream.verifiers.rules.maths.tree import words as table

SAYS_NOTHING: Final = table(
    "the an this that these those they it its is are was were be so thus hence therefore we get have has there then "
    "answer answers result equals"
)
FUNCTIONS: Final = table(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp max min gcd lcm mod lim det"
)
_UPRIGHT: Final = re.compile(r"\\(?:boxed|text(?:bf|it|rm|tt|normal)?|mathrm|mbox)\s*\{([^{}]*)\}")
_LAYOUT: Final = re.compile(
    r"\\(?:left|right|[bB]igg?[lr]?|displaystyle|q?quad|limits)(?![a-zA-Z])|(?<!\\)\\[,;:! ]|\$|(?<=\S)~|\A\*\*|\*\*\Z"
)
"""A `$` goes and leaves the backslash of `\\$`, which is then the token of a dollar."""
_THOUSANDS: Final = re.compile(r"(?<=\d)\{,\}(?=\d{3}(?!\d))")
_ALONE: Final = r"(?=\s*(?:\Z|[-+=<>,;)\]}]))"
_FRACTION: Final = re.compile(
    r"(\A\s*-?|[=,;(\[]\s*-?)\s*\\frac\s*\{\s*(\d+|[A-Za-z])\s*\}\s*\{\s*(\d+|[A-Za-z])\s*\}" + _ALONE
)
_SCRIPT: Final = re.compile(r"([\^_]\s*)\{\s*(\d+|[A-Za-z])\s*\}" + _ALONE)
_ROOT: Final = re.compile(r"\\sqrt\s*\{\s*([\dA-Za-z])\s*\}" + _ALONE)
_OUTER: Final = re.compile(r"\s*\\\{([^{}]*[,;][^{}]*)\\\}\s*\.?\s*")
_ONE_SIGN: Final = {
    "\u2212": "-", "\u2013": "-", "\\leqslant": "<=", "\\leq": "<=", "\\le": "<=", "\u2264": "<=", "\\geqslant": ">=",
    "\\geq": ">=", "\\ge": ">=", "\u2265": ">=", "\\lt": "<", "\\gt": ">", "\\neq": "!=", "\\ne": "!=", "\u2260": "!=",
    "\\infty": "\u221e", "\\pi": "\u03c0", "\\%": "%", "\\degree": "\u00b0", "^\\circ": "\u00b0", "^{\\circ}": "\u00b0",
    "\\cdot": "\u00b7", "\\times": "\u00d7", "\\dfrac": "\\frac", "\\tfrac": "\\frac", "\\cfrac": "\\frac",
}  # fmt: skip
_SIGN: Final = re.compile("|".join(rf"{re.escape(k)}(?![a-zA-Z])" for k in sorted(_ONE_SIGN, key=len, reverse=True)))
_NUMBER_WORD: Final = (
    r"(?:zero|one|two|three|four(?:teen)?|five|six(?:teen|ty)?|seven(?:teen|ty)?|eight(?:een|y)?|nine(?:teen|ty)?|ten"
    r"|eleven|twelve|thirteen|fifteen|twenty|thirty|forty|fifty|hundred|thousand)(?![a-z])"
)
_TOKEN: Final = re.compile(
    rf"(?i:(?<![a-z\\]){_NUMBER_WORD}(?:(?:-|\s+)(?:and\s+)?{_NUMBER_WORD})*)"
    r"|\\(?:begin|end)\s*\{[^{}]*\}|\\[A-Za-z]+|\\[{}|\\]"
    r"|[^\W\d_]{2,}(?:'[a-z]+)?|(?<![\d.,])\d{1,3}(?:,\d{3})+(?!\d)|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+|\.{2,}|\*\*|[<>!]=|\S"
)
_NUMBER: Final = re.compile(r"[\d.,]*\d")
_FACTOR: Final = re.compile(r"[A-DF-Za-df-z\u0370-\u03ff]|\\sqrt")
_PRODUCTS: Final = frozenset({"*", "\u00b7", "\u00d7"})
_ONE_TOKEN: Final = {"*": "\u00b7", "**": "^"}
_END: Final = re.compile(r"(?<!\.)\.\s*\Z")


def tokens(text: str) -> list[str]:
    """Return the tokens of a text in their order; words of prose in small letters, numbers in digits."""
    plain = _LAYOUT.sub(" ", upright(text).strip())
    plain = _SIGN.sub(lambda found: _ONE_SIGN[found[0]], _THOUSANDS.sub("", plain))
    if found := _OUTER.fullmatch(plain):
        plain = found[1]
    plain = _FRACTION.sub(r"\1 \2/\3 ", _ROOT.sub(r"\\sqrt \1 ", _SCRIPT.sub(r"\1\2 ", _END.sub("", plain))))
    return _without_products([_token(found[0]) for found in _TOKEN.finditer(plain)])


def upright(text: str) -> str:
    """Return a text without the commands around its words."""
    while (shorter := _UPRIGHT.sub(r" \1 ", text)) != text:
        text = shorter
    return text


def is_word(token: str) -> bool:
    """Say whether a token is a word of prose."""
    return len(token) > 1 and token.replace("'", "").isalpha() and token.isascii() and token not in FUNCTIONS


def is_number(token: str) -> bool:
    """Say whether a token is a number in digits."""
    return _NUMBER.fullmatch(token) is not None


def _token(found: str) -> str:
    if found.removeprefix("\\") in FUNCTIONS:
        return found.removeprefix("\\")
    low = found.lower()
    if re.fullmatch(rf"{_NUMBER_WORD}.*", low, re.DOTALL):
        said = number_word(" ".join(low.split()))
        return low if said is None else str(said)
    prose = len(found) > 2 and low not in FUNCTIONS and (found[1:].islower() or factor(one_name(low)) is not None)
    known = low in SAYS_NOTHING or low in {"no", "or"}
    return low if found.isascii() and found[0] != "\\" and (prose or known) else found


def _without_products(found: list[str]) -> list[str]:
    """Return tokens without the sign of a product of a number, alone, and a letter or root."""
    kept: list[str] = []
    for place, token in enumerate(found):
        behind = found[place + 1] if place + 1 < len(found) else ""
        alone = bool(kept) and is_number(kept[-1]) and (len(kept) < 2 or kept[-2] in {"+", "-", "=", "(", ","})
        if not (token in _PRODUCTS and alone and _FACTOR.fullmatch(behind)):
            kept.append(_ONE_TOKEN.get(token, token))
    return kept


def without_fillers(found: list[str]) -> list[str]:
    """Return tokens without words that say nothing, but for those between two symbols, which keep them apart."""
    kept: list[str] = []
    place = 0
    while place < len(found):
        end = next((n for n in range(place, len(found)) if found[n] not in SAYS_NOTHING), len(found))
        between = end > place and kept and end < len(found)
        if between and not any(is_word(token) or token in {",", ";"} for token in (kept[-1], found[end])):
            kept += found[place:end]
        kept += found[end : end + 1]
        place = end + 1
    return kept
