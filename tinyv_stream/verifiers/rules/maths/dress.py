r"""Dress of a text: fonts around letters and numbers, separators inside of numbers, names of combinations.

- A font around a constant or a number means nothing: `\mathrm{e}`, `\mathbf{42}`. Around another letter it may mean a
  unit (`\mathrm{m}`) or a vector (`\mathbf{i}`), so it stays, in one spelling.
- A separator inside of a number goes only where it parts groups of three digits.
"""

import re
from typing import Final

_UPRIGHT: Final = r"mathrm|operatorname\*?|text|textrm|textup|rm|mathit|textit|mathnormal|textnormal"
_BOLD: Final = r"mathbf|boldsymbol|bm|pmb|vec|hat|overrightarrow|widehat"
_CONSTANT: Final = re.compile(
    rf"\\(?:{_UPRIGHT})(?:\s*\{{\s*(e|i|d(?=\s*\}}\s*\\?[a-z])|\\pi|π|\\infty)\s*\}}|\s+(e|i)(?![A-Za-z]))"
)
_NUMBER: Final = re.compile(
    rf"\\(?:{_UPRIGHT}|textbf|textsf|mathsf|mbox|mathbf|boldsymbol|bm)\s*\{{\s*([()\[\]]|[-+]?\d[\d.,\s{{}}]*?)\s*\}}"
)
_VECTOR: Final = re.compile(
    rf"\\(?:{_BOLD})(?![A-Za-z])\s*(?:\{{\s*\\?([A-Za-z]|imath|jmath|[A-Z]{{2}})\s*\}}|\s\\?([A-Za-z]|imath|jmath)(?![A-Za-z]))"
)
_SETS: Final = frozenset("RZNQ")
_FUNCTION: Final = re.compile(
    r"\\(?:text|mathrm|operatorname\*?|textrm)\s*\{\s*"
    r"(sin|cos|tan|cot|sec|csc|log|ln|lg|exp|max|min|gcd|lcm|arcsin|arccos|arctan|floor|ceil|abs)\s*\}"
)
_CHOOSE: Final = re.compile(
    r"(?:\{\s*\}\s*|(?<![A-Za-z0-9)}]))[_^]\s*\{?\s*(\d{1,4}|[a-z])\s*\}?\s*(?:\\(?:text|mathrm)\s*\{\s*([CP])\s*\}|([CP]))"
    r"\s*_\s*\{?\s*(\d{1,4}|[a-z])\s*\}?"
)
_ROOT_OF: Final = re.compile(r"\\root\s*\{?\s*(\d{1,3}|[a-z])\s*\}?\s*\\of\s*(\{[^{}]*\}|\d+|[a-z])")
_GROUPED: Final = re.compile(
    r"(?<![\d.,'])(?<!\d[ ~])[1-9]\d{0,2}(?:(?:\\[,; ]|~|\{\s*\\?[,;]\s*\}|\{\s*,\s*\}\\!|,\\! ?)\d{3})+(?![\d,]*\d)"
)
_APOSTROPHES: Final = re.compile(r"(?<![\d'.])[1-9]\d{0,2}(?:'\d{3})+(?![\d'])")
_LONE_SIGN: Final = re.compile(r"(?<!\\)\{\s*([:=])\s*\}")
_POINT: Final = re.compile(r"(?<=\d)\{\s*\.\s*\}(?=\d)")
_NOTHING: Final = re.compile(r"(?<![\\}_^])\{\s*\}|\\!|\\(?:blacksquare|qed|qedsymbol|null)(?![A-Za-z])")
_MONEY: Final = {"\\textdollar": "\\$", "\\dollar": "\\$", "¢": " cents ", "\\cent": " cents "}


def undress(text: str) -> str:
    """Return `text` without the dress of constants, numbers and combinations; linear in the text."""
    if "'" in text:
        text = _APOSTROPHES.sub(lambda m: m[0].replace("'", ""), text)
    for name, plain in _MONEY.items():
        text = text.replace(name, plain)
    if "\\" not in text and "{" not in text and "_" not in text:
        return text
    text = _POINT.sub(".", text)
    text = _FUNCTION.sub(lambda m: f"\\{m[1]} ", text)
    text = _CONSTANT.sub(lambda m: f" {m[1] or m[2]} ", text)
    text = _NUMBER.sub(lambda m: m[1], text)
    text = _VECTOR.sub(_vector, text)
    text = _ROOT_OF.sub(r"\\sqrt[\1]{\2}", _CHOOSE.sub(_chosen, text))
    text = _GROUPED.sub(lambda m: re.sub(r"\D", "", m[0]), text)
    return _NOTHING.sub("", _LONE_SIGN.sub(r"\1", text))


def _chosen(match: re.Match[str]) -> str:
    top, bottom = match[1], match[4]
    ordered = (match[2] or match[3]) == "P"
    return rf"\frac{{{top}!}}{{({top}-{bottom})!}}" if ordered else rf"\binom{{{top}}}{{{bottom}}}"


def _vector(match: re.Match[str]) -> str:
    letter = (match[1] or match[2]).replace("imath", "i").replace("jmath", "j")
    if letter in _SETS and "math" in match[0]:
        return f"\\mathbb{{{letter}}}"
    return f"\\vec{{{letter}}}"
