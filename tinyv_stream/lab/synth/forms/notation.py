"""Forms of class 2, notation: intervals, ratios, plus-minus, vectors and other conventions."""
# ruff: noqa: RUF001
# Answers are written with such signs; a form tries one shape after the other.

import random
import re
from typing import Final

from tinyv_stream.lab.synth.form import RewriteForm
from tinyv_stream.lab.synth.shape import FRACTION, bare, elements, interval, is_surely_interval, relations

_SIGNS: Final = {
    "<": ("<",),
    ">": (">",),
    "<=": ("\\leq", "\\leqslant", "\\le", "≤"),
    ">=": ("\\geq", "\\geqslant", "≥"),
}


_INFINITE: Final = re.compile(r"[-+]?\s*(?:\\,\s*)?(?:\\infty|∞)")


_NAME: Final = re.compile(r"[A-Za-z]|[A-Za-z]_\{?\w\}?|\\[a-z]+|[a-z]\([a-z]\)")


def _to_interval(text: str, rng: random.Random) -> str | None:
    text = re.sub(
        r"^\\?\{\s*(\w)\s*(?:\\mid|\||:)(.*?)\\?\}$", r"\2", bare(text).replace("\\left", "").replace("\\right", "")
    )
    pieces = re.split(r"\s*(?:\\text\{ ?or ?\}|(?<![a-z])or(?![a-z])|\\cup)\s*", text.strip())
    found = [_one_interval(p) for p in pieces]
    if not all(found):
        return None
    return rng.choice((" \\cup ", "\\cup", " ∪ ")).join(f for f in found if f)


def _one_interval(text: str) -> str | None:
    found = relations(text)
    if not found:
        return None
    sides, signs = found
    if len(signs) == 1:
        if not _NAME.fullmatch(sides[0]) or "infty" in sides[1] or not re.search(r"\d|\\", sides[1]):
            return None
        closed = "]" if signs[0] == "<=" else ")"
        if signs[0][0] == "<":
            return f"(-\\infty, {sides[1]}{closed}"
        return f"{'[' if closed == ']' else '('}{sides[1]}, \\infty)"
    if not _NAME.fullmatch(sides[1]) or signs[0][0] != signs[1][0]:
        return None
    if signs[0][0] == ">":
        sides, signs = sides[::-1], [s.replace(">", "<") for s in signs[::-1]]
    return f"{'[' if signs[0] == '<=' else '('}{sides[0]}, {sides[2]}{']' if signs[1] == '<=' else ')'}"


def _to_inequality(text: str, rng: random.Random) -> str | None:
    text = re.sub(r"^[A-Za-z]\s*(?:\\in(?![a-z])|∈)\s*", "", bare(text))
    pieces = re.split(r"\s*(?:\\cup|∪)\s*", text)
    if len(pieces) == 1 and not is_surely_interval(text):
        return None
    name = rng.choice("xxamkty")
    written = [_one_inequality(p, name, rng) for p in pieces]
    if not all(written):
        return None
    return rng.choice((" \\text{ or } ", " or ")).join(w for w in written if w)


def _one_inequality(text: str, name: str, rng: random.Random) -> str | None:
    found = interval(text)
    if not found:
        return None
    opening, low, high, closing = found
    below = rng.choice(_SIGNS["<=" if opening == "[" else "<"])
    above = rng.choice(_SIGNS["<=" if closing == "]" else "<"])
    if _INFINITE.fullmatch(low) and _INFINITE.fullmatch(high):
        return None
    if _INFINITE.fullmatch(low):
        return f"{name} {above} {high}"
    if _INFINITE.fullmatch(high):
        return f"{name} {rng.choice(_SIGNS['>=' if opening == '[' else '>'])} {low}"
    return f"{low} {below} {name} {above} {high}"


def _set_builder(text: str, rng: random.Random) -> str | None:
    if found := re.fullmatch(r"\\?\{\s*([A-Za-z])\s*(?:\\mid|\||:)(.*?)\\?\}", bare(text)):
        return found[2].strip()
    found = relations(text)
    names = [s for s in found[0] if re.fullmatch("[a-z]", s)] if found else []
    bar = rng.choice(("\\mid", "|", ":"))
    return f"\\{{{names[0]} {bar} {bare(text)}\\}}" if len(names) == 1 else None


def _ratio(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    found = re.fullmatch(r"(\d+)\s*(?::|\\colon|\\text\{ to \})\s*(\d+)", plain)
    if found and int(found[2]):
        a, b = found[1], found[2]
        return rng.choice(
            (f"\\frac{{{a}}}{{{b}}}", f"{a}/{b}", f"{a} : {b}", f"{a} \\text{{ to }} {b}", f"\\dfrac{{{a}}}{{{b}}}")
        )
    found = re.fullmatch(r"(\d+)/(\d+)", plain) or FRACTION.fullmatch(plain)
    return f"{found[1]}:{found[2]}" if found and not found[1].startswith("-") and rng.random() < 0.4 else None


def _plus_minus(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    if len(re.findall(r"\\pm(?![a-z])|±", plain)) != 1 or "," in plain:
        return None
    head, value = re.fullmatch(r"(\w+\s*=\s*)?(.*)", plain, re.DOTALL).groups()  # type: ignore[union-attr]
    plus, minus = (re.sub(r"\s*(?:\\pm|±)\s*", f" {s} ", value).strip() for s in "+-")
    plus = plus.removeprefix("+ ")
    minus = "-" + minus.removeprefix("- ") if minus.startswith("- ") else minus
    both = [plus, minus] if rng.random() < 0.7 else [minus, plus]
    return ((head or "") if rng.random() < 0.3 else "") + rng.choice((", ", " \\text{ and } ", " \\text{ or } ")).join(
        both
    )


def _aggregate(text: str, _rng: random.Random) -> str | None:
    found = elements(text)
    if not found or len(found[1]) != 2 or found[0] == "(" or found[0] == "[":
        return None
    a, b = found[1]
    if b == f"-{a}" or a == f"-{b}":
        return "\\pm " + (a if b.startswith("-") else b)
    a2, b2 = a.replace(" ", ""), b.replace(" ", "")
    differ = [i for i in range(min(len(a2), len(b2))) if a2[i] != b2[i]]
    if len(a2) == len(b2) and len(differ) == 1 and {a2[differ[0]], b2[differ[0]]} == {"+", "-"}:
        i = differ[0]
        return f"{a2[:i]} \\pm {a2[i + 1 :]}"
    return None


def _vector(text: str, rng: random.Random) -> str | None:
    plain = bare(text)
    if found := re.fullmatch(r"\\begin\{([pb])matrix\}(.*?)\\end\{[pb]matrix\}", plain, re.DOTALL):
        rows = [r.strip() for r in found[2].split("\\\\") if r.strip()]
        if any("&" in r for r in rows) and len(rows) > 1:
            other = "b" if found[1] == "p" else "p"
            return f"\\begin{{{other}matrix}} " + " \\\\ ".join(rows) + f" \\end{{{other}matrix}}"
        cells = rows if len(rows) > 1 else [c.strip() for c in rows[0].split("&")]
        return rng.choice(("({})", "\\langle {} \\rangle", "\\left( {} \\right)")).format(", ".join(cells))
    found = elements(plain)
    if (
        not found
        or found[0] != "("
        or (interval(plain) and "infty" in plain)
        or any("=" in p or "(" in p for p in found[1])
    ):
        return None
    style = rng.choice("pb")
    return f"\\begin{{{style}matrix}} " + " \\\\ ".join(found[1]) + f" \\end{{{style}matrix}}"


_NOTATIONS: Final[tuple[tuple[str, str], ...]] = (
    (r"\\arctan(?![a-z])", r"\\tan^{-1}"),
    (r"\\arcsin(?![a-z])", r"\\sin^{-1}"),
    (r"\\arccos(?![a-z])", r"\\cos^{-1}"),
    (r"\\binom\{(\w+)\}\{(\w+)\}", r"C(\1, \2)"),
    (r"\\lg(?![a-z])", r"\\log_{10}"),
    (r"\\div", r"/"),
    (r"\\overline\{(\w+)\}", r"\\bar{\1}"),
    (r"\\mathrm\{([a-z])\}", r"\1"),
)


def _other_notation(text: str, _rng: random.Random) -> str | None:
    for pattern, other in _NOTATIONS:
        if re.search(pattern, text):
            return re.sub(pattern, other, text)
    if found := re.fullmatch(r"(-?\d+)\.(\d{1,2})", bare(text)):
        return f"{found[1]},{found[2]}"
    return None


FORMS: Final = (
    RewriteForm("2.1", _to_interval),
    RewriteForm("2.1", _to_inequality),
    RewriteForm("2.1", _set_builder),
    RewriteForm("2.2", _ratio, checked=False),
    RewriteForm("2.3", _plus_minus, checked=False),
    RewriteForm("2.3", _aggregate, checked=False),
    RewriteForm("2.4", _vector),
    RewriteForm("2.5", _other_notation, checked=False),
)
