"""Tokens of a cleaned expression: numbers, commands, letters, signs. A word that is no function is no mathematics."""

import re
from typing import Final

from tinyv_stream.verifiers.rules.maths.tree import FUNCTIONS, Unreadable

MAX_TOKENS: Final = 600

_TOKEN: Final = re.compile(
    r"\s*(?:([1-9]\d{0,2}(?:\{?,\}?\d{3})+(?!\d)(?:\.\d+)?|\d+\.\d+|\.\d+|\d+)|(\\[A-Za-z]+|\\[{}|%])|([A-Za-z]+)|"
    r"(\*\*|[-+*/^_!|(){}\[\],'%:=]))",
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
_REPEATING: Final = re.compile(r"(?<![\d.])(\d{0,30})\.(\d{0,30})\\(?:overline|dot|bar)\s*(\{\d{1,30}\}|\d)(?![\d\\])")
_BRACED_REPEATING: Final = re.compile(r"(?<![\d.])(\d{1,30})\.(\d{0,30})\((\d{1,30})\)(?![\d.])")
"""`0.1(6)`, as it is written where no bar is at hand; a product has a sign or a bracket on both sides."""
_DOTTED: Final = re.compile(r"(?<![\d.])(\d{0,30})\.(\d{0,30})((?:\\dot\s*\{?\s*\d\s*\}?\s*){1,30})(?!\d)")
_GOES_ON: Final = re.compile(
    r"(?<![\d.])(\d{1,9})\.(\d{0,6}?)(?:(\d)\3{2,}|(\d{2,6}?)\4+)\s*(?:\\ldots(?![a-z])|\.\.\.)"
)
_SCIENTIFIC: Final = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)[eE]([+-]?\d{1,3})(?![\w.])", re.ASCII)
_OPENING: Final = frozenset("([")
_CLOSING: Final = frozenset(")]")
"""Brackets inside of which a comma parts arguments, unless it is written `{,}`."""
_MAX_PRODUCT_WORD: Final = 3
"""Letters that may stand for a product, such as `abc`; longer runs are words."""


def tokenize(text: str) -> list[str]:
    """Return the tokens of a cleaned text; raise Unreadable for a character or a word outside of the language."""
    tokens: list[str] = []
    at = inside = 0
    text = _REPEATING.sub(_repeating, _BRACED_REPEATING.sub(_repeating, text.strip()))
    if "\\dot" in text or "..." in text or "\\ldots" in text:
        text = _GOES_ON.sub(_goes_on, _DOTTED.sub(_dotted, text))
    text = _SCIENTIFIC.sub(r"(\1*10^{\2})", text)
    text = _INDEXED.sub(_indexed, text)
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or len(tokens) > MAX_TOKENS:
            raise Unreadable("a character or a length outside of the language")
        at = found.end()
        number, command, word, sign = found.groups()
        if number and "," in number and "{" not in number and inside:
            number, at = number.partition(",")[0], found.start(1) + number.index(",")
        inside += (sign in _OPENING) - (sign in _CLOSING)
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


def _indexed(match: re.Match[str]) -> str:
    """Return `y1` as y with an index; not `N2^{-N}`, where N stands alone as well and the 2 is raised to a power."""
    rest = match.string[match.end() :]
    if rest.lstrip().startswith("^") and re.search(rf"(?<![A-Za-z\\]){match[1]}(?![A-Za-z\d_])", rest):
        return f"{match[1]} {match[2]}"
    return f"{match[1]}_{{{match[2]}}}"


def _repeating(match: re.Match[str]) -> str:
    r"""Return `0.1\overline{6}` as the fraction that it is."""
    return _fraction(match[1], match[2], match[3].strip("{}"))


def _fraction(whole: str, once: str, again: str) -> str:
    top = int(whole + once + again or 0) - int(whole + once or 0)
    return rf"(\frac{{{top}}}{{{10 ** len(once + again) - 10 ** len(once)}}})"


def _dotted(match: re.Match[str]) -> str:
    r"""Return `0.\dot1\dot2` as the fraction that it is; dots over the ends of a longer period are not read."""
    return _fraction(match[1], match[2], "".join(re.findall(r"\d", match[3])))


def _goes_on(match: re.Match[str]) -> str:
    r"""Return `0.333\ldots` and `0.1818\ldots` as the fractions that they are."""
    return _fraction(match[1], match[2], match[3] or match[4])
