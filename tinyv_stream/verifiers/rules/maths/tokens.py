"""Tokens of a cleaned expression: numbers, commands, letters, signs. A word that is no function is no mathematics."""

import re
from typing import Final

from tinyv_stream.verifiers.rules.maths.tree import FUNCTIONS, Unreadable

MAX_TOKENS: Final = 600

_TOKEN: Final = re.compile(
    r"\s*(?:(\d{1,3}(?:\{?,\}?\d{3})+(?!\d)(?:\.\d+)?|\d+\.\d+|\.\d+|\d+)|(\\[A-Za-z]+|\\[{}|%])|([A-Za-z]+)|"
    r"(\*\*|[-+*/^_!|(){}\[\],'%:]))",
    re.ASCII,
)
_WORDS: Final = {
    "sqrt": "\\sqrt",
    "pi": "\\pi",
    "infinity": "\\infty",
    "infty": "\\infty",
    "inf": "\\infty",
    "oo": "\\infty",
    "asin": "\\arcsin",
    "acos": "\\arccos",
    "atan": "\\arctan",
    "frac": "\\frac",
    "theta": "\\theta",
    "alpha": "\\alpha",
    "beta": "\\beta",
    "cdot": "\\cdot",
    "times": "\\cdot",
    "floor": "\\floor",
    "ceil": "\\ceil",
    "abs": "\\abs",
    "binom": "\\binom",
    **{name: "\\" + name for name in FUNCTIONS},
}
_INDEXED: Final = re.compile(r"(?<![A-Za-z0-9\\}])([A-Za-z])(\d+)(?![\d.])")
"""`y1` names y with an index."""
_REPEATING: Final = re.compile(r"(?<![\d.])(\d{0,30})\.(\d{0,30})\\(?:overline|dot|bar)\s*\{(\d{1,30})\}(?![\d\\])")
_SCIENTIFIC: Final = re.compile(r"(?<![\w.])(\d+\.\d+)[eE]([+-]?\d{1,3})(?![\w.])", re.ASCII)
_MAX_PRODUCT_WORD: Final = 3
"""Letters that may stand for a product, such as `abc`; longer runs are words."""


def tokenize(text: str) -> list[str]:
    """Return the tokens of a cleaned text; raise Unreadable for a character or a word outside of the language."""
    tokens: list[str] = []
    at = 0
    text = _SCIENTIFIC.sub(r"(\1*10^{\2})", _REPEATING.sub(_repeating, text.strip()))
    text = _INDEXED.sub(r"\1_{\2}", text)
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or len(tokens) > MAX_TOKENS:
            raise Unreadable("a character or a length outside of the language")
        at = found.end()
        number, command, word, sign = found.groups()
        if word is None:
            tokens.append(number or command or sign)
        elif word in _WORDS:
            tokens.append(_WORDS[word])
        elif len(word) <= _MAX_PRODUCT_WORD:
            tokens.extend(word)
        else:
            raise Unreadable("a word")
        while at < len(text) and text[at].isspace():
            at += 1
    return tokens


def _repeating(match: re.Match[str]) -> str:
    r"""Return `0.1\overline{6}` as the fraction that it is."""
    whole, once, again = match.groups()
    top = int(whole + once + again or 0) - int(whole + once or 0)
    return rf"(\frac{{{top}}}{{{10 ** len(once + again) - 10 ** len(once)}}})"
