"""Forms of class 5, language: explanatory text, assignments, phrasing, separators."""
# Answers are written with such signs; a form tries one shape after the other.

import random
import re
from typing import Final

from tinyv_stream.lab.synth.form import RewriteForm
from tinyv_stream.lab.synth.shape import assignment, bare, elements


def _explain(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    if found := elements(plain):
        parts = found[1]
        if found[0] in {"", "\\{"} and len(parts) <= 4 and rng.random() < 0.7:
            return (
                rng.choice(("The solutions are ", "The values are ", "\\text{The answers are } "))
                + ", ".join(parts[:-1])
                + f" and {parts[-1]}"
            )
    math = f"${plain}$" if "\\" in plain else plain
    return (
        rng.choice(
            (
                "The answer is ",
                "The value is ",
                "It is ",
                "\\text{The final answer is } ",
                "Therefore, ",
                "We get ",
                "Answer: ",
            )
        )
        + math
    )


_NAMES: Final = ("abcdefg", "xyz", "xyzwt", "pqrs", "mnk", "abc")


def _assign(text: str, rng: random.Random) -> str | None:
    found = elements(text)
    if not found or found[0] == "\\{" or "infty" in text or "=" in text:
        return _unassign(text, rng)
    opening, parts, _ = found
    if any(
        re.search(r"[A-Za-z]{3,}|[<>≤≥]|\\(?:[lg]e|text|mid|in|equiv)", re.sub(r"\\[dt]?frac|\\sqrt|\\pi", "", p))
        for p in parts
    ):
        return None  # words and conditions have no names
    names = rng.choice([n for n in _NAMES if len(n) >= len(parts)] or [""])
    if not names or opening == "[" or any(p.startswith("(") for p in parts):
        return None
    glue = rng.choice((", ", ", ", " \\text{ and } ", "; "))
    return glue.join(f"{n}{rng.choice((' = ', '='))}{p}" for n, p in zip(names, parts, strict=False))


def _unassign(text: str, rng: random.Random) -> str | None:
    parts = re.split(r",|;|\\text\{ and \}|(?<![a-z])and(?![a-z])", bare(text))
    found = [assignment(p.strip()) for p in parts]
    if len(found) < 2:
        return None
    values = [f[1] for f in found if f]
    if len(values) != len(found) or any("," in v for v in values):
        return None
    return rng.choice(("({})", "{}")).format(", ".join(values))


def _separator(text: str, rng: random.Random) -> str | None:
    if re.search(r"hundred|thousand|quarter|half|halves|dollar|cent|hour|minute", text):
        return None  # the `and` of a number's words
    for old in (" \\text{ or } ", " \\text{ and } ", " or ", " and "):
        if text.count(old) == 1 and "<" not in text and "\\le" not in text and "\\ge" not in text and ">" not in text:
            return text.replace(old, ", ")
    found = elements(text)
    if not found or found[0] or not 2 <= len(found[1]) <= 3:
        return None
    word = rng.choice((" \\text{ and } ", " \\text{ or } ", " and ", " or "))
    return ", ".join(found[1][:-1]) + word + found[1][-1]


def _phrase(text: str, rng: random.Random) -> str | None:
    plain = bare(re.sub(r"\\text\{([^{}]*)\}", r"\1", text)).strip()
    if plain != bare(text).strip() and re.fullmatch(r"[A-Za-z ,.'-]+", plain):
        return plain
    if found := re.fullmatch(r"(?:The|This|It) [a-z ]*?(?:is|are) (?:an? |the )?([a-z][\w -]{2,})", plain):
        return found[1]
    if found := re.fullmatch(
        r"([A-Z]\w+) (?:wins|will win|has a winning strategy|is lying|told the truth|will receive .*)", plain
    ):
        return found[1]
    if not re.fullmatch(r"[A-Za-z][A-Za-z '-]+", plain):
        return None
    return rng.choice((plain.lower(), plain.capitalize(), f"\\text{{{plain}}}", f"{plain}.", f"\\textbf{{{plain}}}"))


FORMS: Final = (
    RewriteForm("5.1", _explain, checked=False),
    RewriteForm("5.2", _assign),
    RewriteForm("5.3", _phrase, checked=False),
    RewriteForm("5.4", _separator),
)
