"""Forms of class 4, numbers: exact and rounded, fractions and decimals, words."""
# ruff: noqa: RUF001, PLR0911
# Answers are written with such signs; a form tries one shape after the other.

import math
import random
import re
from fractions import Fraction
from typing import Final

from tinyv_stream.lab.synth.form import RewriteForm
from tinyv_stream.lab.synth.shape import (
    bare,
)


def _number(text: str) -> Fraction | None:
    plain = bare(text)
    if found := re.fullmatch(r"(-?)\\[dt]?frac\{(-?\d{1,7})\}\{(\d{1,7})\}", plain) or re.fullmatch(
        r"(-?)(\d{1,7})/(\d{1,7})", plain
    ):
        return (
            Fraction(int(found[1] + found[2]) if found[1] else int(found[2]), int(found[3])) if int(found[3]) else None
        )
    return Fraction(plain) if re.fullmatch(r"-?\d{1,7}(?:\.\d{1,4})?", plain) else None


def _approximate(text: str, rng: random.Random) -> str | None:
    value = _number(text)
    plain = bare(text)
    places = rng.choice((2, 2, 3, 4))
    if value is not None and value.denominator > 1 and ("frac" in plain or "/" in plain):
        shown = f"{float(value):.{places}f}"
        return shown if abs(float(value)) > 0.2 else f"{float(value):.4f}"
    if found := re.fullmatch(r"(\d*)\\sqrt\{(\d+)\}", plain):
        return f"{int(found[1] or 1) * math.sqrt(int(found[2])):.{places}f}"
    if found := re.fullmatch(r"(\d*)\s*(?:\\pi|π)", plain):
        return f"{int(found[1] or 1) * math.pi:.{places}f}"
    return None


def _percent_fraction(text: str, rng: random.Random) -> str | None:
    found = re.fullmatch(r"(\d{1,3}(?:\.\d{1,2})?)\s*\\?%", bare(text))
    if not found:
        value = _number(text)
        exact = value is not None and 0 < value < 1 and (value * 100).denominator == 1
        return f"{value * 100}\\%" if exact and value else None
    value = Fraction(found[1]) / 100
    decimal = f"{float(value):.6f}".rstrip("0").rstrip(".")
    return (
        rng.choice((f"\\frac{{{value.numerator}}}{{{value.denominator}}}", decimal)) if value.denominator > 1 else None
    )


def _exact(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    if found := re.fullmatch(r"(\d{1,2})\^\{?(\d)\}?", plain):
        return str(int(found[1]) ** int(found[2]))
    if found := re.fullmatch(r"([1-9])(0{3,9})", plain):
        power = f"10^{{{len(found[2])}}}"
        return power if found[1] == "1" else f"{found[1]} \\times {power}"
    if found := re.fullmatch(r"(\d(?:\.\d+)?)\s*(?:\\times|\\cdot|×)\s*10\^\{?(-?\d)\}?", plain):
        value = Fraction(found[1]) * Fraction(10) ** int(found[2])
        return str(value) if value.denominator == 1 else f"{float(value):.12f}".rstrip("0")
    value = _number(text)
    if value is None:
        return None
    if "." in plain:
        return f"\\frac{{{value.numerator}}}{{{value.denominator}}}" if value.denominator > 1 else str(value)
    if "frac" in plain and value.denominator > 1:
        if rng.random() < 0.4 and 10_000 % value.denominator == 0:
            return f"{float(value):.6f}".rstrip("0")
        k = rng.choice((2, 3, 5, 10))
        return f"\\frac{{{value.numerator * k}}}{{{value.denominator * k}}}"
    return None


def _round(text: str, _rng: random.Random) -> str | None:
    found = re.fullmatch(r"(-?\d+)\.(\d{2,4})(\s*\\?%)?", bare(text))
    if not found or len(found[1].lstrip("-")) + len(found[2]) < 4:
        return None
    return f"{float(found[1] + '.' + found[2]):.{len(found[2]) - 1}f}{found[3] or ''}"


WORDS: Final = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)


def _other_number(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    if re.fullmatch(r"\d{4,9}", plain):
        return rng.choice(
            (f"{int(plain):,}", f"{int(plain):,}".replace(",", "{,}"), f"{int(plain):,}".replace(",", "\\,"))
        )
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+", plain):
        return plain.replace(",", "")
    if re.fullmatch(r"-?\d{1,3}", plain):
        small = int(plain) in range(13) and rng.random() < 0.3
        return WORDS[int(plain)] if small else plain + rng.choice((".0", ".00"))
    value = _number(text)
    if value is not None and "frac" in plain and value > 1 and value.denominator > 1:
        whole, rest = divmod(value.numerator, value.denominator)
        return f"{whole}\\frac{{{rest}}}{{{value.denominator}}}"
    if found := re.fullmatch(r"(\d+)\s*\\[dt]?frac\{(\d+)\}\{(\d+)\}", plain):
        return f"\\frac{{{int(found[1]) * int(found[3]) + int(found[2])}}}{{{found[3]}}}"
    return None


FORMS: Final = (
    RewriteForm("4.1", _approximate, checked=False),
    RewriteForm("4.1", _percent_fraction, checked=False),
    RewriteForm("4.2", _exact),
    RewriteForm("4.3", _round, checked=False),
    RewriteForm("4.4", _other_number, checked=False),
)
