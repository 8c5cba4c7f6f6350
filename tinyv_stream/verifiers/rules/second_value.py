r"""A second opinion on two single values: both worked out while they are read, in double precision, at whole points.

It shares nothing with the first reader: another tokenizer, no tree, no digits beyond a double's, points of small whole
numbers. It knows little, and abstains on all else: a comma, a word, a bar, a degree, a function without brackets.
So it can object where both readers are sure, and never says that two texts are the same.
"""

import cmath
import math
import re
from collections.abc import Callable
from typing import Final

_POINTS: Final = ((2, 3, 5, 7, 4), (5, 2, 7, 3, 11), (3, 7, 2, 11, 6))
"""Values of the letters, by the alphabet; more letters than this are not looked at."""
_LETTERS: Final = len(_POINTS[0])
_DRESS: Final = re.compile(
    r"\\(?:left|right|displaystyle|quad|qquad)(?![A-Za-z])|\\[,;:! ]|[\s$]|"
    r"\\(?:mathrm|text|operatorname)\s*(?=\{[a-z]+\})|\.\s*\Z"
)
_LABEL: Final = re.compile(r"[A-Za-z](?:_\{?\w\}?|\([a-z]\))?=(?!.*=)")
_TIMES_TEN: Final = re.compile(r"(?<=\d)\s*x\s*(?=10\s*\^)")
_TOKEN: Final = re.compile(r"\\[A-Za-z]+|\d+(?:\.\d+)?|\.\d+|[A-Za-z]|[-+*/^!(){}\[\]]")
_UNKNOWN: Final = re.compile(r"[A-Za-z]{2}|\d[eE][-+]?\d")
_SIDE_BY_SIDE: Final = re.compile(r"\d\s+\d")
_FUNCTIONS: Final[dict[str, Callable[[complex], complex]]] = {
    "sin": cmath.sin,
    "cos": cmath.cos,
    "tan": cmath.tan,
    "ln": cmath.log,
    "exp": cmath.exp,
    "arctan": cmath.atan,
}
_CONSTANTS: Final = {"e": math.e, "i": 1j, "\\pi": math.pi}
_MULTIPLY: Final = frozenset({"*", "\\cdot", "\\times"})
_DIVIDE: Final = frozenset({"/"})
_ROOT: Final = frozenset({"\\sqrt"})
_FRACTIONS: Final = frozenset({"\\frac", "\\dfrac", "\\tfrac"})
_CLOSE: Final = {"(": ")", "{": "}", "[": "]"}
_MAX_CHARS: Final = 200
_MAX_DEPTH: Final = 20
_LARGEST: Final = 1e200
_RELATIVE: Final = 1e-7


class _AbstainError(Exception):
    """Something that is not known here."""


def differ(gold: str, answer: str) -> bool:
    """Say whether two texts differ at every point; False where either is not known through and through."""
    try:
        ours, theirs = _tokens(gold), _tokens(answer)
        names = sorted({t for t in (*ours, *theirs) if len(t) == 1 and t.isalpha() and t not in _CONSTANTS})
        if len(names) > _LETTERS:
            return False
        where = [dict(zip(names, map(complex, values), strict=False)) for values in _POINTS]
        return all(_apart(_Reading(ours, at).value(), _Reading(theirs, at).value()) for at in where)
    except (_AbstainError, ArithmeticError, ValueError):
        return False


def _apart(one: complex, other: complex) -> bool:
    size = max(abs(one), abs(other))
    if not 1 / _LARGEST < size < _LARGEST:
        raise _AbstainError
    return abs(one - other) > _RELATIVE * size


def _tokens(text: str) -> list[str]:
    if len(text) > _MAX_CHARS or _SIDE_BY_SIDE.search(text):
        raise _AbstainError
    bare = _LABEL.sub("", _DRESS.sub("", _TIMES_TEN.sub("*", text)), count=1)
    found = _TOKEN.findall(bare)
    if "".join(found) != bare or not found or _UNKNOWN.search(re.sub(r"\\[A-Za-z]+", "\\\\", bare)):
        raise _AbstainError
    return found


class _Reading:
    """One pass over the tokens that works out the value as it goes."""

    def __init__(self, tokens: list[str], at: dict[str, complex]) -> None:
        self._left = tokens[::-1]
        self._at = at

    def value(self) -> complex:
        found = self._sum(0)
        if self._left:
            raise _AbstainError
        return found

    def _next(self) -> str:
        return self._left[-1] if self._left else ""

    def _sum(self, depth: int) -> complex:
        if depth > _MAX_DEPTH:
            raise _AbstainError
        total = self._product(depth)
        while self._next() in {"+", "-"}:
            sign = -1 if self._left.pop() == "-" else 1
            total += sign * self._product(depth)
        return total

    def _product(self, depth: int) -> complex:
        sign = 1
        while self._next() in {"+", "-"}:
            sign *= -1 if self._left.pop() == "-" else 1
        total = sign * self._factor(depth)
        while self._next() not in {"", "+", "-", ")", "]", "}"}:
            token = self._next()
            if token in _MULTIPLY or token in _DIVIDE:
                self._left.pop()
                factor = self._factor(depth)
                total = total / factor if token in _DIVIDE else total * factor
            elif token[0].isdigit() or token in _FRACTIONS:  # a mixed number, or two numbers
                raise _AbstainError
            else:
                total *= self._factor(depth)
        return total

    def _factor(self, depth: int) -> complex:
        base = self._atom(depth)
        if self._next() == "!":
            self._left.pop()
            if base.imag or base.real != int(base.real) or not 0 <= base.real <= 100:
                raise _AbstainError
            base = complex(math.factorial(int(base.real)))
        if self._next() == "^":
            self._left.pop()
            power = self._atom(depth)
            if self._next() in {"!", "^"}:
                raise _AbstainError
            base = base**power
        return base

    def _group(self, depth: int) -> complex:
        if self._next() != "{":
            raise _AbstainError
        return self._atom(depth)

    def _atom(self, depth: int) -> complex:
        token = self._left.pop() if self._left else ""
        if token in _CLOSE:
            inner = self._sum(depth + 1)
            if not self._left or self._left.pop() != _CLOSE[token]:
                raise _AbstainError
            return inner
        if token in _FRACTIONS:
            top = self._group(depth)
            return top / self._group(depth)
        if token in _ROOT:
            index = self._atom(depth) if self._next() == "[" else 2
            inner = self._group(depth)
            if index != 2 and not inner.imag and inner.real < 0:  # which of its roots is meant
                raise _AbstainError
            return inner ** (1 / index)
        if token[1:] in _FUNCTIONS and self._next() in {"(", "{"}:
            return _FUNCTIONS[token[1:]](self._atom(depth))
        return self._leaf(token)

    def _leaf(self, token: str) -> complex:
        if token in _CONSTANTS:
            return complex(_CONSTANTS[token])
        if token in self._at:
            return self._at[token]
        if token[:1].isdigit() or token[:1] == ".":
            return complex(float(token))
        raise _AbstainError
