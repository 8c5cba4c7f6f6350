"""Forms of other conventions: turned brackets, bases, periods, powers of ten, remainders, choices, upright letters."""
# ruff: noqa: RUF001 - answers are written with such signs

import random
import re
from fractions import Fraction
from typing import Final

from tinyv_stream.lab.synth.form import RewriteForm
from tinyv_stream.lab.synth.shape import bare, elements, interval, is_surely_interval

_NEARLY: Final = ("\\approx", "\\approx", "≈")
_TOP: Final = re.compile(r"[-+]?\s*(?:\\infty|∞)")


def _turned(text: str, rng: random.Random) -> str | None:
    r"""`(-\infty, 2) \cup [3, 5)` -> ]-\infty; 2[ \cup [3; 5[."""
    pieces = re.split(r"\s*(?:\\cup|∪)\s*", bare(text))
    found = [interval(piece) for piece in pieces]
    if not all(found) or (len(pieces) == 1 and not is_surely_interval(pieces[0])):
        return None
    if all(f and f[0] == "[" and f[3] == "]" for f in found):
        return None
    glue = rng.choice((";", "; ", ", "))
    written = [
        f"{'[' if f[0] == '[' else ']'}{f[1]}{glue}{f[2]}{']' if f[3] == ']' else '['}" for f in found if f is not None
    ]
    return rng.choice((" \\cup ", "\\;\\cup\\;", "∪")).join(written)


def _outside(text: str, rng: random.Random) -> str | None:
    r"""`(-\infty, a) \cup (b, \infty)` -> all real x except those of [a, b]; \mathbb{R} \setminus [a, b]."""
    pieces = re.split(r"\s*(?:\\cup|∪)\s*", bare(text))
    first, last = (interval(pieces[0]), interval(pieces[1])) if len(pieces) == 2 else (None, None)
    if not first or not last or not _TOP.fullmatch(first[1]) or not _TOP.fullmatch(last[2]):
        return None
    left, right = "[" if first[3] == ")" else "(", "]" if last[0] == "(" else ")"
    gap = f"\\{{{first[2]}\\}}" if first[2] == last[1] else f"{left}{first[2]}, {last[1]}{right}"
    if first[2] == last[1] and (left, right) != ("[", "]"):
        return None
    return rng.choice(
        (
            f"\\mathbb{{R}} \\setminus {gap}",
            f"\\text{{all real }} x \\text{{ with }} x \\notin {gap}",
            f"x \\notin {gap}",
            f"\\text{{all real numbers except }} {gap}",
        )
    )


def _base(text: str, rng: random.Random) -> str | None:
    found = re.fullmatch(r"\(?(\d+)\)?_\{?(\d{1,2})\}?", bare(text))
    if not found or any(int(digit) >= int(found[2]) for digit in found[1]) or not 2 <= int(found[2]) <= 16:
        return None
    digits, base = found[1], found[2]
    options = [f"({digits})_{{{base}}}", f"{digits} \\text{{ (base }} {base})", f"{digits}_{{\\text{{base }}{base}}}"]
    options.append(f"\\text{{{digits} in base {base}}}")
    if base in {"2", "8"}:
        options += [
            f"\\texttt{{0{'b' if base == '2' else 'o'}{digits}}}",
            f"0{'b' if base == '2' else 'o'}{digits}",
        ] * 2
    return rng.choice(options)


def _period(text: str, rng: random.Random) -> str | None:
    r"""`0.\overline{45}` -> 0.4545\ldots, 0.(45), 0.\dot{4}\dot{5}, 5/11."""
    found = re.fullmatch(r"(\d*)\.(\d*)(?:\\overline|\\overline\s*)\{(\d{1,4})\}", bare(text))
    if not found:
        return None
    whole, before, period = found[1] or "0", found[2], found[3]
    value = Fraction(int(whole + before + period) - int(whole + before), 10 ** len(before) * (10 ** len(period) - 1))
    dots = "".join(f"\\dot{{{c}}}" if n in {0, len(period) - 1} else c for n, c in enumerate(period))
    long = period * (3 if len(period) < 3 else 2)
    return rng.choice(
        (
            f"{whole}.{before}({period})",
            f"{whole}.{before}{long}\\ldots",
            f"{whole}.{before}{long}...",
            f"{whole}.{before}{dots}",
            f"\\frac{{{value.numerator}}}{{{value.denominator}}}",
        )
    )


def _power_of_ten(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    if found := re.fullmatch(r"(\d(?:\.\d+)?)\s*(?:\\times|\\cdot|×)\s*10\^\{?(-?\d{1,2})\}?", plain):
        return rng.choice((f"{found[1]}e{found[2]}", f"{found[1]}\\,\\mathrm{{E}}{found[2]}", f"{found[1]}E{found[2]}"))
    if re.fullmatch(r"[1-9]\d{4,8}", plain):
        digits = plain.rstrip("0")
        if len(digits) <= 3:
            head = digits[0] + (f".{digits[1:]}" if len(digits) > 1 else "")
            size = len(plain) - 1
            return rng.choice((f"{head} \\times 10^{{{size}}}", f"{head}e{size}", f"{head} \\cdot 10^{size}"))
        return None
    return None


def _grouped(text: str, rng: random.Random) -> str | None:
    plain = (
        bare(text).replace("{,}", "").replace(",", "")
        if re.fullmatch(r"\d{1,3}(?:(?:\{,\}|,)\d{3})+", bare(text))
        else bare(text)
    )
    if not re.fullmatch(r"\d{4,9}", plain):
        return None
    gap = rng.choice(("\\ ", "\\,", "'", " "))
    return f"{int(plain):,}".replace(",", gap)


def _congruent(text: str, rng: random.Random) -> str | None:
    r"""`n = 4k + 2` -> n \equiv 2 \pmod{4}."""
    plain = bare(text)
    if found := re.fullmatch(r"([a-z])\s*=\s*(\d{1,2})([a-z])\s*\+\s*(\d{1,2})", plain):
        name, modulus, other, rest = found[1], int(found[2]), found[3], int(found[4])
        if name == other or not 0 <= rest < modulus:
            return None
        return rng.choice(
            (
                f"{name} \\equiv {rest} \\pmod{{{modulus}}}",
                f"{name} \\equiv {rest} \\bmod {modulus}",
                f"\\text{{numbers congruent to }} {rest} \\text{{ modulo }} {modulus}",
                f"{name} \\text{{ leaves remainder }} {rest} \\text{{ when divided by }} {modulus}",
            )
        )
    if found := re.fullmatch(r"([a-z])\s*\\equiv\s*(\d{1,2})\s*\\pmod\s*\{?(\d{1,2})\}?", plain):
        other = rng.choice("kmt") if found[1] != "k" else "m"
        return f"{found[1]} = {found[3]}{other} + {found[2]}" if found[1] != other else None
    return None


def _choose(text: str, rng: random.Random) -> str | None:
    found = re.fullmatch(r"\\[dt]?binom\{?(\w+)\}?\{?(\w+)\}?", bare(text))
    if not found:
        return None
    n, k = found[1], found[2]
    return rng.choice(
        (f"{{}}^{{{n}}}C_{{{k}}}", f"C({n}, {k})", f"C_{{{n}}}^{{{k}}}", f"{{}}_{{{n}}}C_{{{k}}}", f"{n}C{k}")
    )


def _upright(text: str, _rng: random.Random) -> str | None:
    """Write e and i of a number upright, or no longer so."""
    if re.search(r"\\mathrm\{[ei]\}", text):
        return re.sub(r"\\mathrm\{([ei])\}", r"\1", text)
    if re.search(r"[A-Za-z]{2}", re.sub(r"\\[A-Za-z]+", "", text)) or "(x)" in text:
        return None
    return re.sub(r"(?<![A-Za-z\\])e(?=\^)|(?<=\d)i(?![A-Za-z])", lambda m: f"\\mathrm{{{m[0]}}}", text)


def _approximated(text: str, rng: random.Random) -> str | None:
    r"""`\frac{1}{3}` -> \frac{1}{3} \approx 0.333; the exact value is said too."""
    found = re.fullmatch(r"\\[dt]?frac\{(-?\d{1,4})\}\{(\d{1,4})\}", bare(text))
    if found and int(found[2]):
        shown = f"{int(found[1]) / int(found[2]):.{rng.choice((2, 3, 4))}f}"
    elif found := re.fullmatch(r"(\d*)\\sqrt\{(\d{1,3})\}", bare(text)):
        shown = f"{int(found[1] or 1) * int(found[2]) ** 0.5:.{rng.choice((2, 3))}f}"
    else:
        return None
    return f"{bare(text)} {rng.choice(_NEARLY)} {shown}"


def _as_points(text: str, rng: random.Random) -> str | None:
    r"""`x = 2, y = 300` -> (x, y) = (2, 300)."""
    found = elements(text)
    if not found or not 2 <= len(found[1]) <= 4 or found[0]:
        return None
    parts = [re.fullmatch(r"([a-z])\s*=\s*([^=]+)", part) for part in found[1]]
    if not all(parts) or len({p[1] for p in parts if p}) < len(parts):
        return None
    names, values = (", ".join(p[n] for p in parts if p) for n in (1, 2))
    return rng.choice((f"({names}) = ({values})", f"({values}) \\text{{ for }} ({names})"))


FORMS: Final = (
    RewriteForm("2.1", _turned, checked=False),
    RewriteForm("2.1", _outside, checked=False),
    RewriteForm("2.5", _base, checked=False),
    RewriteForm("2.5", _period, checked=False),
    RewriteForm("2.5", _congruent, checked=False),
    RewriteForm("2.5", _choose, checked=False),
    RewriteForm("2.4", _as_points, checked=False),
    RewriteForm("4.2", _power_of_ten, checked=False),
    RewriteForm("4.4", _grouped, checked=False),
    RewriteForm("1.5", _approximated, checked=False),
    RewriteForm("1.3", _upright, checked=False),
)
