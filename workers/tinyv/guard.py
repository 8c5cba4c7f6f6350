"""What is wrong before any model is asked: answers that are no answer, or that talk to the verifier.

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

from workers.tinyv.guard_words import (
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
    SYMBOLIC,
    TRUTH,
)
from workers.tinyv.prompts import visible

_MARKUP: Final = re.compile(
    r"\\(?:boxed|fbox|text|textbf|mathrm|mathbf|displaystyle|left|right|[,;!: ])|```\w*|[$*_`\"\u201c\u201d{}]"
)
_APOSTROPHE: Final = re.compile(r"['\u2018\u2019]")
_GROUPED: Final = re.compile(r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_OPTION: Final = re.compile(r"\W*(?:(?:option|choice) )?[a-h]\W*")
_OPTION_WORDS: Final = re.compile(r"\b(?:options?|choices?|and|or|all|of)\b")
_LOOKED_AT: Final = 4_000
"""Characters; longer answers are refused for their length anyway."""
_REPEATED_CHARS: Final = 12
"""A shorter question could be part of a fair answer."""


def objection(question: str, ground_truth: str, answer: str) -> str | None:
    """Return the name of the rule that `answer` breaks, or None if the model is to be asked."""
    raw, reference = visible(answer[:_LOOKED_AT]), visible(ground_truth[:_LOOKED_AT])
    said, asked = _plain(raw), _plain(reference)
    for name, broken in _ALONE:
        if broken(raw, said) and not broken(reference, asked):
            return name
    for name, against in _BESIDE:
        if against(said, asked, _plain(question)):
            return name
    return None


def _plain(text: str) -> str:
    """Return the words as they are read: no mark-up or apostrophes, one case, single spaces."""
    folded = _APOSTROPHE.sub("", unicodedata.normalize("NFKC", text))
    return " ".join(_MARKUP.sub(" ", folded).split()).casefold()


def _is_empty(_raw: str, said: str) -> bool:
    # Relations and symbols beyond ASCII may be an answer: <, an empty set, a drawn triangle.
    return not any(c.isalnum() or c in "<>=" or (unicodedata.category(c)[0] == "S" and not c.isascii()) for c in said)


def _is_marked(raw: str, _said: str) -> bool:
    return bool(MARKER.search(raw) or ROLE.search(raw))


def _is_instruction(_raw: str, said: str) -> bool:
    return any(pattern.search(said) for pattern in INSTRUCTIONS)


def _is_verdict(_raw: str, said: str) -> bool:
    return bool(TRUTH.fullmatch(said) or FIELD.fullmatch(said))


def _is_talk(_raw: str, said: str) -> bool:
    return bool(LONG_OPENER.match(said)) and not SYMBOLIC.search(said)


_ALONE: Final[tuple[tuple[str, Callable[[str, str], bool]], ...]] = (
    ("empty answer", _is_empty),
    ("template or chat marker", _is_marked),
    ("instruction to the verifier", _is_instruction),
    ("verdict instead of an answer", _is_verdict),
    ("opener without an answer", lambda _raw, said: bool(OPENER.fullmatch(said))),
    ("talk without an answer", _is_talk),
    ("placeholder", lambda _raw, said: bool(PLACEHOLDER.fullmatch(said))),
)
"""Rules about the answer by itself; the reference is held to the same."""


def _lists_options(said: str, asked: str, _question: str) -> bool:
    letters = set(re.findall(r"\w", _OPTION_WORDS.sub(" ", said)))
    return len(letters) >= 3 and letters <= set("abcdefgh") and bool(_OPTION.fullmatch(asked))


def _offers_alternatives(said: str, asked: str, _question: str) -> bool:
    one_asked = bool(SYMBOLIC.search(asked)) and not MANY.search(asked) and not ALTERNATIVE.search(asked)
    return one_asked and bool(ALTERNATIVE.search(said))


def _lists_numbers(said: str, asked: str, _question: str) -> bool:
    if not NUMBER.fullmatch(asked) or _GROUPED.fullmatch(said.replace(" ", "")):
        return False
    parts = [part.strip() for part in re.split(r"[,;]\s*(?:and\s+)?|\s+", said) if part.strip()]
    return len(parts) >= 3 and all(NUMBER.fullmatch(part) for part in parts)


def _repeats_question(said: str, asked: str, question: str) -> bool:
    return len(question) >= _REPEATED_CHARS and question in said and question not in asked


_BESIDE: Final[tuple[tuple[str, Callable[[str, str, str], bool]], ...]] = (
    ("all options listed", _lists_options),
    ("several alternatives", _offers_alternatives),
    ("several numbers", _lists_numbers),
    ("question repeated", _repeats_question),
)
"""Rules about the answer beside the reference and the question."""
