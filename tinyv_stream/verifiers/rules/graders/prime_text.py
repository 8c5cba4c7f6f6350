r"""PRIME's three spellings of an answer, after its documented behaviour (Hendrycks MATH, PRM800K, PRIME; see verl).

- `mathd` is the Hendrycks spelling; `prm` the PRM800K one, with LaTeX flattened to text (`prime_flat`).
- Rough edges are kept on purpose, because `prime` means PRIME: `\frac{x+1}{2}` flattens to `x+1/2`, an index of a root
  is lost, units vanish inside of words. The grader `cascade` has none of them.
- Text in, text out: nothing is evaluated. Independent code; nothing is copied from the reference.
"""

# Greek letters are data here.

import re
from collections.abc import Callable
from typing import Final

from tinyv_stream.verifiers.rules.graders.prime_flat import flatten


def _listed(text: str) -> list[str]:
    return text.split()


_WRAPPED: Final = re.compile(r"\\text\{(.+?)\}")
_MATHD: Final = (
    ("\n", ""),
    ("\\!", ""),
    ("\\\\", "\\"),
    ("tfrac", "frac"),
    ("dfrac", "frac"),
    ("\\left", ""),
    ("\\right", ""),
    ("^{\\circ}", ""),
    ("^\\circ", ""),
    ("\\$", ""),
)
_PRM: Final = (
    ("\\%", "%"),
    ("\\$", "$"),
    ("$", ""),
    ("%", ""),
    (" or ", " , "),
    (" and ", " , "),
    ("million", "*10^6"),
    ("billion", "*10^9"),
    ("trillion", "*10^12"),
)
_UNITS: Final = tuple(
    re.compile(rf"{unit}(?:es)?s? *(?:\^[0-9]+)?")
    for unit in _listed(
        "degree cm centimeter meter mile second minute hour day week month year foot feet inch yard liter"
    )
)


def mathd(text: str) -> str:
    r"""Return the Hendrycks spelling: `\frac12` and `1/2` become `\frac{1}{2}`, units and degrees go."""
    text = text.strip()
    wrapped = _WRAPPED.search(text)
    if wrapped and wrapped.start() == 0 and wrapped.end() == len(text):
        text = wrapped[1].strip()
    try:
        return _mathd(text)
    except IndexError:  # a \frac or \sqrt with nothing behind it: the reference gives up here, too
        return text


def _mathd(text: str) -> str:
    original = text
    for old, new in _MATHD:
        text = text.replace(old, new)
    if "\\text{ " in text:
        parts = text.split("\\text{ ")
        if len(parts) != 2:
            return original
        text = parts[0]
    text = text.replace("\\%", "").replace(" .", " 0.").replace("{.", "{0.")
    if not text:
        return text
    if text[0] == ".":
        text = "0" + text
    label, equals, rest = text.partition("=")
    if equals and "=" not in rest and len(label) <= 2:
        text = rest
    text = _brace_arguments(text, "\\sqrt", _brace_root).replace(" ", "")
    text = _brace_arguments(text, "\\frac", _brace_fraction)
    if text == "0.5":
        return "\\frac{1}{2}"
    slash = re.fullmatch(r"(-?[1-9]\d*|0)/(-?[1-9]\d*|0)", text)
    return f"\\frac{{{slash[1]}}}{{{slash[2]}}}" if slash else text


def prm(text: str) -> str:
    """Return the PRM800K spelling: flat, lower case, without units, integers without a point."""
    wrapped = re.fullmatch(r"\\text\{(.+?)\}", text)
    text = wrapped[1] if wrapped else text
    for old, new in _PRM:
        text = text.replace(old, new)
    for unit in _UNITS:
        text = unit.sub("", text)
    text = re.sub(r"\^ *\\circ", "", text)
    if len(text) > 1 and text[0] == "{" and text[-1] == "}":
        text = text[1:-1]
    text = _integer(re.sub(r",\\! *", "", text))
    if "\\" in text:
        text = flatten(text)
    text = re.sub(r"- *", "-", text)
    text = re.sub(r"([0-9]) +([0-9])", r"\1+\2", text).lower()
    return _integer(text, commas=True)


def plain_commas(text: str) -> str:
    """Return `text` without thousands separators: a comma between a digit and exactly three."""
    while True:
        shorter = re.sub(r"(\d),(\d\d\d)($|\D)", r"\1\2\3", text)
        if shorter == text:
            return text
        text = shorter


def as_float(text: str) -> float | None:
    """Return what float() makes of `text`, or None."""
    try:
        return float(text)
    except ValueError:
        return None


def is_integer(text: str) -> bool:
    """Say whether `text`, without thousands separators, is a whole number to seven decimals."""
    value = as_float(plain_commas(text))
    return value is not None and abs(value) < float("inf") and abs(value - round(value)) <= 1e-7


def _integer(text: str, *, commas: bool = False) -> str:
    if not is_integer(text) or (not commas and as_float(text) is None):
        return text
    value = as_float(text.replace(",", ""))
    if value is None:
        return text
    return str(int(value) if commas else round(value))


def _brace_arguments(text: str, command: str, brace: Callable[[str], str | None]) -> str:
    head, *rest = text.split(command)
    fixed = [brace(part) for part in rest]
    whole = [part for part in fixed if part is not None]
    return head + "".join(command + part for part in whole) if len(whole) == len(fixed) else text


def _brace_root(part: str) -> str:
    return part if part[0] == "{" else "{" + part[0] + "}" + part[1:]


def _brace_fraction(part: str) -> str | None:
    if part[0] == "{":
        return part
    if len(part) < 2:
        return None
    rest = part[1:] if part[1] == "{" else "{" + part[1] + "}" + part[2:]
    return "{" + part[0] + "}" + rest
