r"""Sets that repeat: `\frac{\pi}{4} + k\pi` for whole k, `7k + 3`, `x \equiv 3 \pmod 7`, and unions of such.

Each element is an offset and a step. Two unions are the same if each element of one, cut up to a common step, is one of
the other: offsets differ by a whole multiple of it. A parameter must run through all whole numbers, on both sides.
"""

import math
import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers.conditions import Condition
from tinyv_stream.verifiers.rules.answers.forms import AnswerReading, Form, Labelled, Match, Ranges, Scalar, Sequence
from tinyv_stream.verifiers.rules.answers.line import as_ranges
from tinyv_stream.verifiers.rules.answers.shapes import MODULAR, is_residue
from tinyv_stream.verifiers.rules.answers.words import RANGE_ASKED, mentions
from tinyv_stream.verifiers.rules.maths.equal import equal
from tinyv_stream.verifiers.rules.maths.exact import exact
from tinyv_stream.verifiers.rules.maths.tree import Node, Num, Op, Sym, Unreadable, substitute, symbols, walk
from tinyv_stream.verifiers.rules.maths.value import approximate
from tinyv_stream.verifiers.taxonomy import Taxonomy

_PARAMETERS: Final = frozenset("klmnjt")
_HAS_PI: Final = Sym("\\pi")
_ALL_ASKED: Final = re.compile(
    r"\bsolve|solutions?\b|\broots?\b|\bzeros?\b|(?:find|determine|describe|list|give|what are) all|"
    r"congruen|remainder|residue|\ball (?:the )?(?:possible |real |positive |such )*"
    r"(?:values|numbers|integers|angles|points|[a-z]\b)|"
    r"(?:which|what) (?:numbers|integers|values|angles)|\bset of",
    re.IGNORECASE,
)
_SOLUTIONS_ASKED: Final = re.compile(r"(?:find|determine|list|give) all (?:the )?(?:real )?solutions", re.IGNORECASE)
_TERM_ASKED: Final = re.compile(
    r"\bterm\b|sequence|progression|formula|in terms of|as a function|\bexpress", re.IGNORECASE
)
_MANY: Final = 60
"""Elements of a union after they were cut up to a common step."""
_FAR: Final = 10**6

Element = tuple[str, tuple[Node, ...], Node]
"""What it is (a value, an interval with its ends, all but a value), its offsets, and its step."""


def same_families(gold: AnswerReading, answer: AnswerReading, question: str) -> Match | None:
    """Compare two sets that repeat; None where one of them is no such set, or it cannot be told."""
    if _is_one_residue(gold.form) and _is_one_residue(answer.form):
        return None  # compared as what they are
    try:
        ours, theirs = (_elements(side.form, side.conditions, question) for side in (gold, answer))
        if not ours or not theirs:
            return None
        found = _cut_up(ours, theirs)
        if found is None:
            return None
        left, right, period = found
        return Match(same=_is_within(left, right, period), reason="sets that repeat", taxonomy=Taxonomy.SYMBOLIC)
    except Unreadable:
        return None


def _is_one_residue(form: Form) -> bool:
    value = form.value if isinstance(form, Labelled) else form
    return isinstance(value, Scalar) and is_residue(value)


def _elements(form: Form, conditions: Iterable[Condition], question: str) -> list[Element] | None:
    """Return the elements of a union; None where an element has no step, or its parameter is not any whole number."""
    if isinstance(form, Labelled):
        if form.variable or "_" in form.label:
            return None  # `a_n = 2n - 1`: one value for each n, no set
        form = form.value
    if isinstance(form, Sequence) and form.brackets == "[]" and RANGE_ASKED.search(question):
        form = as_ranges(form)
    if isinstance(form, Ranges):
        form = Sequence("", tuple(Ranges((part,)) for part in form.parts)) if not _is_without_one(form) else form
    items = form.items if isinstance(form, Sequence) and form.brackets in {"", "{}"} else (form,)
    found = [_element(item.value if isinstance(item, Labelled) else item, conditions, question) for item in items]
    elements = [element for element in found if element is not None]
    return elements if len(elements) == len(found) else None


def _element(form: Form, conditions: Iterable[Condition], question: str) -> Element | None:
    if isinstance(form, Ranges):
        return _interval(form, conditions, question)
    if not isinstance(form, Scalar) or form.percent:
        return None
    if is_residue(form):
        step = int(form.unit.removeprefix(MODULAR))
        return ("", (form.node,), Num(Fraction(step))) if step > 0 and exact(form.node) is not None else None
    found = None if form.unit else _linear(form.node, conditions, question)
    return found and ("", (found[0],), found[1])


def _interval(form: Ranges, conditions: Iterable[Condition], question: str) -> Element | None:
    """Return the element of `[a + kp, b + kp]`, and of everything but `a + kp`."""
    part = form.parts[0]
    if _is_without_one(form):
        found = _linear(part.high, conditions, question) if part.high else None
        return found and ("but", (found[0],), found[1])
    low, high = (_linear(end, conditions, question) if end else None for end in (part.low, part.high))
    if low is None or high is None or equal(low[1], high[1]) is not True:
        return None
    return f"{part.low_closed} {part.high_closed}", (low[0], high[0]), low[1]


def _is_without_one(form: Ranges) -> bool:
    if len(form.parts) != 2:
        return False
    one, other = form.parts
    ends = one.low is None and other.high is None and one.high is not None and one.high == other.low
    return ends and not one.high_closed and not other.low_closed


def _linear(node: Node, conditions: Iterable[Condition], question: str) -> tuple[Node, Node] | None:
    """Return offset and step of a value with one parameter, which runs through all whole numbers."""
    names = symbols(node)
    if len(names) != 1:
        return None
    name = next(iter(names))
    said = [domain for letter, domain in conditions if letter == name]
    if not said and name not in _PARAMETERS:
        return None
    # the k of "all solutions of k cos x = 1" may be another one than that of `\\frac{\\pi}{6} + k\\pi`
    all_angles = _HAS_PI in walk(node) and _SOLUTIONS_ASKED.search(question) is not None
    repeats = _HAS_PI in walk(node) or _ALL_ASKED.search(question) is not None
    if not repeats or _TERM_ASKED.search(question):
        return None
    if said not in ([], ["Z"]) or (
        not said and (conditions or name not in _PARAMETERS or mentions(question, name) > all_angles)
    ):
        return None
    at = [substitute(node, name, Num(Fraction(k))) for k in (0, 1)]
    step = Op("add", (at[1], Op("neg", (at[0],))))
    linear = Op("add", (at[0], Op("mul", (Sym(name), step))))
    if equal(node, linear) is not True or equal(step, Num(Fraction(0))) is not False:
        return None
    return at[0], step


def _cut_up(ours: list[Element], theirs: list[Element]) -> tuple[list[Element], list[Element], Node] | None:
    """Return the elements of both within one common period, and the period."""
    unit = ours[0][2]
    shares = [[_share(step, unit) for _, _, step in side] for side in (ours, theirs)]
    known = [share for side in shares for share in side if share is not None]
    if len(known) != len(ours) + len(theirs):
        return None
    bottom = math.lcm(*(share.denominator for share in known))
    common = Fraction(math.lcm(*(int(share * bottom) for share in known)), bottom)
    if sum(common / share for share in known) > _MANY:
        return None
    left, right = (
        [
            (key, tuple(_moved(offset, share * k, unit) for offset in offsets), unit)
            for (key, offsets, _), share in zip(side, of, strict=True)
            if share is not None
            for k in range(int(common / share))
        ]
        for side, of in zip((ours, theirs), shares, strict=True)
    )
    return left, right, Op("mul", (Num(common), unit))


def _moved(offset: Node, times: Fraction, unit: Node) -> Node:
    return Op("add", (offset, Op("mul", (Num(times), unit))))


def _share(step: Node, unit: Node) -> Fraction | None:
    """Return how many times `unit` a step is, without its sign; None for no small fraction."""
    ratio = approximate(Op("div", (step, unit)), {})
    if ratio.imag or not 1 / _FAR < abs(ratio) < _FAR:
        return None
    near = abs(Fraction(float(ratio.real)).limit_denominator(720))
    same = equal(Op("abs", (step,)), Op("mul", (Num(near), Op("abs", (unit,)))))
    return near if near and same else None


def _is_within(ours: list[Element], theirs: list[Element], period: Node) -> bool:
    """Say whether both have the same elements, but for whole multiples of the period."""
    return all(any(_is_apart(a, b, period) for b in theirs) for a in ours) and all(
        any(_is_apart(a, b, period) for a in ours) for b in theirs
    )


def _is_apart(one: Element, other: Element, period: Node) -> bool:
    if one[0] != other[0] or len(one[1]) != len(other[1]):
        return False
    gaps = [Op("add", (a, Op("neg", (b,)))) for a, b in zip(one[1], other[1], strict=True)]
    times = approximate(Op("div", (gaps[0], period)), {})
    if times.imag or abs(times) > _FAR:
        return False
    whole = Op("mul", (Num(Fraction(round(float(times.real)))), period))
    return all(equal(gap, whole) is True for gap in gaps)
