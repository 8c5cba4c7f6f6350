r"""Domains that a question states for its letters: `for positive a and b`, `x > 0`, `n is an integer`, `0 < x < 1`.

- Only what stands beside the letter as a statement counts; `x^2 + 3x < 0` states nothing of `x`.
- Two statements that contradict each other state nothing.
"""

import functools
import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.maths.points import Domain, Domains

_NAME: Final = r"\$?\s*\\?(?:[A-Za-z]|alpha|beta|gamma|theta|lambda)(?:_\{?\d\}?)?\s*\$?"
_NAMES: Final = rf"({_NAME}(?:\s*(?:,\s*and|,|and|or)\s*{_NAME}(?![A-Za-z]))*)(?![A-Za-z'(^])"
_SIGN: Final = r"(positive|negative|non-?negative|natural|strictly positive)"
_KIND: Final = r"(integers?|whole numbers?|natural numbers?|numbers?|constants?|reals?|real numbers?|rational numbers?)"
_BEFORE: Final = re.compile(
    rf"(?:\b{_SIGN}\b\s+)?(?:\b(?:real|rational|odd|even|fixed|given|distinct)\s+)*(?:\b{_KIND}\b\s+)?(?<![A-Za-z]){_NAMES}",
    re.IGNORECASE,
)
_BEHIND: Final = re.compile(
    rf"(?<![A-Za-z\\^_+\-*/=({{}}]){_NAMES}\s*(?:is|are|be|being|denotes?)\s+(?:(?:a|an|any|both|all|two|three|fixed|given|distinct)\s+)*"
    rf"(?:{_SIGN}\b)?\s*(?:(?:real|rational|odd|even)\s+)*{_KIND}?(?![A-Za-z])",
    re.IGNORECASE,
)
_NUMBER: Final = r"(-?\d{1,6}(?:\.\d{1,6})?|-?\\frac\{\d{1,4}\}\{\d{1,4}\})"
_LESS: Final = r"(?:<|\\lt(?![a-z])|\\leq?(?:slant)?(?![a-z])|≤|<=)"
_TAIL: Final = r"(?![\d.]*\s*(?:[-+*/^(\\]|[A-Za-z](?![A-Za-z])))"
_MORE: Final = r"(?:>|\\gt(?![a-z])|\\geq?(?:slant)?(?![a-z])|≥|>=)"
_ABOVE: Final = re.compile(rf"(?:^|(?<=[\s$,(:;])){_NAMES}\s*{_MORE}\s*{_NUMBER}{_TAIL}")
_BELOW: Final = re.compile(rf"(?:^|(?<=[\s$,(:;])){_NAMES}\s*{_LESS}\s*{_NUMBER}{_TAIL}")
_BETWEEN: Final = re.compile(rf"(?:^|(?<=[\s$,(:;])){_NUMBER}\s*{_LESS}\s*{_NAMES}\s*{_LESS}\s*{_NUMBER}{_TAIL}")
_OPERATORS: Final = re.compile(r"[-+*/=|(^]\s*$")
_MEMBER: Final = re.compile(
    rf"(?<![A-Za-z\\]){_NAMES}\s*(?:\\in|∈)\s*\\?(?:mathbb|mathbf)?\s*\{{?\s*([ZNR])\s*\}}?\s*(?:[\^_]\s*\{{?\s*([+>*0]*)\}}?)?"
)
_SINGLE: Final = re.compile(r"(?<![A-Za-z])\\?(?:alpha|beta|gamma|theta|lambda|[A-Za-z])(?:_\{?\d\}?)?(?![A-Za-z])")
_POSITIVE: Final = frozenset({"positive", "natural", "strictly positive"})


@functools.lru_cache(maxsize=2048)
def domains(question: str) -> Domains:
    """Return the domain of every letter of which the question states one."""
    text = question[:4_000]
    stated: dict[str, list[Domain]] = {}
    for names, domain in _statements(text):
        for name in names:
            stated.setdefault(name, []).append(domain)
    found = {name: _all_of(several) for name, several in stated.items()}
    return {name: domain for name, domain in found.items() if domain is not None}


def _statements(text: str) -> list[tuple[list[str], Domain]]:
    found = [(_names(m[3]), _worded(m[1], m[2])) for m in _BEFORE.finditer(text) if m[1] or m[2]]
    found += [(_names(m[1]), _worded(m[2], m[3])) for m in _BEHIND.finditer(text) if m[2] or m[3]]
    for match in _MEMBER.finditer(text):
        positive = match[2] == "N" or "+" in (match[3] or "") or ">" in (match[3] or "")
        found.append((_names(match[1]), Domain(Fraction(0) if positive else None, None, whole=match[2] != "R")))
    for pattern, side in ((_ABOVE, 0), (_BELOW, 1)):
        for match in pattern.finditer(text):
            if not _OPERATORS.search(text[: match.start()]):
                bound = _value(match[2])
                found.append((_names(match[1]), Domain(bound) if side == 0 else Domain(None, bound)))
    found += [(_names(m[2]), Domain(_value(m[1]), _value(m[3]))) for m in _BETWEEN.finditer(text)]
    return found


def _names(text: str) -> list[str]:
    return [re.sub(r"_\{(\w+)\}", r"_\1", name) for name in _SINGLE.findall(text)]


def _worded(sign: str | None, kind: str | None) -> Domain:
    sign, kind = (sign or "").lower().replace("-", ""), (kind or "").lower()
    whole = kind.startswith(("integer", "whole", "natural")) or sign == "natural"
    if sign in _POSITIVE or kind.startswith("natural"):
        return Domain(Fraction(0), None, whole)
    if sign == "nonnegative" or kind.startswith("whole"):
        return Domain(Fraction(-1), None, whole) if whole else Domain(Fraction(0), None)
    return Domain(None, Fraction(0), whole) if sign == "negative" else Domain(None, None, whole)


def _value(text: str) -> Fraction:
    parts = re.fullmatch(r"(-?)\\frac\{(\d+)\}\{(\d+)\}", text)
    if parts is None:
        return Fraction(text)
    return Fraction(int(parts[1] + parts[2]), int(parts[3]) or 1)


def _all_of(several: list[Domain]) -> Domain | None:
    """Return what all statements leave; None if they leave nothing."""
    lows = [d.low for d in several if d.low is not None]
    highs = [d.high for d in several if d.high is not None]
    low, high = max(lows, default=None), min(highs, default=None)
    if low is not None and high is not None and low >= high:
        return None
    return Domain(low, high, any(d.whole for d in several))
