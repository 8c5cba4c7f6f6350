"""Near misses in what is said about a value: another unit, half of the day, person or month, a word that changes it."""

import random
import re
from typing import Final

from tinyv_stream.lab.synth.forms.sentence import MONTHS, NAMES
from tinyv_stream.lab.synth.forms.spoken import UNITS, plain_text
from tinyv_stream.lab.synth.miss import Miss
from tinyv_stream.lab.synth.shape import NUMBER, bare

_CHANGES: Final = (
    *("more than {}", "less than {}", "at least {}", "at most {}", "not {}", "{} or more", "{} or less", "up to {}"),
    *("about half of {}", "twice {}", "{} squared", "{} dozen", "{} thousand", "any number except {}", "{} more"),
    *("{} less", "{} times as much", "{}, but only for even n", "between 0 and {}", "a multiple of {}", "{} and 0"),
    *("less than or equal to {}", "\\text{{not }} {}", "\\neq {}", "\\geq {}", "\\leq {}", "> {}", "< {}", "{}!"),
    *(
        "\\sqrt{{{}}}",
        "\\ln {}",
        "{} + C",
        "{}x",
        "\\frac{{1}}{{{}}}",
        "{} \\text{{ or more}}",
        "\\text{{at least }} {}",
    ),
)
_FAR: Final = ("m", "cm", "km", "kg", "g", "s", "min", "h", "m^2", "cm^2", "cm^3", "degrees", "dollars", "years", "J")


def _unit(text: str, rng: random.Random) -> str | None:
    found = re.fullmatch(rf"({NUMBER}|\\[dt]?frac\{{\d+\}}\{{\d+\}}|\d*\\pi)\s*(\S.*)", plain_text(text))
    row = next((row for row in UNITS if found and found[2] in row), None)
    if not found or not row:
        return None
    unit = rng.choice([unit for unit in _FAR if unit not in row])
    return rng.choice((f"{found[1]} {unit}", f"{found[1]} \\text{{ {unit}}}"))


def _half_of_day(text: str, _rng: random.Random) -> str | None:
    found = re.search(r"\b([AaPp])(?=\.?[Mm]\b)", text)
    if not found or not re.search(r"\d:\d\d", text):
        return None
    other = {"A": "P", "P": "A", "a": "p", "p": "a"}[found[1]]
    return text[: found.start()] + other + text[found.end() :]


def _person(text: str, rng: random.Random) -> str | None:
    for names in (NAMES, MONTHS):
        if found := re.search(rf"\b({'|'.join(names)})\b", text):
            other = rng.choice([name for name in names if name != found[1]])
            return text[: found.start()] + other + text[found.end() :]
    return None


def _qualified(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    if not re.fullmatch(rf"{NUMBER}|\\[dt]?frac\{{\d+\}}\{{\d+\}}|\d*\\sqrt\{{\d+\}}|\d*\\pi|[a-z]|\d+\^\\circ", plain):
        return None
    change = rng.choice(_CHANGES)
    if plain in {"0", "1"} and re.search(
        r"sqrt|frac|squared|!|times|twice|half|dozen|thousand|x$|ln|or|multiple", change
    ):
        return None
    return None if plain == "2" and change == "{}!" else change.format(plain)


MISSES: Final = (
    Miss("unit", _unit, proof="words", weight=6),
    Miss("half of day", _half_of_day, proof="words", weight=6),
    Miss("person", _person, proof="words", weight=6),
    Miss("qualifier", _qualified, proof="words", weight=3),
)
