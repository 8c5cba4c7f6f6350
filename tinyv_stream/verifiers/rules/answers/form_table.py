r"""Table of asked forms: the words of a question, what its answer must be, and which ground truths are of the form."""

import re
from typing import Final

from tinyv_stream.verifiers.rules.answers import form_kinds as kinds
from tinyv_stream.verifiers.rules.answers import form_shapes as shapes
from tinyv_stream.verifiers.rules.answers import form_trees as trees
from tinyv_stream.verifiers.rules.answers.form_kinds import AS, AskedForm
from tinyv_stream.verifiers.rules.answers.form_skeletons import are_of_one_shape, has_shape

_VALUE: Final = r"[\s$\\(]*(?:\d|[dt]?frac)"
_OBJECT: Final = (
    r":?\s+(?:(?:the|this|each|following|given|algebraic|rational|radical|complex|numerical)\s+)*"
    r"(?:(?:expression|fraction|ratio|radical|product|polynomial|quotient|sum|number|surd|root|formula)s?)?\s*(?:of\s+)?:?\s*"
    r"(?=[$\\(\[]|[-+]?\d|[a-z]\d*\s*[-+*/^(=]|[a-z]{1,3}\s*[-+*/^])"
)
"""What a verb is about, written down: a bare "Simplify." has none."""
_RELATION: Final = re.compile(r"[<>]|\\(?:[lg]e(?:q|qslant|slant)?|neq?)(?![a-z])")
_BUILDER: Final = re.compile(r"[<>:|]|\\(?:mid|[lg]e|in|ldots)(?![a-z])")

FORMS: Final = (
    kinds.text_form(
        "decimal",
        "decimal",
        rf"{AS}(?:terminating |exact |repeating |recurring )?decimals?\b|in decimal (?:form|notation)|"
        r"(?<!in the )\bdecimal (?:equivalent|value|form|representation)s? (?:of|for)\b",
        shapes.is_decimal,
    ),
    kinds.text_form("repeating", "decimal", rf"{AS}(?:\w+ )?(?:repeating|recurring) decimals?", shapes.is_repeating),
    AskedForm(
        "fraction",
        "fraction",
        re.compile(
            rf"{AS}(?:\w+ )?(?:common |proper |improper )?fractions?\b|"
            r"\bwhat fraction (?:of|is|are|do|does|did|was|were|has|have|remains?|will|should|can)\b"
        ),
        kinds.is_fraction_beside,
        lambda gold: shapes.is_fraction(gold.text),
    ),
    AskedForm(
        "simple",
        "simpl",
        re.compile(r"simplest (?!radical)(?:\w+ )?(?:form|terms)|simplified (?:form|fraction)|simplify"),
        kinds.is_as_simple,
        kinds.is_simple,
    ),
    AskedForm(
        "lowest",
        "lowest reduc irreducible fraction",
        re.compile(
            r"lowest terms|reduced (?:form|fraction)|irreducible|common fraction|"
            rf"\breduce{_OBJECT}|\bwhat fraction of{_VALUE}"
        ),
        kinds.is_lowest_beside,
        lambda gold: shapes.is_lowest(gold.text),
    ),
    AskedForm(
        "denominator",
        "denominator equivalent",
        re.compile(r"\bdenominator (?:of |is |equal to )?\$?\d|\bequivalent fraction"),
        lambda side, gold: shapes.denominator(side.text) == shapes.denominator(gold.text),
        lambda gold: shapes.denominator(gold.text) > 0,
    ),
    AskedForm(
        "radical",
        "radical sqrt",
        re.compile(r"\bradical form|simplest radical|\bin the form[^.?]*\\sqrt"),
        kinds.has_these_radicals,
        lambda gold: shapes.has_simple_radicals(gold.text),
    ),
    kinds.text_form(
        "prime",
        "prime",
        r"prime factori[sz]ation|product of (?:its )?(?:prime factors|primes|powers of primes|prime powers)",
        shapes.is_prime_product,
    ),
    kinds.text_form("scientific", "notation", r"scientific notation|exponential notation", shapes.is_scientific),
    AskedForm(
        "standard",
        "standard index ordinary",
        re.compile(r"\bstandard (?:index )?(?:form|notation)|\bindex form|\bordinary (?:number|form|notation)"),
        kinds.is_in_standard_form,
        lambda gold: shapes.is_scientific(gold.text) or shapes.is_decimal(gold.text),
    ),
    kinds.text_form("mixed", "mixed", r"\bmixed (?:number|numeral|fraction)", shapes.is_mixed),
    kinds.text_form(
        "pi", "pi \u03c0", r"in terms of (?:\$?\s*\\?pi\b|\u03c0)", lambda text: "\\pi" in text or "\u03c0" in text
    ),
    AskedForm(
        "percent",
        "percent",
        re.compile(
            rf"{AS}percent(?:age)?\b|\b(?:what|which|how many) percent(?:age)? (?:of|is|are){_VALUE}|"
            r"[\d})$]\s+(?:is|as|are|equals) what percent|"
            r"percent(?:age)? (?:of )?(?:increase|decrease|change|growth|reduction|discount|error|gain|loss|profit)\b"
        ),
        kinds.is_this_percentage,
        lambda gold: bool(shapes.percentage(gold.text)),
    ),
    kinds.text_form(
        "no decimal", "decimal", r"\bno decimals?\b|\bnot (?:as )?(?:an? )?decimals?\b", kinds.has_no_decimal
    ),
    kinds.text_form("words", "words", r"\bin words\b", lambda text: re.search(r"\d", text) is None),
    kinds.text_form(
        "digits", "digits figures numeral", r"\bin (?:digits|figures|numerals)\b|\bas a numeral\b", shapes.is_decimal
    ),
    AskedForm(
        "factored",
        "factor",
        re.compile(
            r"\bfactor(?:i[sz]e)?\b:?\s+(?:the\b|each\b|completely|fully|\$|[-\da-z(]+[\^*+(])|"
            r"factor(?:ed|i[sz]ed) form"
        ),
        kinds.is_as_factored,
        lambda gold: shapes.factors(gold.text) > 0,
    ),
    kinds.text_form("expanded", "expand multiply", r"\bexpand\b|\bmultiply out\b", shapes.is_expanded),
    kinds.tree_form(
        "collected",
        "expand multiply simplify collect",
        rf"\b(?:expand|multiply out|simplify|collect){_OBJECT}",
        trees.is_no_larger,
    ),
    kinds.tree_form(
        "rationalized",
        "rationali",
        rf"\brationali[sz]ed? (?:the |its )?denominators?|\brationali[sz]e{_OBJECT}",
        trees.is_rationalized,
        trees.is_rational_below,
    ),
    kinds.tree_form(
        "one fraction",
        "fraction",
        r"\b(?:as|into) (?:a |one )?(?:single |one )(?:\w+ )?fraction",
        lambda node, _: trees.is_one_fraction(node),
        trees.is_one_fraction,
    ),
    AskedForm(
        "shape",
        "form square partial",
        re.compile(
            r"\b(?:vertex|slope[- ]intercept|point[- ]slope|standard|general|rectangular|cartesian) form|"
            r"\bcomplet(?:e|ing|ed) (?:the )?square|\bpartial fractions?|"
            r"\b(?:re)?(?:write|express|put|give|convert|find|state|transform|leave|what)\b[^.?!]*"
            r"\bin(?:to)? the (?:following )?form\b"
        ),
        lambda _side, _gold: True,
        has_shape,
        are_of_one_shape,
    ),
    AskedForm(
        "worked out",
        "\\div \u00f7",
        re.compile(r"\d[\s$]*(?:\\div(?![a-z])|\u00f7)"),
        lambda side, _: shapes.is_lowest(side.text) or not shapes.is_fraction(side.text),
        lambda gold: shapes.is_decimal(gold.text) or shapes.is_lowest(gold.text),
    ),
    AskedForm(
        "interval",
        "interval",
        re.compile(r"\binterval notation"),
        lambda side, _: _RELATION.search(side.text) is None,
        lambda gold: re.search(r"[\[(].*,.*[\])]", gold.text) is not None,
    ),
    AskedForm(
        "listed",
        "elements roster",
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
WORDS: Final = ("power of", *sorted({word for form in FORMS for word in form.words.split()}))
"""Words of which one stands in each question that asks for a form."""
