"""Letters of an answer: which are free in a form, come from nowhere, or are narrowed on one side only."""

import re
from typing import Final

from tinyv_stream.verifiers.rules.answers import words
from tinyv_stream.verifiers.rules.answers.domains import domains
from tinyv_stream.verifiers.rules.answers.forms import (
    AnswerReading,
    Chain,
    Equation,
    Form,
    Inequality,
    Labelled,
    Matrix,
    Ranges,
    Ratio,
    Scalar,
    Sequence,
)
from tinyv_stream.verifiers.rules.maths.tree import Sym, symbols, walk

_PI: Final = Sym("\\pi")
_WHOLE_ASKED: Final = re.compile(r"\b(?:integers?|integral|whole numbers?|natural numbers?)\b", re.IGNORECASE)
_OF: Final = r"\b(?:integers?|integral|whole|natural)\s+(?:values?|solutions?|numbers?)\s+(?:of|for)\W{0,12}"


def free(form: Form) -> frozenset[str]:  # noqa: PLR0911 (one way out per form)
    """Return the letters of a form that no sum binds; the variable of a region is none of them."""
    match form:
        case Scalar():
            return symbols(form.node)
        case Equation() | Inequality():
            return symbols(form.difference)
        case Labelled():
            return free(form.value)
        case Sequence():
            return frozenset[str]().union(*map(free, form.items))
        case Ranges():
            ends = (end for part in form.parts for end in (part.low, part.high) if end is not None)
            return frozenset[str]().union(*map(symbols, ends))
        case Chain() | Ratio():
            return frozenset[str]().union(*map(symbols, form.parts))
        case Matrix():
            return frozenset[str]().union(*(symbols(cell) for row in form.rows for cell in row))
        case _:
            return frozenset()


def counting_turns(form: Form) -> frozenset[str]:
    r"""Return the letters that stand beside pi in a single value: the k of `\frac{\pi}{4} + k\pi`."""
    match form:
        case Scalar():
            turns = form.degrees or any(part == _PI for part in walk(form.node))
            return symbols(form.node) if turns else frozenset()
        case Labelled():
            return counting_turns(form.value)
        case Sequence():
            return frozenset[str]().union(*map(counting_turns, form.items))
        case Ranges():
            ends = [end for part in form.parts for end in (part.low, part.high) if end is not None]
            return frozenset[str]().union(*(counting_turns(Scalar(end)) for end in ends))
        case _:
            return frozenset()


def are_from_nowhere(gold: Form, answer: Form, question: str) -> bool:
    """Say whether regions, matrices, chains or ratios have a letter that a factor of 0 or an exponent hides: `x < 0y`.

    Single values have a check of their own, for there a constant may have another name.
    """
    bare = [form.value if isinstance(form, Labelled) else form for form in (gold, answer)]
    if not any(isinstance(form, Ranges | Matrix | Chain | Ratio) for form in bare):
        return False
    named = {form.variable for form in bare if isinstance(form, Ranges)}
    return any(not words.mentions(question, name) for name in free(answer) - free(gold) - named)


def are_narrowed(gold: AnswerReading, answer: AnswerReading, question: str) -> bool:
    r"""Say whether the variable of a region is whole or positive on one side only: `x > 3, x \in \mathbb{Z}`."""
    if not (_is_region(gold.form) or _is_region(answer.form)):
        return False
    narrowed = (_narrowed(gold) ^ _narrowed(answer)) - free(gold.form) - free(answer.form)
    return any(not is_whole(name, question) for name in narrowed)


def _narrowed(reading: AnswerReading) -> frozenset[str]:
    return frozenset(name for name, domain in reading.conditions if domain not in {"", "R", "C"})


def is_whole(name: str, question: str) -> bool:
    """Say whether the question asks for whole values of a letter, or of what it has no letter for."""
    stated = domains(question).get(name)
    if stated is not None and stated.whole:
        return True
    if words.mentions(question, name):
        return re.search(_OF + re.escape(name) + r"(?![A-Za-z])", question, re.IGNORECASE) is not None
    return _WHOLE_ASKED.search(question) is not None


def _is_region(form: Form) -> bool:
    if isinstance(form, Labelled):
        return _is_region(form.value)
    if isinstance(form, Sequence):
        return (form.brackets in {"()", "[]"} and len(form.items) == 2) or any(map(_is_region, form.items))
    return isinstance(form, Ranges | Inequality | Chain)
