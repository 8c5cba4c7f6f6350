"""Equations, inequalities, membership and set-builders -> labels, equations and ranges."""

import itertools
import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers import line
from tinyv_stream.verifiers.rules.answers.forms import (
    Chain,
    Equation,
    Form,
    Inequality,
    Interval,
    Labelled,
    Ranges,
    Scalar,
    Sequence,
)
from tinyv_stream.verifiers.rules.answers.shapes import ReadForm
from tinyv_stream.verifiers.rules.maths.clean import clean
from tinyv_stream.verifiers.rules.maths.equal import equal
from tinyv_stream.verifiers.rules.maths.read import read
from tinyv_stream.verifiers.rules.maths.tree import Node, Num, Op, Sym, Unreadable, decimals, substitute, symbols
from tinyv_stream.verifiers.rules.maths.value import CONTEXT, approximate, exact

_EQUALS: Final = frozenset({"=", "\\approx", "\\equiv"})
_LESS: Final = frozenset({"<", "\\lt", "\\le", "<="})
_MORE: Final = frozenset({">", "\\gt", "\\ge", ">="})
_UNEQUAL: Final = frozenset({"\\ne", "!="})
_STRICT: Final = frozenset({"<", "\\lt", ">", "\\gt"})
_WORD_CHARS: Final = 4
"""Characters from which a label is a word, whose capitals mean nothing."""
_HUNDRED: Final = Num(Fraction(100))
_HALF: Final = 0.5000001
_ROUGHLY: Final = 0.01
"""Relative distance at which one number is no rounding of another."""
SIGNS: Final = _EQUALS | _LESS | _MORE | _UNEQUAL | {"\\in"}

_LABEL: Final = re.compile(
    r"(?!\\not(?![a-z]))(?:\\angle\s*|\\triangle\s*|\\overline\s*|\\vec\s*|\\hat\s*|\\bar\s*|m\s*\\angle\s*)?\{?"
    r"(?:[A-Za-z]'{0,3}|[A-Z]{2,4}|\\[A-Za-z]+|\|\s*[A-Z]{2}\s*\||\\text\s*\{[^{}]*\}|[A-Za-z]{4,}(?: [a-z]+){0,4})\}?"
    r"(?:\s*_\s*(?:\{[^{}]*\}|[A-Za-z0-9]))?'{0,3}(?:\s*\^\s*\{?\s*-1\s*\}?)?(?:\s*\(\s*([A-Za-z](?:\s*,\s*[A-Za-z])*|[^()]{1,40})\s*\))?"
)
_SEGMENTS: Final = re.compile(r"\\frac\s*\{\s*([A-Z]{2})\s*\}\s*\{\s*([A-Z]{2})\s*\}|([A-Z]{2})\s*/\s*([A-Z]{2})")
_LENGTH: Final = re.compile(
    r"\|\s*(?:[abzwEV]|\\(?:vec|overrightarrow|overline|text)\s*\{\s*([A-Za-z]{1,2})\s*\}|\\vec\s+([a-z]))\s*\|"
)
_DERIVATIVE: Final = re.compile(
    r"\\frac\s*\{\s*d\s*(?:\^\s*\{?\s*([23])\s*\}?)?\s*([fgyhsuv])\s*\}\s*\{\s*d\s*[xt]\s*(?:\^\s*\{?\s*[23]\s*\}?)?\s*\}"
)
_VALUE_OF: Final = re.compile(r"[fgh]\s*\(\s*[a-z]\s*\)")
_TEXT: Final = re.compile(r"\\text\s*\{([^{}]*)\}")
_NAME: Final = re.compile(r"(?:the )?[A-Za-z]+(?:[ -][a-z]+){0,4}")
_SETS: Final = re.compile(r"(?:[A-Z()\s_{}]|\\(?:cap|cup|complement)(?![a-z])|\\text\s*\{\s*C\s*\}){3,60}")


def read_relation(parts: list[str], used: list[str], depth: int, read_form: ReadForm) -> Form:
    """Return the form of `a = b`, `a < x <= b`, `x in S`, `x != a`; raise Unreadable for mixtures."""
    if all(sign in _EQUALS for sign in used):
        return _equation(parts, used, depth, read_form)
    if used == ["\\in"]:
        return _member(parts[0], read_form(parts[1], depth + 1))
    if used[0] in _UNEQUAL and len(parts) == 2:
        left, right = read(parts[0]), read(parts[1])
        if isinstance(left, Sym) and left.name not in symbols(right):
            return line.named(line.all_but([right]), left.name)
        raise Unreadable("an inequality of expressions")
    if all(sign in _LESS for sign in used):
        return _chain(parts, used)
    if all(sign in _MORE for sign in used):
        return _chain(parts[::-1], used[::-1])
    raise Unreadable("mixed relations")


def label(text: str) -> tuple[str, str] | None:
    """Return (label, variable) if `text` is a name such as `x`, `a_n`, `AB`, `f(x)`, `Area`; None for an expression."""
    text = _DERIVATIVE.sub(lambda m: (m[2] or "f") + "'" * int(m[1] or 1), text.strip())
    if _LENGTH.fullmatch(text) or ("\\c" in text and _SETS.fullmatch(text)):
        return re.sub(r"\s+|[{}]|\\(?:vec|overrightarrow|overline|text)", "", text), ""
    if re.fullmatch(r"\\text\s*\{[A-Za-z ]{1,40}\}", text):
        text = text[text.index("{") + 1 : -1].strip()
        if re.fullmatch(r"[A-Za-z]{3}", text):
            return text.lower(), ""
    if (ratio := _SEGMENTS.fullmatch(text)) is not None:
        return f"{ratio[1] or ratio[3]}/{ratio[2] or ratio[4]}", ""
    found = _LABEL.fullmatch(text)
    if found is None or re.fullmatch(r"\\(?:pi|infty|frac|sqrt|text(?!\s*\{[A-Z]\}\())(?![a-z]).*", text):
        return None
    variable = (found[1] or "").strip()
    text = re.sub(r"\\overline(?=\s*\{\s*[a-zA-Z]\s*\})", lambda _m: "\\bar", text)
    name = re.sub(r"\s+|[{}]|\\text|\\overline|\\vec|\\angle|\\triangle|\||^m(?=\\)", "", text)
    bare = re.sub(r"\([A-Za-z]\)$", "", name)
    if len(bare) >= _WORD_CHARS and not set("_(") & set(bare):  # R and r are two radii, Area and area are one
        name = name.lower()
    if re.fullmatch(r"[A-Za-z]", variable):
        return re.sub(r"\([a-z]\)$", "", name), variable
    return name, ""


def builder(variable: str, condition: Form) -> Form:
    """Return what `{variable | condition}` means; of whole numbers, those that there are."""
    name, _, domain = (part.strip() for part in variable.partition("\\in"))
    domain = re.sub(r"[\s{}]|\\(?:mathbb|mathbf|text)", "", domain)
    if isinstance(condition, Ranges):
        if condition.variable not in {"", name}:
            raise Unreadable("a set-builder of several variables")
        if domain not in {"", "R"}:
            return Sequence("{}", tuple(Scalar(Num(Fraction(n))) for n in line.whole_numbers(condition, domain)))
        return line.named(condition, name)
    if isinstance(condition, Labelled) and condition.label == name and domain in {"", "R", "C"}:
        value = condition.value
        return Sequence("{}", value.items if isinstance(value, Sequence) else (value,))
    raise Unreadable("a set-builder")


def _member(name: str, form: Form) -> Form:
    if isinstance(form, Sequence) and form.brackets == "{}":
        return Labelled(name.strip(), form)
    return line.named(line.as_ranges(form), name.strip())


def _equation(  # noqa: PLR0911 (one way out per shape)
    parts: list[str], used: list[str], depth: int, read_form: ReadForm
) -> Form:
    if "\\approx" in used[(label(parts[0]) is not None) :]:  # `exact ~ rounded`: the exact value is the answer
        parts, rounded = _without_rounded(parts, used)
        if len(parts) == 1:
            return _approximated(parts[0], rounded, depth, read_form)
    if (names := _tuple_of_names(parts[0])) is not None and len(parts) == 2:
        return Labelled(names, read_form(parts[1], depth + 1))
    if (names := _ratio_of_names(parts[0])) is not None and len(parts) == 2:
        return Labelled(names, read_form(parts[1], depth + 1))
    found = label(parts[0])
    if found is not None and parts[-1]:
        return _named_value(parts, depth, read_form)
    if len(parts) == 2 and (found := label(parts[1])) is not None and not symbols(read(parts[0])):
        return Labelled(found[0], read_form(parts[0], depth + 1), found[1])
    trees = [_tree(clean(part)) for part in parts]
    if all(equal(a, b) for a, b in itertools.pairwise(trees)):
        if isinstance(trees[0], Num) and not isinstance(trees[-1], Num):
            raise Unreadable("a number taken apart")  # `2015 = 7 + 2008`: which parts is the answer
        return read_form(parts[-1], depth + 1)
    if len(trees) != 2:
        raise Unreadable("a chain of equations")
    return Equation(Op("add", (trees[0], Op("neg", (trees[1],)))))


def _without_rounded(parts: list[str], used: list[str]) -> tuple[list[str], str]:
    """Return what stands before the approximation, and the approximation."""
    at = used.index("\\approx", label(parts[0]) is not None) + 1
    return parts[:at], parts[at]


def _approximated(text: str, rounded: str, depth: int, read_form: ReadForm) -> Form:
    r"""Read `exact \approx rounded`; where the exact side is a constant, its approximation is the answer."""
    if text.strip() in {"\\pi", "e"}:
        return Labelled(text.strip(), read_form(rounded, depth + 1))
    form, other = read_form(text, depth + 1), read_form(rounded, depth + 1)
    if isinstance(form, Scalar) and isinstance(other, Scalar) and not (symbols(form.node) or symbols(other.node)):
        exact, near = approximate(form.node, {}), approximate(other.node, {})
        places, gap = decimals(other.node), abs(exact) - abs(near)
        last = None if places is None else CONTEXT.mpf(10) ** -places
        if abs(exact - near) > abs(exact) * _ROUGHLY or (last and not -_HALF * last <= gap < last):  # rounded, or cut
            raise Unreadable("an approximation of something else")
    return form


def _named_value(parts: list[str], depth: int, read_form: ReadForm) -> Form:
    """Read `S = 2 + 3 = 5`, and `x = y = 0` as two assignments; raise Unreadable for a chain that does not hold."""
    names = [found for part in parts[:-1] if (found := label(part)) is not None]
    value = read_form(parts[-1], depth + 1)
    if len(names) == len(parts) - 1:
        items = tuple(Labelled(name, value, of) for name, of in names)
        return items[0] if len(items) == 1 else Sequence("=", items)
    if isinstance(value, Scalar):
        middle = [_tree(part) for part in parts[1:-1] if label(part) is None]
        last = Op("div", (value.node, _HUNDRED)) if value.percent else value.node
        if not all(equal(part, last) for part in middle):
            raise Unreadable("a chain that does not hold")
    return Labelled(names[0][0], value, names[0][1])


def _tree(text: str) -> Node:
    """Read an expression, which may be one of percent."""
    bare = re.sub(r"\s*\\?%\Z", "", text)
    return read(text) if bare == text else Op("div", (read(bare), _HUNDRED))


def _tuple_of_names(text: str) -> str | None:
    if not (text.startswith("(") and text.endswith(")")):
        return None
    names = [label(part) for part in text[1:-1].split(",")]
    return re.sub(r"\s", "", text) if len(names) > 1 and all(names) else None


def _ratio_of_names(text: str) -> str | None:
    """Return `boys : girls` in one spelling; None where something else than names stands at a colon."""
    if ":" not in text:
        return None
    names = [_TEXT.sub(r" \1 ", part).strip() for part in text.split(":")]
    known = all(_NAME.fullmatch(name) or label(name) for name in names)
    return ":".join(names) if known and all(names) else None


def _chain(parts: list[str], used: list[str]) -> Form:
    """Read an ascending chain of two or three parts."""
    strict = [sign in _STRICT for sign in used]
    # `0 < f(x) < 1` is a range of what f takes
    trees = [Sym(re.sub(r"\s", "", part)) if _VALUE_OF.fullmatch(part) else read(part) for part in parts]
    if len(trees) == 3 and isinstance(trees[1], Sym):
        name = trees[1].name
        if name not in symbols(trees[0]) | symbols(trees[2]):
            return line.named(line.interval(trees[0], trees[2], not strict[0], not strict[1]), name)
    if len(trees) != 2:
        return Chain(tuple("<" if s else "<=" for s in strict), tuple(trees))
    low, high = trees
    if (around := _around(low, high, strict=strict[0])) is not None:
        return around
    if isinstance(high, Sym) and high.name not in symbols(low):
        part = Interval(low, None, low_closed=not strict[0], high_closed=False)
        return Ranges((part,), high.name)
    if isinstance(low, Sym) and low.name not in symbols(high):
        return Ranges((Interval(None, high, low_closed=False, high_closed=not strict[0]),), low.name)
    return Inequality(Op("add", (high, Op("neg", (low,)))), strict[0])


def _around(low: Node, high: Node, *, strict: bool) -> Ranges | None:
    """Read `|x - b| < a` and `|x - b| > a` for a positive number a."""
    inner, bound = (low, high) if isinstance(low, Op) and low.name == "abs" else (high, low)
    if not (isinstance(inner, Op) and inner.name == "abs") or symbols(bound):
        return None
    middle = _middle(inner.args[0])
    if middle is None or not float(approximate(bound, {}).real) > 0:
        return None
    name, centre, slope = middle
    half = Op("div", (bound, slope))
    lower, upper = Op("add", (centre, Op("neg", (half,)))), Op("add", (centre, half))
    if inner is low:
        return line.named(line.interval(lower, upper, not strict, not strict), name)
    ends = (Interval(None, lower, low_closed=False, high_closed=not strict),)
    return Ranges((*ends, Interval(upper, None, low_closed=not strict, high_closed=False)), name)


def _middle(node: Node) -> tuple[str, Node, Num] | None:
    """Return (letter, where it is zero, size of its slope) of `ax + b`; None for anything else."""
    names = symbols(node)
    if len(names) != 1:
        return None
    name = next(iter(names))
    at, after = (exact(substitute(node, name, Num(Fraction(n)))) for n in (0, 1))
    if at is None or after is None or at == after:
        return None
    line_through = Op("add", (Num(at), Op("mul", (Sym(name), Num(after - at)))))
    return (name, Num(-at / (after - at)), Num(abs(after - at))) if equal(node, line_through) else None
