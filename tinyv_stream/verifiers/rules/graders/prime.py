r"""PRIME's grader, as verl and TinyV use it by default: its documented verdicts without its `eval`.

1. Equal in the Hendrycks spelling, or in the PRM800K spelling: correct.
2. Else element by element: brackets agree; two fractions or an integer must match as written; else equal as functions.
3. Else the looser comparison: numbers to 1e-4, also a hundredth and a hundredfold; lists by element; `\pi` tried as pi
   and as 3.14. Its last step, `symbolic_equal`, never holds in verl 0.9.1 (see docs/verifiers.md), nor does it here.
Where PRIME runs Python on the answer (`eval`, `parse_expr`), this reads numbers and operators and nothing else.
"""

import ast
import math
import operator
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Final, cast

from tinyv_stream.types import Outcome, Verdict
from tinyv_stream.verifiers.rules.extract import prime_answer
from tinyv_stream.verifiers.rules.graders import Check, prime_text
from tinyv_stream.verifiers.rules.maths.clean import clean
from tinyv_stream.verifiers.rules.maths.equal import equal
from tinyv_stream.verifiers.rules.maths.read import read
from tinyv_stream.verifiers.rules.maths.tree import Node, Unreadable

_BRACKETS: Final = "()[]"
_FRACTION: Final = re.compile(r"-?[0-9]+.?/0*[1-9][0-9]*.?")
_UNREAD: Final = re.compile(r"\^\{|\^\(|\^[0-9]+\^|\^[0-9][0-9]+|[{}\[\],_|;]|\d\.\(|sqrt\d")
"""Powers that PRIME refuses to work out; a set, list, tuple or error to its parser; `0.(3)`, a product there."""
_JUXTAPOSED: Final = (
    (re.compile(r"(?<![a-z])sqrt +(\d+)"), r"sqrt(\1)"),
    (re.compile(r"(?<=\d) +(?=\d)"), "*"),
    (re.compile(r"(?<![a-z])ln(?=\d)"), "l*n*"),
    (re.compile(r"(?<![a-z])(?!(?<=\d)e)([a-z])(?=\d)"), r"\1*"),
)
"""What PRIME's parser makes of signs that stand side by side: `1+3 2` is `1+3*2`, `n2` is `n*2`."""
_MOST_POWER: Final = 64
_TOLERANCE: Final = 1e-4
_MAX_CHARS: Final = 1_000
_MAX_DEPTH: Final = 6


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > _MOST_POWER or abs(base) > 1 / _TOLERANCE**3:
        raise ValueError("too large")
    return base**exponent


_ARITHMETIC: Final[dict[type[ast.operator], Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda a, b: a / b,
    ast.Pow: _power,
}


class Prime:
    """The reference's default grader."""

    name = "prime"

    def extract(self, completion: str, ground_truth: str = "") -> str:
        """Return the answer as the reference cuts it out."""
        del ground_truth
        return prime_answer(completion).text

    def fast(self, check: Check) -> Verdict | None:
        """Decide equal spellings of short answers; anything else needs a look at its numbers."""
        if len(check.model_answer) > 100 or len(check.ground_truth) > 100:
            return None
        if prime_text.mathd(check.ground_truth) == prime_text.mathd(check.model_answer):
            return self._verdict(found=True, reason="same spelling")
        return None

    def grade(self, check: Check, *, patient: bool = True) -> Verdict:
        """Decide: correct or incorrect, never undecided."""
        del patient
        if strictly_equal(check.model_answer, check.ground_truth):
            return self._verdict(found=True, reason="equal, strict comparison")
        for pi in (math.pi, 3.14) if "\\pi" in check.model_answer + check.ground_truth else (None,):
            if loosely_equal(check.model_answer, check.ground_truth, pi=pi):
                return self._verdict(found=True, reason="equal, loose comparison")
        return self._verdict(found=False, reason="not equal")

    def _verdict(self, *, found: bool, reason: str) -> Verdict:
        return Verdict(outcome=Outcome.CORRECT if found else Outcome.INCORRECT, grader=self.name, reason=reason)


def strictly_equal(answer: str, gold: str) -> bool:
    """Say whether PRIME's first comparison holds."""
    if prime_text.mathd(gold) == prime_text.mathd(answer):
        return True
    ours, theirs = prime_text.prm(answer), prime_text.prm(gold)
    if ours == theirs:
        return True
    if not ours:
        return False
    left, right = _elements(theirs), _elements(ours)
    if len(left) != len(right):
        return False
    if len(left) > 1 and (theirs[0] != ours[0] or theirs[-1] != ours[-1]):
        return False
    return all(_same_element(a, b) for a, b in zip(left, right, strict=True))


def loosely_equal(answer: str, gold: str, *, pi: float | None = None, depth: int = 0) -> bool:
    """Say whether PRIME's second comparison holds, with pi worth `pi`."""
    try:
        ours, theirs = _value_text(answer, pi)[:_MAX_CHARS], _value_text(gold, pi)
    except (ValueError, OverflowError):  # a subscript behind something that is no number, or an endless one
        return False
    if ours.strip().lower() == theirs.strip().lower() or ours.replace(" ", "") == theirs.replace(" ", ""):
        return True
    left, right = _digits(ours), _digits(theirs)
    if left is not None and right is not None:
        return any(math.isclose(r, left, rel_tol=_TOLERANCE) for r in (right / 100, right, right * 100))
    if not ours or depth > _MAX_DEPTH:
        return False
    return _same_shape(ours.strip(), theirs.strip(), depth)


def _same_shape(ours: str, theirs: str, depth: int) -> bool:
    left, right = ours, theirs
    square = ours.startswith("[") and ours.endswith("]") and not theirs.startswith("(")
    if square or (ours.startswith("(") and ours.endswith(")") and not theirs.startswith("[")):
        left, right = left.strip("[]()"), right.strip("[]()")
    bare = str.maketrans("", "", "{}()")
    if left.translate(bare) == right.translate(bare):
        return True
    if ours and theirs and ours[0] in "([" and ours[-1] in ")]" and ours[0] == theirs[0] and ours[-1] == theirs[-1]:
        inner, other = ours[1:-1].split(","), theirs[1:-1].split(",")
        if len(inner) == len(other) and _all_close(inner, other, depth):
            return True
    if "," in ours and "," in theirs:
        inner, other = ours.split(","), theirs.split(",")
        if len(inner) == len(other):
            return _all_close([p.strip() for p in inner], [p.strip() for p in other], depth)
    return False


def _all_close(ours: list[str], theirs: list[str], depth: int) -> bool:
    pairs = zip(ours, theirs, strict=True)
    return all(loosely_equal(a, b, pi=math.pi, depth=depth + 1) for a, b in pairs)


def _same_element(gold: str, answer: str) -> bool:
    if _FRACTION.fullmatch(gold) and _FRACTION.fullmatch(answer):
        return gold == answer
    if prime_text.is_integer(gold) != prime_text.is_integer(answer):
        return False
    both = f"({gold})-({answer})"
    letters = {c for c in both.replace("sqrt", "").replace("frac", "") if c.isalpha()}
    signs = any(
        not c.isascii() and not c.isalpha() for c in both
    )  # a degree sign or a square is an error to its parser
    if len(letters) > 2 or signs or _UNREAD.search(both):
        return False
    if "." in both and not letters - {"e"}:
        values = _decimal(gold), _decimal(answer)
        if None not in values:
            return values[0] == values[1]
    left, right = _tree(gold), _tree(answer)
    return left is not None and right is not None and _equal(left, right)


def _elements(text: str) -> list[str]:
    text = prime_text.plain_commas(text)
    inside = text[1:-1]
    if len(text) > 2 and text[0] in _BRACKETS and text[-1] in _BRACKETS and not set(inside) & set(_BRACKETS):
        return [part.strip() for part in inside.split(",")]
    return [text] if text else []


def _value_text(text: str, pi: float | None) -> str:
    """Return the text as the loose comparison sees it: no currency, no percent, bases cut off, pi worked out."""
    if re.match(r"\$\d", text):
        return text[1:]
    if re.fullmatch(r"\d+(\.\d+)?(\\?%)\n?", text):
        return text.replace("\\%", "").replace("%", "")
    if "_" in text:
        return str(int(float(text.split("_", maxsplit=1)[0])))
    if pi is not None and "\\pi" in text:
        text = re.sub(r"(?<=\d)\\pi", lambda _m: f"*{pi}", text).replace("\\pi", f"1*{pi}")
        value = _arithmetic(text)
        return text if value is None else str(value)
    return text


def _arithmetic(text: str, number: Callable[[float], float] = lambda value: value) -> float | None:
    """Return the value of a text of numbers and + - * / in Python's spelling, or None: no name can be in it."""
    try:
        return float(_worked(ast.parse(text.strip(), mode="eval").body, number))
    except (SyntaxError, TypeError, ValueError, ZeroDivisionError, OverflowError, RecursionError, MemoryError):
        return None


def _decimal(text: str) -> float | None:
    """Return a value as PRIME works it out where a number has a point: in floating point, rounding errors and all."""
    return _arithmetic(re.sub(r"(?<=\d)\s*(?=\()", "*", text.replace("^", "**")), _exact)


def _exact(value: float) -> float:
    """Return a whole number as a fraction, so that it is exact until it meets a number with a point."""
    return cast("float", Fraction(value)) if isinstance(value, int) else value


def _worked(node: ast.expr, number: Callable[[float], float]) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        return number(node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_worked(node.operand, number)
    if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        return _ARITHMETIC[type(node.op)](_worked(node.left, number), _worked(node.right, number))
    raise ValueError("not plain arithmetic")


def _digits(text: str) -> float | None:
    return prime_text.as_float(text.replace("{,}", "") if "{,}" in text else text.replace(",", ""))


def _tree(text: str) -> Node | None:
    for pattern, replacement in _JUXTAPOSED:
        text = pattern.sub(replacement, text)
    try:
        return read(clean(text))
    except Unreadable:
        return None


def _equal(left: Node, right: Node) -> bool:
    try:
        return equal(left, right) is True
    except Unreadable:
        return False
