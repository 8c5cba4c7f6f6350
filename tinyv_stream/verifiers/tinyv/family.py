"""Model family: how a verifier model is asked and how its reply is read. Data, never code.

- One TOML file per family in `families/`, with the source and the licence of its format; a user's own in
  `[tinyv.family]` of tinyv.toml, from nothing or over a shipped one.
- Prompt formats of released models are a fixed interface of their weights: a changed word is another verifier.
- No model is loaded or looked for here.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from tinyv_stream.errors import InvalidInputError

ReadOut = Literal["one_token", "text", "last_word"]
WordList = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=40)], ...], Meta(min_length=1, max_length=16)]
FIELDS: Final = ("QUESTION", "GROUND_TRUTH_ANSWER", "MODEL_ANSWER", "COMPLETION")
_FIELD: Final = re.compile(r"\{\{(\w*)\}\}")
_SHOWN_FIELDS: Final = ", ".join(f"{{{{{name}}}}}" for name in FIELDS)


class ModelRow(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one model is asked and read."""

    template: str
    """The user turn, with `{{QUESTION}}`, `{{GROUND_TRUTH_ANSWER}}`, and `{{MODEL_ANSWER}}` or `{{COMPLETION}}`."""
    system: str = ""
    """The system turn; empty: none, or what the model's chat template puts there by itself."""
    chat: bool = True
    """Whether the model's chat template goes round it; False: the template is the whole prompt."""
    read_out: ReadOut = "one_token"
    """`one_token`: P(true) from the first token. `text`: a greedy reply with one verdict. `last_word`: its last."""
    correct: WordList = ("True",)
    """What the reply says for correct. A word of one letter is taken in this case only, longer ones in any."""
    incorrect: WordList = ("False",)
    """What it says for incorrect."""
    undecided: tuple[str, ...] = ()
    """What it says where it will not judge."""
    min_mass: float = 0.0
    """One token: least probability that the words have together; below it the model would say something else."""
    max_tokens: int = 8
    """Longest reply of a text read-out."""
    stop: tuple[str, ...] = ()
    """Text that ends a reply."""
    verdict_after: str = ""
    """Text read-out: the verdict stands after the last of these; without it the reply was cut short."""
    prefill: str = ""
    """What the model is made to have said before its verdict."""
    threshold: float = 0.5
    """P(true) from which an answer is correct, unless the user sets another."""
    same_symbols: bool = False
    """For a small model: what differs from the reference in more than words and layout is incorrect without a call."""
    max_answer_chars: int = 1_000
    """Longer references and answers are not judged: cut, a wrong answer could look right."""
    max_completion_chars: int = 8_000
    """Longer completions are shown from their end, where the answer is."""
    cut_answer_chars: int | None = None
    """Only for a model that was trained on cut answers: how much of both it is shown."""

    @property
    def words(self) -> tuple[str, str]:
        """The first word for correct, and the first for incorrect."""
        return self.correct[0], self.incorrect[0]

    @property
    def shows_completion(self) -> bool:
        """Whether the whole completion is put to the model."""
        return "{{COMPLETION}}" in self.template


class Family(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row with where it comes from."""

    models: tuple[str, ...] = ()
    """Hub ids that are asked so."""
    source: str
    """Where its format stands."""
    licence: str
    """Of the format; weights have their own."""
    about: str = ""
    """What is known of it, and whose figures these are."""
    row: ModelRow


@functools.cache
def families() -> Mapping[str, Family]:
    """Return the shipped families by name. Raises msgspec.DecodeError or InvalidInputError for a broken package."""
    found = sorted((f for f in _directory() if f[0].endswith(".toml")), key=lambda f: f[0])
    return {name.removesuffix(".toml"): _shipped(name, raw) for name, raw in found}


def row_of_family(name: str, *, where: str = "tinyv.family") -> ModelRow:
    """Return a shipped row; raise InvalidInputError naming those that there are."""
    try:
        return families()[name].row
    except KeyError:
        raise InvalidInputError(f"{where}.base", name, f"use one of {', '.join(families())}") from None


def changed_row(row: ModelRow, changes: Mapping[str, object], *, where: str = "tinyv.family") -> ModelRow:
    """Return `row` with a user's fields in place of its own, checked; `base` is not one of them."""
    return check_row(msgspec.structs.replace(row, **changes), where=where)


def own_row(changes: Mapping[str, object], *, where: str = "tinyv.family") -> ModelRow:
    """Return a user's row without a base; raise InvalidInputError for what it leaves open."""
    for field in ("template", "correct", "incorrect"):
        if field not in changes:
            raise InvalidInputError(f"{where}.{field}", None, "set it, or name a `base` that has it")
    return changed_row(ModelRow(template=""), changes, where=where)


def check_row(row: ModelRow, *, where: str) -> ModelRow:
    """Return `row` if its fields make sense together; raise InvalidInputError naming field, value and remedy."""
    for field, value, remedy in _faults(row):
        raise InvalidInputError(f"{where}.{field}", value, remedy)
    return row


def _faults(row: ModelRow) -> Iterator[tuple[str, object, str]]:
    yield from _template_faults(row)
    yield from _word_faults(row)
    one_token = row.read_out == "one_token"
    for field, value, fits in (
        ("verdict_after", row.verdict_after, not one_token),
        ("stop", row.stop, not one_token),
        ("min_mass", row.min_mass, one_token),
    ):
        if value and not fits:
            other = '"text" or "last_word"' if one_token else '"one_token"'
            yield field, value, f"leave it out, or set read_out = {other}"
    if not all(row.stop):
        yield "stop", row.stop, "use text that is not empty"


def _template_faults(row: ModelRow) -> Iterator[tuple[str, object, str]]:
    found = _FIELD.findall(row.template)
    for name in found:
        if name not in FIELDS:
            yield "template", f"{{{{{name}}}}}", f"use the fields {_SHOWN_FIELDS}"
    if "GROUND_TRUTH_ANSWER" not in found:
        yield "template", row.template, "put {{GROUND_TRUTH_ANSWER}} where the reference goes"
    if not {"MODEL_ANSWER", "COMPLETION"} & set(found):
        yield "template", row.template, "put {{MODEL_ANSWER}} or {{COMPLETION}} where the answer goes"
    for field in ("system", "prefill", "verdict_after"):
        if _FIELD.search(text := str(getattr(row, field))):
            yield field, text, "write it without fields: they are for the template"
    if row.system and not row.chat:
        yield "system", row.system, "write it into the template: a prompt without chat template has no system turn"


def _word_faults(row: ModelRow) -> Iterator[tuple[str, object, str]]:
    seen: dict[str, str] = {}
    for field in ("correct", "incorrect", "undecided"):
        words: tuple[str, ...] = getattr(row, field)
        for word in words:
            if word != word.strip() or not word or "\n" in word:
                yield field, word, "use words without space around them"
            key = word if len(word) == 1 else word.casefold()
            if seen.setdefault(key, field) != field:
                yield field, word, f"leave it in one list: {seen[key]} has it too"


def _directory() -> Iterator[tuple[str, bytes]]:
    for file in files("tinyv_stream.verifiers.tinyv").joinpath("families").iterdir():
        yield file.name, file.read_bytes()


def _shipped(name: str, raw: bytes) -> Family:
    family = msgspec.toml.decode(raw, type=Family)
    check_row(family.row, where=name)
    return family
