r"""Pairs of a ground truth and the same thing as a language model would write it: what a grader should hear.

- `rewritten(ground_truths)` applies every rewriting that fits, each from a pattern that fixes the value of what it
  changes; where it does not fit, there is no pair. No pair carries another value, so every refusal is a miss.
- `twisted` does the same with another value behind the rewriting: none of these may be accepted.
- Nothing is drawn at random: the same ground truths give the same pairs.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Final

Rewriting = Callable[[str], str | None]
"""Return the text in another writing, or None where it does not fit."""

_WHOLE: Final = re.compile(r"-?\d{1,12}")
_FRACTION: Final = re.compile(r"(-?)\\[dt]?frac\s*\{(\d{1,6})\}\s*\{(\d{1,6})\}")
_RANGE: Final = re.compile(r"([\[(])\s*([^,()\[\]]+?)\s*,\s*([^,()\[\]]+?)\s*([\])])")
_BOUNDS: Final = re.compile(
    r"([^<>=,\\]+?)\s*(<|\\leq?(?:slant)?(?![a-z]))\s*([a-z])\s*(<|\\leq?(?:slant)?(?![a-z]))\s*([^<>=,\\]+)"
)
_BOUND: Final = re.compile(
    r"([a-z])\s*(<|>|\\leq?(?:slant)?(?![a-z])|\\geq?(?:slant)?(?![a-z]))\s*([^<>=,{}]+(?:\{[^{}]*\}){0,2})"
)
_PAIR: Final = re.compile(r"\(\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*\)")
_LINE: Final = re.compile(r"y\s*=\s*(-?\d*)x\s*([+-])\s*(\d+)")
_ROOT: Final = re.compile(r"(\d*)\\sqrt\{(\d+)\}")
_DEGREES: Final = re.compile(r"(-?\d+(?:\.\d+)?)\s*\^\s*\{?\s*\\circ\s*\}?")
_PERCENT: Final = re.compile(r"(\d+(?:\.\d+)?)\s*\\?%")
_RATIO: Final = re.compile(r"(\d+)\s*:\s*(\d+)")
_UNIT: Final = re.compile(r"(-?\d+(?:\.\d+)?)\s*(?:\\[ ,;])*\s*(?:\\text\{\s*)?([a-z]{1,3})\s*\}?")
_UNIT_WORDS: Final = {"cm": "centimeters", "m": "meters", "km": "kilometers", "kg": "kilograms", "g": "grams"}
_SET: Final = re.compile(r"\\\{\s*([^{}|:\\]+,[^{}|:\\]+)\\\}")
_LE: Final = "\\le"
_GE: Final = "\\ge"
_FLIPPED: Final = {"<": ">", ">": "<", _LE: _GE, _GE: _LE}


def rewritten(golds: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (model answer, ground truth, name of the rewriting) for every rewriting that fits."""
    for gold in golds:
        for name, rewrite in REWRITINGS.items():
            answer = rewrite(gold)
            if answer is not None and answer != gold:
                yield answer, gold, name


def twisted(golds: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield what `rewritten` yields, for another value: the last digit of the ground truth is one more or less."""
    for gold in golds:
        other = _other(gold)
        if other is not None:
            yield from ((answer, gold, name) for answer, _, name in rewritten([other]))


def _other(gold: str) -> str | None:
    places = [m.start() for m in re.finditer(r"(?<![A-Za-z\\{])\d(?![\d.])", gold)]
    if not places:
        return None
    at = places[-1]
    return gold[:at] + str((int(gold[at]) + 1) % 10) + gold[at + 1 :]


def _whole(pattern: re.Pattern[str], work: Callable[[re.Match[str]], str | None]) -> Rewriting:
    """Return the rewriting of a text that a pattern covers from end to end."""

    def rewrite(text: str) -> str | None:
        found = pattern.fullmatch(text.strip(" \n"))
        return work(found) if found else None

    return rewrite


def _framed(before: str, after: str, *, unless: str = "") -> Rewriting:
    return lambda text: None if unless and re.search(unless, text) else before + text.strip(" \n") + after


def _mixed(found: re.Match[str]) -> str | None:
    top, bottom = int(found[2]), int(found[3])
    if not 0 < bottom < top or top % bottom == 0:
        return None
    return rf"{found[1]}{top // bottom}\frac{{{top % bottom}}}{{{bottom}}}"


def _decimal(found: re.Match[str]) -> str | None:
    bottom = int(found[3])
    if bottom == 0 or not {2, 5} >= _primes(bottom):
        return None
    return f"{found[1]}{float(Fraction(int(found[2]), bottom))}"


def _primes(number: int) -> set[int]:
    return {p for p in range(2, min(number, 1_000) + 1) if number % p == 0 and all(p % q for q in range(2, p))}


def _sign(text: str) -> str:
    return text if text in "<>" else text[:3]


def _bounds(found: re.Match[str]) -> str:
    left, right = ("[" if "l" in found[2] else "("), ("]" if "l" in found[4] else ")")
    return f"{left}{found[1].strip()}, {found[5].strip()}{right}"


def _half_line(found: re.Match[str]) -> str:
    sign, end = _sign(found[2]), found[3].strip()
    if sign in {"<", "\\le"}:
        return rf"(-\infty, {end}" + ("]" if sign == _LE else ")")
    return ("[" if sign == _GE else "(") + rf"{end}, +\infty)"


def _inequality(found: re.Match[str]) -> str | None:
    if "infty" in found[0]:
        return None
    signs = ["<" if bracket in "()" else _LE for bracket in (found[1], found[4])]
    return f"{found[2]} {signs[0]} x {signs[1]} {found[3]}"


def _standard(found: re.Match[str]) -> str:
    slope = {"": "1", "-": "-1"}.get(found[1], found[1])
    return f"{slope}x - y {found[2]} {found[3]} = 0"


def _under_root(found: re.Match[str]) -> str:
    return rf"\sqrt{{{int(found[1] or 1) ** 2 * int(found[2])}}}"


def _worded_unit(found: re.Match[str]) -> str | None:
    return f"{found[1]} {_UNIT_WORDS[found[2]]}" if found[2] in _UNIT_WORDS else None


REWRITINGS: Final[dict[str, Rewriting]] = {
    "inline mathematics": _framed("$", "$", unless=r"\$|\\\(|[A-Za-z]{4}"),
    "brackets of mathematics": _framed("\\(", "\\)", unless=r"\$|\\\(|[A-Za-z]{4}"),
    "full stop": _framed("", ".", unless=r"[.\s]\Z"),
    "bold": _framed("**", "**", unless=r"[*$]"),
    "answer in front": _framed("The answer is ", "", unless="=|[A-Za-z]{4}|[<>]"),
    "boxed again": _framed("\\boxed{", "}", unless=r"\\boxed|\Z(?<=\\)"),
    "named x": _framed("x = ", "", unless=r"[A-Za-z=<>:,%°£]|[^\x00-\x7f]|\\(?!frac|sqrt|pi)"),
    "wide space": lambda text: text.replace(", ", r", \quad ") if ", " in text else None,
    "big fraction": lambda text: text.replace("\\frac", "\\dfrac") if "\\frac" in text else None,
    "slash": _whole(_FRACTION, lambda m: f"{m[1]}{m[2]}/{m[3]}"),
    "mixed number": _whole(_FRACTION, _mixed),
    "decimal": _whole(_FRACTION, _decimal),
    "doubled fraction": _whole(_FRACTION, lambda m: rf"{m[1]}\frac{{{2 * int(m[2])}}}{{{2 * int(m[3])}}}"),
    "negative power": _whole(_FRACTION, lambda m: rf"{m[1]}{m[2]} \cdot {m[3]}^{{-1}}" if int(m[3]) else None),
    "fraction of decimal": _whole(
        re.compile(r"(-?)(\d{1,6})\.(\d{1,4})"),
        lambda m: rf"{m[1]}\frac{{{int(m[2] + m[3])}}}{{{10 ** len(m[3])}}}",
    ),
    "thousands": _whole(_WHOLE, lambda m: f"{int(m[0]):,}" if abs(int(m[0])) > 999 else None),
    "thin thousands": _whole(_WHOLE, lambda m: f"{int(m[0]):,}".replace(",", r"\,") if abs(int(m[0])) > 999 else None),
    "in text": _framed("\\text{", "}", unless=r"[{}$]|\\"),
    "degrees in words": _whole(_DEGREES, lambda m: f"{m[1]} degrees"),
    "degree sign": _whole(_DEGREES, lambda m: f"{m[1]}°"),
    "percent in words": _whole(_PERCENT, lambda m: f"{m[1]} percent"),
    "percent as a number": _whole(_PERCENT, lambda m: f"{float(Fraction(m[1]) / 100):.10f}".rstrip("0").rstrip(".")),
    "ratio in words": _whole(_RATIO, lambda m: f"{m[1]} to {m[2]}"),
    "interval of bounds": _whole(_BOUNDS, _bounds),
    "bounds of an interval": _whole(_RANGE, _inequality),
    "half line": _whole(_BOUND, _half_line),
    "flipped": _whole(_BOUND, lambda m: f"{m[3].strip()} {_FLIPPED[_sign(m[2])]} {m[1]}"),
    "builder": _whole(_BOUND, lambda m: rf"\{{{m[1]} \mid {m[0]}\}}"),
    "coordinates": _whole(_PAIR, lambda m: f"x = {m[1]}, y = {m[2]}"),
    "named point": _whole(_PAIR, lambda m: f"(x, y) = ({m[1]}, {m[2]})"),
    "standard line": _whole(_LINE, _standard),
    "under the root": _whole(_ROOT, _under_root),
    "root as a power": _whole(_ROOT, lambda m: (m[1] and rf"{m[1]} \cdot ") + f"{m[2]}^{{1/2}}"),
    "set as a list": _whole(_SET, lambda m: m[1].strip()),
    "set with and": _whole(_SET, lambda m: " and ".join(m[1].rsplit(",", 1)).strip()),
    "worded unit": _whole(_UNIT, _worded_unit),
    "and": lambda text: text.replace(r"\text{ and }", ", ") if r"\text{ and }" in text else None,
    "or": lambda text: text.replace(r"\text{ or }", " or ") if r"\text{ or }" in text else None,
    "plain relations": lambda text: (
        re.sub(r"\\leq?(?:slant)?(?![a-z])", "<=", re.sub(r"\\geq?(?:slant)?(?![a-z])", ">=", text))
        if re.search(r"\\[gl]eq?(?:slant)?(?![a-z])", text)
        else None
    ),
    "unicode": lambda text: (
        re.sub(r"\\leq?(?:slant)?(?![a-z])", "≤", re.sub(r"\\geq?(?:slant)?(?![a-z])", "≥", text)).replace("\\pi", "π")
        if re.search(r"\\(?:[gl]eq?(?:slant)?|pi)(?![a-z])", text)
        else None
    ),
}
