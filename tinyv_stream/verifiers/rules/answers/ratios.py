"""Ratios: `4:3` beside `8:6` and 4/3, where a ratio is asked for; and their names, `boys : girls`."""

import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers import asked, order, wanted
from tinyv_stream.verifiers.rules.answers.domains import domains
from tinyv_stream.verifiers.rules.answers.forms import Form, Labelled, Match, Ratio, Scalar
from tinyv_stream.verifiers.rules.answers.numbers import same_value
from tinyv_stream.verifiers.rules.maths.equal import equal
from tinyv_stream.verifiers.rules.maths.tree import Num, Op
from tinyv_stream.verifiers.taxonomy import Taxonomy

_RATIO: Final = re.compile(
    r"(?<!in )(?<!in the )\b(?:ratios?|proportions?|odds|scale)\b|\b[a-zA-Z]{1,2}\s*:\s*[a-zA-Z]{1,2}\b", re.IGNORECASE
)
"""What a quotient may be the answer to, in the clause that asks."""


def same_ratio(ratio: Ratio, other: Form, question: str, *, gold_first: bool) -> Match | None:
    """Compare `4:3` with `8:6` and with 4/3, where a ratio is asked for; else each part counts, as on a clock."""
    asked_for = asked.RATIO.search(question) is not None and not asked.TIME.search(question)
    if isinstance(other, Ratio):
        if len(other.parts) != len(ratio.parts):
            return Match(same=False, reason="different ratios")
        if not asked_for:
            found = all(equal(a, b) for a, b in zip(ratio.parts, other.parts, strict=True))
            return Match(same=found, reason="ratio by its parts", taxonomy=Taxonomy.NOTATION) if found else None
        if any(equal(part, Num(Fraction(0))) is not False for part in (*ratio.parts, *other.parts)):
            return None
        first, second = ratio.parts[0], other.parts[0]
        pairs = zip(ratio.parts[1:], other.parts[1:], strict=True)
        found = all(equal(Op("mul", (a, second)), Op("mul", (b, first)), domains(question)) for a, b in pairs)
        return Match(same=found, reason="ratio", taxonomy=Taxonomy.NOTATION)
    if isinstance(other, Scalar) and len(ratio.parts) == 2 and not _is_dressed(other) and _is_asked(question):
        quotient = Op("div", (ratio.parts[0], ratio.parts[1]))
        found = same_value(quotient, other.node, "") if gold_first else same_value(other.node, quotient, "")
        return found and Match(same=found.same, reason="ratio as a number", taxonomy=Taxonomy.NOTATION)
    return None


def _is_asked(question: str) -> bool:
    """Say whether the answer itself is to be a ratio: a clause that asks names one, or the question names nothing."""
    asks = wanted.wanted(question)
    return asks.says_nothing or any(_RATIO.search(clause) for clause in asks.clauses)


def are_in_place(form: Labelled, question: str) -> bool:
    """Say whether `a : b = 2 : 3` has its names in the order in which the question has them."""
    names = form.label.split(":")
    same_length = isinstance(form.value, Ratio) and len(form.value.parts) == len(names)
    return same_length and order.are_in_place([name.rpartition(" ")[2] for name in names], question)


def _is_dressed(form: Scalar) -> bool:
    return bool(form.unit or form.percent or form.degrees)
