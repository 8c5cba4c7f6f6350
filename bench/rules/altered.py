r"""Pairs of a ground truth and an altered copy of it: the cases of a contract between two graders.

- `altered(ground_truths)` applies every alteration that fits to every ground truth: other spellings, other values,
  other structure, and another question's answer. About half keep the meaning; no pair carries a label.
- Drawn from a seed, in the order given; equal pairs appear once.
- `ground_truths(path)` reads them from JSONL (`ground_truth` in each line), without repeats.
"""

import json
import pathlib
import random
import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Final

Alteration = Callable[[str, random.Random], str | None]
"""Return the altered text, or None where it does not fit."""

_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?")
_SIMPLE_FRACTION: Final = re.compile(r"\\[dt]?frac\s*\{(-?\d+)\}\s*\{(\d+)\}")
_TERM: Final = re.compile(r"[^+\-=<>,()\[\]{}&]+")


def ground_truths(path: pathlib.Path) -> list[str]:
    """Return the distinct ground truths of a JSONL file, in its order."""
    lines = path.read_text("utf-8").splitlines()
    return list(dict.fromkeys(str(json.loads(line)["ground_truth"]) for line in lines if line.strip()))


def altered(golds: Sequence[str], *, seed: int = 0) -> Iterator[tuple[str, str, str]]:
    """Yield (model answer, ground truth, name of the alteration) for every alteration that fits."""
    rng = random.Random(seed)  # noqa: S311 (a workload, not a secret)
    seen: set[tuple[str, str]] = set()
    for gold in golds:
        for name, change in ALTERATIONS.items():
            answer = rng.choice(golds) if name == "another" else change(gold, rng)
            if answer is not None and (answer, gold) not in seen:
                seen.add((answer, gold))
                yield answer, gold, name


def _swapped(*pairs: tuple[str, str]) -> Alteration:
    """Return the alteration that replaces the first text of the first pair that occurs."""

    def change(text: str, rng: random.Random) -> str | None:
        del rng
        return next((text.replace(old, new) for old, new in pairs if old in text), None)

    return change


def _framed(before: str, after: str) -> Alteration:
    return lambda text, _rng: before + text + after


def _on_number(work: Callable[[Fraction, str], str]) -> Alteration:
    """Return the alteration of an answer that is one plain number."""

    def change(text: str, rng: random.Random) -> str | None:
        del rng
        return work(Fraction(text), text) if _NUMBER.fullmatch(text) else None

    return change


def _on_fraction(work: Callable[[int, int], str]) -> Alteration:
    """Return the alteration of the first numeric fraction."""

    def change(text: str, rng: random.Random) -> str | None:
        del rng
        found = _SIMPLE_FRACTION.search(text)
        if found is None or int(found[2]) == 0:
            return None
        return text[: found.start()] + work(int(found[1]), int(found[2])) + text[found.end() :]

    return change


def _on_list(work: Callable[[list[str], random.Random], list[str] | None]) -> Alteration:
    """Return the alteration of comma-separated elements inside of the outer brackets."""

    def change(text: str, rng: random.Random) -> str | None:
        frame = re.fullmatch(r"(\\?[(\[{])?(.*?)(\\?[)\]}])?", text, re.DOTALL)
        parts = [part.strip() for part in frame[2].split(",")] if frame else []
        found = work(parts, rng) if len(parts) > 1 else None
        return (frame[1] or "") + ", ".join(found) + (frame[3] or "") if frame and found else None

    return change


def _digit(text: str, rng: random.Random) -> str | None:
    places = [at for at, char in enumerate(text) if char.isascii() and char.isdigit()]
    if not places:
        return None
    at = rng.choice(places)
    return text[:at] + str((int(text[at]) + rng.randint(1, 9)) % 10) + text[at + 1 :]


def _sign(text: str, rng: random.Random) -> str | None:
    places = [at for at, char in enumerate(text) if char in "+-"]
    if not places:
        return "-" + text
    at = rng.choice(places)
    return text[:at] + ("-" if text[at] == "+" else "+" if at else "") + text[at + 1 :]


def _terms(text: str, rng: random.Random) -> str | None:
    """Return a plain sum of two terms the other way round."""
    del rng
    found = re.fullmatch(rf"({_TERM.pattern})([+-])({_TERM.pattern})", text)
    if found is None:
        return None
    first, sign, second = (part.strip() for part in found.groups())
    return f"{second}+{first}" if sign == "+" else f"-{second}+{first}"


def _case(text: str, rng: random.Random) -> str | None:
    del rng
    return None if "\\" in text or text.swapcase() == text else text.swapcase()


def _unnamed(text: str, rng: random.Random) -> str | None:
    del rng
    return text.rpartition("=")[2].strip() if "=" in text else None


def _shorter(text: str, rng: random.Random) -> str | None:
    """Return the text with its last decimal cut off."""
    del rng
    found = re.search(r"\.\d*(\d)(?!\d)", text)
    return text[: found.start(1)] + text[found.end() :] if found else None


def _rounded(value: Fraction, places: int) -> str:
    return f"{float(value):.{places}f}"


def _shuffled(parts: list[str], rng: random.Random) -> list[str]:
    return rng.sample(parts, k=len(parts))


ALTERATIONS: Final[dict[str, Alteration]] = {
    "as it is": lambda text, _rng: text,
    "fraction command": _swapped(("\\frac", "\\dfrac"), ("\\dfrac", "\\frac"), ("\\tfrac", "\\frac")),
    "spaces": lambda text, _rng: re.sub(r"(?<=[\w}])([=+,])(?=[\w\\{])", r" \1 ", text),
    "no spaces": lambda text, _rng: text if "\\" in text else text.replace(" ", ""),
    "dollars": _framed("$", "$"),
    "named": lambda text, _rng: None if "=" in text else f"x = {text}",
    "unnamed": _unnamed,
    "sized brackets": lambda text, _rng: re.sub(r"(?<!\\)\)", r"\\right)", re.sub(r"(?<!\\)\(", r"\\left(", text)),
    "in text": lambda text, _rng: None if "{" in text else rf"\text{{{text}}}",
    "with a unit": _on_number(lambda _value, text: rf"{text}\text{{ cm}}"),
    "with a worded unit": _on_number(lambda _value, text: f"{text} meters"),
    "with percent": _on_number(lambda _value, text: rf"{text}\%"),
    "with degrees": _on_number(lambda _value, text: rf"{text}^\circ"),
    "with currency": _on_number(lambda _value, text: rf"\${text}"),
    "thousands": _on_number(lambda value, _text: f"{value.numerator:,}" if value.denominator == 1 else f"{value}"),
    "point zero": _on_number(lambda _value, text: text if "." in text else f"{text}.0"),
    "in braces": _framed("{", "}"),
    "in set braces": _framed("\\{", "\\}"),
    "in brackets": _framed("(", ")"),
    "slash": _on_fraction(lambda top, bottom: f"{top}/{bottom}"),
    "doubled fraction": _on_fraction(lambda top, bottom: rf"\frac{{{2 * top}}}{{{2 * bottom}}}"),
    "decimal": _on_fraction(lambda top, bottom: _rounded(Fraction(top, bottom), 6)),
    "coarse decimal": _on_fraction(lambda top, bottom: _rounded(Fraction(top, bottom), 2)),
    "negative bottom": _on_fraction(lambda top, bottom: rf"\frac{{{-top}}}{{-{bottom}}}"),
    "reciprocal": _on_fraction(lambda top, bottom: rf"\frac{{{bottom}}}{{{top}}}"),
    "as a fraction": _on_number(lambda value, _text: rf"\frac{{{3 * value.numerator}}}{{{3 * value.denominator}}}"),
    "as a sum": _on_number(lambda value, _text: f"{value.numerator // 2}+{value.numerator - value.numerator // 2}"),
    "terms swapped": _terms,
    "plus nothing": lambda text, _rng: None if "," in text or "=" in text else f"{text}+0",
    "and": _swapped((", ", " and "), (" and ", ", "), (" or ", ", ")),
    "case": _case,
    "digit": _digit,
    "another digit": _digit,
    "sign": _sign,
    "hundredfold": _on_number(lambda value, _text: str(float(100 * value))),
    "hundredth": _on_number(lambda value, _text: str(float(value / 100))),
    "nudged": _on_number(lambda value, _text: str(float(value * Fraction(1_000_05, 1_000_00)))),
    "shifted": _on_number(lambda value, _text: str(float(value * Fraction(1_001, 1_000)))),
    "shorter": _shorter,
    "operator": _swapped(("+", "-"), ("\\cdot", "+"), ("\\sin", "\\cos"), ("\\le", "\\ge")),
    "open or closed": _swapped(("(", "["), ("[", "("), ("\\leq", "<"), ("<", "\\le ")),
    "order": _on_list(_shuffled),
    "dropped": _on_list(lambda parts, rng: [p for p in parts if p != rng.choice(parts)] or None),
    "added": _on_list(lambda parts, _rng: [*parts, "17"]),
    "another": lambda text, _rng: text,
}
