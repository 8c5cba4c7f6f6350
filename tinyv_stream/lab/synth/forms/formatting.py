"""Forms of class 1, formatting: spaces, symbols, markup, units, what stands around an answer."""
# ruff: noqa: RUF001, PLR0911
# Answers are written with such signs; a form tries one shape after the other.

import random
import re
from typing import Final

from tinyv_stream.lab.synth.form import RewriteForm
from tinyv_stream.lab.synth.shape import (
    NUMBER,
    assignment,
    bare,
    interval,
    is_surely_interval,
)

_SYMBOLS: Final[tuple[tuple[str, ...], ...]] = (
    ("\\leqslant ", "\\leq ", "\\le ", "≤ "),
    ("\\geqslant ", "\\geq ", "\\ge ", "≥ "),
    ("\\infty", "∞"),
    ("\\cup ", "∪ "),
    ("\\pi ", "π"),
    ("^{\\circ}", "^\\circ", "°"),
    ("\\times ", "\\cdot ", "× "),
    ("\\in ", "∈ "),
    ("\\varnothing", "\\emptyset", "∅"),
    ("\\alpha ", "α"),
    ("\\beta ", "β"),
    ("\\theta ", "θ"),
    ("\\lambda ", "λ"),
    ("\\mathbb{R}", "\\mathbf{R}", "ℝ"),
    ("\\neq ", "\\ne ", "≠ "),
    ("\\forall ", "∀"),
    ("\\angle ", "∠"),
)


UNITS: Final[dict[str, tuple[str, ...]]] = {
    "cm": ("centimeters", "cm"),
    "m": ("meters", "m"),
    "km": ("kilometers", "km"),
    "kg": ("kilograms", "kg"),
    "g": ("grams", "g"),
    "h": ("hours", "hr"),
    "min": ("minutes", "min"),
    "s": ("seconds", "sec"),
    "km/h": ("kilometers per hour", "km per hour"),
    "m/s": ("meters per second", "m per s"),
    "cm^2": ("square centimeters", "cm²"),
    "m^3": ("cubic meters", "m³"),
    "days": ("days", "d"),
    "dollars": ("dollars", "USD"),
    "degrees": ("degrees", "^\\circ"),
    "ways": ("ways", "different ways"),
    "units": ("units", "units"),
    "people": ("people", "persons"),
}


_UNIT_END: Final = re.compile(
    rf"({NUMBER}|\\[dt]?frac\{{\d+\}}\{{\d+\}})\s*(?:\\[ ,;])*\s*"
    r"(?:\\(?:text|mathrm|operatorname)\{\s*(?!or|and)[A-Za-z][A-Za-z ./^²³2-3]*\}(?:\^\{?[23]\}?)?|"
    r"(?:cm|km|kg|mm|meters|minutes|hours|days|grams|feet|dollars|years)(?:\^\{?[23]\}?)?|\^\s*\{?\s*\\circ\s*\}?|°)"
)


_VALUE: Final = re.compile(rf"{NUMBER}|\\[dt]?frac\{{\d+\}}\{{\d+\}}|\d+/\d+|\d*\\sqrt\{{\d+\}}")


def _tight(text: str, _rng: random.Random) -> str | None:
    if "\\text" in text:
        return None
    kept = re.sub(r"(\\[A-Za-z]+)\s+(?=[A-Za-z])", "\\1\0", text)
    if re.search(r"[A-Za-z]{2,}\s+[A-Za-z]{2,}", text):
        return None  # words need their spaces
    return kept.replace(" ", "").replace("\0", " ")


def _airy(text: str, rng: random.Random) -> str | None:
    sign = rng.choice(("=", ",", "+", "<"))
    return re.sub(rf"(?<=[\w)}}\]])\s*{re.escape(sign)}\s*(?=[\w\\({{-])", f" {sign} ", text)


def _thin(text: str, rng: random.Random) -> str | None:
    comma = rng.choice((",\\ ", ",\\, ", ", \\quad ", ",  "))
    return re.sub(r",\s*(?=[-\w\\(])", lambda _: comma, text)


def _symbol(text: str, rng: random.Random) -> str | None:
    rows = [r for r in _SYMBOLS if any(s.strip() in text for s in r)]
    if not rows:
        return None
    row = rng.choice(rows)
    old = max((s for s in row if s.strip() in text), key=lambda s: len(s.strip()))
    new = rng.choice([s for s in row if s.strip() != old.strip()])
    return re.sub(
        re.escape(old.strip()) + r"(?![A-Za-z])\s*" if old[0] == "\\" else re.escape(old.strip()), lambda _: new, text
    ).strip()


def _plus_infinity(text: str, _rng: random.Random) -> str | None:
    if "+\\infty" in text or "+∞" in text or "+\\,\\infty" in text:
        return text.replace("+\\infty", "\\infty").replace("+∞", "∞").replace("+\\,\\infty", "\\infty")
    return re.sub(r"(?<=[, ])(\\infty|∞)", r"+\1", text)


def _fraction_markup(text: str, rng: random.Random) -> str | None:
    return (
        re.sub(r"\\[dt]?frac", lambda _: "\\" + style, text)
        if (style := rng.choice(("frac", "dfrac", "tfrac")))
        else None
    )


def _sized(text: str, _rng: random.Random) -> str | None:
    if "\\left" in text:
        return re.sub(r"\\(?:left|right)(?![a-z])", "", text)
    if text.count("(") == text.count(")") and "(" in text and not re.search(r"[\[\]]|\\[()]", text):
        return text.replace("(", "\\left( ").replace(")", " \\right)")
    if interval(text) and "\\" not in text[:2]:
        return "\\left" + text.strip()[0] + text.strip()[1:-1] + "\\right" + text.strip()[-1]
    return None


def _dollars(text: str, rng: random.Random) -> str | None:
    plain = text.replace("$", "").strip()
    if "$" in text:
        return plain
    return (
        rng.choice((f"${plain}$", f"${plain}$", f"\\({plain}\\)"))
        if "\\(" not in plain and rng.random() < 0.3
        else None
    )


def _powers(text: str, _rng: random.Random) -> str | None:
    if re.search(r"\^\{\w\}", text):
        return re.sub(r"\^\{(\w)\}", r"^\1", text)
    return re.sub(r"\^(\w)", r"^{\1}", text)


def _unit(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    if found := _UNIT_END.fullmatch(plain):
        return found[1]
    priced = plain[:1] in {"\\", "£", "€"} or (text.strip().startswith("$") and not text.strip().endswith("$"))
    if priced and (money := re.fullmatch(rf"\\?[£€]?\s*({NUMBER})", plain)):
        return money[1]
    if not _VALUE.fullmatch(plain) and not re.fullmatch(r"\d{1,3}(?:,\d{3})+", plain):
        return None
    name = rng.choice(list(UNITS))
    word = rng.choice((*UNITS[name], name))
    return (
        f"{plain}{word}"
        if word.startswith("^")
        else rng.choice((f"{plain} \\text{{ {word}}}", f"{plain} {word}", f"{plain}\\ \\mathrm{{{word}}}"))
    )


def _same_unit(text: str, rng: random.Random) -> str | None:
    for row in UNITS.values():
        for word in row:
            if re.search(rf"(?<![A-Za-z\\]){re.escape(word)}(?![A-Za-z])", text) and len(word) > 1:
                return re.sub(
                    rf"(?<![A-Za-z\\]){re.escape(word)}(?![A-Za-z])",
                    rng.choice(row).replace("\\", "\\\\"),
                    text,
                    count=1,
                )
    return None


def _percent(text: str, rng: random.Random) -> str | None:
    found = re.fullmatch(rf"({NUMBER})\s*(?:\\?%|percent|\\text\{{ ?percent\}})", bare(text))
    return f"{found[1]}" + rng.choice(("\\%", "%", " percent", " \\%")) if found else None


def _context(text: str, rng: random.Random) -> str | None:
    if found := assignment(text):
        return found[1]
    plain = bare(text)
    if found := re.fullmatch(r"[A-Za-z]\s*(?:\\in(?![a-z])|∈)\s*(.+)", plain):
        return found[1]
    if re.match(r"(?:The|It|Therefore|We|Answer)\b", plain):
        return None
    if is_surely_interval(plain) and rng.random() < 0.6:
        return f"{rng.choice('xamk')} \\in {plain}"
    if (
        "=" in plain
        or "\\in" in plain
        or "," in plain
        or "<" in plain
        or ">" in plain
        or re.search(r"\\[lg]e|[≤≥]|[A-Za-z]{3,} ", plain)
    ):
        return None
    if rng.random() < 0.4:
        return None
    if re.search(r"(?<![A-Za-z\\])[xnt](?![A-Za-z])", plain):
        letter = next(c for c in "xnt" if re.search(rf"(?<![A-Za-z\\]){c}(?![A-Za-z])", plain))
        return (
            f"{rng.choice(('f', 'g', 'y', 'a_n', 'S'))}".replace("f", f"f({letter})").replace("g", f"g({letter})")
            + f" = {plain}"
        )
    return f"{rng.choice(('x', 'n', 'k', 'a', 'y', 'S', 'N', 'r', 'm', 't', 'd'))} = {plain}"


def _choice_letter(text: str, rng: random.Random) -> str | None:
    if found := re.fullmatch(r"\(?([A-E])\)?[.:)]\s*(.{2,})", bare(text)):
        return rng.choice((found[2], found[1], f"\\text{{{found[1]}}}"))
    return f"\\textbf{{({found[1]})}}" if (found := re.fullmatch(r"\(?([A-E])\)?\.?", bare(text))) else None


def _odd_space(text: str, rng: random.Random) -> str | None:
    return rng.choice(
        (
            f"{bare(text)}.",
            f"\\displaystyle {text}",
            f"\\, {text} \\,",
            f"{text}\n",
            f"\\boxed{{{text}}}",
            f"**{text}**",
        )
    )


FORMS: Final = (
    RewriteForm("1.1", _tight),
    RewriteForm("1.1", _airy),
    RewriteForm("1.1", _thin),
    RewriteForm("1.2", _symbol),
    RewriteForm("1.2", _plus_infinity),
    RewriteForm("1.3", _fraction_markup),
    RewriteForm("1.3", _sized),
    RewriteForm("1.3", _dollars),
    RewriteForm("1.3", _powers),
    RewriteForm("1.4", _unit, checked=False),
    RewriteForm("1.4", _same_unit, checked=False),
    RewriteForm("1.4", _percent),
    RewriteForm("1.5", _context),
    RewriteForm("1.6", _choice_letter, checked=False),
    RewriteForm("1.6", _odd_space, checked=False),
)
