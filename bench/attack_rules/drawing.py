"""Parts that families of ground truths draw from: small numbers, fractions, roots, questions for a value."""

import random
from collections.abc import Callable
from typing import Final

from bench.attack_rules.context import Context
from bench.attack_rules.tree import TreeNode, div, mul, num, sqrt

Drawn = tuple[TreeNode, str, Context]
DrawFamily = Callable[[random.Random], Drawn]

VALUE: Final = ("Compute the value.", "Find the exact value.", "Evaluate the expression.", "What is the result?", "")
PRIMES: Final = (2, 3, 5, 6, 7, 10, 11, 13, 15, 17, 19)


def value(rng: random.Random) -> str:
    """Return a question for a value, or none."""
    return rng.choice(VALUE)


def exact_value(node: TreeNode, rng: random.Random) -> Drawn:
    """Return a value with its question; without a question nothing forbids a unit."""
    question = value(rng)
    return node, question, Context(measured=not question)


def small(rng: random.Random, low: int = 2, high: int = 12) -> TreeNode:
    """Return a small whole number."""
    return num(rng.randint(low, high))


def fraction(rng: random.Random) -> TreeNode:
    """Return a fraction of two numbers."""
    a, b = rng.sample(range(2, 30), 2)
    return div(num(a), num(b))


def surd(rng: random.Random) -> TreeNode:
    """Return a multiple of a root."""
    return mul(small(rng), sqrt(num(rng.choice(PRIMES))))
