r"""Numeric value of an answer: an independent reading, used to prove two written answers equal or different.

- Own reader: numbers, fractions, roots, powers, functions, implicit products, letters as unknowns. No `eval`.
- Unknowns get fixed values from their names, so equal expressions agree and different ones almost surely do not.
- None where it cannot read: then nothing is proved. It never guesses.
"""
# ruff: noqa: RUF001, S105, PLR0911
# Answers are written with such signs; `token` is a word of mathematics; one return per kind of token.

import cmath
import hashlib
import math
import re
from collections.abc import Callable
from typing import Final

from tinyv_stream.lab.synth.shape import LE, bare, elements

_TOKEN: Final = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+|\\[A-Za-z]+|[A-Za-zα-ωΑ-Ω]|[-+*/^!(){}_|\[\]]|·|×|÷|√|∞|%)")
_FUNCTIONS: Final[dict[str, Callable[[complex], complex]]] = {
    "sin": cmath.sin,
    "cos": cmath.cos,
    "tan": cmath.tan,
    "ln": cmath.log,
    "log": cmath.log10,
    "lg": cmath.log10,
    "arctan": cmath.atan,
    "arcsin": cmath.asin,
    "arccos": cmath.acos,
    "exp": cmath.exp,
}
_NOISE: Final = re.compile(
    r"\\left|\\right|\\displaystyle|\\[,;! ]|\\quad|\\q+uad|\^\s*\{?\s*\\circ\s*\}?|°|\\%|\\\$|"
    r"\\(?:text|mathrm|operatorname|textbf)\s*\{([^{}]*)\}"
)
_CONNECT: Final = re.compile(
    rf"\\cup|∪|\bor\b|\band\b|\\mid|\\in(?![a-z])|∈|=|:|{LE}|\\geqslant|\\geq|\\ge(?![a-z])|≥|[<>]|,|;"
)
_MATRIX: Final = re.compile(r"\\begin\{[a-z]*matrix\}|\\end\{[a-z]*matrix\}|\\\\|&|\\langle|\\rangle|\\\{|\\\}")
_DEPTH: Final = 40


def compare(first: str, second: str) -> bool | None:
    """Tell whether two answers have the same values in any order; None where either cannot be read."""
    a, b = values(first), values(second)
    if a is None or b is None:
        return None
    if len(a) != len(b):
        return False
    return all(close(x, y) for x, y in zip(a, b, strict=True))


def close(x: complex, y: complex, relative: float = 1e-7) -> bool:
    """Tell whether two values agree up to `relative`."""
    if cmath.isinf(x) or cmath.isinf(y):
        return x == y
    return abs(x - y) <= relative * max(abs(x), abs(y), 1e-9)


def values(text: str) -> list[complex] | None:
    """Return the sorted values of every element of an answer (list, set, interval, matrix), names left out."""
    found: list[complex] = []
    pieces = _pieces(text)
    if pieces is None:
        return None
    for piece in pieces:
        value = evaluate(piece)
        if value is None:
            return None
        found.append(value)
    return sorted(found, key=lambda v: (round(v.real, 9), round(v.imag, 9))) if found else None


def _pieces(text: str) -> list[str] | None:
    text = _MATRIX.sub(" , ", bare(text))  # before the noise: a row ends in what also writes a space
    text = _NOISE.sub(lambda m: f" {m[1]} " if m[1] in {"or", " or ", "and", " and "} else " ", text)
    if re.fullmatch(r"\s*-?\d{1,3}(?:,\d{3})+\s*", text):
        return [text.replace(",", "")]
    pieces = [p.strip() for p in _CONNECT.split(text)]
    pieces = [p for q in pieces for p in _unbracket(q)]
    kept = [p for p in pieces if p and not re.fullmatch(r"[A-Za-z]\w?(?:\([a-z]\))?|[A-Za-z]_\{?\w\}?", p)]
    if not kept:  # only names: they are the answer
        kept = [p for p in pieces if p]
    return kept or None


def _unbracket(piece: str) -> list[str]:
    """Drop the half bracket that splitting a tuple leaves."""
    piece = piece.strip()
    while piece[:1] in {"(", "["} and piece.count(piece[0]) > piece.count(")" if piece[0] == "(" else "]"):
        piece = piece[1:].strip()
    while piece[-1:] in {")", "]"} and piece.count(piece[-1]) > piece.count("(" if piece[-1] == ")" else "["):
        piece = piece[:-1].strip()
    inner = elements(piece)
    return [piece] if inner is None else inner[1]


def evaluate(text: str) -> complex | None:
    """Return the value of one expression, None where it cannot be read or is not finite."""
    tokens = _tokens(text)
    if not tokens:
        return None
    if tokens in (["∞"], ["\\infty"], ["+", "\\infty"], ["+", "∞"]):
        return complex(math.inf)
    if tokens in (["-", "∞"], ["-", "\\infty"]):
        return complex(-math.inf)
    try:
        reader = _WorthReader(tokens)
        value = reader.sum(0)
        return value if reader.at_end() and cmath.isfinite(value) else None
    except (_UnreadableError, ArithmeticError, ValueError):
        return None


def unknown(name: str) -> complex:
    """Return the value that stands for a letter: between 1 and 3, fixed by its name."""
    return complex(1 + 2 * int.from_bytes(hashlib.blake2b(name.encode(), digest_size=4).digest()) / 2**32)


class _UnreadableError(Exception):
    """Not an expression of this small language."""


def _tokens(text: str) -> list[str] | None:
    text = text.replace("−", "-").replace("\\cdot", "*").replace("\\times", "*").replace("\\div", "/").strip()
    text = re.sub(r"\\[dt]frac", r"\\frac", text)
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", text)
    tokens: list[str] = []
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            return None
        tokens.append(found[1])
        at = found.end()
        while at < len(text) and text[at].isspace():
            at += 1
    if re.search(r"[A-Za-z]{3,}", re.sub(r"\\[A-Za-z]+", "", text)):
        return None  # a word, not a product of letters
    return tokens


class _WorthReader:
    """Recursive descent over tokens; raises _UnreadableError."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = tokens
        self._at = 0

    def at_end(self) -> bool:
        return self._at == len(self._tokens)

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _take(self, wanted: str = "") -> str:
        token = self._peek()
        if not token or (wanted and token != wanted):
            raise _UnreadableError
        self._at += 1
        return token

    def sum(self, depth: int) -> complex:
        if depth > _DEPTH:
            raise _UnreadableError
        total = self._product(depth)
        while self._peek() in {"+", "-"}:
            sign = -1 if self._take() == "-" else 1
            total += sign * self._product(depth)
        return total

    def _product(self, depth: int) -> complex:
        sign = 1
        while self._peek() in {"+", "-"}:
            sign *= -1 if self._take() == "-" else 1
        value = self._power(depth)
        mixed = value.imag == 0 and float(value.real).is_integer() and self._tokens[self._at - 1].isdigit()
        while (token := self._peek()) and token not in {"+", "-", ")", "}", "]", "|", "^", "_", "!"}:
            if token in {"*", "/", "·", "×", "÷"}:
                self._take()
                negative = self._peek() == "-" and bool(self._take())
                factor = self._power(depth) * (-1 if negative else 1)
                value = value / factor if token in {"/", "÷"} else value * factor
            elif token == "\\frac" and mixed and self._is_plain_fraction():
                value += self._power(depth)  # a mixed number
            else:
                value *= self._power(depth)
            mixed = False
        return sign * value

    def _is_plain_fraction(self) -> bool:
        text = "".join(self._tokens[self._at : self._at + 7])
        return bool(re.match(r"\\frac\{\d+\}\{\d+\}", text))

    def _power(self, depth: int) -> complex:
        value = self._atom(depth)
        while self._peek() in {"^", "!"}:
            if self._take() == "!":
                if value.imag or not 0 <= value.real <= 100:
                    raise _UnreadableError
                value = complex(math.gamma(value.real + 1))
            else:
                negative = self._peek() == "-" and bool(self._take())
                exponent = self._atom(depth)
                if abs(exponent) > 500:
                    raise _UnreadableError
                value = value ** (-exponent if negative else exponent)
        return value

    def _atom(self, depth: int) -> complex:
        token = self._take()
        if token[0].isdigit() or token[0] == ".":
            return complex(float(token))
        if token in {"(", "[", "{", "|"}:
            value = self.sum(depth + 1)
            self._take({"(": ")", "[": "]", "{": "}", "|": "|"}[token])
            return complex(abs(value)) if token == "|" else value
        if token == "\\frac":
            top = self._atom(depth + 1)
            return top / self._atom(depth + 1)
        if token in {"\\binom", "\\dbinom", "\\tbinom"}:
            top, bottom = self._atom(depth + 1), self._atom(depth + 1)
            return complex(
                math.gamma(top.real + 1) / math.gamma(bottom.real + 1) / math.gamma(top.real - bottom.real + 1)
            )
        if token in {"\\sqrt", "√"}:
            return self._root(depth)
        if token[:1] == "\\":
            return self._command(token[1:], depth)
        return self._letter(token, depth)

    def _root(self, depth: int) -> complex:
        index = 2 + 0j
        if self._peek() == "[":
            self._take()
            index = self.sum(depth + 1)
            self._take("]")
        return self._atom(depth + 1) ** (1 / index)

    def _command(self, name: str, depth: int) -> complex:
        if name == "pi":
            return complex(math.pi)
        if name in _FUNCTIONS:
            power, base = 1 + 0j, 0j
            if self._peek() == "_":
                self._take()
                base = self._atom(depth + 1)
            if self._peek() == "^":
                self._take()
                negative = self._peek() == "-" and bool(self._take())
                power = self._atom(depth + 1)
                if negative:
                    raise _UnreadableError
            argument = self._argument(depth)
            value = cmath.log(argument) / cmath.log(base) if base and name == "log" else _FUNCTIONS[name](argument)
            return value**power
        if name in {
            "infty",
            "cup",
            "in",
            "text",
            "pm",
            "begin",
            "end",
            "ldots",
            "cdots",
            "dots",
            "forall",
            "sum",
            "int",
        }:
            raise _UnreadableError
        return self._letter("\\" + name, depth)

    def _argument(self, depth: int) -> complex:
        """Read what a function is of: without brackets, the factors that follow."""
        value = self._power(depth + 1)
        while (t := self._peek()) and (t[0].isalnum() or t in {"\\pi", "\\frac"}) and not self._was_bracket():
            value *= self._power(depth + 1)
        return value

    def _was_bracket(self) -> bool:
        return self._tokens[self._at - 1] in {")", "]"}

    def _letter(self, name: str, depth: int) -> complex:
        if self._peek() == "_":
            self._take()
            start = self._at
            self._atom(depth + 1)
            name += "_" + "".join(self._tokens[start : self._at]).strip("{}")
        if name in {"π", "e", "i"}:
            return {"π": complex(math.pi), "e": complex(math.e), "i": 1j}[name]
        if name == "%":
            return 1 + 0j
        return unknown(name)
