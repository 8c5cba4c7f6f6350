"""Labelled pairs: question, ground truth, model answer, and whether the answer is correct.

- Two formats are read: HardVerify-Math's JSON (`fn_output` is correct, `tn_output` is wrong) and JSONL.
- For an evaluation a line may have the whole `completion` in place of its answer.
- A bad line is named by file, number and field; nothing is skipped in silence.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.verifiers.rules.extract import final_answer

_T = TypeVar("_T")


class Pair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer with its label. `kind` is a taxonomy identifier or the name of a near miss."""

    ground_truth: str
    model_answer: str
    label: bool
    question: str = ""
    source: str = ""
    kind: str = ""
    pair_id: str = ""
    completion: str = ""
    """Whole, where the set is one of completions; `model_answer` is what is cut out of it, perhaps nothing."""


class _CompletionPair(msgspec.Struct, frozen=True, kw_only=True):
    """A line with a completion in place of its answer."""

    ground_truth: str
    completion: str
    label: bool
    question: str = ""
    source: str = ""
    kind: str = ""
    pair_id: str = ""


class _Word(msgspec.Struct, frozen=True, kw_only=True):
    """A line of a board's `labels.jsonl`; `label` is None where nobody knows, or a word was taken back."""

    pair_id: str
    question: str
    ground_truth: str
    model_answer: str
    label: bool | None = None
    source: str = ""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question with its reference answer."""

    question: str
    ground_truth: str
    source: str = ""


class _Hard(msgspec.Struct, frozen=True):
    """A row of HardVerify-Math."""

    id: int
    question: str
    ground_truth: str
    fn_output: str
    tn_output: str
    source: str = ""


def read_pairs(path: Path) -> list[Pair]:
    """Read labelled pairs in either format; raise InvalidInputError naming the line and the field."""
    raw = _read(path)
    if not raw.lstrip().startswith(b"["):
        return [_named(pair, i) for i, pair in enumerate(_said(path, raw), 1)]
    pairs: list[Pair] = []
    for row in _array(path, raw):
        for answer, label, name in ((row.fn_output, True, "fn"), (row.tn_output, False, "tn")):
            pairs.append(
                Pair(
                    question=row.question,
                    ground_truth=row.ground_truth,
                    model_answer=answer,
                    label=label,
                    source=row.source.lower(),
                    pair_id=f"{row.id}-{name}",
                )
            )
    return pairs


def read_labelled(path: Path) -> list[Pair]:
    """Read what `read_pairs` does, or JSONL of completions, told by the first line; raise as it does."""
    raw = _read(path)
    if not re.search(rb'"completion"\s*:', raw.lstrip().partition(b"\n")[0]):
        return read_pairs(path)
    return [
        Pair(
            question=row.question,
            ground_truth=row.ground_truth,
            model_answer=final_answer(row.completion, row.ground_truth),
            label=row.label,
            source=row.source,
            kind=row.kind,
            pair_id=row.pair_id or str(number),
            completion=row.completion,
        )
        for number, row in enumerate(_lines(path, raw, _CompletionPair), 1)
    ]


def read_questions(path: Path) -> list[Question]:
    """Read questions with ground truths from JSONL or HardVerify-Math's JSON."""
    raw = _read(path)
    if not raw.lstrip().startswith(b"["):
        return list(_lines(path, raw, Question))
    return [Question(question=r.question, ground_truth=r.ground_truth, source=r.source) for r in _array(path, raw)]


def write_pairs(path: Path, pairs: Iterable[Pair]) -> None:
    """Write JSONL; a file of that name appears only when it is whole."""
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(b"".join(msgspec.json.encode(pair) + b"\n" for pair in pairs))
    draft.replace(path)


def question_key(question: str) -> str:
    """Return what two copies of a question have in common: its letters and digits, up to an RL instruction."""
    words = re.sub(
        r"let'?s think step by step.*|please reason step by step.*", "", question, flags=re.DOTALL | re.IGNORECASE
    )
    return re.sub(r"[\W_]+", "", words).lower()[:160]


def _said(path: Path, raw: bytes) -> list[Pair]:
    """Return the pairs of a file of lines: of a board's labels the last word about each, if it is right or wrong."""
    if b'"said":' not in raw:
        return list(_lines(path, raw, Pair))
    last: dict[str, _Word] = {}
    for word in _lines(path, raw, _Word):
        last[word.pair_id] = word
    return [
        Pair(
            question=word.question,
            ground_truth=word.ground_truth,
            model_answer=word.model_answer,
            label=word.label,
            source=word.source,
            pair_id=word.pair_id,
        )
        for word in last.values()
        if word.label is not None
    ]


def _named(pair: Pair, number: int) -> Pair:
    return pair if pair.pair_id else msgspec.structs.replace(pair, pair_id=str(number))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise InvalidInputError("file", str(path), f"it cannot be read ({exc.strerror})") from exc


def _lines(path: Path, raw: bytes, kind: type[_T]) -> Iterator[_T]:
    decoder = msgspec.json.Decoder(kind)
    for number, line in enumerate(raw.splitlines(), 1):
        if line.strip():
            try:
                yield decoder.decode(line)
            except msgspec.DecodeError as exc:
                name = kind.__name__.lstrip("_")
                raise InvalidInputError(f"{path.name}:{number}", str(exc), f"write a {name} as JSON") from exc


def _array(path: Path, raw: bytes) -> list[_Hard]:
    try:
        return msgspec.json.decode(raw, type=list[_Hard])
    except msgspec.DecodeError as exc:
        raise InvalidInputError(path.name, str(exc), "use HardVerify-Math's format, or JSONL") from exc
