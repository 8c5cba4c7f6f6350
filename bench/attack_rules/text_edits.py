r"""Edits of the text alone whose outcome needs no reading: words, marks and dots in front of or behind a whole answer.

Each one says more than the truth does (`9 squared`, `3 \text{ not}`, `x'`), so that what reads the truth in it and
ignores the rest is caught. They are applied to spellings of the truth itself.
"""

import random
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from bench.attack_rules.context import Truth
from bench.attack_rules.evaluate import differs
from bench.attack_rules.exact import exact
from bench.attack_rules.tree import TreeNode, letters, num

TextEdit = tuple[str, str]

_BEHIND: Final = (
    " squared",
    " cubed",
    " factorial",
    " not",
    "\\text{ not}",
    "\\text{ less}",
    "\\text{ pi}",
    " halves",
    " tenths",
    " hours",
    " or more",
    "\\text{ squared}",
    "\\text{ million}",
    " dozen",
    "\\text{ or so more}",
    "\\text{ times } 2",
    " to the fourth",
    "\\text{ is wrong}",
    "\\text{ (mod 7)}",
    "\\text{ base angles}",
    "\\text{ or less}",
    " percent",
    "\\text{ thirds}",
    "\\mathrm{ squared}",
    " but not exactly",
    "\\text{ too many}",
    "\\text{ plus one}",
    "\\text{ minus one}",
    " plus 1",
    " over 2",
    "\\text{ divided by }3",
)
_BEFORE: Final = (
    "\\text{not }",
    "not ",
    "\\neq ",
    "\\text{at least }",
    "at most ",
    "more than ",
    "less than ",
    "half of ",
    "twice ",
    "\\text{minus }",
    "\\text{square root of }",
    "the square of ",
    "> ",
    "< ",
    "\\ge ",
    "anything but ",
    "\\text{one more than }",
    "\\lnot ",
    "the inverse of ",
    "other than ",
)
_STRUCK: Final = (
    ("\\phantom{", "}"),
    ("\\hphantom{", "}"),
    ("\\cancel{", "}"),
    ("\\xcancel{", "}"),
    ("\\sout{", "}"),
    ("~~", "~~"),
    ("<del>", "</del>"),
    ("<s>", "</s>"),
    ("\\neg(", ")"),
    ("\\text{not }(", ")"),
)
_NARROWED: Final = (
    ", x \\in \\mathbb{Z}",
    " \\cap \\mathbb{Z}",
    " \\cap \\mathbb{Q}",
    ", x \\in \\mathbb{Q}",
    " \\text{ where } x \\text{ is an integer}",
    " \\setminus \\mathbb{Z}",
    "^c",
)
_SIGNS: Final = (
    "...",
    "…",
    "\\log",
    " \\ln",
    " \\sin",
    "\\int",
    "\\cdot",
    "\\div",
    "=",
    "+",
    " \\Leftrightarrow",
    "\\phantom{1}0",
    "~~",
    "\\cdots",
    " \\ldots",
    "+\\cdots",
    "+\\ldots",
    "-\\ldots",
    " \\Rightarrow 1",
    "^2",
    "'",
    "!",
    "_2",
    "\\mathrm{n}",
    "\\text{a}",
    "\\mathrm{i}",
    "\\mathrm{d}x",
    "\\mathrm{e}",
    "\\mathbf{j}",
    "\\partial",
    "\\%",
    "i",
    "x",
    "\\circ",
    "\\pm 1",
    "\\times",
    "\\mid 2",
    "\\bmod 7",
    "\\degree x",
)
_SPACED: Final = (
    "\\ ",
    " ",
    "\\quad ",
    "\\;",
    "$ $",
    "~",
    " \\text{ and } ",
    "; ",
    "\\&",
    "|",
    " or ",
    "_",
    "^",
    "/",
    ":",
    "\\cdot ",
    "\\ldots ",
    "+",
    "-",
)


_FACTORS: Final = ("\\mathrm{e}", "\\phantom{1}0", "\\mathrm{i}", "\\mathrm{n}", "\\text{a}", "\\mathbf{j}", "i", "x")
_ARITHMETIC: Final = frozenset((*_BEHIND, *_BEFORE, *_FACTORS, "!", "^2", "_2", "\\times")) - {
    " not",
    "\\text{ not}",
}
"""What leaves 0, 1 or 2 as it is, or may."""
_NEAREST: Final = re.compile(r"^\W*[012](?![\d.])|(?<![\d.])[012]\W*$")
_WORD: Final = re.compile(r"[a-z]{4,}")
_FIXED: Final = frozenset((Fraction(0), Fraction(1), Fraction(-1), Fraction(2)))
_HOLDERS: Final = frozenset(
    (
        "set",
        "list",
        "tuple",
        "named",
        "function",
        "ratio",
        "pm",
        "interval",
        "union",
        "except",
        "vector",
        "unit",
        "deg",
        "pct",
    )
)
_FREE: Final = frozenset(("multiple", "antiderivative", "solutions"))
_MEASURES: Final = frozenset(
    (" percent", " hours", "\\%", "\\circ", "\\text{ or less}", "'", "\\mathrm{d}x", "\\text{a}")
)
_BOUNDS: Final = frozenset(("\\text{at least }", "at most ", "more than ", "less than ", "> ", "< ", "\\ge ", "\\neq "))


def text_edits(truth: Truth, spelled: str, rng: random.Random) -> Iterator[TextEdit]:
    """Yield (kind, text) from a spelling of the truth; every text is wrong."""
    tree = truth.tree
    if tree.op in {"words", "choice", "notation", "date", "money", "time", "base", "temperature"}:
        return
    # A constant that is free takes up a factor or a term; 0, 1 and 2 are their own squares or doubles.
    fixed = tree.op in _FREE or any(map(_is_fixed, (tree, *_parts(tree))))
    # A word may be read of the nearest number alone: `x-1 squared`.
    fixed = fixed or _NEAREST.search(spelled) is not None
    relation = tree.op in {"less", "lesseq", "equation", "union", "except", "interval"}
    for text in _BEHIND:
        if not _leave(truth, text) and not (fixed and text in _ARITHMETIC) and not (relation and "or " in text):
            yield "word behind", spelled + text
    for text in _BEFORE:
        if not (relation and text in _BOUNDS) and not (fixed and text in _ARITHMETIC):
            yield "word in front", text + spelled
    yield from (("struck out", before + spelled + behind) for before, behind in _STRUCK)
    if tree.op in {"union", "interval", "except"} and truth.context.domain in {"number", "real", "open"}:
        yield from (("domain narrowed", spelled + text) for text in _NARROWED)
    if _single(tree):
        yield from _signed(truth, spelled, fixed=fixed)
    if tree.op == "num" and len(tree.name) in {2, 3} and tree.name[0] != "0":
        yield from _separated(tree.name, rng)
    if tree.op in {"list", "set"}:
        yield (
            "dots",
            spelled.removesuffix("\\}").removesuffix("\\right") + ", \\ldots" + ("\\}" if tree.op == "set" else ""),
        )


def _is_fixed(node: TreeNode) -> bool:
    """Say whether a value is 0, 1, -1 or 2, however it is written."""
    if exact(node) in _FIXED:
        return True
    if node.op in _HOLDERS | _FREE or letters(node):
        return False
    return any(differs(node, num(int(value)), {}) is False for value in _FIXED)


def _parts(tree: TreeNode) -> Iterator[TreeNode]:
    """Yield the values that a container holds: `x = 1` squared is still `x = 1`."""
    if tree.op in _HOLDERS:
        for child in tree.args:
            yield child
            yield from child.args if child.op == "val" else _parts(child)


def _signed(truth: Truth, spelled: str, *, fixed: bool) -> Iterator[TextEdit]:
    at_end = truth.tree.op in {"num", "sym", "const"}
    for text in _SIGNS:
        if not _leave(truth, text) and (at_end or text[0] not in "'!^_") and not (fixed and text in _ARITHMETIC):
            yield ("dots" if "dots" in text or text in {"...", "…"} else "sign behind"), spelled + text


def _single(tree: TreeNode) -> bool:
    return tree.op in {"num", "sym", "const", "div", "sqrt", "dec"}


def _leave(truth: Truth, text: str) -> bool:
    """Return whether the truth or the question gives leave for this text."""
    tree, context = truth.tree, truth.context
    remainder = "mod 7" in text and tree.op == "num"
    measured = context.measured and text in _MEASURES
    digits = text == "_2" and not (tree.op == "num" and len(tree.name) > 1)
    # A question that nobody has read may ask for halves or dozens; then it speaks of them.
    spoken = context.rounded and any(word in truth.question.lower() for word in _WORD.findall(text.lower()))
    return remainder or measured or digits or spoken or (tree.op == "dec" and ("dots" in text or text in {"...", "…"}))


def _separated(digits: str, rng: random.Random) -> Iterator[TextEdit]:
    at = rng.randrange(1, len(digits))
    for sign in _SPACED:
        if not (sign == "^" and digits[at:] == "1"):
            yield "separator", digits[:at] + sign + digits[at:]
    yield "separator", f"${digits[:at]}$ ${digits[at:]}$"
