"""Forms of answers in sentences: a label or a clause around a value, the short answer out of a long one, dates."""

import random
import re
from typing import Final

from tinyv_stream.lab.synth.form import RewriteForm
from tinyv_stream.lab.synth.forms.spoken import plain_text, said
from tinyv_stream.lab.synth.shape import NUMBER, bare, elements

NAMES: Final = (
    *("Alice", "Bob", "Carlos", "Petya", "Vasya", "Anna", "Mira", "Paolo", "Qing", "Rayna", "Maria", "John", "Tom"),
    *("Ivan", "Sara", "Emma", "David", "Lucy", "Peter", "Kate", "Omar", "Yuki", "Li", "Eva", "Max", "Nina", "Jack"),
)
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_QUALITIES: Final = ("fifth", "smallest", "largest", "total", "required", "missing", "middle", "second", "average")
_THINGS: Final = ("number", "angle", "area", "sum", "length", "value", "distance", "price", "age", "time", "volume")
_MORE: Final = ("number of ways", "probability", "remainder", "radius", "minimum", "maximum", "perimeter", "speed")
_NO_NAME: Final = frozenset(
    [
        "The",
        "It",
        "This",
        "There",
        "If",
        "No",
        "Yes",
        "All",
        "Any",
        "Every",
        "Each",
        "Only",
        "A",
        "An",
        "In",
        "For",
        "Both",
        "None",
        "Some",
        "That",
        "They",
        "He",
        "She",
        "We",
        "At",
        "On",
        "So",
    ]
)
_REVERSED: Final = re.compile(
    r"\b(?:not|cannot|never|no|nor|neither|loses?|lost|lies|lied|except|but|false|fails?|and|or|than)\b|n't\b"
)
_VALUE: Final = re.compile(rf"{NUMBER}|\\[dt]?frac\{{\d+\}}\{{\d+\}}|\d+/\d+|\d*\\sqrt\{{\d+\}}|\d*\\pi|\d+\^\\circ")


def _labelled(text: str, rng: random.Random) -> str | None:
    """`14` -> fifth number: 14."""
    plain = plain_text(text)
    if not re.match(r"[-\d\\]", plain) or len(plain) > 40 or re.search(r"[=<>,]|\\(?:in|le|ge|cup|pm|begin)", plain):
        return None
    thing = f"{rng.choice(_QUALITIES)} {rng.choice(_THINGS)}" if rng.random() < 0.6 else rng.choice((*_THINGS, *_MORE))
    math = plain if "\\" not in plain else rng.choice((f"${plain}$", plain))
    return rng.choice(
        (
            f"\\text{{{thing}: }} {plain}",
            f"{thing}: {math}",
            f"The {thing} is {math}.",
            f"\\text{{{thing}}} = {plain}",
            f"{thing} = {plain}",
            f"{math} is the {thing}",
        )
    )


def _named(text: str, rng: random.Random) -> str | None:
    """`7, 14, 18` -> Paolo: 18, Qing: 14, Rayna: 7: which belongs to whom the reference does not say."""
    found = elements(text)
    if not found or found[0] not in {"", "\\{"} or not 2 <= len(found[1]) <= 4:
        return None
    parts = list(found[1])
    if not all(_VALUE.fullmatch(part) for part in parts) or len(set(parts)) < len(parts):
        return None
    numbers = [int(part) for part in parts if re.fullmatch(r"-?\d+", part)]
    colon = rng.choice((": ", " = ", ": "))
    if len(parts) == 2 == len(numbers) and rng.random() < 0.4:
        both = [f"{name}{colon}{value}" for name, value in zip(("Minimum", "Maximum"), sorted(numbers), strict=True)]
        return ", ".join(rng.sample(both, 2))
    rng.shuffle(parts)
    names = rng.sample(NAMES, len(parts)) if rng.random() < 0.6 else [f"Case {n}" for n in range(1, len(parts) + 1)]
    return rng.choice((", ", "; ")).join(f"{name}{colon}{part}" for name, part in zip(names, parts, strict=True))


def _numbered(text: str, rng: random.Random) -> str | None:
    r"""`1, 3` -> x_1 = 3 \text{ and } x_2 = 1: the numbers of solutions say nothing."""
    found = elements(text)
    if not found or found[0] not in {"", "\\{"} or not 2 <= len(found[1]) <= 3 or any("=" in p for p in found[1]):
        return None
    if not all(re.fullmatch(r"[-+\\\w{}^ ./]+", p) and not re.search(r"[A-Za-z]{5,}", p) for p in found[1]):
        return None
    name, glue = rng.choice("xzyt"), rng.choice((", ", " \\text{ and } ", ",\\ ", " \\text{ or } "))
    parts = rng.sample(found[1], len(found[1]))
    if rng.random() < 0.3:
        return glue.join(f"{name} = {part}" for part in parts)
    return glue.join(f"{name}_{n} = {part}" for n, part in enumerate(parts, 1))


def _short(text: str, _rng: random.Random) -> str | None:
    """`Petya wins the game.` -> Petya; `The sum is odd.` -> odd."""
    plain = plain_text(text)
    if _REVERSED.search(plain) or len(plain) > 120:
        return None
    found = re.fullmatch(r"([A-Z][a-z]{1,14}) [a-z][\w ,'-]+", plain)
    if found and found[1] not in _NO_NAME:
        return found[1]
    found = re.fullmatch(r"The ([a-z ]{3,30}?) (?:wins|is larger|takes longer|is correct|comes first)[\w ]*", plain)
    if found:
        return f"the {found[1]}"
    found = re.fullmatch(r"(?:The|This|It) [\w $()+^=,-]*?\b(?:is|are) (?:an? |the )?([a-z][a-z -]{2,20})", plain)
    return found[1] if found else None


def _yes_no(text: str, rng: random.Random) -> str | None:
    plain = plain_text(text).lower().rstrip(".")
    rows = {
        "yes": ("Yes, it is.", "Yes, it is possible.", "Yes, it does.", "\\text{True}", "yes, it can"),
        "no": (
            "No, it is not.",
            "No, it is impossible.",
            "No, it does not.",
            "\\text{False}",
            "no, it cannot",
        ),
        "true": ("The statement is true.", "It is true.", "Yes", "\\text{Yes}"),
        "false": ("The statement is false.", "It is false.", "No", "\\text{No}"),
    }
    return rng.choice(rows[plain]) if plain in rows else None


_NONE: Final = (
    "\\emptyset",
    "\\varnothing",
    "no solution",
    "\\text{no solution}",
    "no real solutions",
    "There are no solutions.",
    "\\text{No solutions}",
    "\\{\\}",
    "none exist",
)


def _nothing(text: str, rng: random.Random) -> str | None:
    plain = plain_text(text).rstrip(".")
    known = {plain_text(word).rstrip(".").lower() for word in _NONE}
    return rng.choice([word for word in _NONE if plain_text(word) != plain]) if plain.lower() in known else None


def _date(text: str, rng: random.Random) -> str | None:
    plain = plain_text(text)
    if plain in DAYS:
        return rng.choice(
            (
                f"\\text{{{plain[:3]}.}}",
                plain[:3],
                f"on {plain}",
                f"It will be {plain}.",
                f"It is a {plain}",
                f"a {plain}",
            )
        )
    found = re.fullmatch(rf"({'|'.join(MONTHS)}) (\d{{1,2}})", plain)
    if not found:
        return None
    month, day = found[1], found[2]
    end = {"1": "st", "2": "nd", "3": "rd"}.get(day[-1] if day not in {"11", "12", "13"} else "", "th")
    short = month[:3] + rng.choice((".", ""))
    return said(
        rng.choice((f"{day} {month}", f"{month} {day}{end}", f"the {day}{end} of {month}", f"{short} {day}")), rng
    )


def _clause(text: str, rng: random.Random) -> str | None:
    """Add a clause that says nothing new: for all x, k in Z, only."""
    plain = bare(text)
    if found := re.match(r"[A-Za-z]\(([a-z])\)\s*=", plain):
        name = found[1]
        clauses = (f" \\text{{ for all }} {name}", f", \\quad \\forall {name}", f" for all {name}")
        return f"{plain}{rng.choice(clauses)}"
    if "\\pi" in plain and (found := re.search(r"(?<![A-Za-z\\])([kn])(?![A-Za-z(])", plain)) and "\\in" not in plain:
        letter = found[1]
        ends = (
            f", {letter} \\in \\mathbb{{Z}}",
            f" \\text{{ for any integer }} {letter}",
            f",\\ {letter}\\in\\mathbb Z",
        )
        return plain + rng.choice(ends)
    if _VALUE.fullmatch(plain) and rng.random() < 0.5:
        return rng.choice(
            (f"\\text{{only }} x = {plain}", f"\\text{{exactly }} {plain}", f"{plain} only", f"x = {plain} only")
        )
    return None


def _option(text: str, rng: random.Random) -> str | None:
    found = re.fullmatch(r"\(?([A-E])\)?\.?", plain_text(text))
    if not found:
        return None
    letter = found[1]
    return rng.choice(
        (
            f"\\text{{Option {letter}}}",
            f"Option {letter}",
            f"choice {letter}",
            f"({letter})",
            f"The answer is ({letter})",
        )
    )


FORMS: Final = (
    RewriteForm("5.1", _labelled, checked=False),
    RewriteForm("5.1", _option, checked=False),
    RewriteForm("5.2", _named, checked=False),
    RewriteForm("5.2", _numbered, checked=False),
    RewriteForm("5.3", _short, checked=False),
    RewriteForm("5.3", _yes_no, checked=False),
    RewriteForm("5.3", _nothing, checked=False),
    RewriteForm("5.3", _date, checked=False),
    RewriteForm("1.5", _clause, checked=False),
)
