r"""End of a statement, and what of it is a value: one rule for every mark, in every language.

- A sentence ends at its full stop, or at its line; formulas are skipped whole, and a formula on the next line belongs to it.
- An explanation ends the value (`5, because ...`); what may change it (`5 or 6`, `5, if x > 0`) stays: nothing that
  hedges is dropped.
- A denial is no value, unless it names the right one (`not 5 but 6`).
"""
# ruff: noqa: E501, RUF001 one alternation is one line; the letters of other scripts are meant

import re
from functools import lru_cache
from typing import Final

from tinyv_stream.verifiers.rules.extract.words import BY_NAME, Language, whole

MOST_CHARS: Final = 2_500
"""A statement is read so far: what is longer is over every answer limit."""

_STOP: Final = re.compile(
    r"\\\[|\\\(|\$\$|\$|\\begin\{([a-z]+\*?)\}|\n|\\.|[.](?=[*_)\"'’”\]]{0,4}(?:\s|$))|[.](?=[A-Z][a-z])|</[A-Za-z]+>|[。।?？؟]",
    re.DOTALL,
)
_CLOSING: Final = {"\\[": "\\]", "\\(": "\\)", "$$": "$$", "$": "$"}
_ABBREVIATED: Final = re.compile(
    r"(?:\b[ap]\.m|\be\.g|\bi\.e|\bapprox|\bvs|\bca|\bFig|\bRs|\bNo|\bMr|\bDr|\bSt|\bEq|\bmin|\bmax)$"
)
_GOES_ON: Final = re.compile(r"\s*(?:\\\[|\$\$|\\begin\{)")
_ENDS_INSIDE: Final = re.compile(r"[^$\\]{0,11}?\.\s{0,3}(?:\$\$|\\\])(?=\s+[A-Z][a-z]+[ ,])")
"""The end of a displayed formula whose full stop stands inside, and the sentence behind it."""
_PROSE: Final = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}|[.,;] [A-Za-z]{2}")
_FORMULA: Final = re.compile(
    r"(?<!\\)\$\$.+?\$\$|(?<!\\)\$(?:\\.|[^$\\\n])+\$|\\\(.+?\\\)|\\\[.+?\\\]|\\begin\{([a-z]+\*?)\}.+?\\end\{\1\}",
    re.DOTALL,
)
_COMMAND: Final = re.compile(r"\\[A-Za-z]+(?:\s*\{(?:[^{}]|\{[^{}]*\})*\})*")
_EITHER: Final = re.compile(r"\s*either\s+", re.IGNORECASE)
_REMARK: Final = re.compile(
    r"(?:\s*;|\s+(?:[–—]+|--+)|(?<=[\d\x00)}]):)\s+(?!(?:or|and|maybe|perhaps|possibly|probably|alternatively|otherwise|either|also|another|could|might|may|but|if"
    r"|in case|unless|no|nope|not|never|wait|rather|sorry|actually|oops|correction|just|kidding|well|hmm|oh|ah|plus|minus|times|less|more|to|it)\b)(?=(?:\d+ )?[a-z]{2,} (?:\d+|[A-Za-z]))"
)
_VALUE: Final = re.compile(r"\d|\\[A-Za-z]|[=<>≤≥≠√π∞∅]|(?<![^\W\d_])[A-Za-z](?![^\W\d_'’])")
_WRAPPED: Final = re.compile(
    r"\$\$([^$]*)\$\$|\$([^$]*)\$|\\\(((?:(?!\\\().)*)\\\)|\\\[((?:(?!\\\[).)*)\\\]", re.DOTALL
)
_SET_LINES: Final = re.compile(
    r"\\begin\{(align|aligned|equation|gather|gathered|split|multline)(\*?)\}(.*)\\end\{\1\2\}", re.DOTALL
)
_PICTURE: Final = r"(?![❌✗✘🚫⛔✖])[\s\u2600-\u27bf\ufe0f\U0001f000-\U0001faff]"
_SIGNS: Final = re.compile(rf"^(?:#|{_PICTURE})+|(?:{_PICTURE})+$")
"""Signs of a heading, and pictures but those that deny."""
_CONCLUDES: Final = re.compile(
    r"(?:(?:\\(?:therefore|Rightarrow|implies|displaystyle|textstyle|large|Large|LARGE|huge|Huge|q?quad)(?![A-Za-z])|\\[ ,;:!]|[∴⇒⟹]|=>)\s*)+"
)
_SHOUTED: Final = re.compile(r"(?<=[*$])!+$")
_SPACES_BEHIND: Final = re.compile(r"(?:\s*(?:\\[ ,;:!]|\\q?quad(?![A-Za-z])|~))+\s*$|(?<!\\)\\$")
_POWER: Final = re.compile(r"[\w)}]\*\*[\w({]")
_COLOURED: Final = re.compile(r"\\(?:text)?color\{[^{}]*\}\{(.*)\}", re.DOTALL)
_STYLED: Final = re.compile(r"\\(?:mathbf|textbf|boldsymbol|bm|underline|underbrace|mathrm|text)\{\s*([-+\d.,/]+)\s*\}")


def sentence(text: str, start: int) -> tuple[str, int, bool]:
    """Return the sentence that starts at `start`, where it ends, and whether it asks."""
    at = _behind_space(text, start)
    most = min(len(text), at + MOST_CHARS)
    pos = at
    while stop := _STOP.search(text, pos, most):
        found = stop[0]
        pos = stop.end()
        if stop[1]:
            pos = _behind(text, f"\\end{{{stop[1]}}}", pos, most)
        elif found in _CLOSING:
            pos = _formula_end(text, found, stop.end(), most)
            if _ENDS_INSIDE.match(text, max(stop.end(), pos - 12), most) and pos > stop.end():
                return text[at:pos], pos, False
        elif found == "\n":
            if not _GOES_ON.match(text, pos, most):
                return text[at : stop.start()], stop.start(), False
        elif found == ".":
            if not _ABBREVIATED.search(text[max(at, stop.start() - 8) : stop.start()]):
                return text[at : stop.start()], stop.end(), False
        elif found[0] != "\\":
            return text[at : stop.start()], stop.end(), found in "?？؟"
    return text[at:most], most, False


def masked(text: str) -> str:
    """Return the text with its formulas and commands blanked out, at the same length."""
    return _COMMAND.sub(_blank, _FORMULA.sub(_blank, text))


def _blank(found: re.Match[str]) -> str:
    return "\x00" * len(found[0])


def formulas(text: str) -> list[str]:
    """Return the formulas in a text."""
    return [found[0] for found in _FORMULA.finditer(text)]


def cut(content: str, language: Language) -> str:
    """Return `content` up to where an explanation begins."""
    plain = masked(content)
    ends = [found.start() for pattern in _ends(language.name) if (found := pattern.search(plain))]
    return content[: min(ends, default=len(content))]


def value(content: str, language: Language, *, denied: bool = False) -> str:
    """Return the value that a statement gives; empty where it only denies one."""
    content = _EITHER.sub("", content, count=1) if _EITHER.match(content) else content
    found = content if denied else cut(content, language)
    no, but = _denials(language.name)
    plain = masked(found)
    if denied or ((word := no.search(plain)) and plain.strip(" *_.") != word[0]):
        rests = list(but.finditer(masked(content)))
        if not rests:
            return ""
        found = cut(content[rests[-1].end() :], language)
        if no.search(masked(found)) or not is_value(found):
            return ""
    return tidy(_joined(_without_tail(found, language), language))


def is_value(text: str) -> bool:
    """Say whether a text can be a value: it has a digit, a formula or a letter that stands alone."""
    return "\x00" in masked(text) or _VALUE.search(text) is not None or any(c.isdecimal() for c in text)


def tidy(text: str) -> str:
    """Return a value without emphasis, delimiters and the full stop around it, with digits as `0` to `9`."""
    text = _SHOUTED.sub("", _in_ascii_digits(text.strip()))
    for _ in range(4):
        before = text
        text = _emphasis(_without_layout(text).strip().rstrip(",;:，；。۔ "))
        if text.endswith(".") and not text.endswith("..") and not _ABBREVIATED.search(text[-9:-1]):
            text = text[:-1].rstrip()
        text = _SIGNS.sub("", text) or text
        if text.count("**") == 1 and not _POWER.search(text):
            text = text.replace("**", "")
        if text.endswith(")") and sum(map(text.count, "([")) < sum(map(text.count, ")]")):
            text = text[:-1]
        if wrapped := _WRAPPED.fullmatch(text):
            text = next(part for part in wrapped.groups() if part is not None).strip()
        elif lines := _SET_LINES.fullmatch(text):
            text = _last_line(lines[3]) or text
        elif styled := _STYLED.fullmatch(text) or _COLOURED.fullmatch(text):
            text = styled[1]
        if text == before:
            break
    return text


def _without_layout(text: str) -> str:
    """Return a value without the signs of a conclusion before it, spaces of LaTeX around it and the end of a table's cell."""
    if text[:1] in {"\\", "∴", "⇒", "⟹", "="} and (signs := _CONCLUDES.match(text)):
        text = text[signs.end() :]
    if text[-1:] in {" ", ",", ";", ":", "!", "~", "\\", "d"}:
        text = text[:-60] + _SPACES_BEHIND.sub("", text[-60:])
    return text[:-1].rstrip() if text.endswith(" |") and text.count("|") % 2 else text


def _last_line(inside: str) -> str:
    lines = [line.replace("&", "").strip() for line in re.split(r"\\\\(?:\[[^\]]*\])?", inside)]
    lines = [line for line in lines if line] or [""]
    if lines[-1].startswith("="):
        return lines[-1].lstrip("= ")
    return (
        ", ".join(line.rstrip(" ,;") for line in lines) if len(lines) == 1 or all("=" in line for line in lines) else ""
    )


def _emphasis(text: str) -> str:
    for sign in ("**", "__", "`"):
        text = text.removeprefix(sign).removesuffix(sign).strip() if not text.endswith("\\" + sign) else text
    text = text[2:-2].strip() if len(text) > 4 and text.startswith('\\"') and text.endswith('\\"') else text
    if len(text) > 2 and text[0] == text[-1] and text[0] in '*_"':
        text = text[1:-1].strip()
    if "*" not in (bare := text.strip("*").strip()) and not text.endswith("^*"):
        text = bare
    return text


def _in_ascii_digits(text: str) -> str:
    if text.isascii():
        return text
    return "".join(str(int(c)) if c.isdecimal() else c for c in text).replace("٫", ".").replace("٬", ",")


def _behind_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _behind(text: str, closing: str, at: int, most: int) -> int:
    end = text.find(closing, at, most)
    return at if end < 0 else end + len(closing)


def _formula_end(text: str, opening: str, at: int, most: int) -> int:
    """Return the end of a formula; of a lone `$`, which is money, the place behind it."""
    end = text.find(_CLOSING[opening], at, most)
    inside = text[at:end]
    if end < 0 or "\n\n" in inside or (opening == "$" and _PROSE.search(re.sub(r"\\text\w*\{[^{}]*\}", "", inside))):
        return at
    return end + len(_CLOSING[opening])


def _without_tail(text: str, language: Language) -> str:
    if not language.tail:
        return text
    return re.sub(rf"\s*(?:{language.tail})[\s.,।。،۔、]*$", "", text)


def _joined(text: str, language: Language) -> str:
    """Return values that are joined by words of a language with `or` and `and` between them."""
    if language.name == "en":
        return text
    for word, pattern in _joints(language.name):
        text = pattern.sub(f" {word} ", text)
    return text


@lru_cache(maxsize=64)
def _ends(name: str) -> tuple[re.Pattern[str], ...]:
    language, english = BY_NAME[name], BY_NAME["en"]
    found: list[re.Pattern[str]] = [_REMARK]
    for row in {language.name: language, "en": english}.values():
        gap, lead = (
            (r"[,;]?(?<!\s)\s+", r"(?:[,;]\s*|(?<!\s)\s*\(|(?<!\s)\s+[–—-]+\s+)")
            if row.spaced
            else (r"[，,；;]?", r"(?:[，,；;]\s*|[（(])")
        )
        found.append(re.compile(gap + whole(row, row.why), re.IGNORECASE))
        found.append(re.compile(lead + whole(row, row.aside), re.IGNORECASE))
        found.append(re.compile(r"(?<!\s)\s*[（(]\s*" + whole(row, row.why), re.IGNORECASE))
    return tuple(found)


@lru_cache(maxsize=64)
def _denials(name: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    row = BY_NAME[name]
    but = rf"(?:[,，、;]\s*|\s+|^){whole(row, row.but)}\s*" if row.spaced else rf"(?:{row.but})\s*[、，,]?\s*"
    return re.compile(whole(row, row.no), re.IGNORECASE), re.compile(but, re.IGNORECASE)


@lru_cache(maxsize=64)
def _joints(name: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    row = BY_NAME[name]
    between = r"(?<=[\d$)}}\]])\s*(?:{})\s*(?=[\d$\\(\[{{-])"
    space = r"\s" if row.spaced else ""
    return tuple(
        (word, re.compile(between.format(f"{space}(?:{words}){space}"), re.IGNORECASE))
        for word, words in (("or", row.either), ("and", row.both))
    )
