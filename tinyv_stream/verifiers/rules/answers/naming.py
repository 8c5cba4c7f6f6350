"""Values with their names beside them: `switch: 2/3`, `12 apples`, `minimum -1`; and vectors by their components."""

import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers import asked, units
from tinyv_stream.verifiers.rules.answers.forms import Form, Labelled, Scalar, Sequence
from tinyv_stream.verifiers.rules.maths.equal import equal
from tinyv_stream.verifiers.rules.maths.tree import FUNCTIONS, Node, Num, Op, Sym, substitute, symbols

_TEXT: Final = re.compile(r"\\text\s*\{([^{}]*)\}")
_NAMED: Final = re.compile(
    r"([xyz]-(?:intercept|coordinate)|[A-Za-z][a-z]{2,19}(?: [a-z]{2,14}){0,2})\s*(?:([:=])\s*|\s)(?=[-\d\\(.$])(\S.*)",
    re.DOTALL,
)
_COMMAND: Final = re.compile(r"\A\\(max|min)(?![A-Za-z])\s*(?=[-\d=:\\$])")
_EXTREMES: Final = frozenset({"max", "min"})
_NO_NAMES: Final = (FUNCTIONS | {"sqrt", "frac", "approx", "about"}) - {"max", "min"}
_AXES: Final = ("\\vec i", "\\vec j", "\\vec k")


def named_part(text: str) -> tuple[str, str] | None:
    """Return (name, value) of `switch: 2/3`, `minimum -1`; None where no name stands in front."""
    plain = _COMMAND.sub(r"\1 ", _TEXT.sub(r" \1 ", text, count=1).strip())
    found = _NAMED.fullmatch(plain)
    if (
        found is None
        or found[1].lower() in _NO_NAMES
        or (found[1].lower() in FUNCTIONS - _EXTREMES and found[2] is None)
    ):
        return None
    if found[1].lower() in _EXTREMES and found[2] is None and found[3].startswith(("(", "\\(", "\\{")):
        return None  # `max(3, 5)` is a value
    if asked.changes_a_number(found[1]) or _TEXT.search(found[3][:6]):
        return None
    return without_plural(found[1]), found[3].strip()


def without_plural(name: str) -> str:
    """Return one spelling of a name, without its plural."""
    return units.one_name(name.lower())


def by_unit(sequence: Sequence, question: str = "") -> Sequence:
    """Return `12 apples, 7 pears` as values named by what they count; other sequences as they are."""
    items = [item for item in sequence.items if isinstance(item, Scalar) and item.unit]
    names = {item.unit for item in items}
    if len(items) < 2 or len(items) != len(sequence.items) or len(names) != len(items):
        return sequence
    counted = {name for name in names if re.search(rf"\bhow many {re.escape(name)}", question, re.IGNORECASE)}
    if any(
        units.factor(name)
        or (asked.changes_a_number(name) and name not in counted)
        or not re.fullmatch(r"[a-z ]+", name)
        for name in names
    ):
        return sequence
    return Sequence("", tuple(Labelled(item.unit, Scalar(item.node)) for item in items))


def components(form: Form) -> Form:
    r"""Return `3\vec i + \vec j - 2\vec k` as `(3, 1, -2)`; raise nothing, and return other forms as they are."""
    if not isinstance(form, Scalar) or form.unit or not any(name in _AXES for name in symbols(form.node)):
        return form
    if any(name.startswith("\\vec") and name not in _AXES for name in symbols(form.node)):
        return form
    count = 3 if "\\vec k" in symbols(form.node) else 2
    parts = [_along(form.node, axis) for axis in _AXES[:count]]
    total = Op("add", tuple(Op("mul", (part, Sym(axis))) for part, axis in zip(parts, _AXES, strict=False)))
    return Sequence("()", tuple(Scalar(part) for part in parts)) if equal(form.node, total) else form


def _along(node: Node, axis: str) -> Node:
    for name in _AXES:
        node = substitute(node, name, Num(Fraction(int(name == axis))))
    return node
