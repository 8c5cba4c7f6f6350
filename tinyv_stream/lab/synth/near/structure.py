"""Near misses in a structure: an element too few or too many, the order, a bracket, an end."""
# ruff: noqa: RUF001, PLR0911
# Answers are written with such signs; a form tries one shape after the other.

import random
import re
from typing import Final

from tinyv_stream.lab.synth.miss import Miss
from tinyv_stream.lab.synth.near.values import digit
from tinyv_stream.lab.synth.shape import (
    assignment,
    bare,
    elements,
    interval,
    is_surely_interval,
)


def _missing(text: str, rng: random.Random) -> str | None:
    found = elements(text)
    if found and found[0] not in {"(", "["}:
        parts = list(found[1])
        parts.pop(rng.randrange(len(parts)))
        return found[0] + ", ".join(parts) + found[2]
    pieces = re.split(r"\s*(?:\\cup|∪|\\text\{ ?or ?\})\s*", bare(text))
    if len(pieces) > 1:
        pieces.pop(rng.randrange(len(pieces)))
        return " \\cup ".join(pieces) if "cup" in text or "∪" in text else " \\text{ or } ".join(pieces)
    if "\\pm" in text:
        return re.sub(r"\s*\\pm\s*", rng.choice((" + ", " - ")), bare(text)).removeprefix(" + ").strip()
    return None


def _extra(text: str, rng: random.Random) -> str | None:
    found = elements(text)
    if found and found[0] not in {"(", "["}:
        parts = list(found[1])
        model = rng.choice(parts)
        new = digit(model, rng)
        if not new or new in parts or "=" in new:
            return None
        parts.insert(rng.randrange(len(parts) + 1), new)
        return found[0] + ", ".join(parts) + found[2]
    plain = bare(text)
    if re.fullmatch(r"-?[\d.]+|\\[dt]?frac\{\d+\}\{\d+\}", plain):
        other = digit(plain, rng) or "0"
        return rng.choice(
            (f"{plain} \\text{{ or }} {other}", f"{plain}, {other}", f"\\pm {plain}", f"{other}, {plain}")
        )
    return None


def _swapped(text: str, rng: random.Random) -> str | None:
    """Exchange two places where the order matters: a point, a ratio, labelled values."""
    plain = bare(text)
    if (found := re.fullmatch(r"(\d+)\s*:\s*(\d+)", plain)) and found[1] != found[2]:
        return f"{found[2]}:{found[1]}"
    found = elements(plain)
    if not found or (interval(plain) and is_surely_interval(plain)):
        return None
    parts = list(found[1])
    if all(assignment(p) for p in parts):
        pairs = [a for p in parts if (a := assignment(p))]
        i, j = rng.sample(range(len(pairs)), 2)
        if pairs[i][1] == pairs[j][1]:
            return None
        values = [v for _, v in pairs]
        values[i], values[j] = values[j], values[i]
        return ", ".join(f"{n} = {v}" for (n, _), v in zip(pairs, values, strict=True))
    if found[0] != "(":
        return None
    i, j = rng.sample(range(len(parts)), 2)
    if parts[i] == parts[j]:
        return None
    parts[i], parts[j] = parts[j], parts[i]
    return "(" + ", ".join(parts) + ")"


def _bracket(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    if found := interval(plain):
        opening, low, high, closing = found
        if not is_surely_interval(plain):
            return None
        options: list[str] = []
        if "infty" not in low:
            options.append(f"{'(' if opening == '[' else '['}{low}, {high}{closing}")
        if "infty" not in high:
            options.append(f"{opening}{low}, {high}{')' if closing == ']' else ']'}")
        return rng.choice(options) if options else None
    for old, new in ((r"\\leqslant|\\leq|\\le(?![a-z])|≤", "<"), (r"\\geqslant|\\geq|\\ge(?![a-z])|≥", ">")):
        if re.search(old, plain):
            return re.sub(old, new, plain, count=1)
    if re.search(r"<|>", plain):
        return re.sub(r"<", r"\\leq ", plain, count=1) if "<" in plain else re.sub(r">", r"\\geq ", plain, count=1)
    return None


def _direction(text: str, _rng: random.Random) -> str | None:
    plain = bare(text)
    if len(re.findall(r"\\leqslant|\\leq|\\geqslant|\\geq|[<>≤≥]", plain)) == 1:
        table = {"<": ">", ">": "<", "\\leq": "\\geq", "\\geq": "\\leq", "≤": "≥", "≥": "≤", "\\leqslant": "\\geqslant"}
        table["\\geqslant"] = "\\leqslant"
        return re.sub(r"\\leqslant|\\geqslant|\\leq|\\geq|[<>≤≥]", lambda m: table[m[0]], plain)
    found = interval(plain)
    if found and ("infty" in found[1]) != ("infty" in found[2]):
        opening, low, high, closing = found
        if "infty" in low:
            return f"{'[' if closing == ']' else '('}{high}, +\\infty)"
        return f"(-\\infty, {low}{']' if opening == '[' else ')'}"
    return None


def _endpoint(text: str, rng: random.Random) -> str | None:
    r"""Another end where there was none, as (0, \infty) -> (0, 1)."""
    if "\\infty" not in text:
        return None
    return re.sub(r"[-+]?\s*(?:\\,)?\\infty", str(rng.randint(-9, 9)), text, count=1)


MISSES: Final = (
    Miss("missing element", _missing, weight=6),
    Miss("extra element", _extra, weight=5),
    Miss("order", _swapped, proof="order", weight=7),
    Miss("bracket", _bracket, proof="ends", weight=3),
    Miss("direction", _direction, proof="ends", weight=3),
    Miss("end", _endpoint, weight=3),
)
