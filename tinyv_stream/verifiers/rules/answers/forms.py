"""The shapes that an answer can have. Frozen values; no behaviour."""

from collections.abc import Callable

import msgspec

from tinyv_stream.verifiers.rules.maths.tree import Node
from tinyv_stream.verifiers.taxonomy import Taxonomy


class Match(msgspec.Struct, frozen=True):
    """A comparison that came to an end: the same or not, which comparison, and the class of the difference."""

    same: bool
    reason: str
    taxonomy: Taxonomy | None = None


class Scalar(msgspec.Struct, frozen=True):
    """One expression, with what stands behind it."""

    node: Node
    unit: str = ""
    percent: bool = False
    degrees: bool = False


class Words(msgspec.Struct, frozen=True):
    """Plain words, in canonical spelling."""

    text: str


class Labelled(msgspec.Struct, frozen=True):
    """`label = value`; the label is a name, not an expression. `variable` is x in f(x)."""

    label: str
    value: "Form"
    variable: str = ""


class Equation(msgspec.Struct, frozen=True):
    """`difference = 0`."""

    difference: Node


class Inequality(msgspec.Struct, frozen=True):
    """`difference > 0`, or `>= 0` unless strict; not solved for anything."""

    difference: Node
    strict: bool


class Chain(msgspec.Struct, frozen=True):
    """`a < b < c`, not solved for anything; `signs` are `<` or `<=`, ascending."""

    signs: tuple[str, ...]
    parts: tuple[Node, ...]


class Interval(msgspec.Struct, frozen=True):
    """Between two ends; None is infinity. A single point is closed with equal ends."""

    low: Node | None
    high: Node | None
    low_closed: bool
    high_closed: bool


class Ranges(msgspec.Struct, frozen=True):
    """A union of intervals, and the variable if one was named."""

    parts: tuple[Interval, ...]
    variable: str = ""


class Sequence(msgspec.Struct, frozen=True):
    """Several answers. `brackets` is `()`, `[]`, `{}` or empty; `either`: joined by "or", or by a plus-minus."""

    brackets: str
    items: tuple["Form", ...]
    either: bool = False


class Ratio(msgspec.Struct, frozen=True):
    """a : b : c."""

    parts: tuple[Node, ...]


class Matrix(msgspec.Struct, frozen=True):
    """Rows of expressions."""

    rows: tuple[tuple[Node, ...], ...]


Form = Scalar | Words | Labelled | Equation | Inequality | Chain | Ranges | Sequence | Ratio | Matrix

Comparison = Callable[[Form, Form, str], Match | None]
"""Compares two forms under a question; None where it does not know."""


class Dropped(msgspec.Struct, frozen=True):
    """A piece of an answer that is not part of its value, and why it may go."""

    text: str
    why: str


class AnswerReading(msgspec.Struct, frozen=True):
    """A form with what was said beside it (`k` is an integer), and what was dropped."""

    form: Form
    conditions: frozenset[tuple[str, str]] = frozenset()
    dropped: tuple[Dropped, ...] = ()
