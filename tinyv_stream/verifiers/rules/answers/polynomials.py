"""Polynomials of a tree, expanded: which powers of which letters, with their coefficients. None for anything else."""

from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.maths.tree import CONSTANTS, Node, Num, Op, Sym
from tinyv_stream.verifiers.rules.maths.value import exact

Monomial = tuple[tuple[str, int], ...]
Polynomial = dict[Monomial, Fraction]
"""Powers of letters, by name, with a coefficient that is not 0; the empty dict is 0."""

_MAX_BITS: Final = 4_000
"""Binary size of a coefficient, either way."""
_MAX_TERMS: Final = 120
_MAX_POWER: Final = 24


def polynomial(node: Node) -> Polynomial | None:
    """Return the polynomial with rational coefficients that a tree is; None for another function, or one too large."""
    value = exact(node) if isinstance(node, Num) else None
    if value is not None:
        return {(): value} if value else {}
    if isinstance(node, Sym):
        return None if node.name in CONSTANTS else {((node.name, 1),): Fraction(1)}
    return _of_operator(node) if isinstance(node, Op) else None


def _of_operator(node: Op) -> Polynomial | None:  # noqa: PLR0911 (one way out per operator)
    if node.name == "pow":
        return _power(node)
    if node.name not in {"add", "mul", "neg", "div"}:
        return None
    parts = [polynomial(arg) for arg in node.args]
    known = [part for part in parts if part is not None]
    if len(known) != len(parts):
        return None
    if node.name == "add":
        return _sum(known)
    if node.name == "neg":
        return {key: -value for key, value in known[0].items()}
    if node.name == "div":
        below = known[1].get((), Fraction(0)) if len(known[1]) == 1 else Fraction(0)
        return {key: value / below for key, value in known[0].items()} if below else None
    return _product(*known)


def _power(node: Op) -> Polynomial | None:
    base, exponent = polynomial(node.args[0]), exact(node.args[1])
    if base is None or exponent is None or exponent.denominator != 1 or not 0 <= exponent <= _MAX_POWER:
        return None
    found: Polynomial | None = {(): Fraction(1)}
    for _ in range(int(exponent)):
        found = _product(found, base) if found is not None else None
    return found


def _sum(parts: list[Polynomial]) -> Polynomial:
    found: Polynomial = {}
    for part in parts:
        for key, value in part.items():
            found[key] = found.get(key, Fraction(0)) + value
    return {key: value for key, value in found.items() if value}


def _product(left: Polynomial, right: Polynomial) -> Polynomial | None:
    if len(left) * len(right) > _MAX_TERMS:
        return None
    terms: list[Polynomial] = []
    for one, a in left.items():
        for other, b in right.items():
            powers = dict(one)
            for name, power in other:
                powers[name] = powers.get(name, 0) + power
            terms.append({tuple(sorted(powers.items())): a * b})
    found = _sum(terms)
    return found if all(_bits(value) <= _MAX_BITS for value in found.values()) else None


def _bits(value: Fraction) -> int:
    return max(value.numerator.bit_length(), value.denominator.bit_length())
