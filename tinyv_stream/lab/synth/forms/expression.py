"""Forms of class 3, expression: order of terms and factors, fractions, roots, logarithms, angles."""
# ruff: noqa: PLR0911
# Answers are written with such signs; a form tries one shape after the other.

import math
import random
import re
from fractions import Fraction
from typing import Final

from tinyv_stream.lab.synth.form import RewriteForm
from tinyv_stream.lab.synth.shape import (
    FRACTION,
    bare,
    elements,
    fraction,
    join_terms,
    terms,
)


def _commute(text: str, rng: random.Random) -> str | None:
    """Swap the terms of a sum: of the whole, or inside a numerator."""
    if parts := terms(text):
        rng.shuffle(parts)
        return join_terms(parts)
    if found := fraction(text):
        sign, top, bottom = found
        if parts := terms(top):
            rng.shuffle(parts)
            return f"{sign}\\frac{{{join_terms(parts)}}}{{{bottom}}}"
    head, equals, tail = bare(text).partition("=")
    if equals and "=" not in tail and (parts := terms(tail)):
        rng.shuffle(parts)
        return f"{head.strip()} = {join_terms(parts)}"
    return None


def _commute_each(text: str, rng: random.Random) -> str | None:
    found = elements(text)
    if not found:
        return None
    parts = [(_commute(p, rng) or p) if "=" not in p else p for p in found[1]]
    return f"{found[0]}{', '.join(parts)}{found[2]}"


def _spread(text: str, rng: random.Random) -> str | None:
    r"""Take a fraction apart: \frac{a+b}{c} -> \frac{a}{c} + \frac{b}{c}, \frac{ax}{b} -> \frac{a}{b}x."""
    found = fraction(text)
    if not found:
        return _outside(text)
    sign, top, bottom = found
    parts = terms(top)
    if parts and not sign:
        if rng.random() < 0.5:
            return join_terms(
                [f"{'-' if p.startswith('-') else ''}\\frac{{{p.lstrip('+- ').strip()}}}{{{bottom}}}" for p in parts]
            )
        return f"\\frac{{1}}{{{bottom}}}({top})" if rng.random() < 0.5 else f"({top})/{_grouped(bottom)}"
    if sign and not parts:
        return f"\\frac{{-{top}}}{{{bottom}}}"
    if found := re.fullmatch(r"(\d+)\s*([A-Za-z\\].*)", top):
        return (
            f"{sign}\\frac{{{found[1]}}}{{{bottom}}}{found[2]}"
            if rng.random() < 0.6
            else f"{sign}{top}/{_grouped(bottom)}"
        )
    if re.fullmatch(r"[A-Za-z]|\\pi|\\sqrt\{\d+\}", top) and re.fullmatch(r"\d+", bottom):
        return f"{sign}\\frac{{1}}{{{bottom}}}{top}"
    return None


def _grouped(text: str) -> str:
    return text if re.fullmatch(r"\w+", text) else f"({text})"


def _outside(text: str) -> str | None:
    r"""\frac{a}{b}x -> \frac{ax}{b}; \frac{1}{2}(a+b) -> \frac{a+b}{2}."""
    found = re.match(r"(-?)\\[dt]?frac\{(\d+)\}\{(\d+)\}\s*", bare(text))
    if not found:
        return None
    rest = bare(text)[found.end() :]
    if re.fullmatch(r"[A-Za-z](?:\^\{?\d\}?)?|\\pi|\\sqrt\{\w+\}", rest):
        return f"{found[1]}\\frac{{{'' if found[2] == '1' else found[2]}{rest}}}{{{found[3]}}}"
    if found[2] == "1" and re.fullmatch(r"\([^()]*\)", rest):
        return f"{found[1]}\\frac{{{rest[1:-1]}}}{{{found[3]}}}"
    return None


def _factors(text: str, _rng: random.Random) -> str | None:
    plain = bare(text)
    if found := re.fullmatch(r"(\([^()]+\))\s*(\([^()]+\))", plain):
        return found[2] + found[1]
    if found := re.fullmatch(r"([^()\\=,<>+-]*)(\([^()]+\))", plain):
        return (
            f"{found[2]} \\cdot {found[1].strip()}"
            if found[1].strip() and not re.search(r"[a-z]$|\^", found[1].strip())
            else None
        )
    if found := re.fullmatch(r"(\d*)([a-z])([a-z])", plain):
        return f"{found[1]}{found[3]}{found[2]}"
    return None


def _slash(text: str, _rng: random.Random) -> str | None:
    if FRACTION.search(text):
        return (
            FRACTION.sub(r"\1/\2", text)
            if not re.search(r"\\[dt]?frac\{-?\d+\}\{\d+\}\s*[\w(\\^]", text) and "^" not in text
            else None
        )
    return re.sub(r"(?<![\w}/])(\d+)/(\d+)(?![\w/{(\\])", r"\\frac{\1}{\2}", text)


def _root_form(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    options: list[str] = []
    if found := re.search(r"(?<![\]\w])(\d+)\s*\\sqrt\{(\d+)\}", plain):
        options.append(
            plain[: found.start()] + f"\\sqrt{{{int(found[1]) ** 2 * int(found[2])}}}" + plain[found.end() :]
        )
    if found := re.fullmatch(r"\\sqrt\{(\w+)\}", plain):
        options += [f"{found[1]}^{{1/2}}", f"{found[1]}^{{\\frac{{1}}{{2}}}}"]
    if found := re.fullmatch(r"\\sqrt\[(\d)\]\{(\w+)\}", plain):
        options.append(f"{found[2]}^{{1/{found[1]}}}")
    if (found := re.fullmatch(r"\\[dt]?frac\{(\d+)\}\{\\sqrt\{(\d+)\}\}", plain)) and int(found[2]):
        f = Fraction(int(found[1]), int(found[2]))
        top = "" if f.numerator == 1 else str(f.numerator)
        root = f"{top}\\sqrt{{{found[2]}}}"
        options.append(root if f.denominator == 1 else f"\\frac{{{root}}}{{{f.denominator}}}")
    if found := re.fullmatch(r"\\[dt]?frac\{1\}\{(\w+)\^\{?(\w+)\}?\}", plain):
        options.append(f"{found[1]}^{{-{found[2]}}}")
    if found := re.fullmatch(r"(\w)\^\{-(\w+)\}", plain):
        options.append(f"\\frac{{1}}{{{found[1]}^{{{found[2]}}}}}")
    if found := re.search(r"(?<![\w}])(\w)\s*\\cdot\s*\1\^\{?(\w)\}?", plain):
        options.append(plain[: found.start()] + f"{found[1]}^{{{found[2]}+1}}" + plain[found.end() :])
    if (found := re.search(r"\\sqrt\{(\d{2,3})\}", plain)) and (k := _square_part(int(found[1]))) > 1:
        options.append(plain[: found.start()] + f"{k}\\sqrt{{{int(found[1]) // k**2}}}" + plain[found.end() :])
    return rng.choice(options) if options else None


def _square_part(n: int) -> int:
    return next((k for k in range(math.isqrt(n), 1, -1) if n % (k * k) == 0 and n // (k * k) > 1), 1)


def _log_trig(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    rules = (
        (r"\\ln\s*(\w)\s*-\s*\\ln\s*(\w)(?!\w)", r"\\ln \\frac{\1}{\2}"),
        (r"\\ln\s*(\w)\s*\+\s*\\ln\s*(\w)(?!\w)", r"\\ln(\1 \\cdot \2)"),
        (r"(?<![\w}])(\d)\s*\\ln\s*(\w)(?!\w)", r"\\ln \2^{\1}"),
        (r"\\log_\{?(\w+)\}?\s+(\w+)", r"\\frac{\\ln \2}{\\ln \1}"),
        (r"\\log_\{?(\w+)\}?\s+(\w+)", r"\\frac{\\log \2}{\\log \1}"),
        (r"\\cot\s+(\w)(?![\w{])", r"\\frac{1}{\\tan \1}"),
        (r"\\tan\s+(\w)(?!\w)", r"\\frac{\\sin \1}{\\cos \1}"),
        (r"\\sin\s*2\s*(\w)(?!\w)", r"2\\sin \1\\cos \1"),
        (r"\\ln(?![a-z])", r"\\log_e"),
        (r"\\sec\s+(\w)(?![\w{])", r"\\frac{1}{\\cos \1}"),
    )
    usable = [r for r in rules if re.search(r[0], plain)]
    if usable:
        pattern, other = rng.choice(usable)
        return re.sub(pattern, other, plain, count=1)
    return None


def _angle(text: str, rng: random.Random) -> str | None:
    plain = bare(text).replace("π", "\\pi")
    if found := re.fullmatch(r"(\d+)\s*(?:\^\s*\{?\\circ\}?|°)", plain):
        f = Fraction(int(found[1]), 180)
        top = "\\pi" if f.numerator == 1 else f"{f.numerator}\\pi"
        return (
            top if f.denominator == 1 else rng.choice((f"\\frac{{{top}}}{{{f.denominator}}}", f"{top}/{f.denominator}"))
        )
    if found := re.fullmatch(r"\\[dt]?frac\{(\d*)\s*\\pi\}\{(\d+)\}", plain):
        degrees = Fraction(int(found[1] or 1) * 180, int(found[2]) or 1)
        mark = rng.choice(("^\\circ", "^{\\circ}", "°"))
        return f"{degrees}{mark}" if degrees.denominator == 1 else None
    return None


def _combinatorial(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    if (found := re.fullmatch(r"\\[dt]?binom\{(\d{1,2})\}\{(\d)\}", plain)) and int(found[2]) <= int(found[1]):
        return rng.choice(
            (str(math.comb(int(found[1]), int(found[2]))), f"\\binom{{{found[1]}}}{{{int(found[1]) - int(found[2])}}}")
        )
    if (found := re.fullmatch(r"(\d)!", plain)) and int(found[1]) < 9:
        return str(math.factorial(int(found[1])))
    if found := re.fullmatch(r"(-?\d+)\s*([+-])\s*(\d*)i", plain):
        real_sign = "-" if found[1].startswith("-") else "+"
        return f"{found[2].removeprefix('+')}{found[3]}i {real_sign} {found[1].lstrip('-')}"
    return None


FORMS: Final = (
    RewriteForm("3.1", _commute),
    RewriteForm("3.1", _commute_each),
    RewriteForm("3.1", _spread),
    RewriteForm("3.1", _factors),
    RewriteForm("3.1", _slash),
    RewriteForm("3.2", _root_form),
    RewriteForm("3.3", _log_trig, checked=False),
    RewriteForm("3.3", _angle, checked=False),
    RewriteForm("3.4", _combinatorial, checked=False),
)
