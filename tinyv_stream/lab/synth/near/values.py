"""Near misses in an expression: a digit, a sign, an operator, an exponent, a letter."""
# Answers are written with such signs; a form tries one shape after the other.

import random
import re
from typing import Final

from tinyv_stream.lab.synth.miss import Miss
from tinyv_stream.lab.synth.shape import (
    FRACTION,
    bare,
    elements,
    join_terms,
    terms,
)


def digit(text: str, rng: random.Random) -> str | None:
    """Another number in one place: the next one, another digit, ten times as much."""
    places = [m for m in re.finditer(r"\d+(?:\.\d+)?", text) if not re.search(r"(?:_|_\{|matrix)$", text[: m.start()])]
    if not places:
        return None
    place = rng.choice(places)
    return text[: place.start()] + _other_number(place[0], rng) + text[place.end() :]


def _other_number(number: str, rng: random.Random) -> str:
    if "." in number:
        digits = [i for i, c in enumerate(number) if c != "."]
        early = digits[: max(2, len(digits) - 1)]
        i = rng.choice(early)
        return number[:i] + str((int(number[i]) + rng.randint(1, 9)) % 10) + number[i + 1 :]
    n = int(number)
    near = [n + 1, n + 1, n + 2, n - 1, n - 1, n + 3, 2 * n, n + 10, n + rng.randint(3, 30), 3 * n]
    if len(number) > 1:
        i = rng.randrange(len(number))
        near += [
            int(number[:i] + str((int(number[i]) + rng.randint(1, 9)) % 10) + number[i + 1 :]),
            int(number[::-1]),
        ] * 3
    return str(rng.choice([k for k in near if k != n and k >= 0] or [n + 1]))


def _digits(text: str, rng: random.Random) -> str | None:
    once = digit(text, rng)
    return digit(once, rng) if once and len(re.findall(r"\d+", text)) > 1 else None


def _sign(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    minus = [m.start() for m in re.finditer(r"-(?=[\d\\a-z(])", plain)]
    if minus and rng.random() < 0.6:
        i = rng.choice(minus)
        left = plain[:i].rstrip()
        unary = not left or left[-1] in "([{,=<>;^/:|" or re.search(r"\\[a-z]+$", left)
        return plain[:i] + ("" if unary else "+ ") + plain[i + 1 :].lstrip()
    if (
        re.fullmatch(r"[\d\\(].*", plain)
        and "\\text" not in plain
        and not elements(plain)
        and "=" not in plain
        and not plain.startswith("\\{")
    ):
        return "-" + plain if not terms(plain) else f"-({plain})"
    if found := elements(plain):
        parts = list(found[1])
        i = rng.randrange(len(parts))
        if re.match(r"[\d\\]", parts[i]) and not parts[i].startswith("\\infty"):
            parts[i] = "-" + parts[i]
            return found[0] + ", ".join(parts) + found[2]
    return None


def _operator(text: str, rng: random.Random) -> str | None:
    places = [m.start() for m in re.finditer(r"(?<=[\w}) ])[+-](?=[\w\\ (])", text)]
    if not places:
        return None
    i = rng.choice(places)
    if text[:i].rstrip()[-1:] in set("([{,=<>;^/") or not text[:i].strip():
        return None
    return text[:i] + ("-" if text[i] == "+" else "+") + text[i + 1 :]


def _invert(text: str, rng: random.Random) -> str | None:
    places = [m for m in FRACTION.finditer(text) if m[1].lstrip("-") != m[2] and int(m[1])]
    if not places:
        found = re.fullmatch(r"(\d+)/(\d+)", bare(text))
        return f"{found[2]}/{found[1]}" if found and found[1] != found[2] and int(found[1]) else None
    m = rng.choice(places)
    return text[: m.start()] + f"\\frac{{{m[2]}}}{{{m[1].lstrip('-')}}}" + text[m.end() :]


def _exponent(text: str, rng: random.Random) -> str | None:
    places = list(re.finditer(r"\^\{?(\d)\}?", text))
    if places and rng.random() < 0.7:
        m = rng.choice(places)
        return text[: m.start()] + f"^{{{int(m[1]) + rng.choice((1, 1, 2))}}}" + text[m.end() :]
    letters = list(re.finditer(r"(?<![\\A-Za-z^_{])[a-z](?![A-Za-z^(_}])|\\pi(?![a-z^])", text))
    if not letters or re.search(r"[A-Za-z]{3,}", re.sub(r"\\[A-Za-z]+", "", text)):
        return None
    m = rng.choice(letters)
    return text[: m.end()] + "^{2}" + text[m.end() :]


def _root(text: str, rng: random.Random) -> str | None:
    places = list(re.finditer(r"\\sqrt\{(\d+)\}", text))
    if not places:
        return None
    m = rng.choice(places)
    new = (
        f"\\sqrt{{{rng.choice([k for k in (2, 3, 5, 6, 7, 10, 13) if str(k) != m[1]])}}}"
        if rng.random() < 0.7
        else m[1]
    )
    return text[: m.start()] + new + text[m.end() :]


def _letter(text: str, rng: random.Random) -> str | None:
    """Another name inside an expression in which the names mean something: ab -> ac."""
    plain = bare(text)
    letters = re.findall(r"(?<![A-Za-z\\])[a-dm-nyz](?![A-Za-z(])", plain)
    if len(set(letters)) < 2 or "(x)" in plain:
        return None
    old, new = rng.sample(sorted(set(letters)), 2)
    places = [m.start() for m in re.finditer(rf"(?<![A-Za-z\\]){old}(?![A-Za-z(])", plain)]
    i = rng.choice(places)
    return plain[:i] + new + plain[i + 1 :]


def _function(text: str, rng: random.Random) -> str | None:
    pairs = {"sin": "cos", "cos": "sin", "tan": "cot", "ln": "log", "max": "min", "min": "max", "arctan": "arcsin"}
    for old in sorted(pairs, key=len, reverse=True):
        if re.search(rf"\\{old}(?![a-z])", text) and rng.random() < 0.8:
            return re.sub(rf"\\{old}(?![a-z])", "\\\\" + pairs[old], text, count=1)
    return None


def _scale(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    if re.search(r"[=<>,:]|\\in|\\cup|[A-Za-z]{4,} |\\text|\\[lg]e", plain) or not plain:
        return None
    if terms(plain):
        return rng.choice((f"2({plain})", f"\\frac{{{plain}}}{{2}}", f"({plain})^2"))
    return rng.choice(
        (
            f"2{plain}" if not plain[0].isdigit() else f"2 \\cdot {plain}",
            f"\\frac{{{plain}}}{{2}}",
            f"{plain} + 1",
            f"{plain} - 1",
        )
    )


def _missing_term(text: str, rng: random.Random) -> str | None:
    if not (parts := terms(text)):
        return None
    parts.pop(rng.randrange(len(parts)))
    return join_terms(parts)


MISSES: Final = (
    Miss("digit", digit, weight=14),
    Miss("digits", _digits, weight=2),
    Miss("sign", _sign, weight=3),
    Miss("operator", _operator, weight=3),
    Miss("missing term", _missing_term, weight=3),
    Miss("inverse", _invert, weight=4),
    Miss("exponent", _exponent, weight=3),
    Miss("root", _root, weight=3),
    Miss("letter", _letter, weight=4),
    Miss("function", _function, weight=12),
    Miss("scale", _scale),
)
