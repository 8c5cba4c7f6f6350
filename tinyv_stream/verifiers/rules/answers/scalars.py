"""Single values: an expression with its unit, percent or degree sign; or plain words."""

import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers import units, words
from tinyv_stream.verifiers.rules.answers.forms import Form, Scalar, Words
from tinyv_stream.verifiers.rules.maths.read import read
from tinyv_stream.verifiers.rules.maths.tree import Node, Num, Op, Sym, Unreadable

_PERCENT: Final = re.compile(
    r"\s*(?:\\?%|\\text\s*\{\s*(?:\\?%|per ?cent(?:age)?|pct)\s*\}|"
    r"\b(?:per ?cent(?:age)?|pct)|(?<=\d)(?:percent|pct))$",
    re.IGNORECASE,
)
_TEXT_UNIT: Final = re.compile(
    r"(.+?)\\text\s*\{([^{}]*)\}((?:\s*\^\s*\{?\s*[23]\s*\}?)?)((?:\s*/\s*\\text\s*\{[^{}]*\}(?:\s*\^\s*\{?\s*[23]\s*\}?)?)?)"
)
_PLAIN_UNIT: Final = re.compile(r"(.*?(?:[\d)}!]|\\pi(?=\s)))\s*((?:[A-Za-z]{2,}|(?<=\s)[A-Za-z])[A-Za-z./^{}0-9\s-]*)")
_SHORT_UNIT: Final = re.compile(
    r"(.*[\d)}])\s*((?:[A-Za-z]{2,3}|[A-Za-z](?=\s*/))(?:\s*/\s*[A-Za-z]{1,3})?(?:\s*\^\s*\{?\s*[23]\s*\}?)?)"
)
_UNIT_FRACTION: Final = re.compile(
    r"\\frac\s*\{\s*\\text\s*\{\s*([A-Za-z ]+?)\s*\}\s*\}\s*\{\s*\\text\s*\{\s*([A-Za-z ]+?)\s*\}\s*\}|"
    r"\\text\s*\{\s*([A-Za-z]+)\s*\}\s*\\cdot\s*\\text\s*\{\s*([A-Za-z]+)\s*\}\s*\^\s*\{\s*-\s*1\s*\}|"
    r"\\text\s*\{\s*([A-Za-z]+)\s+([A-Za-z]+)\s*\^\s*\{\s*-\s*1\s*\}\s*\}"
)
_POWER_UNIT: Final = re.compile(r"(?<=[\d)}])\s*(?:\\text\s*\{\s*)?(sq|cu)\b\.?\s*([a-z]{1,6})\s*\}?\Z")
_WORD: Final = re.compile(r"(?<![A-Za-z\\])[A-Za-z]{4,}")
_SCALE: Final = re.compile(r"(.*\d)\s*(?:\\text\s*\{\s*)?(thousand|million|billion|trillion)\b\s*\}?\s*(.*)", re.DOTALL)
_SCALES: Final = {"thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_ANGLE: Final = re.compile(r"(.*?)(\d+)\s*\^\s*\{?\s*\\circ\s*\}?\s*(\d+(?:\.\d+)?)\s*'\s*(?:(\d+(?:\.\d+)?)\s*'')?")
_DEGREE: Final = re.compile(
    r"\s*(?:\^\s*\{?\s*\\circ\s*\}?|\\circ|\\text\s*\{\s*deg(?:rees?)?\s*\}|deg(?:rees?)?)"
    r"\s*(?:([CF])|\\text\s*\{\s*([CF])\s*\}|(?:\\text\s*\{)?\s*(C|F)(?:elsius|ahrenheit)\s*\}?)?$"
)
_WORDED_DEGREE: Final = re.compile(r"\\text\s*\{\s*degrees?\s+(Celsius|Fahrenheit)\s*\}$", re.IGNORECASE)
_CUT_OFF_DEGREE: Final = re.compile(r"(?<=\d)\s*\^\s*$")
"""`90^`, as data sets have it where a line break swallowed the rest."""
_ANGLE_INSIDE: Final = re.compile(r"\\circ|\\(?:sin|cos|tan|cot|sec|csc)(?![a-z])")
"""An angle inside of an expression, where degrees are read as the numbers that they are."""
_SPACED: Final = re.compile(r"-?\d{1,3}(?: \d{3})+(?:\.\d+)?")
_FIXED: Final = frozenset(["yes", "no", "true", "false", "none", "never", "always", "odd", "even", "dne"])
_MONEY: Final = {"€": "euros", "£": "gbp", "¥": "yen", "₹": "rupees", "Rs.": "rupees", "Rs": "rupees"}
_SIGNED_MONEY: Final = re.compile(r"\A[\s$]*(€|£|¥|₹|Rs\.?)\s*(\d[\d.,]*)\s*\$?\Z")
_MONEY_BEHIND: Final = re.compile(r"\A[\s$]*(\d[\d.,]*)\s*(€|£|¥|₹)\s*\$?\Z")
MAX_WORDS: Final = 400


def lone_word(text: str) -> Form | None:
    """Read an answer that is a single word: a number word, yes or no, or capitals whose order may matter."""
    low = text.lower()
    if low in {"infinitely many", "infinite", "infinity"}:
        return Scalar(Sym("\\infty"))
    number = words.number_word(low)
    if number is not None:
        return Scalar(Num(Fraction(number)))
    if low in {"negative infinity", "minus infinity"}:
        return Scalar(Op("neg", (Sym("\\infty"),)))
    if low in _FIXED:
        return Words(words.plain(low))
    if text.isascii() and text.isalpha() and (len(text) > 3 or (len(text) > 1 and text.isupper())):
        return Words(words.plain(low))
    return None


def read_scalar(text: str) -> Form:
    """Read one value, or words; raise Unreadable for other mathematics."""
    text = _POWER_UNIT.sub(_power_unit, _UNIT_FRACTION.sub(_unit_fraction, text))
    if _SPACED.fullmatch(text):
        text = text.replace(" ", "")
    percent = _PERCENT.search(text)
    if percent and percent.start():
        return Scalar(_expression(text[: percent.start()]), percent=True)
    angle = _ANGLE.fullmatch(text)
    if angle and not angle[1].strip("-"):
        return _minutes(angle)
    text = _WORDED_DEGREE.sub(lambda m: "degrees " + m[1][0].upper(), text)
    text = _CUT_OFF_DEGREE.sub("^\\\\circ", text)
    degrees = _DEGREE.search(text)
    if degrees and degrees.start() and not _ANGLE_INSIDE.search(text[: degrees.start()]):
        scale = degrees[1] or degrees[2] or degrees[3]
        node = _expression(text[: degrees.start()])
        return Scalar(node, unit=scale.lower()) if scale else Scalar(node, degrees=True)
    scaled = _SCALE.fullmatch(text)
    if scaled:
        node = Op("mul", (_expression(scaled[1]), Num(Fraction(_SCALES[scaled[2]]))))
        rest = re.sub(r"\\text\s*\{([^{}]*)\}", r"\1", scaled[3]).strip()
        return Scalar(node, unit=units.one_name(rest) if rest else "")
    try:
        return _short_unit(text) or Scalar(_expression(text))
    except Unreadable:
        return _with_unit(text)


def _unit_fraction(match: re.Match[str]) -> str:
    top, bottom = (part for part in match.groups() if part)
    return rf"\text{{ {top}/{bottom}}}"


def _power_unit(match: re.Match[str]) -> str:
    return rf"\text{{ {'square' if match[1] == 'sq' else 'cubic'} {match[2]}}}"


def read_words(text: str) -> Words:
    """Read words; raise Unreadable if there are none, or too many to be an answer."""
    found = words.plain(text)
    if not found or len(text) > MAX_WORDS:
        raise Unreadable("no words")
    return Words(found)


def _expression(text: str) -> Node:
    return read(text)


def _short_unit(text: str) -> Form | None:
    """Read `5 cm`, `3 days`: a unit so short that it could be a product of letters."""
    found = _SHORT_UNIT.fullmatch(text)
    if found is None or units.factor(unit := units.one_name(found[2])) is None:
        return None
    return Scalar(_expression(found[1]), unit=unit)


def _with_unit(text: str) -> Form:
    found = _TEXT_UNIT.fullmatch(text)
    if found:
        unit = found[2] + found[3] + re.sub(r"\\text\s*\{([^{}]*)\}", r"\1", found[4])
    else:
        found = _PLAIN_UNIT.fullmatch(text)
        unit = found[2] if found else ""
    if found and len(unit) <= 40 and unit.strip(" .-"):
        try:
            return Scalar(_expression(found[1].strip()), unit=units.one_name(unit.strip(" .-")))
        except Unreadable:
            pass
    bare = re.sub(r"\\text\s*\{([^{}]*)\}", r" \1 ", text)
    if _WORD.search(bare):
        return read_words(bare)
    raise Unreadable("unknown notation")


def _minutes(angle: re.Match[str]) -> Scalar:
    value = Fraction(angle[2]) + Fraction(angle[3]) / 60 + Fraction(angle[4] or 0) / 3600
    return Scalar(Num(-value if angle[1] else value), degrees=True)


def strip_currency(text: str) -> str:
    r"""Return `text` without mathematics marks; `\$5` becomes `5 dollars`."""
    text = _SIGNED_MONEY.sub(lambda m: f"{m[2]} {_MONEY[m[1]]}", text)
    text = _MONEY_BEHIND.sub(lambda m: f"{m[1]} {_MONEY[m[2]]}", text)
    text = re.sub(r"\A\$(?=\d[\d.,]*\Z)", lambda _m: "\\$", text)
    text = re.sub(
        r"\\text\s*\{\s*\\\$\s*\}|^USD(?=\s*\d)|^\\text\s*\{\s*USD\s*\}(?=\s*\d)", lambda _m: "\\$", text
    ).replace("{,}", ",")
    text = re.sub(
        r"(?:US)?\\\$\s*(-?[\d.,]++)(?!\s*(?:\\text|dollar|million|billion|/|per|[A-Za-z]))", r"\1 dollars", text
    )
    return text.replace("\\$", " ").replace("$", " ").strip()
