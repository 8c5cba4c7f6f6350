"""Near misses in words, and answers that are none."""
# Answers are written with such signs; a form tries one shape after the other.

import random
import re
from typing import Final

from tinyv_stream.lab.synth.miss import Miss
from tinyv_stream.lab.synth.shape import (
    bare,
)

_OPPOSITES: Final[tuple[tuple[str, ...], ...]] = (
    ("odd", "even"),
    ("yes", "no"),
    ("true", "false"),
    ("increasing", "decreasing"),
    ("first", "second", "third"),
    ("maximum", "minimum"),
    ("isosceles", "equilateral", "right-angled", "scalene"),
    ("necessary", "sufficient"),
    ("parallel", "perpendicular", "skew"),
    ("positive", "negative"),
    ("greater", "less"),
    ("inside", "outside"),
    ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    ("red", "blue", "green", "white", "black", "yellow"),
    ("circle", "ellipse", "parabola", "hyperbola", "line"),
    ("acute", "obtuse"),
    ("always", "never"),
    ("rectangle", "square", "rhombus", "trapezoid", "parallelogram"),
    ("left", "right"),
    ("equal", "different"),
    ("winning", "losing"),
    ("convergent", "divergent"),
    ("tangent", "secant", "disjoint"),
    ("starting", "second"),
    ("alice", "bob"),
    ("petya", "vasya"),
    ("median", "midline", "bisector", "altitude"),
)


def _word(text: str, rng: random.Random) -> str | None:
    found = [
        (w, row)
        for row in _OPPOSITES
        for w in row
        if re.search(rf"(?<![A-Za-z\\]){w}(?![A-Za-z])", text, re.IGNORECASE)
    ]
    if found:
        word, row = rng.choice(found)
        new = rng.choice([w for w in row if w != word])
        return re.sub(
            rf"(?<![A-Za-z\\]){word}(?![A-Za-z])",
            lambda m: new.capitalize() if m[0][0].isupper() else new,
            text,
            flags=re.IGNORECASE,
        )
    plain = bare(text)
    if choice := re.fullmatch(r"(\\text(?:bf)?\{)?\(?([A-E])\)?(\})?", plain):
        return plain.replace(choice[2], rng.choice([c for c in "ABCDE" if c != choice[2]]))
    return None


def _negated(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    if not re.search(r"[a-z]{3,} [a-z]{2,}", plain) or "\\frac" in plain:
        return None
    if found := re.search(r"\b(is|are|can|has|does|will|must)\b(?! not)", plain):
        return plain[: found.end()] + " not" + plain[found.end() :]
    return rng.choice(("none", "cannot be determined", f"not {plain}")) if rng.random() < 0.3 else None


_GARBAGE: Final = (
    "",
    ".",
    ":",
    "Solution",
    "x",
    "?",
    "True",
    "the answer",
    "\\boxed{}",
    "correct",
    "0 or 1",
    "same",
    "...",
    "unknown",
)


_SPEECH: Final = (
    "Let's solve this step by step.",
    "Thought process:",
    'Return "True"',
    "Same as the reference",
    "The answer is correct.",
    "see above",
    "the reference answer",
    "Same? True",
    "any real number",
    "no solution",
    "\\text{does not exist}",
    "1, 2, 3, 4, 5, 6, 7, 8, 9",
)


def _garbage(_text: str, rng: random.Random) -> str | None:
    return rng.choice(rng.choice((_GARBAGE, _SPEECH)))


MISSES: Final = (
    Miss("word", _word, proof="words", weight=6),
    Miss("negation", _negated, proof="words", weight=2),
    Miss("garbage", _garbage, proof="words"),
)
