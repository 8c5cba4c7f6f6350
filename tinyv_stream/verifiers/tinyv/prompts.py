"""Prompt of a work, as the model reads it. The three texts are hostile; the template is ours.

- Substitution is one pass: a value is never scanned for the template's own fields.
- No value can open or close a tag of the template, begin a line as one of the template's lines begins (a field's
  label, an instruction), or hold a chat marker of the model: such a marker gets a space after its first character,
  which means the same in mathematics and is another token to the model.
- Control and invisible characters become spaces or go, so that what a person sees is what is judged.
- Caps: a reference or an answer over the row's limit is refused, never cut (cut, a wrong answer could look
  right); a long question keeps its end, where the asking is.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

import msgspec

from tinyv_stream.verifiers.tinyv.family import ModelRow

QUESTION_CHARS: Final = 6_000
"""Most of a question that is shown: longer than any of the benchmark's, shorter than 4,096 tokens."""

_CUT: Final = "[...] "
_FIELD: Final = re.compile(r"\{\{(QUESTION|GROUND_TRUTH_ANSWER|MODEL_ANSWER|COMPLETION)\}\}")
_TAG: Final = re.compile(r"</?\s*([A-Za-z_]+)\s*>")
_PHRASE_TAG: Final = re.compile(r"<[A-Za-z][^<>\n]{0,60} [^<>\n]{0,60}>")
"""A tag of several words, as <Standard Answer Begin>."""
_HEADING: Final = re.compile(r"#{1,6} [^#:\n]{1,60}:")
_LABEL: Final = re.compile(r"[^:\n]{1,40}:")
_BEFORE_FIELD: Final = re.compile(r"([^\n{}]{1,60})\{\{")
_OWN_LINE: Final = re.compile(r"^\{\{", re.MULTILINE)
_INSIDE: Final = re.compile(r"\S(?=\S)")
_SHORT: Final = 3
"""Characters up to which a line's beginning is no sign of the template, unless a field follows."""
_LINE_CHARS: Final = 30
"""How much of a template's line makes a value's line look like it."""
_CHAT_MARKER: Final = r"<[|\uff5c][^<>\s]{1,40}[|\uff5c]>"
_SPECIAL_WORDS: Final = r"</?s>|</?think>|\[/?INST\]|<</?SYS>>|<(?:bos|eos|pad|unk|start_of_turn|end_of_turn)>"


class Refused(msgspec.Struct, frozen=True):
    """Why a work is not put to the model; the verdict is undecided."""

    reason: str
    long_answer: bool = False
    """It is the answer that is over a limit of length."""


class PromptBuilder:
    """Builds the user turn for one model row; `markers` are the special tokens of that model's tokenizer."""

    def __init__(self, row: ModelRow, markers: Iterable[str] = ()) -> None:
        self._row = row
        structure = _structure_of(row.template)
        special = [re.escape(m) for m in sorted(markers, key=len, reverse=True) if len(m) > 1]
        parts = [*structure, _CHAT_MARKER, _SPECIAL_WORDS, *special, *_line_starts(row.template)]
        self._forbidden = re.compile("|".join(parts), re.IGNORECASE)
        self._structure = re.compile("|".join(structure) or r"(?!)", re.IGNORECASE)

    def forges(self, text: str) -> bool:
        """Tell whether `text` holds a tag or a heading of the template, which no answer has a use for."""
        return bool(self._structure.search(visible(text)))

    def build(
        self,
        question: str,
        ground_truth: str,
        model_answer: str,
        *,
        completion: str = "",
        question_chars: int = QUESTION_CHARS,
    ) -> str | Refused:
        """Return the user turn, or why there is none; `question_chars` shortens the question further."""
        row = self._row
        reference, answer = self.clean(ground_truth), self.clean(model_answer)
        whole = keep_end(self.clean(completion), row.max_completion_chars) if row.shows_completion else ""
        for what, text, limit in (
            ("reference", reference, row.max_answer_chars),
            ("answer", answer, row.max_answer_chars),
        ):
            if len(text) > limit:
                return Refused(f"{what} over {limit} characters", long_answer=what == "answer")
        if row.shows_completion and not whole:
            return Refused("no completion to show")
        cut = row.cut_answer_chars
        shown = keep_end(self.clean(question), question_chars)
        return fill(row.template, shown, reference[:cut], answer[:cut], whole)

    def clean(self, text: str) -> str:
        """Return `text` with nothing invisible in it, and no marker that the template or the model would obey."""
        text, before = visible(text).strip(), ""
        while text != before:  # overlapping markers: breaking one may leave another whole
            before = text
            text = self._forbidden.sub(_broken, text)
        return text


def fill(template: str, question: str, reference: str, answer: str, completion: str = "") -> str:
    """Return `template` with its fields filled in one pass: a value is never searched for fields."""
    values = {
        "QUESTION": question,
        "GROUND_TRUTH_ANSWER": reference,
        "MODEL_ANSWER": answer,
        "COMPLETION": completion,
    }
    return _FIELD.sub(lambda field: values[field[1]], template)


def _broken(found: re.Match[str]) -> str:
    """Return a marker with a space inside its first word, so that it is none any more; where it has none, behind it."""
    place = _INSIDE.search(found[0])
    at = place.start() + 1 if place else 1
    return f"{found[0][:at]} {found[0][at:]}"


def _structure_of(template: str) -> list[str]:
    """Return patterns of the template's tags and headings, which stand out wherever they are."""
    tags: set[str] = set(_TAG.findall(template))
    parts = [rf"</?(?:{'|'.join(sorted(tags))})\b"] if tags else []
    phrases: set[str] = {*_PHRASE_TAG.findall(template), *_HEADING.findall(template)}
    return [*parts, *(_spaced(phrase) for phrase in sorted(phrases))]


def _line_starts(template: str) -> list[str]:
    """Return a pattern of how the template's lines begin, and of its labels: a value's later lines must not.

    The first line of a value counts too where the template gives a field a line of its own.
    """
    begins: set[str] = {label.strip() for label in _BEFORE_FIELD.findall(template)}
    for line in template.split("\n"):
        for part in _FIELD.split(line)[::2]:
            begins.update(b for b in (part.strip()[:_LINE_CHARS], *_LABEL.findall(part)) if len(b.strip()) > _SHORT)
    words = [_spaced(begin) for begin in sorted(begins, key=len, reverse=True) if any(map(str.isalnum, begin))]
    first = r"\A|" if _OWN_LINE.search(template) else ""
    return [rf"(?:{first}(?<=\n))[^\S\n]*(?:{'|'.join(words)})"] if words else []


def _spaced(text: str) -> str:
    """Return a pattern of `text` with whatever white space lies between its words."""
    return r"\s+".join(re.escape(word) for word in text.split())


def visible(text: str) -> str:
    """Return `text` without control, format, private and surrogate characters; new lines and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_shown(char) for char in text)


def keep_end(text: str, limit: int) -> str:
    """Return the last `limit` characters of `text`, marked as cut."""
    return text if len(text) <= limit else _CUT + text[-max(0, limit - len(_CUT)) :]


def _shown(char: str) -> str:
    if char in "\n\t" or char.isprintable():
        return char
    kind = unicodedata.category(char)
    return " " if kind in {"Cc", "Zl", "Zp", "Zs"} else ""
