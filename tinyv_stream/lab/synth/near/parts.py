"""Near misses that leave a part out: bars, a period, dots, one of what is excluded, the scale of a degree."""

import random
import re
from typing import Final

from tinyv_stream.lab.synth.miss import Miss
from tinyv_stream.lab.synth.shape import bare


def _bars(text: str, _rng: random.Random) -> str | None:
    r"""Drop bars: `|a|` -> a; `\lfloor x \rfloor` -> x."""
    for old, new in ((r"\|([^|]{1,20})\|", r"\1"), (r"\\l(?:floor|ceil)\s*(.{1,30}?)\s*\\r(?:floor|ceil)", r"\1")):
        if re.search(old, text) and "mid" not in text:
            return re.sub(old, new, text, count=1)
    return None


def _one_of(text: str, rng: random.Random) -> str | None:
    r"""`\max(a, b)` -> a."""
    found = re.search(r"\\(?:max|min|gcd|operatorname\{lcm\})\s*\(([^(),]+),([^(),]+)\)", text)
    return text[: found.start()] + rng.choice((found[1], found[2])).strip() + text[found.end() :] if found else None


def _period(text: str, rng: random.Random) -> str | None:
    r"""`0.\overline{45}` -> 0.45, 0.4\overline{5}."""
    found = re.search(r"\\overline\{(\d{1,4})\}", text)
    if not found or "." not in text[: found.start()]:
        return None
    digits = found[1]
    options = [digits]
    if len(set(digits)) > 1:
        options += [f"{digits[:-1]}\\overline{{{digits[-1]}}}", f"{digits}({digits[-1]})"]
        options.append(f"\\overline{{{digits[::-1]}}}")
    if digits.strip("0") == "":
        return None
    return text[: found.start()] + rng.choice(options) + text[found.end() :]


def _excluded(text: str, rng: random.Random) -> str | None:
    r"""`x \ne 0, 1` -> x \ne 0; `\mathbb{R} \setminus \{0, 1\}` -> \mathbb{R} \setminus \{1\}."""
    found = re.search(r"(\\neq?\s*|≠\s*|\\setminus\s*\\\{)([^,{}]+), ?([^,{}\\]+)", text)
    if not found:
        return None
    return text[: found.start()] + found[1] + rng.choice((found[2], found[3])).strip() + text[found.end() :]


def _dots(text: str, rng: random.Random) -> str | None:
    r"""`1 + \frac{1}{2} + \cdots + \frac{1}{n}` -> 1 + \frac{1}{2} + \cdots + \frac{1}{2n}, or an end without dots."""
    found = re.search(r"\s*[+,]?\s*\\[lc]?dots\s*([+,]?)\s*", text)
    if not found:
        return None
    if letter := re.search(r"n(?![a-z])", text[found.end() :]):
        place = found.end() + letter.start()
        return text[:place] + rng.choice(("2n", "k", "(n+1)", "(n-1)")) + text[place + 1 :]
    return bare(text[: found.start()]) or None


def _scale(text: str, _rng: random.Random) -> str | None:
    found = re.search(r"(\\circ\}?\s*(?:\\(?:text|mathrm)\{\s*)?|°\s*)([CF])(?![A-Za-z])", text)
    return text[: found.start(2)] + ("F" if found[2] == "C" else "C") + text[found.end(2) :] if found else None


def _part_word(text: str, rng: random.Random) -> str | None:
    """`3` -> 3 tenths."""
    if not re.fullmatch(r"[1-9]\d?", bare(text)):
        return None
    part = rng.choice(("halves", "thirds", "quarters", "fifths", "tenths", "hundredths", "percent", "out of 100"))
    return f"{bare(text)} {part}"


MISSES: Final = (
    Miss("bars", _bars, proof="words", weight=6),
    Miss("one of two", _one_of, proof="words", weight=6),
    Miss("period", _period, proof="words", weight=10),
    Miss("excluded", _excluded, proof="words", weight=16),
    Miss("dots", _dots, proof="words", weight=8),
    Miss("scale of degrees", _scale, proof="words", weight=8),
    Miss("part word", _part_word, proof="words", weight=2),
)
