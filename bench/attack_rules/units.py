"""Units with their dimension and size: enough of them to tell wrong ones from converted ones."""

from fractions import Fraction
from typing import Final, NamedTuple


class Unit(NamedTuple):
    """A unit: what it measures, its size in the first unit of its kind, and a word for it."""

    dimension: str
    size: Fraction
    word: str


def _table() -> dict[str, Unit]:
    rows = {
        "length": (
            ("m", 1, "meters"),
            ("km", 1000, "kilometers"),
            ("cm", "1/100", "centimeters"),
            ("mm", "1/1000", "millimeters"),
        ),
        "time": (("s", 1, "seconds"), ("min", 60, "minutes"), ("h", 3600, "hours"), ("days", 86400, "days")),
        "mass": (("g", 1, "grams"), ("kg", 1000, "kilograms"), ("mg", "1/1000", "milligrams")),
        "area": (
            ("m^2", 1, "square meters"),
            ("cm^2", "1/10000", "square centimeters"),
            ("km^2", 1_000_000, "square kilometers"),
        ),
        "volume": (("m^3", 1, "cubic meters"), ("L", "1/1000", "liters"), ("mL", "1/1000000", "milliliters")),
        "speed": (("m/s", 1, "meters per second"), ("km/h", "5/18", "kilometers per hour")),
        "money": (("dollars", 1, "dollars"), ("cents", "1/100", "cents")),
        "angle": (("rad", 1, "radians"),),
    }
    return {name: Unit(kind, Fraction(size), word) for kind, units in rows.items() for name, size, word in units}


UNITS: Final = _table()
