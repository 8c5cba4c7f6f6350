"""Guard before any model: rejects structurally invalid answers, and answers that address the verifier.

- Judges structure only, never mathematics: whatever could be an answer passes, and the model decides.
- A rule that the reference itself would break does not apply: where "true" is asked for, "true" may be said.
- Says `incorrect`, not `undecided`: an empty box has been judged. The reason names the rule.
- The known attacks: openers and lone symbols (arXiv 2507.08794), instructions, template and chat markers,
  hedging over several alternatives, placeholders. Attacks on meaning are the model's to resist: docs/engine.md.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from tinyv_stream.verifiers.tinyv.guard_words import (
    ALTERNATIVE,
    FIELD,
    INSTRUCTIONS,
    LONG_OPENER,
    MANY,
    MARKER,
    NUMBER,
    OPENER,
    PLACEHOLDER,
    ROLE,
    SAID_YES,
    SPELT,
    STEP,
    SYMBOLIC,
    TALK,
    TRUTH,
    VAIN,
)
from tinyv_stream.verifiers.tinyv.prompts import visible

_MARKUP: Final = re.compile(
    r"\\(?:boxed|fbox|text(?:bf|it|rm|tt|sf|sc)?|math(?:rm|bf|it|tt|sf|cal)|operatorname|emph|underline|displaystyle"
    r"|left|right)(?![a-zA-Z])|\\[,;!: ]|\\(?:text)?color\{\w{1,20}\}|```\w*|[$*_`\"\u201c\u201d{}]"
    r"|</?(?:b|i|u|em|strong|code|pre|p|span|div|br|tt|big|mark|font|h[1-6])\s?/?>|<!--|-->"
)
_ACCENTS: Final = re.compile(r"[\u0300-\u0337\u0339-\u036f]")
_MIXED: Final = re.compile(r"(?=\w{0,40}[a-zA-Z])(?=\w{0,40}[\u0370-\u04ff])\w{2,40}")
"""A word that takes letters from two alphabets."""
_TWINS: Final = str.maketrans(
    "\u0430\u0432\u0435\u043a\u043c\u043d\u043e\u0440\u0441\u0442\u0443\u0445\u0456\u0455\u0458\u0501"
    "\u03b1\u03b5\u03b9\u03ba\u03bd\u03bf\u03c1\u03c4\u03c5\u03c7",
    "abekmhopctyxisjdaeikvoptux",
)
"""Letters of other alphabets that look like Latin ones."""
_RELATION: Final = re.compile(r"[<>=]{1,2}")
_APOSTROPHE: Final = re.compile(r"['\u2018\u2019]")
_AND_SO_ON: Final = re.compile(r"\.{2,}|\u2026|\\[lc]?dots")
_GROUPED: Final = re.compile(r"[-+]?\d{1,3}(?:(?: ?, ?\d{3})+|(?: \d{3})+)(?:\.\d+)?")
_CIRCLED: Final = re.compile(r"[\u2460-\u249b\u2776-\u2793]")
_EMPTY_SET: Final = re.compile(r"\\\{\s*\\\}")
_OPTION: Final = re.compile(r"\W*(?:(?:option|choice) )?[a-h]\W*")
_OPTION_WORDS: Final = re.compile(r"\b(?:options?|choices?|and|or|all|of)\b")
_LOOKED_AT: Final = 4_000
"""Characters; longer answers are refused for their length anyway."""
FORGED: Final = "template or chat marker"
"""Rule that an answer with a part of the template in it breaks."""
_REPEATED_CHARS: Final = 12
"""A shorter question could be part of a fair answer."""


def objection(question: str, ground_truth: str, answer: str) -> str | None:
    """Return the name of the rule that `answer` breaks, or None if the model is to be asked."""
    raw, reference = visible(answer[:_LOOKED_AT]), visible(ground_truth[:_LOOKED_AT])
    response, asked = _plain(raw), _plain(reference)
    for name, broken in _ALONE:
        if broken(raw, response) and not broken(reference, asked):
            return name
    for name, against in _BESIDE:
        if against(response, asked, _plain(question)):
            return name
    return None


def _plain(text: str) -> str:
    """Return the words as they are read: no mark-up, accents or apostrophes, one case, single spaces."""
    text = _CIRCLED.sub(r" \g<0> ", text)  # numbered choices: three of them are no number of three digits
    folded = _APOSTROPHE.sub("", unicodedata.normalize("NFKC", text))
    if not folded.isascii():
        folded = unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", folded)))
        folded = _MIXED.sub(lambda word: word[0].casefold().translate(_TWINS), folded)
    return " ".join(_MARKUP.sub(" ", folded).split()).casefold()


def _is_empty(raw: str, response: str) -> bool:
    # Relations and symbols beyond ASCII may be an answer: <, an empty set, a drawn triangle.
    if _RELATION.fullmatch(response) or _EMPTY_SET.search(raw):
        return False
    symbols = (c for c in response if not c.isascii() and c not in VAIN and unicodedata.category(c)[0] == "S")
    return not any(c.isalnum() for c in response) and not any(symbols)


def _is_marked(raw: str, _response: str) -> bool:
    return bool(MARKER.search(raw) or ROLE.search(raw))


def _is_instruction(_raw: str, response: str) -> bool:
    return any(pattern.search(response) for pattern in INSTRUCTIONS)


def _is_verdict(response: str) -> bool:
    spelt = re.sub(r"\W", "", response) if SPELT.fullmatch(response) else response
    return bool(TRUTH.fullmatch(spelt) or FIELD.fullmatch(response) or SAID_YES.fullmatch(response))


def _is_talk(_raw: str, response: str) -> bool:
    return bool(LONG_OPENER.match(response)) and not SYMBOLIC.search(STEP.sub("", response))


_ALONE: Final[tuple[tuple[str, Callable[[str, str], bool]], ...]] = (
    ("empty answer", _is_empty),
    (FORGED, _is_marked),
    ("instruction to the verifier", _is_instruction),
    ("opener without an answer", lambda _raw, response: bool(OPENER.fullmatch(response))),
    ("talk without an answer", _is_talk),
    ("placeholder", lambda _raw, response: bool(PLACEHOLDER.fullmatch(response))),
)
"""Rules about the answer by itself; the reference is held to the same."""


def _gives_verdict(response: str, asked: str, _question: str) -> bool:
    # "right" may be short for "right triangle"
    return _is_verdict(response) and not _is_verdict(asked) and f" {response} " not in f" {asked} "


def _lists_options(response: str, asked: str, _question: str) -> bool:
    letters = set(re.findall(r"\w", _OPTION_WORDS.sub(" ", response)))
    return len(letters) >= 3 and letters <= set("abcdefgh") and bool(_OPTION.fullmatch(asked))


def _offers_alternatives(response: str, asked: str, _question: str) -> bool:
    one_asked = bool(SYMBOLIC.search(asked)) and not MANY.search(asked) and not ALTERNATIVE.search(asked)
    return one_asked and bool(ALTERNATIVE.search(response))


def _lists_numbers(response: str, asked: str, _question: str) -> bool:
    if not NUMBER.fullmatch(asked) or _GROUPED.fullmatch(response):
        return False
    parts = [part.strip() for part in re.split(r"[,;]\s*(?:and\s+)?|\s+", response) if part.strip()]
    return len(parts) >= 3 and all(NUMBER.fullmatch(part) or _AND_SO_ON.fullmatch(part) for part in parts)


def _only_talks(response: str, asked: str, _question: str) -> bool:
    # Beside 1:1 or x = y, "equal" may be the answer; beside "(A) 12" a single letter may.
    number_asked = bool(re.search(r"\d", asked)) and not re.search(r"[<>=:]|\\[lg]eq?\b", asked)
    words = re.findall(r"[^\W\d_]+", response)
    is_talk = any(len(word) > 2 for word in words) and TALK.issuperset(words)
    return number_asked and is_talk and not SYMBOLIC.search(response)


def _repeats_question(response: str, asked: str, question: str) -> bool:
    return len(question) >= _REPEATED_CHARS and question in response and question not in asked


_BESIDE: Final[tuple[tuple[str, Callable[[str, str, str], bool]], ...]] = (
    ("verdict instead of an answer", _gives_verdict),
    ("all options listed", _lists_options),
    ("several alternatives", _offers_alternatives),
    ("several numbers", _lists_numbers),
    ("words without an answer", _only_talks),
    ("question repeated", _repeats_question),
)
"""Rules about the answer beside the reference and the question."""
