r"""Forms that a question asks for in words: `as a decimal`, `in lowest terms`, `in scientific notation`, `factored`.

There an equal value in another form is not certain to be right: `\frac{18}{24}` for "write 18/24 in lowest terms" is
the question. A form counts where the ground truth has it. A rounded value is no such form: see `numbers.rounded`.
"""

import functools
import re
from collections.abc import Callable
from typing import Final

from tinyv_stream.verifiers.rules.answers import form_shapes as shapes
from tinyv_stream.verifiers.rules.maths.clean import clean

FormTest = Callable[[str, str], bool]
"""Says whether an answer has a form, given the ground truth, which has it."""

_AS: Final = r"\b(?:as|in|into|to|using)\s+(?:an?\s+|the\s+|its\s+)?"
_ROUNDED: Final = re.compile(
    r"(?<!not )(?<!not be )\b(?:rounded|rounding)\b|(?<!not )\bround (?:your|the answer|to|off|it)|nearest|"
    r"decimal places?|significant|approximat|(?<!no )decimals\b"
)
_EITHER: Final = re.compile(
    r"(?:fraction|decimal|number|numeral|percent(?:age)?|integer|radical|form)s? or\b|"
    r"\bor (?:as )?(?:an? |the )?(?:\w+ )?(?:fraction|decimal|mixed|percent|integer|power)"
)
"""Two forms to choose from."""
_BASE: Final = re.compile(rf"{_AS}(?:single )?power\s+of\s+\$?(\w+)")
_REMARK: Final = re.compile(r"\\(?:text|mathrm)\s*\{[^{}\d]*\}|(?<=[\d}])\s+(?:of|in) [A-Za-z ]+(?:(?<=base )10)?\Z")


def fits(answer: str, gold: str, question: str) -> bool:
    """Say whether the answer has each form that the question asks for and the ground truth has."""
    wanted = _wanted(question)
    if not wanted:
        return True
    (*_, ours), said = _sides(gold), _sides(answer)
    return ours in said or any(all(has(one, ours) for has, gold_has in wanted if gold_has(ours)) for one in said)


@functools.lru_cache(maxsize=1024)
def _wanted(question: str) -> tuple[tuple[FormTest, Callable[[str], bool]], ...]:
    text = question[-4_000:].lower()
    if not any(word in text for word in _WORDS) or _ROUNDED.search(text) or _EITHER.search(text):
        return ()
    found = [(has, gold_has) for _, pattern, has, gold_has in _FORMS if pattern.search(text)]
    if (base := _BASE.search(text)) is not None:
        is_of = functools.partial(_is_of_base, base[1])
        found.append((_is_such_power, is_of))
    return tuple(found)


def _sides(text: str) -> list[str]:
    """Return what is said to be equal, `6/8 = 3/4`, without layout and remarks."""
    plain = re.sub(r"\\text\s*\{([^{}]*)\}", r" \1 ", _REMARK.sub(" ", clean(text)))
    sides = re.split(r"=|\\approx(?![a-z])", plain)
    return [re.sub(r"[\s$]+", " ", side).strip().rstrip(" .") for side in sides]


def _is_of_base(base: str, text: str) -> bool:
    found = shapes.power(text)
    return found is not None and found[0] == base


def _is_such_power(text: str, gold: str) -> bool:
    return shapes.power(text) == shapes.power(gold)


def _has_these_radicals(text: str, gold: str) -> bool:
    return shapes.has_simple_radicals(text) and shapes.radicals(text) == shapes.radicals(gold)


def _is_this_percentage(text: str, gold: str) -> bool:
    return bool(shapes.percentage(text)) or text == shapes.percentage(gold)


def _is_as_factored(text: str, gold: str) -> bool:
    if shapes.factors(text) < shapes.factors(gold):
        return False
    return shapes.has_common_factor(gold) or not shapes.has_common_factor(text)


def _is_as_simple(text: str, gold: str) -> bool:
    if shapes.is_lowest(gold):
        return shapes.is_lowest(text)
    return shapes.has_quotient(gold) or not shapes.has_quotient(text)


def _is_simple(gold: str) -> bool:
    return shapes.is_lowest(gold) or (re.search(r"[A-Za-z]", gold) is not None and not re.search(r"\d\.\d", gold))


def _has_pi(text: str) -> bool:
    return "\\pi" in text or "\u03c0" in text


def _has_no_decimal(text: str) -> bool:
    return re.search(r"\d\.\d|(?<!\d)\.\d|%", text) is None


def _plain(
    word: str, pattern: str, has: Callable[[str], bool]
) -> tuple[str, re.Pattern[str], FormTest, Callable[[str], bool]]:
    return word, re.compile(pattern), lambda text, _: has(text), has


_FORMS: Final[tuple[tuple[str, re.Pattern[str], FormTest, Callable[[str], bool]], ...]] = (
    _plain(
        "decimal",
        rf"{_AS}(?:terminating |exact |repeating )?decimals?\b|in decimal (?:form|notation)",
        shapes.is_decimal,
    ),
    _plain("fraction", rf"{_AS}(?:\w+ )?(?:common |proper |improper )?fractions?\b", shapes.is_fraction),
    (
        "simpl",
        re.compile(r"simplest (?!radical)(?:\w+ )?(?:form|terms)|simplified (?:form|fraction)|simplify"),
        _is_as_simple,
        _is_simple,
    ),
    _plain("lowest", r"lowest terms|reduced (?:form|fraction)|irreducible|common fraction", shapes.is_lowest),
    ("radical", re.compile(r"\bradical form|simplest radical"), _has_these_radicals, shapes.has_simple_radicals),
    _plain(
        "prime",
        r"prime factori[sz]ation|product of (?:its )?(?:prime factors|primes|powers of primes|prime powers)",
        shapes.is_prime_product,
    ),
    _plain("scientific", r"scientific notation", shapes.is_scientific),
    _plain("mixed", r"\bmixed (?:number|numeral|fraction)", shapes.is_mixed),
    _plain("terms of", r"in terms of (?:\$?\s*\\?pi\b|\u03c0)", _has_pi),
    (
        "percent",
        re.compile(rf"{_AS}percent(?:age)?\b"),
        _is_this_percentage,
        lambda gold: bool(shapes.percentage(gold)),
    ),
    _plain("decimal", r"\bno decimals?\b|\bnot (?:as )?(?:an? )?decimals?\b", _has_no_decimal),
    (
        "factor",
        re.compile(
            r"\bfactor(?:i[sz]e)?\b:?\s+(?:the\b|each\b|completely|fully|\$|[-\da-z(]+[\^*+(])|"
            r"factor(?:ed|i[sz]ed) form"
        ),
        _is_as_factored,
        lambda gold: shapes.factors(gold) > 0,
    ),
    _plain("expand", r"\bexpand\b|\bmultiply out\b", shapes.is_expanded),
)
"""A word of the question, what it says, what the answer must then be, and which ground truths are of the form."""
_WORDS: Final = (*{word for word, *_ in _FORMS}, "reduced", "irreduc", "common fraction", "multiply out", "power of")
