r"""Forms that a question asks for in words: `as a decimal`, `in lowest terms`, `in scientific notation`, `factored`.

There an equal value in another form is not certain to be right: `\frac{18}{24}` for "write 18/24 in lowest terms" is
the question. A form counts where the ground truth has it. A rounded value is no such form: see `numbers.rounded`.
"""

import functools
import math
import re
from collections.abc import Callable
from typing import Final

from tinyv_stream.verifiers.rules.answers import asked
from tinyv_stream.verifiers.rules.maths.clean import clean

FormTest = Callable[[str], bool]
"""Says whether a text has a form."""

_WORDS: Final = (
    "decimal",
    "fraction",
    "simpl",
    "lowest",
    "reduced",
    "irreduc",
    "radical",
    "power",
    "prime",
    "scientific",
    "mixed",
    "terms of",
    "percent",
    "factor",
    "expand",
    "multiply out",
)
"""One of them is in every question that asks for a form."""
_BASE: Final = re.compile(r"\b(?:as|in|into|to)\s+(?:an?\s+|the\s+)?(?:single\s+)?power\s+of\s+\$?(\w+)")
_AS: Final = r"\b(?:as|in|into|to|using)\s+(?:an?\s+|the\s+|its\s+)?"
_QUOTIENT: Final = re.compile(
    r"\\[dtc]?frac\s*\{\s*(\d{1,12})\s*\}\s*\{\s*(\d{1,12})\s*\}|(?<![\d.])(\d{1,12})\s*[/:]\s*(\d{1,12})(?![\d.])"
)
_ROOT: Final = re.compile(r"\\sqrt\s*\{?\s*(\d{1,9})\s*\}?")
_TIMES: Final = r"(?:\\times|\\cdot|\*|\u00d7)"
_PRODUCT: Final = re.compile(rf"\^|{_TIMES}")
_PLAIN_PRODUCT: Final = re.compile(
    rf"\d{{1,9}}(?:\s*\^\s*\{{?\s*\d+\s*\}}?)?(?:\s*{_TIMES}\s*\d{{1,9}}(?:\s*\^\s*\{{?\s*\d+\s*\}}?)?)*"
)
_EXPONENT: Final = re.compile(r"\^\s*\{?\s*\d+\s*\}?")
_SCIENTIFIC: Final = re.compile(rf"-?[1-9](?:\.\d+)?\s*(?:{_TIMES}|x)\s*10\s*\^.*|-?[1-9](?:\.\d+)?[eE][-+]?\d+")
_MIXED: Final = re.compile(r"\d\s*\\[dt]?frac|\d\s+\d+\s*/\s*\d+")
_PERCENT: Final = re.compile(r"\\?%|\bpercent\b")
_BRACKETS: Final = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_TRIED: Final = 10_000


def fits(answer: str, gold: str, question: str) -> bool:
    """Say whether the answer has each form that the question asks for and the ground truth has."""
    wanted = _wanted(question)
    if not wanted:
        return True
    ours, theirs = _core(gold), _core(answer)
    return ours == theirs or all(has(theirs) for has, gold_has in wanted if gold_has(ours))


@functools.lru_cache(maxsize=1024)
def _wanted(question: str) -> tuple[tuple[FormTest, FormTest], ...]:
    text = question[:4_000].lower()
    if not any(word in text for word in _WORDS) or asked.ROUNDING.search(text):
        return ()
    found = [(has, gold_has) for pattern, has, gold_has in _FORMS if pattern.search(text)]
    if (base := _BASE.search(text)) is not None:
        power = functools.partial(_is_power_of, base[1])
        found.append((power, power))
    return tuple(found)


def _core(text: str) -> str:
    """Return a text without layout; of a chain `6/8 = 3/4` its end."""
    return re.sub(r"[\s$]+", " ", clean(text).rpartition("=")[2]).strip(" .")


def _is_decimal(text: str) -> bool:
    return re.search(r"\d", text) is not None and re.search(r"[/:%]|\\[dtc]?frac|\\sqrt", text) is None


def _is_fraction(text: str) -> bool:
    return re.search(r"\d\.\d|%", text) is None


def _is_lowest(text: str) -> bool:
    """All quotients of whole numbers are in lowest terms, and no decimal stands for one."""
    pairs = ((m[1] or m[3], m[2] or m[4]) for m in _QUOTIENT.finditer(text))
    return _is_fraction(text) and all(math.gcd(int(top), int(bottom)) == 1 for top, bottom in pairs)


def _is_simple_radical(text: str) -> bool:
    roots = [int(m[1]) for m in _ROOT.finditer(text)]
    return bool(roots) and all(n % (d * d) for n in roots for d in range(2, min(math.isqrt(n), _TRIED) + 1))


def _is_power_of(base: str, text: str) -> bool:
    return text.lower().replace("{", "").replace("(", "").startswith(f"{base}^")


def _is_prime_product(text: str) -> bool:
    if _PRODUCT.search(text) is None or _PLAIN_PRODUCT.fullmatch(text) is None:
        return False
    bases = [int(n) for n in re.findall(r"\d+", _EXPONENT.sub("", text))]
    return all(n > 1 and all(n % d for d in range(2, min(math.isqrt(n), _TRIED) + 1)) for n in bases)


def _is_scientific(text: str) -> bool:
    return _SCIENTIFIC.fullmatch(text) is not None


def _is_mixed(text: str) -> bool:
    return _MIXED.search(text) is not None


def _is_sum(text: str) -> bool:
    """Say whether a plus or minus stands outside of all brackets, but for a sign in front."""
    depth = 0
    for at, char in enumerate(text):
        depth += _BRACKETS.get(char, 0)
        if char in "+-" and depth == 0 and text[:at].strip(" =") and text[at - 1] not in "^_":
            return True
    return False


def _is_product(text: str) -> bool:
    return not _is_sum(text)


def _has_pi(text: str) -> bool:
    return "\\pi" in text or "\u03c0" in text


def _is_percentage(text: str) -> bool:
    return _PERCENT.search(text) is not None


def _may_be_percentage(text: str) -> bool:
    return _is_percentage(text) or re.search(r"/|\\[dtc]?frac|(?<!\d)0?\.\d", text) is None


def _form(pattern: str, has: FormTest, gold_has: FormTest | None = None) -> tuple[re.Pattern[str], FormTest, FormTest]:
    return re.compile(pattern), has, gold_has or has


_FORMS: Final = (
    _form(rf"{_AS}(?:terminating |exact |repeating )?decimals?\b(?!\s+or\b)|in decimal (?:form|notation)", _is_decimal),
    _form(rf"{_AS}(?:\w+ )?(?:common |proper |improper )?fractions?\b(?!\s+or\b)", _is_fraction),
    _form(
        r"(?:simplest|lowest|reduced|simplified)\s+(?:\w+\s+)?(?:form|terms)|irreducible|common fraction|"
        r"simplif(?:y|ied)",
        _is_lowest,
    ),
    _form(r"\bradical form|simplest radical", _is_simple_radical),
    _form(
        r"prime factori[sz]ation|product of (?:its )?(?:prime factors|primes|powers of primes|prime powers)",
        _is_prime_product,
    ),
    _form(r"scientific notation", _is_scientific),
    _form(r"\bmixed (?:number|numeral|fraction)", _is_mixed),
    _form(r"in terms of (?:\$?\s*\\?pi\b|\u03c0)", _has_pi),
    _form(rf"{_AS}percent(?:age)?\b", _may_be_percentage, _is_percentage),
    _form(r"\bno decimals?\b|\bnot (?:as )?(?:an? )?decimals?\b", _is_fraction),
    _form(
        r"\bfactor(?:i[sz]e)?\s+(?:the\b|completely|fully|\$|[-\da-z(]+[\^*+(])|factor(?:ed|i[sz]ed) form", _is_product
    ),
    _form(r"\bexpand\b|\bmultiply out\b", _is_sum),
)
"""What a question says, what the answer must then have, and what makes the ground truth one of that form."""
