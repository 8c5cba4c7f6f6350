r"""Computations of a question inside of an answer: `17\times 23 + 0` for "compute `17\cdot 23`", in whatever order.

Both are read as trees. Sums and products count as the bags of what they add and multiply, a letter that is bound has no
name, a root is a power. An answer that holds the whole of what is to be worked out has not worked it out.
"""

import functools
import re
from collections import Counter
from typing import Any, Final

from tinyv_stream.verifiers.rules.answers.wanted import own_formulas, wanted
from tinyv_stream.verifiers.rules.maths.clean import clean
from tinyv_stream.verifiers.rules.maths.read import read
from tinyv_stream.verifiers.rules.maths.tree import BINDERS, Node, Num, Op, Sym, Unreadable, rename, walk

_Key = tuple[Any, ...]
_NUMBER: Final = r"(?<![\d.,/])(-?\d[\d,]*+(?:\.\d++)?(?:/\d++)?)"
BOUNDS: Final = re.compile(r"_\s*\{[^{}]*\}")
"""What a sum begins with: its equals sign makes no equation of it."""
_SAID: Final = tuple(
    (re.compile(pattern.replace("#", _NUMBER), re.IGNORECASE), form)
    for pattern, form in (
        (r"\bsum of \$?#\$? and \$?#", "{}+{}"),
        (r"\bproduct of \$?#\$? and \$?#", "{}*{}"),
        (r"\bdifference (?:of|between) \$?#\$? and \$?#", "{}-{}"),
        (r"\bquotient of \$?#\$? and \$?#", "({})/({})"),
        (r"#\$? (?:times|multiplied by) \$?#", "{}*{}"),
        (r"#\$? divided by \$?#", "({})/({})"),
        (r"#\$? plus \$?#", "{}+{}"),
        (r"#\$? minus \$?#", "{}-{}"),
        (r"#\$? less than \$?#", "{1}-{0}"),
        (r"#\$? more than \$?#", "{1}+{0}"),
        (r"#\$? squared\b", "({})^2"),
        (r"#\$? cubed\b", "({})^3"),
        (r"\bsquare root of \$?#", r"\sqrt{{{}}}"),
        (r"\b(?:gcd|greatest common divisor|greatest common factor) of \$?#\$? and \$?#", r"\gcd({},{})"),
        (r"\b(?:lcm|least common multiple) of \$?#\$? and \$?#", r"\operatorname{{lcm}}({},{})"),
    )
)
"""Computations in words. The formula has no braces of its own but where they are doubled."""
_FILLER: Final = re.compile(
    r"\A(?:\s*\b(?:find|compute|calculate|evaluate|simplify|expand|factor\w*|what|is|the|value|of|expression|product|"
    r"convert|sum|exact|determine|fraction|number|polynomial|completely|quantity|following|work|out|rationalize)\b:?)+",
    re.IGNORECASE,
)
_TAIL: Final = re.compile(r"\s+(?:to|into|as|in|completely|exactly|over)\b.*\Z|[\s.?:;,]+\Z", re.DOTALL)
_MOST: Final = 400
"""Parts of a tree that are looked at."""


def holds_computation(answer: str, gold: str, question: str) -> bool:
    """Say whether an answer holds a computation that the question asks for, and the ground truth does not."""
    asked = _asked(question)
    if not asked:
        return False
    theirs = _tree(answer)
    if theirs is None:
        return False
    found = [want for want in asked if _holds(theirs, want)]
    ours = _tree(gold) if found else None
    return any(ours is None or not _holds(ours, want) for want in found)


def without_filler(text: str) -> str:
    """Return a text without the words of a task in front of it: `compute the value of`."""
    filler = _FILLER.match(text)
    return text[filler.end() :] if filler else text


def without_verb(clause: str) -> str:
    """Return what a clause asks to work out, without the words around it; empty where it begins with none."""
    return _TAIL.sub("", without_filler(clause)) if _FILLER.match(clause) else ""


@functools.lru_cache(maxsize=1024)
def _asked(question: str) -> tuple[_Key, ...]:
    texts: list[str] = []
    for clause in wanted(question).clauses:
        texts += [formula for formula in own_formulas(clause) if "=" not in BOUNDS.sub("", formula)]
        texts += [text for text in (without_verb(clause),) if text and "=" not in text]
        texts += [form.format(*found.groups()) for pattern, form in _SAID if (found := pattern.search(clause))]
    trees = [tree for text in texts if (tree := _tree(text)) is not None and _is_computation(tree)]
    return tuple(_key(tree) for tree in trees)


def _tree(text: str) -> Node | None:
    try:
        return read(clean(text.replace("\\limits", "")).strip(" .,;?"))
    except Unreadable:
        return None


def _is_computation(tree: Node) -> bool:
    """Say whether there is something to work out: no bare number, letter, fraction of numbers or power of a letter."""
    if not isinstance(tree, Op) or tree.name == "neg":
        return isinstance(tree, Op) and _is_computation(tree.args[0])
    if tree.name == "div" and all(isinstance(arg, Num) for arg in tree.args):
        return False
    return not (tree.name == "pow" and isinstance(tree.args[0], Sym)) and not tree.name.startswith("call ")


def _holds(tree: Node, want: _Key) -> bool:
    for count, part in enumerate(walk(tree)):
        if count > _MOST:
            return False
        found = _key(part)
        if found == want:
            return True
        if found[0] == want[0] in {"add", "mul"} and not Counter(want[1]) - Counter(found[1]):
            return True
    return False


@functools.lru_cache(maxsize=4096)
def _key(node: Node) -> _Key:  # noqa: PLR0911 (one way out per kind of node)
    """Return what two writings of one computation have in common."""
    match node:
        case Num():
            return ("num", node.value)
        case Sym():
            return ("sym", node.name)
        case Op("add" | "mul"):
            parts = [part for arg in node.args for part in _parts(arg, node.name)]
            return (node.name, tuple(sorted((_key(part) for part in parts), key=repr)))
        case Op(name, (body, Sym() as letter, *ends)) if name in BINDERS:
            return (name, _key(rename(body, {letter.name: "@"})), *map(_key, ends))
        case Op("sqrt" | "root", (radicand, *index)):
            return ("pow", _key(radicand), ("div", ("num", 1), _key(index[0]) if index else ("num", 2)))
        case Op("gcd" | "lcm" | "max" | "min"):
            return (node.name, tuple(sorted(map(_key, node.args), key=repr)))
        case _:
            return (node.name, *map(_key, node.args))


def _parts(node: Node, name: str) -> list[Node]:
    if isinstance(node, Op) and node.name == name:
        return [part for arg in node.args for part in _parts(arg, name)]
    return [node]
