"""The kinds of false negatives: 7 classes, 31 kinds (TinyV, arXiv 2505.14625, uw-nsl/TinyV `tagging/prompts`, MIT).

Identifiers and short names only; what a kind looks like is shown by the forms in `lab.synth`.
"""

import enum
from typing import Final

import msgspec


class Taxonomy(enum.StrEnum):
    """How an accepted answer differs from the ground truth: the seven classes, in the paper's order."""

    FORMATTING = "formatting"
    """Spacing, markup, units left out, a prefix such as `x =`."""
    NOTATION = "notation"
    """Interval or inequality, ratio or fraction, plus-minus or two values, vector or tuple."""
    EXPRESSION = "expression"
    """Another form of the same expression."""
    NUMERIC = "numeric"
    """Fraction or decimal, exact or rounded, powers worked out."""
    LANGUAGE = "language"
    """Words around it, other words, assignments spelt out."""
    SET_LIST = "set_list"
    """Order, brackets or separators of a collection."""
    SYMBOLIC = "symbolic"
    """Another name of a variable or constant."""


class Kind(msgspec.Struct, frozen=True):
    """One way in which a correct answer can look different."""

    id: str
    group: Taxonomy
    name: str


_NAMES: Final[dict[Taxonomy, tuple[str, ...]]] = {
    Taxonomy.FORMATTING: ("whitespace", "symbol", "markup", "unit", "context", "other"),
    Taxonomy.NOTATION: ("interval or inequality", "ratio", "aggregated solutions", "vector and matrix", "other"),
    Taxonomy.EXPRESSION: ("algebraic", "root and exponent", "logarithm and trigonometry", "other"),
    Taxonomy.NUMERIC: ("exact or approximate", "other exact form", "rounding", "other"),
    Taxonomy.LANGUAGE: ("explanatory text", "assignment", "phrasing", "other"),
    Taxonomy.SET_LIST: ("order", "structure", "delimiter", "other"),
    Taxonomy.SYMBOLIC: ("variable choice", "subscript", "custom symbol", "other"),
}

KINDS: Final[dict[str, Kind]] = {
    kind.id: kind
    for number, (group, names) in enumerate(_NAMES.items(), 1)
    for kind in (Kind(f"{number}.{i}", group, name) for i, name in enumerate(names, 1))
}
"""By identifier, `1.1` to `7.4`, in the paper's order."""

UNCLASSIFIED: Final = "unclassified"
"""What no kind names."""
