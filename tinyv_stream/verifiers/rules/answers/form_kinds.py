"""Tests of an asked form: each looks at one side of an answer, beside the ground truth, which has the form."""

import functools
import re
from collections.abc import Callable
from typing import Final, Self

import msgspec

from tinyv_stream.verifiers.rules.answers import form_shapes as shapes
from tinyv_stream.verifiers.rules.answers import form_trees as trees
from tinyv_stream.verifiers.rules.answers.form_texts import AnswerSide
from tinyv_stream.verifiers.rules.maths.tree import Node

SideTest = Callable[[AnswerSide, AnswerSide], bool]
"""Says whether one side of an answer has a form, given the ground truth's last side, which has it."""
AnswerTest = Callable[[tuple[AnswerSide, ...], tuple[AnswerSide, ...]], bool]
"""Says the same of all sides."""

AS: Final = r"\b(?:as|in|into|to|using)\s+(?:an?\s+|the\s+|its\s+)?"
"""What stands in front of the name of a form."""
_BASE: Final = re.compile(rf"{AS}(?:single )?power\s+of\s+\$?(\w+)")


class AskedForm(msgspec.Struct, frozen=True):
    """A form: what names it in a question, which answers have it, which ground truths it can be asked of."""

    name: str
    words: str
    """Words of which the pattern has one, so that it is seldom searched for."""
    pattern: re.Pattern[str]
    has: SideTest
    is_in: Callable[[AnswerSide], bool]
    whole: AnswerTest | None = None
    """Looks at all sides of an equation instead of at one."""

    def is_named(self, text: str) -> bool:
        """Say whether a question in small letters has its words."""
        return any(word in text for word in self.words.split()) and self.pattern.search(text) is not None

    @classmethod
    def of_power(cls, sentence: str) -> Self | None:
        """Return the form of `as a power of 2`, where a sentence asks for it."""
        found = _BASE.search(sentence)
        if found is None:
            return None
        return cls("power", "power", _BASE, _is_such_power, functools.partial(_is_of_base, found[1]))


def _is_of_base(base: str, side: AnswerSide) -> bool:
    found = shapes.power(side.text)
    return found is not None and found[0] == base


def _is_such_power(side: AnswerSide, gold: AnswerSide) -> bool:
    return shapes.power(side.text) == shapes.power(gold.text)


def has_these_radicals(side: AnswerSide, gold: AnswerSide) -> bool:
    """Say whether it has the roots of the ground truth, each without a square in it."""
    return shapes.has_simple_radicals(side.text) and shapes.radicals(side.text) == shapes.radicals(gold.text)


def is_this_percentage(side: AnswerSide, gold: AnswerSide) -> bool:
    """Say whether it is a percentage, or the bare number of the ground truth's."""
    return bool(shapes.percentage(side.text)) or side.text == shapes.percentage(gold.text)


def is_as_factored(side: AnswerSide, gold: AnswerSide) -> bool:
    """Say whether it has as many factors as the ground truth, and no more to take out of them."""
    ours, theirs = (trees.sum_factors(tree) if (tree := one.tree) else None for one in (gold, side))
    if ours is not None:
        if theirs is None or theirs < ours or shapes.is_sum(side.text):
            return False
    elif shapes.factors(side.text) < shapes.factors(gold.text):
        return False
    return shapes.has_common_factor(gold.text) or not shapes.has_common_factor(side.text)


def is_as_simple(side: AnswerSide, gold: AnswerSide) -> bool:
    """Say whether it is in lowest terms, or has no quotient, where the ground truth is so."""
    if shapes.is_lowest(gold.text):
        return is_lowest_beside(side, gold)
    return shapes.has_quotient(gold.text) or not shapes.has_quotient(side.text)


def is_fraction_beside(side: AnswerSide, gold: AnswerSide) -> bool:
    """Say whether it is one fraction of whole numbers; a whole number only beside one."""
    return shapes.is_fraction(side.text) and _is_whole_alike(side, gold)


def is_lowest_beside(side: AnswerSide, gold: AnswerSide) -> bool:
    """Say whether it is one fraction or ratio in lowest terms; a whole number only beside one."""
    return shapes.is_lowest(side.text) and _is_whole_alike(side, gold)


def _is_whole_alike(side: AnswerSide, gold: AnswerSide) -> bool:
    r"""Say whether a whole number stands against one: `45 minutes` is no fraction of an hour."""
    return shapes.is_whole(gold.text) or not shapes.is_whole(side.text)


def is_simple(gold: AnswerSide) -> bool:
    """Say whether a ground truth is in lowest terms, or has letters and no decimals."""
    return shapes.is_lowest(gold.text) or (
        re.search(r"[A-Za-z]", gold.text) is not None and not re.search(r"\d\.\d", gold.text)
    )


def is_in_standard_form(side: AnswerSide, gold: AnswerSide) -> bool:
    """Say whether it is in scientific notation where the ground truth is, and in digits where that is."""
    test = shapes.is_scientific if shapes.is_scientific(gold.text) else shapes.is_decimal
    return test(side.text)


def text_form(name: str, words: str, pattern: str, has: Callable[[str], bool]) -> AskedForm:
    """Return a form that the text of a side shows."""
    return AskedForm(name, words, re.compile(pattern), lambda side, _: has(side.text), lambda gold: has(gold.text))


def tree_form(
    name: str,
    words: str,
    pattern: str,
    has: Callable[[Node, Node], bool],
    is_in: Callable[[Node], bool] = lambda _: True,
) -> AskedForm:
    """Return a form that the expression of a side shows, as it is read, beside that of the ground truth."""

    def holds(side: AnswerSide, gold: AnswerSide) -> bool:
        ours, theirs = gold.tree, side.tree
        return ours is not None and theirs is not None and has(theirs, ours)

    return AskedForm(
        name, words, re.compile(pattern), holds, lambda gold: (tree := gold.tree) is not None and is_in(tree)
    )


def has_no_decimal(text: str) -> bool:
    """Say whether a text has neither a decimal nor a percent sign."""
    return re.search(r"\d\.\d|(?<!\d)\.\d|%", text) is None
