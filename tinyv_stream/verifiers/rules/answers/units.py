"""Units of measure: their spellings, and exact factors between those of one dimension."""

import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers.forms import Scalar
from tinyv_stream.verifiers.rules.maths.tree import Num, Op, Sym, symbols

_TABLE: Final = """
length 1 m meter metre meters metres
length 1/100 cm centimeter centimetre centimeters centimetres
length 1/1000 mm millimeter millimetre millimeters millimetres
length 1/10 dm decimeter decimetre decimeters decimetres
length 1000 km kilometer kilometre kilometers kilometres
length 127/5000 in inch inches
length 381/1250 ft foot feet
length 1143/1250 yd yard yards
length 201168/125 mi mile miles
mass 1 g gram grams gramme grammes
mass 1000 kg kilogram kilograms
mass 1/1000 mg milligram milligrams
mass 1000000 t ton tons tonne tonnes
mass2 1 lb lbs pound pounds
mass2 1/16 oz ounce ounces
time 1 s sec secs second seconds
time 60 min mins minute minutes
time 3600 h hr hrs hour hours
time 86400 day days
time 604800 week weeks
months 1 month months
months 12 year years yr yrs
volume 1 l liter litre liters litres
volume 1/1000 ml milliliter millilitre milliliters millilitres
angle 1 degree degrees deg
angle2 1 radian radians rad
money 1 dollar dollars usd
money 1/100 cent cents
euro 1 euro euros
yuan 1 yuan rmb
rupee 1 rupee rupees rs
pence 1 penny pence
gbp 1 gbp
yen 1 yen jpy
count 1 unit units
count 1 times
energy 1 j joule joules
energy 1000 kj kilojoule kilojoules
power 1 w watt watts
voltage 1 v volt volts
current 1 a ampere amperes amp amps
force 1 n newton newtons
frequency 1 hz hertz
"""
_KNOWN: Final = {
    name: (dimension, Fraction(factor))
    for dimension, factor, *names in (line.split() for line in _TABLE.strip().splitlines())
    for name in names
}
_CANONICAL: Final = {
    name: names[0] for _, _, *names in (line.split() for line in _TABLE.strip().splitlines()) for name in names
}
TOTAL: Final = "total "
"""Before the unit of `3 hours 20 minutes`: a bare 200 is not that."""
_SHORT: Final = {"kph": "km/h", "kmh": "km/h", "kmph": "km/h", "mph": "mi/h", "cc": "cm^3", "fps": "ft/s"}
_CAPITAL: Final = re.compile(r"[MSGHTC]|M[mgslJWN]")
"""Units and prefixes that are others than their small letters: `M` is no metre, `Mg` no milligram."""
_LETTERS: Final = frozenset("msghltLAVWJN")
"""Letters that stand for a unit, as they are written."""
_POWERS: Final = frozenset({"2", "3", "-1", "-2"})
_PLURAL: Final = re.compile(r"(?<=[a-z]{2})(?<!s)s$")


def one_name(text: str) -> str:
    """Return one spelling of a unit: `square centimeters` is `cm^2`, `meters per second` is `m/s`."""
    if _CAPITAL.fullmatch(text.strip()):
        return text.strip()
    text = _SHORT.get(text.strip().lower(), text)
    text = re.sub(r"\s*/\s*", "/", text.strip().lower().rstrip(".").replace(" per ", "/"))
    text = re.sub(r"\^\s*\{?\s*([23])\s*\}?", r"^\1", text).replace("{", "").replace("}", "")
    text = re.sub(r"\b(?:square|sq\.?)\s+([a-z]+)", r"\1^2", text)
    text = re.sub(r"\b(?:cubic|cu\.?)\s+([a-z]+)", r"\1^3", text)
    return "/".join(_part(part) for part in text.split("/"))


def factor(unit: str) -> tuple[str, Fraction] | None:
    """Return the dimension of a canonical unit and its size in it, or None."""
    dimensions: list[str] = []
    size = Fraction(1)
    for index, part in enumerate(unit.removeprefix(TOTAL).split("/")):
        name, _, power = part.partition("^")
        known = _KNOWN.get(name)
        if known is None or (power and power not in _POWERS):
            return None
        exponent = int(power or 1) * (-1 if index else 1)
        dimensions.append(f"{known[0]}^{exponent}")
        size *= known[1] ** exponent
    return " ".join(dimensions), size


def from_letter(scalar: Scalar, asked: set[str] | None) -> Scalar:
    """Return `5 m` and `21 m^2` with their letter as the unit: any unit of measure, or only one of those `asked`."""
    node = scalar.node
    if scalar.percent or scalar.degrees or not (isinstance(node, Op) and node.name == "mul"):
        return scalar
    letter, power = node.args[1], 1
    if isinstance(letter, Op) and letter.name == "pow" and isinstance(letter.args[1], Num):
        power = int(letter.args[1].value) if letter.args[1].value in {2, 3} else 0
        letter = letter.args[0]
    if not isinstance(letter, Sym) or power == 0 or symbols(node.args[0]):
        return scalar
    if len(letter.name) == 1 and letter.name not in _LETTERS:
        return scalar
    name = one_name(letter.name)
    if name not in _KNOWN or (asked is not None and (name if power == 1 else f"{name}^{power}") not in asked):
        return scalar
    return Scalar(node.args[0], unit=name if power == 1 else f"{name}^{power}")


def is_alike(one: str, other: str) -> bool:
    """Say whether two dimensions measure the same thing, if only in units without an exact factor between them."""
    return one.replace("2^", "^") == other.replace("2^", "^")


def names_in(text: str) -> set[str]:
    """Return the canonical units of measure that a text mentions by words of two letters or more."""
    found = {_CANONICAL[w] for w in re.findall(r"[a-z]{2,}", text.lower()) if w in _CANONICAL and w != "in"}
    return found | ({"in"} if re.search(r"\d\s*in\b(?!\s+[a-z])|\binch", text) else set())


def letters_in(text: str) -> set[str]:
    """Return the units of measure that a text writes as one letter behind a number, such as `3 m`."""
    return {
        letter for letter in re.findall(r"\d\s*(?:\\text\{|\\mathrm\{)?\s*([msghltvwjn])\b", text) if letter in _KNOWN
    }


def dimension(name: str) -> str:
    """Return what a canonical unit measures; empty for none."""
    return _KNOWN[name][0] if name in _KNOWN else ""


def _part(text: str) -> str:
    name, caret, power = text.strip().partition("^")
    name = name.strip()
    known = _CANONICAL.get(name)
    return (known or _PLURAL.sub("", name)) + caret + power.strip()
