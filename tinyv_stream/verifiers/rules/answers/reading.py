"""One answer text -> one `Form`. Splits at the top level, recognises the shape, reads the expressions inside.

- Raises `Unreadable` for mathematics outside of the language (sums, integrals, piecewise functions): another grader's.
- A text of words becomes `Words`: it equals the same words and nothing else.
- Depth and number of parts are bounded; each character is looked at a bounded number of times.
"""

import itertools
import re
from fractions import Fraction
from typing import Final

from tinyv_stream.verifiers.rules.answers import line, matrices, naming, relations, scalars, shapes, words
from tinyv_stream.verifiers.rules.answers.forms import (
    AnswerReading,
    Form,
    Interval,
    Labelled,
    Matrix,
    Ranges,
    Ratio,
    Scalar,
    Sequence,
    Words,
)
from tinyv_stream.verifiers.rules.answers.split import MAX_PARTS, enclosed, split
from tinyv_stream.verifiers.rules.answers.trimming import JOINED, trim, without_clause
from tinyv_stream.verifiers.rules.maths.clean import clean
from tinyv_stream.verifiers.rules.maths.read import read
from tinyv_stream.verifiers.rules.maths.tree import Node, Num, Sym, Unreadable, symbols

MAX_DEPTH: Final = 6
ALL_REALS: Final = Ranges((Interval(None, None, low_closed=False, high_closed=False),))

_POSITIVE: Final = re.compile(r"\\mathbb\s*\{?\s*R\s*\}?\s*\^\s*\{?\s*\+\s*\}?")
_MINUS_SET: Final = re.compile(r"(?<=[\])}])\s*-\s*\\\{")
_SIGNS: Final = re.compile(r"\\(pm|mp)(?![a-z])")
_PLUS_MINUS: Final = re.compile(r"\\pm(?![a-z])")
_MINUS_PLUS: Final = re.compile(r"\\mp(?![a-z])")
_EXCEPT: Final = re.compile(
    r"(?:\\text\s*\{)?\s*all real (?:numbers|values)(?: of)?(?: [a-z])?,?\s*"
    r"(?:except|other than|excluding|but)(?: for)?\s*\}?\s*(?:[a-z]\s*=)?\s*([^a-z]{1,60})",
    re.IGNORECASE,
)
_MATRIX: Final = re.compile(r"\\begin\s*\{([pbBvV]?matrix)\}(.*)\\end\s*\{\1\}", re.DOTALL)
_POINT: Final = re.compile(r"(?:\\text\s*\{\s*)?((?:Point\s*)?[A-Z]'?|Point)\s*\}?\s*(\(.*\))", re.DOTALL)
_SEPARATORS: Final = frozenset({",", ";", "and", "or", "\\vee", "\\wedge", "\\lor", "\\land"})
_EITHER: Final = frozenset({"or", "\\vee", "\\lor"})
_BOTH: Final = frozenset({"and", "\\wedge", "\\land"})
_PADDED: Final = re.compile(r"0\d+")
_REALS: Final = re.compile(
    r"\\mathbb\s*\{?\s*R\s*\}?|\\text\s*\{\s*(?:all )?real numbers\s*\}|(?:all )?real numbers", re.IGNORECASE
)


def read_answer(text: str) -> AnswerReading:
    """Return the reading of an answer; raise Unreadable if its shape or an expression is not understood."""
    trimmed = trim(text)
    form = read_form(scalars.strip_currency(trimmed.text).strip(), 0)
    return AnswerReading(form, trimmed.conditions, trimmed.dropped)


def read_form(text: str, depth: int) -> Form:
    """Return the form of a cleaned text."""
    if not text or depth > MAX_DEPTH:
        raise Unreadable("empty or too deep")
    if (whole := _whole_text(text, depth) or shapes.special(text, depth, read_form)) is not None:
        return whole
    parts, used = split(text, _SEPARATORS)
    if len(parts) > 1:
        return _several(parts, used, depth)
    if _SIGNS.search(text) and not text.startswith("\\{"):
        return _plus_minus(text, depth)
    parts, used = split(text, relations.SIGNS)
    if used:
        return relations.read_relation(parts, used, depth, read_form)
    return _ranges(text, depth) or _bracketed(text, depth) or _special(text) or scalars.read_scalar(text)


def _whole_text(text: str, depth: int) -> Form | None:
    r"""Read an answer that is one word or one `\text{...}`."""
    inside = re.fullmatch(r"\\text\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}", text)
    if inside:
        text = inside[1].strip()
        try:
            return read_form(JOINED.sub(lambda m: f" {m[1]} ", clean(text)), depth + 1)
        except Unreadable:
            return scalars.read_words(text)
    return Sequence("{}", ()) if words.NO_VALUE.fullmatch(text) else scalars.lone_word(text)


def _several(  # noqa: C901, PLR0911 (one way out per mixture)
    parts: list[str], used: list[str], depth: int
) -> Form:
    used = [sign for sign, part in zip(used, parts[1:], strict=True) if part]  # `, or` is an "or"
    parts = kept = [part for part in parts if part]
    used = used[-(len(kept) - 1) :]
    if len(kept) == 1:
        return read_form(kept[0], depth + 1)
    for outer in (_EITHER, frozenset({";"})):
        if not set(used) <= outer and set(used) & outer:
            parts, used = split(" ".join(_joined(parts, used)), outer)
            kept = [part for part in parts if part]
            break
    kept = _counted_out(kept)
    if any(_PADDED.fullmatch(part) for part in kept):
        raise Unreadable("groups of digits")
    items = [_item(part, depth + 1) for part in kept]
    either = all(sign in _EITHER for sign in used)
    if either:
        items = _points_as_ranges(items)
    if (but := _all_but(items)) is not None:
        return but
    ranges = [item for item in items if isinstance(item, Ranges)]
    if len(ranges) == len(items):
        if either:
            return line.union(ranges)
        if ranges[0].variable and all(r.variable == ranges[0].variable for r in ranges):
            return line.all_of(ranges, said_and=any(sign in _BOTH for sign in used))
    first = items[0]
    if isinstance(first, Labelled) and not any(isinstance(i, Labelled | Words) for i in items[1:]):
        return Labelled(first.label, Sequence("", flat([first.value, *items[1:]]), either=either), first.variable)
    labels = {item.label for item in items if isinstance(item, Labelled)}
    if len(labels) == 1 and all(isinstance(item, Labelled) for item in items):
        values = [item.value for item in items if isinstance(item, Labelled)]
        return Labelled(labels.pop(), Sequence("", flat(values), either=True))
    return Sequence("", tuple(items) if either and _are_groups(items) else flat(items), either=either)


def _counted_out(parts: list[str]) -> list[str]:
    r"""Return `1, 2, \ldots, 5` with what the dots stand for, where whole numbers go up by the same step."""
    if len(parts) < 4 or parts[-2] not in {"\\ldots", "..."}:
        return parts
    numbers = [int(part) for part in (*parts[:-2], parts[-1]) if re.fullmatch(r"-?\d{1,6}", part)]
    steps = {b - a for a, b in itertools.pairwise(numbers[:-1])}
    if len(numbers) != len(parts) - 1 or len(steps) != 1 or (step := steps.pop()) <= 0:
        return parts
    whole = range(numbers[0], numbers[-1] + 1, step)
    return [str(n) for n in whole] if len(whole) <= MAX_PARTS and whole[-1] == numbers[-1] else parts


def _all_but(items: list[Form]) -> Ranges | None:
    r"""Return `x \ne -1, 4` as the line without both points."""
    if not items:
        return None
    first, *rest = items
    points = [item.node for item in rest if isinstance(item, Scalar) and not item.unit and not symbols(item.node)]
    if not isinstance(first, Ranges) or len(points) != len(rest) or len(first.parts) != 2 or not first.variable:
        return None
    end = first.parts[0].high
    if end is None or first != line.named(line.all_but([end]), first.variable):
        return None
    return line.named(line.all_but([end, *points]), first.variable)


def _item(text: str, depth: int) -> Form:
    """Read one of several values, which may have its name in front of it."""
    text = without_clause(text)
    named = naming.named_part(text)
    return Labelled(named[0], read_form(named[1], depth)) if named else read_form(text, depth)


def _are_groups(items: list[Form]) -> bool:
    """Say whether these are alternatives of several values each, such as `3, 4, 5 or 6, 8, 10`."""
    sizes = {len(i.items) for i in items if isinstance(i, Sequence) and not i.brackets and not i.either}
    return len(sizes) == 1 and all(isinstance(i, Sequence) and not i.brackets and not i.either for i in items)


def flat(items: list[Form]) -> tuple[Form, ...]:
    """Return the items with bare inner sequences, such as a plus-minus pair, spliced in; assignments stay together."""
    spliced: list[Form] = []
    for item in items:
        bare = isinstance(item, Sequence) and (
            item.brackets == "=" or (not item.brackets and not all(isinstance(i, Labelled) for i in item.items))
        )
        spliced.extend(item.items if isinstance(item, Sequence) and bare else [item])
    return tuple(spliced)


def _joined(parts: list[str], used: list[str]) -> list[str]:
    joined = [parts[0]]
    for sign, part in zip(used, parts[1:], strict=True):
        joined += [sign, part]
    return joined


def _points_as_ranges(items: list[Form]) -> list[Form]:
    """Return `x < 1 or x = 3` with the point as a range of its own."""
    names = {item.variable for item in items if isinstance(item, Ranges)}
    if len(names) != 1:
        return items
    found: list[Form] = []
    for item in items:
        if isinstance(item, Labelled) and item.label in names and isinstance(item.value, Scalar):
            end = item.value.node
            found.append(Ranges((Interval(end, end, low_closed=True, high_closed=True),), item.label))
        else:
            found.append(item)
    return found


def _plus_minus(text: str, depth: int) -> Form:
    if len(_PLUS_MINUS.findall(text)) > 1:
        raise Unreadable("several plus-minus signs")
    upper, lower = (
        read_form(_MINUS_PLUS.sub(mp, _PLUS_MINUS.sub(pm, text)).removeprefix("+").strip(), depth + 1)
        for pm, mp in ("+-", "-+")
    )
    if isinstance(upper, Labelled) and isinstance(lower, Labelled):
        return Labelled(upper.label, Sequence("", flat([upper.value, lower.value]), either=True))
    return Sequence("", flat([upper, lower]), either=True)


def _ranges(text: str, depth: int) -> Form | None:
    """Read a union of intervals, a difference from the reals, or the reals."""
    if _REALS.fullmatch(text):
        return ALL_REALS
    if _POSITIVE.fullmatch(text):
        return line.interval(Num(Fraction(0)), Sym("\\infty"), low_closed=False, high_closed=False)
    if (points := _EXCEPT.fullmatch(text)) is not None:
        found = read_form(points[1].strip(), depth + 1)
        items = found.items if isinstance(found, Sequence) else (found,)
        return line.all_but([item.node for item in items if isinstance(item, Scalar)])
    parts, used = split(_MINUS_SET.sub(lambda _m: "\\setminus \\{", text), frozenset({"\\setminus", "\\backslash"}))
    if len(parts) == 2:
        without = read_form(parts[1], depth + 1)
        if (
            isinstance(without, Sequence)
            and without.brackets == "{}"
            and all(isinstance(item, Scalar) for item in without.items)
        ):
            points = [item.node for item in without.items if isinstance(item, Scalar)]
            return line.without(line.as_ranges(read_form(parts[0], depth + 1)), points)
    parts, used = split(text, frozenset({"\\cup"}))
    if not used:
        return None
    return line.union([line.as_ranges(read_form(part, depth + 1)) for part in parts])


def _bracketed(text: str, depth: int) -> Form | None:  # noqa: PLR0911 (one way out per bracket)
    point = _POINT.fullmatch(text)
    if point and (form := _bracketed(point[2], depth + 1)) and isinstance(form, Sequence) and form.brackets:
        return Labelled(point[1].removeprefix("Point").strip() or "P", form)
    pair = enclosed(text)
    if pair is None:
        return None
    opening, inside, closing = pair
    if opening == "\\{" or (opening == "{" and closing == "}"):
        return _set(inside, depth, braces=opening == "\\{")
    if opening not in {"(", "[", "\\langle"}:
        return None
    parts, used = split(inside, frozenset({",", ";"}))
    if opening + closing in {"[)", "(]"} and len(parts) != 2:
        raise Unreadable("half an interval")
    if not used:
        return read_form(inside, depth + 1) if opening + closing in {"()", "\\langle\\rangle"} else None
    items = [read_form(part, depth + 1) for part in parts]
    nodes = [item.node for item in items if isinstance(item, Scalar)]
    if len(parts) == 2 and len(nodes) == 2 and (opening + closing in {"[)", "(]"} or any(map(is_infinite, nodes))):
        return line.interval(nodes[0], nodes[1], opening == "[", closing == "]")
    return Sequence("[]" if opening == "[" else "()", tuple(items))


def _set(inside: str, depth: int, *, braces: bool) -> Form:
    parts, used = split(inside, frozenset({"|", "\\mid", ":"}))
    if len(used) == 1 and parts[0] and braces:
        return relations.builder(parts[0], read_form(parts[1], depth + 1))
    if not inside:
        return Sequence("{}", ())
    form = read_form(inside, depth + 1)
    if isinstance(form, Sequence) and form.brackets == "":
        return Sequence("{}", form.items)
    return Sequence("{}", (form,)) if braces else form


def _special(text: str) -> Form | None:
    if text in {"\\emptyset", "\\varnothing"}:
        return Sequence("{}", ())
    if text.count("\\begin") > 1 or ("\\begin" in text and not text.startswith("\\begin")):
        combined = matrices.combined(text)
        if combined is not None:
            return combined
    matrix = _MATRIX.fullmatch(text)
    if matrix is None and "\\begin" in text:
        raise Unreadable("an environment")
    if matrix:
        rows = [row for row in matrix[2].split("\\\\") if row.strip()]
        if matrix[1] in {"vmatrix", "Vmatrix"} or len(rows) > 12:
            raise Unreadable("a determinant")
        return Matrix(tuple(tuple(read(cell) for cell in row.split("&")) for row in rows))
    parts, used = split(text, frozenset({":"}))
    if used and len(parts) <= 6:
        return Ratio(tuple(read(part) for part in parts))
    return None


def is_infinite(node: Node) -> bool:
    """Say whether a tree is plus or minus infinity."""
    return node == Sym("\\infty") or getattr(node, "args", ()) == (Sym("\\infty"),)
