"""Forms of numbers that are said: words, parts, money, durations, times of day, sizes with their units."""

import random
import re
from fractions import Fraction
from typing import Final

from tinyv_stream.lab.synth.form import RewriteForm
from tinyv_stream.lab.synth.forms.numeric import WORDS
from tinyv_stream.lab.synth.shape import FRACTION, bare

_TEENS: Final = ("thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS: Final = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_PARTS: Final = {2: "half", 3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth", 9: "ninth"}
_PARTS_OF_TEN: Final = {10: "tenth", 12: "twelfth", 20: "twentieth", 100: "hundredth"}
UNITS: Final[tuple[tuple[str, ...], ...]] = (
    ("cm", "centimeters", "centimetres", "centimeter"),
    ("mm", "millimeters", "millimetres"),
    ("m", "meters", "metres"),
    ("km", "kilometers", "kilometres"),
    ("kg", "kilograms", "kilos"),
    ("g", "grams"),
    ("s", "seconds", "sec", "sec."),
    ("min", "minutes", "mins"),
    ("h", "hours", "hrs", "hr"),
    ("km/h", "kilometers per hour", "kmph", "km per hour", "\\frac{km}{h}"),
    ("m/s", "meters per second", "m s^{-1}", "\\frac{m}{s}"),
    ("cm^2", "square centimeters", "cm²", "sq cm", "sq. cm"),
    ("m^2", "square meters", "m²", "sq m"),
    ("cm^3", "cubic centimeters", "cm³", "cc"),
    ("m^3", "cubic meters", "m³"),
    ("J", "joules"),
    ("N", "newtons"),
    ("l", "liters", "litres", "L"),
    ("years", "yr", "years old"),
    ("days", "day"),
    ("degrees", "deg", "deg.", "^\\circ"),
    ("dollars", "USD"),
)
"""Each row is one unit in several spellings; no two rows are equal."""
_NOUN: Final = re.compile(r"[A-Za-z][A-Za-z .]{1,24}")
_DURATION: Final = re.compile(r"(\d+)\s*(?:hours?|h)\s*(?:and\s*)?(\d+)\s*(?:minutes|min)")
_CLOCK: Final = re.compile(r"(1[0-2]|[1-9]):([0-5]\d)\s*([ap])\.?m\.?", re.IGNORECASE)


def in_words(number: int) -> str | None:
    """Return a number from 0 to 9,999 in words, None beyond."""
    if not 0 <= number < 10_000:
        return None
    if number < 20:
        return (*WORDS, *_TEENS)[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f"-{WORDS[ones]}" if ones else "")
    size, name = (100, "hundred") if number < 1000 else (1000, "thousand")
    head, rest = divmod(number, size)
    glue = " and " if size == 100 or rest < 100 else " "
    return f"{in_words(head)} {name}" + (f"{glue}{in_words(rest)}" if rest else "")


def plain_text(text: str) -> str:
    r"""Return `text` without dollar signs and \text around its words, with single spaces."""
    text = re.sub(r"\\(?:text|mathrm|textbf)\s*\{([^{}]*)\}", r"\1", bare(text.replace("\\$", "USD\0")))
    return " ".join(re.sub(r"\\[,; !]|~", " ", text).replace("USD\0", "\\$").split())


def said(text: str, rng: random.Random) -> str:
    r"""Return words as an answer writes them: bare, or in \text."""
    return rng.choice((text, f"\\text{{{text}}}", f"\\text{{{text}}}", text.capitalize()))


def _number(text: str, rng: random.Random) -> str | None:
    """`21` -> twenty-one; `3 hours` -> three hours."""
    found = re.fullmatch(r"(-?)(\d{1,4})(?:\s+(.+))?", plain_text(text))
    if not found or (found[3] and not _NOUN.fullmatch(found[3])):
        return None
    words = in_words(int(found[2]))
    minus = rng.choice(("minus ", "negative ")) if found[1] else ""
    return said(f"{minus}{words}" + (f" {found[3]}" if found[3] else ""), rng) if words else None


def _fraction(text: str, rng: random.Random) -> str | None:
    """`3/8` -> three eighths, 3 out of 8."""
    found = FRACTION.fullmatch(bare(text)) or re.fullmatch(r"(\d+)/(\d+)", bare(text))
    if not found or found[1].startswith("-") or not 0 < int(found[1]) < int(found[2]):
        return None
    top, bottom = int(found[1]), int(found[2])
    options = [f"{top} out of {bottom}", f"{top} in {bottom}"]
    if (head := in_words(top)) and (tail := in_words(bottom)):
        options.append(f"{head} out of {tail}")
        if part := (_PARTS | _PARTS_OF_TEN).get(bottom):
            part = part if top == 1 else {"half": "halves"}.get(part, part + "s")
            options += [f"{head} {part}", f"{top} {part}", f"{head}-{part}"]
    return said(rng.choice(options), rng)


def _percent(text: str, rng: random.Random) -> str | None:
    found = re.fullmatch(r"(\d{1,3})(\.\d+)?\s*(?:\\?%|percent|per cent)", plain_text(text))
    if not found:
        return None
    words = None if found[2] else in_words(int(found[1]))
    heads = [found[1] + (found[2] or ""), *([words] if words else [])]
    return said(f"{rng.choice(heads)} {rng.choice(('percent', 'per cent', 'percent'))}", rng)


def _money(text: str, rng: random.Random) -> str | None:
    plain = text.strip().replace("\\$", "$").removeprefix("$").removesuffix("$").strip().removeprefix("$")
    if "$" not in text or not (found := re.fullmatch(r"(\d{1,4})(?:\.(\d{2}))?", plain)):
        return None
    whole, cents = int(found[1]), int(found[2] or 0)
    many = "dollar" if whole == 1 else "dollars"
    options = [f"{plain} dollars", f"USD {plain}"]
    if cents:
        options += [f"{whole} {many} and {cents} cents", f"{in_words(whole)} {many} and {in_words(cents)} cents"]
    else:
        options += [f"{in_words(whole)} {many}", f"{whole} {many}", f"{whole}.00 dollars"]
    return said(rng.choice(options), rng)


def _duration(text: str, rng: random.Random) -> str | None:
    """`2 hours 30 minutes` -> 2.5 hours, 150 minutes, two and a half hours."""
    found = _DURATION.fullmatch(plain_text(text))
    if not found or int(found[2]) >= 60:
        return None
    hours, minutes = int(found[1]), int(found[2])
    whole = Fraction(hours * 60 + minutes, 60)
    options = [f"{hours * 60 + minutes} minutes", f"{hours} h {minutes} min", f"{hours} hours and {minutes} minutes"]
    options.append(f"{in_words(hours)} hours and {in_words(minutes)} minutes")
    if 20 % whole.denominator == 0:
        options.append(f"{float(whole):g} hours")
    if minutes in {15, 30, 45}:
        part = {15: "a quarter", 30: "a half", 45: "three quarters"}[minutes]
        options += [f"{in_words(hours)} and {part} hours", f"{hours} and {part} hours"]
    return said(rng.choice(options), rng)


def _clock(text: str, rng: random.Random) -> str | None:
    """`7:45 PM` -> 19:45, a quarter to eight in the evening."""
    found = _CLOCK.fullmatch(plain_text(text))
    if not found:
        return None
    hour, minute, half = int(found[1]), found[2], found[3].lower()
    of_day = hour % 12 + (12 if half == "p" else 0)
    options = [f"{of_day}:{minute}", f"{of_day:02}:{minute}", f"{of_day}{{:}}{minute}", f"{hour}.{minute} {half}.m."]
    options += [f"{hour}:{minute} {half}.m.", f"{hour}:{minute}{half}m", f"{of_day}h{minute}", f"at {of_day}:{minute}"]
    part = "in the morning" if half == "a" else "in the afternoon" if of_day < 18 else "in the evening"
    past, to = WORDS[hour], WORDS[hour % 12 + 1]
    late = {"00": f"{past} o'clock", "15": f"quarter past {past}", "30": f"half past {past}", "45": f"quarter to {to}"}
    if hour not in {11, 12} and (words := late.get(minute)):
        options += [f"{words} {part}", f"{'a ' if 'quarter' in words else ''}{words} {half}.m."]
    return rng.choice(options)


def _unit(text: str, rng: random.Random) -> str | None:
    """Another spelling of the same unit behind a number."""
    found = re.fullmatch(r"(-?\d+(?:\.\d+)?|\\[dt]?frac\{\d+\}\{\d+\}|\d*\\pi)\s*(\S.*)", plain_text(text))
    row = next((row for row in UNITS if found and found[2] in row), None)
    if not found or not row:
        return None
    unit = rng.choice([spelling for spelling in row if spelling != found[2]])
    if "\\" in unit:
        return f"{found[1]}{unit}"
    return rng.choice((f"{found[1]} {unit}", f"{found[1]} \\text{{ {unit}}}", f"{found[1]}\\ \\mathrm{{{unit}}}"))


def _converted(text: str, rng: random.Random) -> str | None:
    """`2 m` -> 200 cm, and the like."""
    found = re.fullmatch(r"(\d{1,4}(?:\.\d{1,2})?) (\S.*)", plain_text(text))
    row = next((row[0] for row in UNITS if found and found[2] in row), "")
    if not found or row not in _SMALLER:
        return None
    times, unit = _SMALLER[row]
    value = Fraction(found[1]) * times
    if value.denominator == 1:
        return f"{value} " + rng.choice((unit, f"\\text{{ {unit}}}"))
    return None


_SMALLER: Final = {"m": (100, "cm"), "km": (1000, "m"), "kg": (1000, "g"), "h": (60, "minutes"), "cm": (10, "mm")}

FORMS: Final = (
    RewriteForm("1.4", _unit, checked=False),
    RewriteForm("1.4", _converted, checked=False),
    RewriteForm("4.4", _number, checked=False),
    RewriteForm("4.4", _fraction, checked=False),
    RewriteForm("4.4", _percent, checked=False),
    RewriteForm("5.3", _money, checked=False),
    RewriteForm("5.3", _duration, checked=False),
    RewriteForm("5.3", _clock, checked=False),
)
