"""The kinds of false negatives: 7 classes, 31 kinds (TinyV, arXiv 2505.14625, uw-nsl/TinyV `tagging/prompts`, MIT).

Identifiers and short names only; what a kind looks like is shown by the forms in `synth`.
"""

from typing import Final, Literal

import msgspec

Class = Literal["formatting", "notation", "expression", "numeric", "language", "set_list", "symbolic"]


class Kind(msgspec.Struct, frozen=True):
    """One way in which a correct answer can look different."""

    id: str
    group: Class
    name: str


_NAMES: Final[dict[Class, tuple[str, ...]]] = {
    "formatting": ("whitespace", "symbol", "markup", "unit", "context", "other"),
    "notation": ("interval or inequality", "ratio", "aggregated solutions", "vector and matrix", "other"),
    "expression": ("algebraic", "root and exponent", "logarithm and trigonometry", "other"),
    "numeric": ("exact or approximate", "other exact form", "rounding", "other"),
    "language": ("explanatory text", "assignment", "phrasing", "other"),
    "set_list": ("order", "structure", "delimiter", "other"),
    "symbolic": ("variable choice", "subscript", "custom symbol", "other"),
}

KINDS: Final[dict[str, Kind]] = {
    kind.id: kind
    for number, (group, names) in enumerate(_NAMES.items(), 1)
    for kind in (Kind(f"{number}.{i}", group, name) for i, name in enumerate(names, 1))
}
"""By identifier, `1.1` to `7.4`, in the paper's order."""

UNCLASSIFIED: Final = "unclassified"
"""What no kind names."""
