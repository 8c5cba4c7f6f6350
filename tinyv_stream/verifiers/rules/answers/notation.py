r"""Notations of one and the same thing, put into one spelling before an answer is read: `]1, 2[` is `(1, 2)`.

Each rule covers its whole notation. Nothing is dropped but a line break between parts, and a brace that closes nothing.
"""

import re
from typing import Final

from tinyv_stream.verifiers.rules.extract import without_boxes

_QUAD_RUN: Final = re.compile(r"\\q?quad(?=[a-z]_)")
_QUAD_NAME: Final = re.compile(r"(?<![,;])\s*\\q?quad(?=\s*\\?[a-z](?:_\{?\w\}?)?\s*=)")
_QUAD_TUPLE: Final = re.compile(r"(?<=\))\s*\\q?quad\s*(?=\((?:[^()]*,))")
_NO_DELIMITER: Final = re.compile(r"\\(?:left|right)\s*\.(?!\d)")
_DEGREE: Final = re.compile(r"\^?\s*\{?\s*\\text\s*\{\s*(?:\\?circ|\^?\\circ|o)\s*\}\s*\}?")
_OPEN_ENDS: Final = re.compile(r"((?:\\?[a-z]+\s*\\in\s*)?)([\[\]])([^\[\]()]+,[^\[\]()]+)([\[\]])")
_ARRAY: Final = re.compile(
    r"([(\[])\s*\\begin\s*\{array\}\s*\{[lcr| ]{1,20}\}(.*?)\\end\s*\{array\}\s*([)\]])", re.DOTALL
)
_SEGMENT: Final = re.compile(r"\\overline\s*\{\s*([A-Z]{2})\s*\}")
_BARE_BUILDER: Final = re.compile(r"\{\s*([a-z])\s*(?:\||\\mid(?![a-z]))(.*)\}")
_OPEN_BUILDER: Final = re.compile(r"([a-z])\s*\|([^|]*(?:[<>=]|\\(?:le|ge|ne)(?![a-z]))[^|]*)")
_LINE_END: Final = re.compile(r"\s*,?\s*\\\\\s*")
_TRANSPOSED: Final = re.compile(
    r"((?:\(|\[)[^()\[\]]*(?:\)|\])|\\begin\s*\{[pb]matrix\}.*\\end\s*\{[pb]matrix\})\s*\^\s*\{?\s*"
    r"(?:T|\\top|\\text\s*\{\s*T\s*\})\s*\}?",
    re.DOTALL,
)
_WHEN: Final = re.compile(
    r"\A(?:on|at)\s+(?="
    r"\d{1,2}:\d\d|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|(?:the )?\d{1,2}(?:st|nd|rd|th)?\b.*[A-Z]|"
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December)\b)",
    re.IGNORECASE,
)
"""What stands in front of a time or a date."""


_MARKED: Final = re.compile(r"\\|\||[\[\]}]\Z|\^\s*T\Z|\A(?:on|at)\b", re.IGNORECASE)
"""What every notation here has, so that plain values cost nothing."""


def unframed(text: str) -> str:
    """Return an answer without the box or the bold marks around all of it."""
    plain = text.strip(" \n")  # a tab may be what is left of a command
    if plain.startswith("**") and plain.endswith("**") and plain.count("**") == 2 and len(plain) > len("****"):
        return plain[2:-2].strip(" \n")
    return without_boxes(text) if plain.startswith(("\\boxed", "\\fbox", "\\framebox")) else text


def separated(text: str) -> str:
    r"""Return an answer as it came with a comma for each `\quad` between parts that have names, or between tuples."""
    if "\\" not in text:
        return text
    return _NO_DELIMITER.sub(
        " ", _QUAD_TUPLE.sub(", ", _QUAD_NAME.sub(", ", _QUAD_RUN.sub(lambda m: m[0] + " ", text)))
    )


def settle(text: str) -> str:
    """Return a cleaned answer in one notation."""
    if not _MARKED.search(text):
        return text
    if "\\text" in text:
        text = _DEGREE.sub(r"^\\circ ", text)
    if text.endswith("}") and text.count("}") == text.count("{") + 1:
        text = text[:-1].rstrip(" \\") if not text.endswith("\\}") else text
    if "\\begin" in text:
        text = _ARRAY.sub(r"\\begin{pmatrix}\2\\end{pmatrix}", text)
    elif "\\\\" in text:
        text = _LINE_END.sub(", ", text)
    text = _SEGMENT.sub(r"\1", text)
    if text.endswith(("[", "]")):
        text = " \\cup ".join(_open_ends(part.strip()) for part in text.split("\\cup"))
    if (found := _BARE_BUILDER.fullmatch(text) or _OPEN_BUILDER.fullmatch(text)) is not None:
        text = f"\\{{{found[1]} | {found[2]}\\}}"
    if (found := _TRANSPOSED.fullmatch(text)) is not None and not ("&" in found[1] and "\\\\" in found[1]):
        lines = "&" in found[1], "\\\\" in found[1]
        text = found[1].replace("&", "\\\\") if lines[0] else found[1].replace("\\\\", "&") if lines[1] else found[1]
    return _WHEN.sub("", text)


def _open_ends(text: str) -> str:
    """Return `]1, 2[` in round brackets; the union with nothing says that it is an interval, no point."""
    found = _OPEN_ENDS.fullmatch(text)
    if found is None or found[2] + found[4] == "[]":
        return text
    left, right = "[" if found[2] == "[" else "(", "]" if found[4] == "]" else ")"
    return f"{found[1]}{left}{found[3]}{right} \\cup \\emptyset"
