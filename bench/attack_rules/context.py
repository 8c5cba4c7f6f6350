"""Context of a ground truth, as its question settles it: domain of the letters, unit asked for, rounding, order.

A truth is built together with its context, so the oracle never reads the question.
"""

from typing import Final, Literal, NamedTuple

from bench.attack_rules.tree import TreeNode

AskedDomain = Literal["number", "real", "positive", "negative", "integer", "natural", "complex", "open"]
"""What the letters stand for; `open`: the question does not say."""


class Context(NamedTuple):
    """What the oracle may take from the question."""

    domain: AskedDomain = "number"
    asked_unit: str = ""
    """Unit that the question asks for, as in the table of `units`."""
    exact: bool = False
    """The question asks for the exact value, so a rounded one is wrong."""
    measured: bool = False
    """The question has to do with units, percent or angles: a unit behind a bare number is not surely wrong."""
    base: int = 10
    rounded: bool = False
    """The question may ask for a rounded value, so even a whole number may stand for its neighbourhood."""


class Truth(NamedTuple):
    """A ground truth: its text, its question, and what it is."""

    text: str
    question: str
    family: str
    tree: TreeNode
    context: Context


INTEGER_LETTERS: Final = frozenset("nmkjpN")
"""Letters that a reader takes for integers where the question is silent."""
