r"""LaTeX and Unicode dress -> one plain spelling, before anything is read. Linear, by tables.

Undoes what JSON escapes did to LaTeX (a tab before `ext{`, a form feed before `rac{`), doubled backslashes outside
of environments, sizes, spaces, fonts; keeps every character that can carry meaning.
"""
# ruff: noqa: RUF001
# This file is about look-alike characters.

import functools
import re
import unicodedata
from typing import Final

from tinyv_stream.verifiers.rules.maths.dress import undress
from tinyv_stream.verifiers.rules.maths.tree import words

_MANGLED: Final = (
    ("\t", "ext", "\\text"),
    ("\t", "imes", "\\times"),
    ("\t", "heta", "\\theta"),
    ("\x0c", "rac", "\\frac"),
)

_UNICODE: Final = {
    **{ord(c): "-" for c in "−–—‐‑"},
    **{ord(c): t for c, t in zip("×⋅·∙", ("\\times ", "\\cdot ", "\\cdot ", "\\cdot "), strict=True)},
    ord("÷"): "\\div ",
    ord("√"): "\\sqrt ",
    ord("π"): "\\pi ",
    ord("∞"): "\\infty ",
    ord("≤"): "\\le ",
    ord("⩽"): "\\le ",
    ord("≥"): "\\ge ",
    ord("⩾"): "\\ge ",
    ord("≠"): "\\ne ",
    ord("≈"): "\\approx ",
    ord("≡"): "\\equiv ",
    ord("∪"): "\\cup ",
    ord("∩"): "\\cap ",
    ord("∈"): "\\in ",
    ord("ℝ"): "\\mathbb{R}",
    ord("ℤ"): "\\mathbb{Z}",
    ord("ℕ"): "\\mathbb{N}",
    ord("±"): "\\pm ",
    ord("∓"): "\\mp ",
    ord("∀"): "\\forall ",
    **{ord(c): f" {d}, " for c, d in zip("①②③④⑤⑥⑦⑧⑨", "123456789", strict=True)},
    ord("°"): "^\\circ ",
    ord("′"): "'",
    ord("’"): "'",
    ord("∠"): "\\angle ",
    ord("∅"): "\\emptyset ",
    **{
        ord(c): f"\\{name} "
        for c, name in zip(
            "⊆⊂⊇⊃∃∁∉∥⊥",
            ("subseteq", "subset", "supseteq", "supset", "exists", "complement", "notin", "parallel", "perp"),
            strict=True,
        )
    },
    **{ord(c): f"^{{{d}}}" for c, d in zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True)},
    **{ord(c): f"_{{{d}}}" for c, d in zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True)},
    **{
        ord(c): f"\\frac{{{n}}}{{{d}}}" for c, n, d in (("½", 1, 2), ("⅓", 1, 3), ("⅔", 2, 3), ("¼", 1, 4), ("¾", 3, 4))
    },
    **{
        ord(c): f"\\{name} "
        for c, name in zip(
            "αβγθλμρσφω",
            ("alpha", "beta", "gamma", "theta", "lambda", "mu", "rho", "sigma", "varphi", "omega"),
            strict=True,
        )
    },
}

_SAME: Final = {
    "dfrac": "frac",
    "tfrac": "frac",
    "cfrac": "frac",
    "leq": "le",
    "leqslant": "le",
    "geq": "ge",
    "geqslant": "ge",
    "neq": "ne",
    "not=": "ne",
    "ast": "cdot",
    "phi": "varphi",
    "epsilon": "varepsilon",
    "mid": "mid",
    "dots": "ldots",
    "cdots": "ldots",
    "lbrace": "{",
    "rbrace": "}",
    "lbrack": "[",
    "rbrack": "]",
    "vert": "|",
    "lvert": "|",
    "rvert": "|",
    "land": "wedge",
    "lor": "vee",
    "implies": "Rightarrow",
    "colon": ":",
    "textcirc": "circ",
    "degree": "circ",
    "dbinom": "binom",
    "tbinom": "binom",
    "varnothing": "emptyset",
    "arcsin": "arcsin",
    "tg": "tan",
    "ctg": "cot",
    "lg": "lg",
    "dollar": "$",
    "percent": "%",
    "gt": ">",
    "lt": "<",
    "prime": "'",
    "euro": "€",
}
_LITERAL: Final = frozenset("|:%$€[]<>'")

_DROP: Final = words(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr displaystyle textstyle limits nolimits "
    "quad qquad thinspace medspace enspace enskip hfill hspace vspace rm bf it mathit mathsf mathcal "
    "mathopen mathclose middle nonumber large Large small underline"
)
_FONT: Final = re.compile(
    r"\\(?:mathrm|operatorname\*?|textbf|textit|textrm|textsf|mbox|hbox|text|textnormal|bm|mathbf|boldsymbol)(?![A-Za-z])"
)
_NOT_SHOWN: Final = re.compile(r"\\[hv]?phantom\s*\{[^{}]*\}")
_COLOUR: Final = re.compile(r"\\(?:text)?color\s*\{[A-Za-z0-9]*\}")
_INFIX: Final = re.compile(r"\\(over|choose)(?![A-Za-z])")
_ROOT: Final = re.compile(r"√\s*(\d+(?:\.\d+)?|[A-Za-z](?![A-Za-z]))")
_TIMES_TEN: Final = re.compile(r"(?<=\d) ?x ?(?=10 ?(?:\^|\*\*))")
"""The x of `1.2 x 10^-4` is a sign of multiplication."""
_RAISED: Final = re.compile("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{2,}|[⁺⁻][⁰¹²³⁴⁵⁶⁷⁸⁹]")
_LEVEL: Final = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
_FACTORIAL: Final = re.compile(r"(?<=\d)!=(?=\s*-?\d)")
"""`3!=6` says what 3! is; `x != 6` is no equation."""
_MAX_INFIX: Final = 8
_PRIME: Final = re.compile(r"\^\s*(?:\{\s*((?:'\s*)+)\}|(')(?!'))")
_DOUBLED: Final = re.compile(r"\\{2,}(?=[A-Za-z{},%$])")
_MARKUP: Final = re.compile(r"<su([pb])>([^<>]*)</su\1>")
_COMMAND: Final = re.compile(r"\\([A-Za-z]+)\*?")
TIE: Final = r"(?:(?<=[^~])|\A(?=~[^A-Za-z~]))~(?!~)"
"""A space that keeps its neighbours on one line; `~~` strikes out, and a sign in front of a word denies it."""
_SPACES: Final = re.compile(rf"(?<!\\)(?:\\[,;:!> ]|{TIE}|\s)+")


@functools.lru_cache(maxsize=1024)
def clean(text: str) -> str:
    r"""Return `text` in the plain spelling; `\text{..}`, `\mathrm{..}` and their like become `\text{..}`."""
    for bad, follow, good in _MANGLED:
        text = text.replace(bad + follow, good)
    if "<su" in text:
        text = _MARKUP.sub(lambda m: ("^" if m[1] == "p" else "_") + "{" + m[2] + "}", text)
    if not text.isascii():
        text = _RAISED.sub(lambda m: f"^{{{m[0].translate(_LEVEL)}}}", text)
        text = _ROOT.sub(r"\\sqrt{\1}", text)
        text = unicodedata.normalize("NFKC", text.translate(_UNICODE)).translate(_UNICODE)
    if "\\begin" not in text:
        text = _DOUBLED.sub(lambda _m: "\\", text)
    if "phantom" in text:
        text = _NOT_SHOWN.sub(" ", text)
    if "x" in text:
        text = _TIMES_TEN.sub("*", text)
    if "!=" in text:
        text = _FACTORIAL.sub("! =", text)
    text = undress(text)
    if "\\" not in text:
        return (
            _SPACES.sub(" ", text.replace("$", " $ ")).strip() if "$" in text or "~" in text else " ".join(text.split())
        )
    text = text.replace("\\(", " ").replace("\\)", " ").replace("\\[", " ").replace("\\]", " ")
    text = _FONT.sub(lambda _m: "\\text", _COLOUR.sub("", text))
    text = _prefixed(text)
    text = _PRIME.sub(lambda m: m[1] or m[2], _COMMAND.sub(_plain, text))
    return _SPACES.sub(" ", text).strip()


def _plain(match: re.Match[str]) -> str:
    name = match[1]
    if name in _DROP:
        return " "
    name = _SAME.get(name, name)
    if name in _LITERAL:
        return name
    return "\\" + name


def _prefixed(text: str) -> str:
    r"""Return plain TeX's `{a \over b}` as `\frac{a}{b}`, and `{n \choose k}` as `\binom{n}{k}`."""
    for _ in range(_MAX_INFIX):
        found = _INFIX.search(text)
        if found is None:
            break
        start = _unmatched(text[: found.start()][::-1], "}{")
        end = _unmatched(text[found.end() :], "{}")
        if start < 0 or end < 0:
            break
        start, end = found.start() - 1 - start, found.end() + end
        name = "frac" if found[1] == "over" else "binom"
        top, bottom = text[start + 1 : found.start()], text[found.end() : end]
        text = f"{text[:start]}\\{name}{{{top}}}{{{bottom}}}{text[end + 1 :]}"
    return text


def _unmatched(text: str, braces: str) -> int:
    """Return where the first brace closes that was not opened in `text`; -1 if none does."""
    depth = 0
    for at, char in enumerate(text):
        depth += (char == braces[0]) - (char == braces[1])
        if depth < 0:
            return at
    return -1
