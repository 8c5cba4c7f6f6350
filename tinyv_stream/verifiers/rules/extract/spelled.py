r"""Answers that are spelled for a program: a JSON object or Python dict of a point or an interval, markdown's escapes.

They become what a mathematician writes: `{"x": 3, "y": 2}` is `(x, y) = (3, 2)`, `x\*\*2` is `x^{2}`. Names stay, and
what is not understood as a whole stays as it is.
"""

import json
import re
from typing import Final, cast

_MOST_CHARS: Final = 500
_OBJECT: Final = re.compile(r"\{\s*[\"'][^{}]*\}", re.DOTALL)
_LOW: Final = frozenset({"lower", "low", "min", "minimum", "from", "start", "left", "a", "lower_bound", "begin"})
_HIGH: Final = frozenset({"upper", "high", "max", "maximum", "to", "end", "right", "b", "upper_bound", "stop"})
_CLOSED: Final = {"closed": "[]", "open": "()", "left-closed": "[)", "right-closed": "(]", "half-open": "[)"}
_WHOLE: Final = {"closed": "[]", "inclusive": "[]", "open": "()", "exclusive": "()"}
_INCLUSIVE: Final = re.compile(
    r"(?:include[sd]?_?)?(lower|low|min|left|start|from|upper|high|max|right|end|to)_?(?:(?:is_)?(inclusive|closed|included|open|exclusive))?"
)
_POWER: Final = re.compile(r"(?<=[\w)\]}])\s*\*\*\s*(-?\w+|\([^()]{1,40}\))")


def spelled(text: str) -> str:
    """Return an answer as mathematics."""
    if len(text) <= _MOST_CHARS and _OBJECT.fullmatch(text):
        return _object(text) or text
    if "\\*" in text:
        text = text.replace("\\*", "*")
        text = text[2:-2].strip() if len(text) > 4 and text.startswith("**") and text.endswith("**") else text
    powers = _POWER.sub(lambda found: f"^{{{found[1]}}}", text)
    return text if "**" in powers or "}^{" in powers else powers


def _object(text: str) -> str:
    if '"' not in text:
        text = re.sub(r"\b(True|False|None)\b", lambda word: {"T": "true", "F": "false", "N": "null"}[word[0][0]], text)
        text = text.replace("'", '"')
    try:
        pairs = cast(
            "object", json.loads(text.replace("\\", "\\\\"), parse_int=str, parse_float=str, object_pairs_hook=list)
        )
    except (ValueError, RecursionError):
        return ""
    fields = cast("list[tuple[str, object]]", pairs)
    names = [name for name, _ in fields]
    if not names or len(set(names)) < len(names):
        return ""
    if len(fields) == 1:
        return _single(*fields[0])
    interval = _interval(dict(fields))
    if interval:
        return interval
    if all(re.fullmatch(r"[A-Za-z]", name) for name in names):
        fields = sorted(fields)
    values = [value for _, value in fields]
    if not all(isinstance(value, str) for value in values):
        return ""
    return f"({', '.join(name for name, _ in fields)}) = ({', '.join(map(str, values))})"


def _single(name: str, value: object) -> str:
    if isinstance(value, list):
        items = cast("list[object]", value)
        if not all(isinstance(item, str) for item in items):
            return ""
        inside = ", ".join(map(str, items))
        return (
            f"({inside})"
            if re.search(r"point|coord|vert|cent|vector|solution|pair|tuple", name, re.IGNORECASE)
            else f"[{inside}]"
        )
    if not isinstance(value, str):
        return ""
    return f"{name} = {value}" if re.fullmatch(r"[A-Za-z]", name) else value


def _interval(fields: dict[str, object]) -> str:
    """Return an interval that has two ends, and says of both whether they belong to it."""
    low = next((name for name in fields if name.lower() in _LOW), None)
    high = next((name for name in fields if name.lower() in _HIGH), None)
    if low is None or high is None or len(fields) < 3:
        return ""
    ends = [fields.pop(low), fields.pop(high)]
    brackets = _brackets(fields)
    if not brackets or not all(isinstance(end, str) for end in ends):
        return ""
    return f"{brackets[0]}{ends[0]}, {ends[1]}{brackets[1]}"


def _brackets(fields: dict[str, object]) -> str:
    if len(fields) == 1:
        name, value = next(iter(fields.items()))
        if isinstance(value, bool):
            return _WHOLE.get(name.lower(), "") if value else ""
        return (
            _CLOSED.get(str(value).lower(), "") if name.lower() in {"type", "kind", "interval", "interval_type"} else ""
        )
    sides = {"low": "", "high": ""}
    for name, value in fields.items():
        found = _INCLUSIVE.fullmatch(name.lower())
        if found is None or not isinstance(value, bool) or found[2] is None:
            return ""
        closed = value is (found[2] in {"inclusive", "closed", "included"})
        low = found[1] in {"lower", "low", "min", "left", "start", "from"}
        sides["low" if low else "high"] = ("[" if closed else "(") if low else ("]" if closed else ")")
    return sides["low"] + sides["high"] if all(sides.values()) else ""
