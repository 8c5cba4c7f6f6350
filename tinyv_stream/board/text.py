"""Foreign text as HTML, the only way of it into a page: cut, escaped, and what cannot be seen is named.

- Every character of Unicode category C or Z other than space, newline and tab becomes a labelled box: it could hide,
  turn its neighbours round, or move a terminal.
- Long texts are cut in the middle before they are escaped: 2 MB cost no more than 8 kB.
"""

import difflib
import html
import time
import unicodedata
from typing import Final

from markupsafe import Markup

MOST_CHARS: Final = 8000
_COMPARED: Final = 400
"""Characters beyond which two answers are not compared: the cost is quadratic, and nobody reads the marks."""
_NAMES: Final = {"\x00": "NUL", "\x07": "BEL", "\x08": "BS", "\r": "CR", "\x1b": "ESC", "\x7f": "DEL"}


def shown(text: str | None, most: int = MOST_CHARS) -> Markup:
    """Return foreign text as HTML, `most` characters of it at most: the beginning, and more of the end."""
    if text is None:
        return Markup('<i class="none">none</i>')
    over = len(text) - most
    if over <= 0:
        return Markup(visible(text))  # noqa: S704 `visible` escapes
    gap = f'<span class="cut">{over:,} characters are not shown</span>'
    return Markup(gap.join((visible(text[: most // 4]), visible(text[-(most - most // 4) :]))))  # noqa: S704 as above


def visible(text: str) -> str:
    """Return text escaped, with boxes for what cannot be seen."""
    return "".join(_visible(char) for char in text)


def against(reference: str, answer: str | None) -> tuple[Markup, Markup]:
    """Return both as HTML, with what differs marked where they are near enough for that to say something."""
    if answer is None or max(len(reference), len(answer)) > _COMPARED:
        return shown(reference, 2000), shown(answer, 2000)
    match = difflib.SequenceMatcher(None, reference, answer, autojunk=False)
    if not 0.45 < match.ratio() < 1:
        return shown(reference), shown(answer)
    sides: tuple[list[str], list[str]] = ([], [])
    for tag, a0, a1, b0, b1 in match.get_opcodes():
        for side, part in zip(sides, (reference[a0:a1], answer[b0:b1]), strict=True):
            side.append(visible(part) if tag == "equal" or not part else f"<mark>{visible(part)}</mark>")
    return Markup("".join(sides[0])), Markup("".join(sides[1]))  # noqa: S704 `visible` escapes


def ago(at: float) -> str:
    """Return how long ago a wall-clock time was."""
    seconds = max(0.0, time.time() - at)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _visible(char: str) -> str:
    if char in " \n\t":
        return char
    kind = unicodedata.category(char)
    if kind[0] not in "CZ":
        return html.escape(char)
    name = _NAMES.get(char, f"U+{ord(char):04X}")
    return f'<span class="ctl" title="{html.escape(unicodedata.name(char, "control character"))}">{name}</span>'
