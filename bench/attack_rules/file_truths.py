"""Ground truths from a file: those that are one number, whose tree is therefore sure.

The question is not read, so the oracle grants it everything it could say: a unit, a percent sign, rounding.
"""

import json
import pathlib
import re
from typing import Final

from bench.attack_rules.context import Context, Truth
from bench.attack_rules.tree import TreeNode, dec, div, mul, neg, num, sqrt

_WHOLE: Final = re.compile(r"-?(?:0|[1-9]\d{0,30})")
_DECIMAL: Final = re.compile(r"-?(?:0|[1-9]\d{0,20})\.\d{1,20}")
_FRACTION: Final = re.compile(r"(-?)\\[dt]?frac\{([1-9]\d{0,15})\}\{([1-9]\d{0,15})\}")
_SURD: Final = re.compile(r"(-?)([1-9]\d{0,5})?\\sqrt\{([1-9]\d{0,5})\}")
_CONTEXT: Final = Context(measured=True, rounded=True)


def file_truths(path: pathlib.Path) -> list[Truth]:
    """Return the ground truths of a JSONL file (`question`, `ground_truth`) that are one number, each once."""
    found: dict[tuple[str, str], Truth] = {}
    for line in path.read_text("utf-8").splitlines():
        row: dict[str, object] = json.loads(line) if line.strip() else {}
        text, question = str(row.get("ground_truth", "")).strip(), str(row.get("question", ""))
        tree = number(text)
        if tree is not None:
            found.setdefault((text, question), Truth(text, question, "from a file", tree, _CONTEXT))
    return list(found.values())


def number(text: str) -> TreeNode | None:
    """Return the tree of a text that is one number, root or fraction of numbers; None for any other."""
    if _WHOLE.fullmatch(text):
        return num(int(text))
    if _DECIMAL.fullmatch(text):
        return dec(text)
    if found := _FRACTION.fullmatch(text):
        return _signed(found[1], div(num(int(found[2])), num(int(found[3]))))
    if found := _SURD.fullmatch(text):
        root = sqrt(num(int(found[3])))
        return _signed(found[1], mul(num(int(found[2])), root) if found[2] else root)
    return None


def _signed(sign: str, node: TreeNode) -> TreeNode:
    return neg(node) if sign else node
