r"""Table of asked forms: the words of a question, what its answer must be, and which ground truths are of the form."""

import functools
import re
from collections.abc import Callable
from typing import Final, Self

import msgspec

from tinyv_stream.verifiers.rules.answers import form_shapes as shapes
from tinyv_stream.verifiers.rules.answers import form_trees as trees
from tinyv_stream.verifiers.rules.answers.form_skeletons import are_of_one_shape, has_shape
from tinyv_stream.verifiers.rules.answers.form_texts import Side
from tinyv_stream.verifiers.rules.maths.tree import Node

SideTest = Callable[[Side, Side], bool]
"""Says whether one side of an answer has a form, given the ground truth's last side, which has it."""
AnswerTest = Callable[[tuple[Side, ...], tuple[Side, ...]], bool]
"""Says the same of all sides."""

_AS: Final = r"\b(?:as|in|into|to|using)\s+(?:an?\s+|the\s+|its\s+)?"
_VALUE: Final = r"[\s$\\(]*(?:\d|[dt]?frac)"
_OBJECT: Final = (
    r":?\s+(?:(?:the|this|each|following|given|algebraic|rational|radical|complex|numerical)\s+)*"
    r"(?:(?:expression|fraction|ratio|radical|product|polynomial|quotient|sum|number|surd|root|formula)s?)?\s*(?:of\s+)?:?\s*"
    r"(?=[$\\(\[]|[-+]?\d|[a-z]\d*\s*[-+*/^(=]|[a-z]{1,3}\s*[-+*/^])"
)
"""What a verb is about, written down: a bare "Simplify." has none."""
_BASE: Final = re.compile(rf"{_AS}(?:single )?power\s+of\s+\$?(\w+)")
_RELATION: Final = re.compile(r"[<>]|\\[lg]e(?:q|qslant|slant)?(?![a-z])")
_BUILDER: Final = re.compile(r"[<>:|]|\\(?:mid|[lg]e|in|ldots)(?![a-z])")


class AskedForm(msgspec.Struct, frozen=True):
    """A form: what names it in a question, which answers have it, which ground truths it can be asked of."""

    name: str
    pattern: re.Pattern[str]
    has: SideTest
    is_in: Callable[[Side], bool]
    whole: AnswerTest | None = None
    """Looks at all sides of an equation instead of at one."""

    @classmethod
    def of_power(cls, sentence: str) -> Self | None:
        """Return the form of `as a power of 2`, where a sentence asks for it."""
        found = _BASE.search(sentence)
        if found is None:
            return None
        return cls("power", _BASE, _is_such_power, functools.partial(_is_of_base, found[1]))


def _is_of_base(base: str, side: Side) -> bool:
    found = shapes.power(side.text)
    return found is not None and found[0] == base


def _is_such_power(side: Side, gold: Side) -> bool:
    return shapes.power(side.text) == shapes.power(gold.text)


def _has_these_radicals(side: Side, gold: Side) -> bool:
    return shapes.has_simple_radicals(side.text) and shapes.radicals(side.text) == shapes.radicals(gold.text)


def _is_this_percentage(side: Side, gold: Side) -> bool:
    return bool(shapes.percentage(side.text)) or side.text == shapes.percentage(gold.text)


def _is_as_factored(side: Side, gold: Side) -> bool:
    ours, theirs = (trees.factors(tree) if (tree := one.tree) else None for one in (gold, side))
    if ours is not None:
        if theirs is None or theirs < ours or shapes.is_sum(side.text):
            return False
    elif shapes.factors(side.text) < shapes.factors(gold.text):
        return False
    return shapes.has_common_factor(gold.text) or not shapes.has_common_factor(side.text)


def _is_as_simple(side: Side, gold: Side) -> bool:
    if shapes.is_lowest(gold.text):
        return shapes.is_lowest(side.text)
    return shapes.has_quotient(gold.text) or not shapes.has_quotient(side.text)


def _is_simple(gold: Side) -> bool:
    return shapes.is_lowest(gold.text) or (
        re.search(r"[A-Za-z]", gold.text) is not None and not re.search(r"\d\.\d", gold.text)
    )


def _is_in_standard_form(side: Side, gold: Side) -> bool:
    test = shapes.is_scientific if shapes.is_scientific(gold.text) else shapes.is_decimal
    return test(side.text)


def _text(name: str, pattern: str, has: Callable[[str], bool]) -> AskedForm:
    return AskedForm(name, re.compile(pattern), lambda side, _: has(side.text), lambda gold: has(gold.text))


def _tree(
    name: str, pattern: str, has: Callable[[Node, Node], bool], is_in: Callable[[Node], bool] = lambda _: True
) -> AskedForm:
    def holds(side: Side, gold: Side) -> bool:
        ours, theirs = gold.tree, side.tree
        return ours is not None and theirs is not None and has(theirs, ours)

    return AskedForm(name, re.compile(pattern), holds, lambda gold: (tree := gold.tree) is not None and is_in(tree))


def _has_no_decimal(text: str) -> bool:
    return re.search(r"\d\.\d|(?<!\d)\.\d|%", text) is None


FORMS: Final = (
    _text(
        "decimal",
        rf"{_AS}(?:terminating |exact |repeating |recurring )?decimals?\b|in decimal (?:form|notation)|"
        r"(?<!in the )\bdecimal (?:equivalent|value|form|representation)s? (?:of|for)\b",
        shapes.is_decimal,
    ),
    _text("repeating", rf"{_AS}(?:\w+ )?(?:repeating|recurring) decimals?", shapes.is_repeating),
    _text(
        "fraction",
        rf"{_AS}(?:\w+ )?(?:common |proper |improper )?fractions?\b|"
        r"\bwhat fraction (?:of|is|are|do|does|did|was|were|has|have|remains?|will|should|can)\b",
        shapes.is_fraction,
    ),
    AskedForm(
        "simple",
        re.compile(r"simplest (?!radical)(?:\w+ )?(?:form|terms)|simplified (?:form|fraction)|simplify"),
        _is_as_simple,
        _is_simple,
    ),
    _text(
        "lowest",
        r"lowest terms|reduced (?:form|fraction)|irreducible|common fraction|"
        rf"\breduce{_OBJECT}|\bwhat fraction of{_VALUE}",
        shapes.is_lowest,
    ),
    AskedForm(
        "denominator",
        re.compile(r"\bwith (?:an? |the )?(?:common )?denominator (?:of |equal to )?\$?\d|\bequivalent fraction"),
        lambda side, gold: shapes.denominator(side.text) == shapes.denominator(gold.text),
        lambda gold: shapes.denominator(gold.text) > 0,
    ),
    AskedForm(
        "radical",
        re.compile(r"\bradical form|simplest radical|\bin the form[^.?]*\\sqrt"),
        _has_these_radicals,
        lambda gold: shapes.has_simple_radicals(gold.text),
    ),
    _text(
        "prime",
        r"prime factori[sz]ation|product of (?:its )?(?:prime factors|primes|powers of primes|prime powers)",
        shapes.is_prime_product,
    ),
    _text("scientific", r"scientific notation|exponential notation", shapes.is_scientific),
    AskedForm(
        "standard",
        re.compile(r"\bstandard (?:index )?(?:form|notation)|\bindex form|\bordinary (?:number|form|notation)"),
        _is_in_standard_form,
        lambda gold: shapes.is_scientific(gold.text) or shapes.is_decimal(gold.text),
    ),
    _text("mixed", r"\bmixed (?:number|numeral|fraction)", shapes.is_mixed),
    _text("pi", r"in terms of (?:\$?\s*\\?pi\b|\u03c0)", lambda text: "\\pi" in text or "\u03c0" in text),
    AskedForm(
        "percent",
        re.compile(
            rf"{_AS}percent(?:age)?\b|\b(?:what|which|how many) percent(?:age)? (?:of|is|are){_VALUE}|"
            r"[\d})$]\s+(?:is|as|are|equals) what percent|"
            r"percent(?:age)? (?:of )?(?:increase|decrease|change|growth|reduction|discount|error|gain|loss|profit)\b"
        ),
        _is_this_percentage,
        lambda gold: bool(shapes.percentage(gold.text)),
    ),
    _text("no decimal", r"\bno decimals?\b|\bnot (?:as )?(?:an? )?decimals?\b", _has_no_decimal),
    _text("words", r"\bin words\b", lambda text: re.search(r"\d", text) is None),
    _text("digits", r"\bin (?:digits|figures|numerals)\b|\bas a numeral\b", shapes.is_decimal),
    AskedForm(
        "factored",
        re.compile(
            r"\bfactor(?:i[sz]e)?\b:?\s+(?:the\b|each\b|completely|fully|\$|[-\da-z(]+[\^*+(])|"
            r"factor(?:ed|i[sz]ed) form"
        ),
        _is_as_factored,
        lambda gold: shapes.factors(gold.text) > 0,
    ),
    _text("expanded", r"\bexpand\b|\bmultiply out\b", shapes.is_expanded),
    _tree("collected", rf"\b(?:expand|multiply out|simplify|collect){_OBJECT}", trees.is_as_simple),
    _tree(
        "rationalized",
        rf"\brationali[sz]ed? (?:the |its )?denominators?|\brationali[sz]e{_OBJECT}",
        trees.is_rationalized,
        trees.is_rational_below,
    ),
    _tree(
        "one fraction",
        r"\b(?:as|into) (?:a |one )?(?:single |one )(?:\w+ )?fraction",
        lambda node, _: trees.is_one_fraction(node),
        trees.is_one_fraction,
    ),
    AskedForm(
        "shape",
        re.compile(
            r"\b(?:vertex|slope[- ]intercept|point[- ]slope|standard|general|rectangular|cartesian) form|"
            r"\bcomplet(?:e|ing|ed) (?:the )?square|\bpartial fractions?|"
            r"\b(?:re)?(?:write|express|put|give|convert|find|state|transform|leave|what)\b[^.?!]*\bin(?:to)? the (?:following )?form\b"
        ),
        lambda _side, _gold: True,
        has_shape,
        are_of_one_shape,
    ),
    AskedForm(
        "worked out",
        re.compile(r"\d[\s$]*(?:\\div(?![a-z])|\u00f7)"),
        lambda side, _: shapes.is_lowest(side.text) or not shapes.is_fraction(side.text),
        lambda gold: shapes.is_decimal(gold.text) or shapes.is_lowest(gold.text),
    ),
    AskedForm(
        "interval",
        re.compile(r"\binterval notation"),
        lambda side, _: _RELATION.search(side.text) is None,
        lambda gold: re.search(r"[\[(].*,.*[\])]", gold.text) is not None,
    ),
    AskedForm(
        "listed",
        re.compile(r"\blist (?:all )?(?:of )?(?:the |its )?elements|\broster (?:form|notation|method)"),
        lambda side, _: _BUILDER.search(side.text) is None,
        lambda gold: _BUILDER.search(gold.text) is None,
    ),
)
"""All forms. Those of one answer are held together: each side that is to pass has them all."""

NUMBER_FORMS: Final = frozenset(
    {"decimal", "repeating", "fraction", "simple", "lowest", "mixed", "percent", "no decimal"}
)
"""Forms of a single number, which a choice between kinds of number replaces."""
DECIMAL_FORMS: Final = frozenset({"decimal", "scientific", "standard", "percent"})
"""Forms of a value that may be a rounded one."""
WORDS: Final = (
    "decimal", "fraction", "simpl", "lowest", "reduc", "denominator", "radical", "prime", "scientific", "exponential",
    "form", "ordinary", "mixed", "terms of", "percent", "in words", "digits", "figures", "numeral", "factor", "expand",
    "multiply out", "collect", "rationali", "square", "standard", "interval notation", "elements", "roster", "power of",
    "\\div", "\u00f7",
)  # fmt: skip
"""Words of which one stands in each question that asks for a form."""
