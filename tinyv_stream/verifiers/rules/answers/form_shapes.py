r"""Shapes of an answer's text: one decimal, one fraction in lowest terms, a power, a product of primes, factors, a sum.

Each says what a text *is*, from its first sign to its last, so that nothing can be hung on the question's own formula
to make another text of it: `18 \div 24` and `\frac{+18}{24}` are no fractions here, `(x+2)(x+3)+0` no expanded sum.
"""

import math
import re
from typing import Final

_TIMES: Final = r"(?:\\times|\\cdot|\*|\u00d7)"
_GROUP: Final = r"\{?\s*(-?\d{1,12})\s*\}?"
_DECIMAL: Final = re.compile(
    r"[-+]?(?:\d[\d,]*+(?:\.\d*+)?|\.\d++)(?:\\(?:overline|bar|dot)\s*(?:\{\d++\}\d*+|\d++)|\(\d++\))*+(?:\.\.\.|\\[lc]?dots)?"
    r"(?:_\{?10\}?)?"
)
_FRACTION: Final = re.compile(rf"(-?)\s*(?:\\[dtc]?frac\s*{_GROUP}\s*{_GROUP}|(-?\d{{1,12}})\s*/\s*(\d{{1,12}}))")
_RATIO: Final = re.compile(r"(\d{1,12})\s*(?::|to)\s*(\d{1,12})")
_MIXED: Final = re.compile(rf"-?\d+\s*(?:\\[dtc]?frac\s*{_GROUP}\s*{_GROUP}|\s(\d+)\s*/\s*(\d+))")
_WHOLE: Final = re.compile(r"-?\d[\d,]*")
_ROOT: Final = re.compile(r"\\sqrt\s*\{?\s*(\d{1,9})\s*\}?")
_UNDER: Final = re.compile(r"\\frac\s*\{[^{}]*\}\s*\{[^{}]*\\sqrt|/\s*\(?\d*\s*\\sqrt|\\div")
_EXPONENT: Final = r"\^\s*(?:\{\s*-?\d+\s*\}|\d)"
_POWER: Final = re.compile(r"\(?(\w+)\)?\^(?:\{([^{}]*)\}|(\d+|\w))")
_FACTOR: Final = rf"(?:\d{{1,9}}(?:{_EXPONENT})?|\(\s*\d{{1,9}}(?:{_EXPONENT})?\s*\))"
_FACTORS: Final = re.compile(rf"{_FACTOR}(?:(?:\s*{_TIMES}\s*|\s*(?=\()|(?<=[)}}])\s*(?=\d)){_FACTOR})*")
_SCIENTIFIC: Final = re.compile(
    rf"-?[1-9](?:\.\d+)?\s*(?:{_TIMES}|x)\s*10\s*\^\s*(?:\{{\s*-?\d+\s*\}}|\(\s*-?\d+\s*\)|-?\d+)|"
    r"-?[1-9](?:\.\d+)?[eE][-+]?\d+"
)
_PERCENTAGE: Final = re.compile(
    rf"(-?(?:\d[\d,]*+(?:\.\d*+)?|\.\d++)|"
    rf"-?\d{{0,12}}\s*(?:\\[dtc]?frac\s*{_GROUP}\s*{_GROUP}|\d{{1,12}}\s*/\s*\d{{1,12}}))\s*\\?%"
)
_REPEATS: Final = re.compile(r"\\(?:overline|bar|dot)|\(\d+\)|\.\.\.|\\[lc]?dots")
_BRACKETED: Final = re.compile(r"\(([^()]*)\)(?:\^\{?(\d)\}?)?")
_TERM: Final = re.compile(r"[-+]?[^-+]+")
_BRACKETS: Final = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_QUOTIENT: Final = re.compile(r"/|\\[dtc]?frac|\\div")


def is_decimal(text: str) -> bool:
    """Say whether it is one number in digits, whole or not, repeating or not."""
    return _DECIMAL.fullmatch(text) is not None


def is_repeating(text: str) -> bool:
    """Say whether it is a decimal that shows which of its digits come again, or that they go on."""
    return is_decimal(text) and _REPEATS.search(text) is not None


def is_whole(text: str) -> bool:
    """Say whether it is one whole number in digits."""
    return _WHOLE.fullmatch(text) is not None


def denominator(text: str) -> int:
    """Return the denominator of one fraction; 0 for another text."""
    found = _FRACTION.fullmatch(text)
    return int(found[3] or found[5]) if found else 0


def is_fraction(text: str) -> bool:
    """Say whether it is one fraction of whole numbers, or a whole number."""
    return _WHOLE.fullmatch(text) is not None or _FRACTION.fullmatch(text) is not None


def is_lowest(text: str) -> bool:
    """Say whether it is one fraction or ratio in lowest terms, or a whole number."""
    found = _FRACTION.fullmatch(text) or _RATIO.fullmatch(text)
    if found is None:
        return _WHOLE.fullmatch(text) is not None
    top, bottom = [int(part) for part in found.groups() if part not in {None, "", "-"}]
    return bottom > 0 and math.gcd(top, bottom) == 1


def is_mixed(text: str) -> bool:
    """Say whether it is a mixed number whose fraction is a proper one in lowest terms."""
    found = _MIXED.fullmatch(text)
    if found is None:
        return False
    top, bottom = (int(part) for part in found.groups() if part)
    return top < bottom and math.gcd(top, bottom) == 1


def has_simple_radicals(text: str) -> bool:
    """Say whether each root is of a number without a square in it, and none stands under a fraction."""
    roots = radicals(text)
    free = all(n % (d * d) for n in roots for d in range(2, math.isqrt(n) + 1))
    return bool(roots) and free and _UNDER.search(text) is None


def radicals(text: str) -> list[int]:
    """Return the whole numbers under its roots, in order of size."""
    return sorted(int(found[1]) for found in _ROOT.finditer(text))


def power(text: str) -> tuple[str, bool] | None:
    """Return the base of one power, and whether its exponent is a number; None for another text."""
    found = _POWER.fullmatch(text.replace(" ", ""))
    return (found[1].lower(), re.fullmatch(r"-?\d+", found[2] or found[3]) is not None) if found else None


def is_prime_product(text: str) -> bool:
    """Say whether it is a product of primes and their powers, or one prime's power."""
    if _FACTORS.fullmatch(text) is None or _WHOLE.fullmatch(text) is not None:
        return False
    return all(_is_prime(int(n)) for n in re.findall(r"\d+", re.sub(_EXPONENT, " ", text)))


def is_scientific(text: str) -> bool:
    """Say whether it is a number from 1 to below 10, times a power of ten."""
    return _SCIENTIFIC.fullmatch(text) is not None


def percentage(text: str) -> str:
    """Return the number of a percentage, a decimal or a fraction; empty for another text."""
    found = _PERCENTAGE.fullmatch(text)
    return found[1] if found else ""


def is_sum(text: str) -> bool:
    """Say whether a plus or minus stands outside of all brackets, but for a sign in front."""
    depth = 0
    for at, char in enumerate(text):
        depth += _BRACKETS.get(char, 0)
        if char in "+-" and depth == 0 and text[:at].strip() and text[at - 1] not in "^_":
            return True
    return False


def is_expanded(text: str) -> bool:
    """Say whether it is a sum without brackets."""
    return is_sum(text) and "(" not in text


def factors(text: str) -> int:
    """Return how many factors with letters stand in brackets, each as often as its power; 0 for a sum."""
    return 0 if is_sum(text) else sum(int(found[2] or 1) for found in _in_brackets(text))


def has_common_factor(text: str) -> bool:
    """Say whether some bracket could give a number or a letter away: `(6x + 12)`, `(x^2 + 2x)`."""
    return any(_common(found[1].replace(" ", "")) for found in _in_brackets(text))


def has_quotient(text: str) -> bool:
    """Say whether it has a fraction or a sign of division."""
    return _QUOTIENT.search(text) is not None


def _in_brackets(text: str) -> list[re.Match[str]]:
    """Return its innermost brackets that hold letters."""
    return [found for found in _BRACKETED.finditer(text) if any(char.isalpha() for char in found[1])]


def _common(inside: str) -> bool:
    terms = _TERM.findall(inside)
    sizes = [int(found[0]) if (found := re.match(r"\d+", term.lstrip("+-"))) else 1 for term in terms]
    letters = [set(re.findall(r"[A-Za-z]", term)) for term in terms]
    return len(terms) > 1 and (math.gcd(*sizes) > 1 or bool(set[str].intersection(*letters)))


def _is_prime(n: int) -> bool:
    return n > 1 and all(n % d for d in range(2, math.isqrt(n) + 1))
