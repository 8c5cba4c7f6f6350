r"""LaTeX as flat text, as PRIME's converter writes it.

Its rough edges are kept: `\frac{x+1}{2}` is `x+1/2`, an index of a root is lost. Nothing is evaluated.
What a command becomes is a table, `prime_symbols`.
"""

# ruff: noqa: RUF001
# Greek letters are data here.

import re
import unicodedata
from typing import Final

from tinyv_stream.verifiers.rules.graders.prime_symbols import ACCENTS, STYLES, SYMBOLS, styled

_BRACKETS: Final = re.compile(r"\\(?:left|right)(?![A-Za-z])")
_MATRIX: Final = re.compile(
    r"\\begin\{(array|[pb]matrix|smallmatrix)\}(?:(?<=array\})\{[^{}]*\})?(.*?)\\end\{\1\}", re.DOTALL
)
_ENVIRONMENT: Final = re.compile(r"\\(?:begin|end)\{[a-zA-Z]*\*?\}")
_CHARACTERS: Final = {"~": "\u00a0", "&": "   "}
_SIGNS: Final = {"\\": "\n", ",": " ", ";": " ", ":": " ", " ": " "}
_REPLACED: Final = (("√", "sqrt"), ("π", "pi"), ("∞", "inf"), ("∪", "U"), ("·", "*"), ("×", "*"))
_DROPS: Final = frozenset({"color", "textcolor", "colorbox", "hspace", "vspace", "label"})
"""Commands whose first argument is nothing that is shown."""
_WITH_ARGUMENT: Final = frozenset({"sqrt", *_DROPS, *ACCENTS, *STYLES})
_SPACES: Final = {"quad": "  ", "qquad": "    "}
_COMMAND: Final = re.compile(r"\\([A-Za-z]+)\s*|\\(.)")
_MAX_FLAT: Final = 200
"""Commands flattened in one answer; more is left as it stands."""


def flatten(text: str) -> str:
    """Return LaTeX as flat text, the way PRIME's converter does: fractions by slashes, unknown commands dropped."""
    if text.count("\\") > _MAX_FLAT:
        return text
    text = text.replace("\\tfrac", "\\frac").replace("\\dfrac", "\\frac").replace("\\frac", " \\frac")
    text = _BRACKETS.sub("", text.replace("''", "\u201d"))
    text = _ENVIRONMENT.sub("", _MATRIX.sub(_matrix, text))
    text = _flat(text, 0)
    for old, new in _REPLACED:
        text = text.replace(old, new)
    return text.strip()


def _matrix(found: re.Match[str]) -> str:
    """Return a matrix as one line: cells as wide as the widest, columns by spaces, rows by semicolons."""
    rows = [[_flat(cell, 1).strip() for cell in row.split("&")] if row else [] for row in found[2].split("\\\\")]
    width = max((len(cell) for row in rows for cell in row), default=0)
    return "[ " + "; ".join(" ".join(cell.rjust(width) for cell in row) for row in rows) + " ]"


def _flat(text: str, depth: int) -> str:
    """Flatten one level; arguments of a fraction or root are flattened by their own call."""
    if depth > 20:
        return text
    out: list[str] = []
    at = 0
    while at < len(text):
        char = text[at]
        if char in "{}":
            at += 1
        elif char != "\\":
            out.append(_CHARACTERS.get(char, char))
            at += 1
        else:
            piece, at = _flat_command(text, at, depth)
            out.append(piece)
    return "".join(out)


def _flat_command(text: str, at: int, depth: int) -> tuple[str, int]:
    found = _COMMAND.match(text, at)
    if found is None:
        return "", len(text)
    name, at = found[1], found.end()
    if name is None:
        return (found[2] if found[2] in "{}%$&_#" else _SIGNS.get(found[2], "")), at
    if name == "frac":
        top, at = _argument(text, at)
        bottom, at = _argument(text, at)
        return f"{_flat(top, depth + 1)}/{_flat(bottom, depth + 1)}", at
    if name in _WITH_ARGUMENT:
        return _flat_argument(name, text, at, depth)
    return _SPACES.get(name) or SYMBOLS.get(name, ""), at


def _flat_argument(name: str, text: str, at: int, depth: int) -> tuple[str, int]:
    """Flatten a command of one argument: a root, one that hides it, an accent or another alphabet."""
    if name == "sqrt" and text[at : at + 1] == "[":
        at = max(text.find("]", at), at) + 1
    argument, at = _argument(text, at)
    if name in _DROPS:
        return "", at
    inner = _flat(argument, depth + 1)
    if name == "sqrt":
        return f"√({inner})", at
    if name in STYLES:
        return styled(name, inner), at
    return unicodedata.normalize("NFC", "".join(char + ACCENTS[name] for char in inner)), at


def _argument(text: str, at: int) -> tuple[str, int]:
    """Return the argument at `at` and where it ends: a braced group, a command, or one character."""
    while text[at : at + 1] == " ":
        at += 1
    if text[at : at + 1] != "{":
        command = _COMMAND.match(text, at)
        end = command.end() if command else at + 1
        return text[at:end], end
    depth = 0
    for end in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[end], 0)
        if depth == 0:
            return text[at + 1 : end], end + 1
    return text[at + 1 :], len(text)
