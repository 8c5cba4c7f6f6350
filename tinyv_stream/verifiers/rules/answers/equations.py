"""Equations and inequalities that are not solved for a letter: the same up to a constant factor."""

import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers.domains import domains
from tinyv_stream.verifiers.rules.answers.forms import Equation, Form, Inequality, Labelled, Match, Ranges, Scalar
from tinyv_stream.verifiers.rules.maths.equal import equal, proportional
from tinyv_stream.verifiers.rules.maths.tree import Node, Num, Op, Sym, substitute, symbols
from tinyv_stream.verifiers.taxonomy import Taxonomy

_CURVE: Final = re.compile(
    r"\b(?:lines?|tangents?|asymptotes?|ax[ie]s|planes?|curves?|directri\w+|loc(?:us|i)|equations? of|perpendicular|"
    r"bisector)\b",
    re.IGNORECASE,
)
"""What `y = 2` may be, which is no solution."""
_SOLVED_FOR: Final = (
    r"(?i:\bsolve[sd]?\b)[^.?]*\bfor \$?\s*#\b|\$?\s*#\s*\$? (?:the |as the )?subject|"
    r"(?i:\bsolve|express|write|find) \$?\s*#\s*\$? (?:in terms|as a function)"
)


def as_equations(gold: Form, answer: Form, question: str) -> Match | None:
    """Compare two answers that are equations, or become one with their name."""
    left, right = _difference(gold), _difference(answer)
    return same_up_to_a_factor(left, right, question, positive=False) if left and right else None


def is_solved(gold: Form, question: str) -> bool:
    """Say whether a ground truth is what an equation was to be solved for, so that no step of it will do."""
    if isinstance(gold, Ranges):
        return all(end is None or not symbols(end) for part in gold.parts for end in (part.low, part.high))
    if not isinstance(gold, Labelled) or not isinstance(gold.value, Scalar):
        return False
    if not symbols(gold.value.node):
        return _CURVE.search(question) is None
    name = re.escape(gold.label)
    return re.search(_SOLVED_FOR.replace("#", name), question[:4_000]) is not None


def solved(gold: Form, answer: Form) -> Match | None:
    """Compare `2x + y = 6` with the bare `6 - 2x`: what remains of the equation solved for its other letter."""
    if not (isinstance(gold, Equation) and isinstance(answer, Scalar)) or answer.unit:
        return None
    left = symbols(gold.difference) - symbols(answer.node)
    if len(left) != 1 or not symbols(answer.node):
        return None
    name = next(iter(left))
    value = substitute(gold.difference, name, answer.node)
    shifted = [substitute(gold.difference, name, Op("add", (answer.node, Num(Fraction(k))))) for k in (1, 2)]
    linear = equal(shifted[1], Op("mul", (Num(Fraction(2)), shifted[0])))
    if equal(value, Num(Fraction(0))) and linear and not equal(shifted[0], Num(Fraction(0))):
        return Match(same=True, reason="equation solved for its other letter", taxonomy=Taxonomy.EXPRESSION)
    return None


def _difference(form: Form) -> Node | None:
    if isinstance(form, Equation):
        return form.difference
    if isinstance(form, Labelled) and isinstance(form.value, Scalar) and re.fullmatch(r"[a-z](_\w+)?", form.label):
        return Op("add", (Sym(form.label), Op("neg", (form.value.node,))))
    return None


def same_inequalities(gold: Form, answer: Form, question: str) -> Match | None:
    """Compare two inequalities: their differences are the same up to a positive factor."""
    left, right = _one_sided(gold), _one_sided(answer)
    if left is None or right is None or left.strict != right.strict:
        return None
    return same_up_to_a_factor(left.difference, right.difference, question, positive=True)


def _one_sided(form: Form) -> Inequality | None:
    """Return `a >= 3b` as a difference that is not negative."""
    if isinstance(form, Inequality):
        return form
    if not isinstance(form, Ranges) or len(form.parts) != 1 or not form.variable:
        return None
    part, name = form.parts[0], Sym(form.variable)
    if part.low is not None and part.high is None:
        return Inequality(Op("add", (name, Op("neg", (part.low,)))), not part.low_closed)
    if part.high is not None and part.low is None:
        return Inequality(Op("add", (part.high, Op("neg", (name,)))), not part.high_closed)
    return None


def same_up_to_a_factor(gold: Node, answer: Node, question: str, *, positive: bool) -> Match | None:
    """Compare two differences: equal up to a constant factor, which an inequality needs to be positive."""
    agreed = proportional(gold, answer, domains(question), positive=positive)
    if agreed is None:
        return None
    return Match(same=agreed, reason="same relation" if agreed else "different relations", taxonomy=Taxonomy.EXPRESSION)
