"""Prompt of a work, as the model reads it. The three texts are hostile; the template is ours.

- Substitution is one pass: a value is never scanned for the template's own fields.
- No value can open or close a tag of the template or a chat marker of the model: such a marker gets a space
  after its first character, which means the same in mathematics and is another token to the model.
- Control and invisible characters become spaces or go, so that what a person sees is what is judged.
- Caps: a reference or an answer over the row's limit is refused, never cut (cut, a wrong answer could look
  right); a long question keeps its end, where the asking is.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

import msgspec

from tinyv_stream.verifiers.tinyv.models import ModelRow

QUESTION_CHARS: Final = 6_000
"""Most of a question that is shown: longer than any of the benchmark's, shorter than 4,096 tokens."""

_CUT: Final = "[...] "
_FIELD: Final = re.compile(r"\{\{(QUESTION|GROUND_TRUTH_ANSWER|MODEL_ANSWER)\}\}")
_TAG: Final = re.compile(r"</?\s*([A-Za-z_]+)\s*>")
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
        tags: set[str] = set(_TAG.findall(row.template))
        parts = [rf"</?(?:{'|'.join(sorted(tags))})\b"] if tags else []
        parts += [_CHAT_MARKER, _SPECIAL_WORDS]
        parts += [re.escape(m) for m in sorted(markers, key=len, reverse=True) if len(m) > 1]
        self._forbidden = re.compile("|".join(parts), re.IGNORECASE)

    def build(
        self, question: str, ground_truth: str, model_answer: str, *, question_chars: int = QUESTION_CHARS
    ) -> str | Refused:
        """Return the user turn, or why there is none; `question_chars` shortens the question further."""
        reference, answer = self.clean(ground_truth), self.clean(model_answer)
        limit = self._row.max_answer_chars
        if len(reference) > limit:
            return Refused(f"reference over {limit} characters")
        if len(answer) > limit:
            return Refused(f"answer over {limit} characters", long_answer=True)
        cut = self._row.cut_answer_chars
        shown = keep_end(self.clean(question), question_chars)
        return fill(self._row.template, shown, reference[:cut], answer[:cut])

    def clean(self, text: str) -> str:
        """Return `text` with nothing invisible in it, and no marker that the template or the model would obey."""
        text, before = visible(text).strip(), ""
        while text != before:  # overlapping markers: breaking one may leave another whole
            before = text
            text = self._forbidden.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
        return text


def fill(template: str, question: str, reference: str, answer: str) -> str:
    """Return `template` with its three fields filled in one pass: a value is never searched for fields."""
    values = {"QUESTION": question, "GROUND_TRUTH_ANSWER": reference, "MODEL_ANSWER": answer}
    return _FIELD.sub(lambda field: values[field[1]], template)


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
