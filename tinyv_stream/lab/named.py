"""Classifier of a difference by language models, where the program is not certain.

- Every model is asked the same; a kind counts only if at least two different ones name it and none another.
- A model may say one of the taxonomy's identifiers and nothing else; any other reply is no vote.
- The three texts are hostile: cut, and shown between marks that they cannot close.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.chat import Chat, one_of, parse_address
from tinyv_stream.lab.pairs import Pair
from tinyv_stream.verifiers.taxonomy import KINDS

_CUT: Final = {"question": 2_000, "reference": 600, "answer": 600}
"""Characters of each text: with the list of kinds this stays under 2,048 tokens."""
_MOST_TOKENS: Final = 8
_PROMPT: Final = (
    "Two answers to a mathematics question are equivalent but look different. Name the one kind of difference that "
    "made a rule-based grader refuse the second.\n\nKinds:\n{kinds}\n\n"
    "<question>{question}</question>\n<reference>{reference}</reference>\n<answer>{answer}</answer>\n\n"
    "Reply with the identifier of the kind, such as 6.1, and nothing else."
)
_LIST: Final = "\n".join(f"{kind.id} {kind.group}: {kind.name}" for kind in KINDS.values())


class Named(msgspec.Struct, frozen=True):
    """What the models made of it."""

    kinds: dict[str, str]
    """Kind by pair id, where they agree."""
    asked: int
    disagreed: int
    silent: int
    """Pairs for which some model gave no identifier."""


def parse_classifiers(given: Sequence[str]) -> list[tuple[str, str]]:
    """Return URLs and models; raise InvalidInputError unless there are none, or two different ones at least."""
    found = [parse_address("--classifier", text) for text in given]
    if found and len(set(found)) < 2:
        raise InvalidInputError("--classifier", list(given), "give two different models: their agreement is the proof")
    return found


async def name_kinds(pairs: Sequence[Pair], models: Sequence[Chat]) -> Named:
    """Ask open `Chat`s for the kind of each pair; a cancellation leaves nothing behind."""

    async def votes(pair: Pair) -> list[str | None]:
        text = prompt(pair)
        return await asyncio.gather(*(_vote(model, text) for model in models))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(votes(pair), name="kind") for pair in pairs]
    kinds: dict[str, str] = {}
    silent = disagreed = 0
    for pair, task in zip(pairs, tasks, strict=True):
        found = task.result()
        said = {vote for vote in found if vote is not None}
        if None in found or len(found) < 2:
            silent += 1
        elif len(said) > 1:
            disagreed += 1
        else:
            kinds[pair.pair_id] = said.pop()
    return Named(kinds, len(pairs), disagreed, silent)


def prompt(pair: Pair) -> str:
    """Return what a model is asked about a pair."""
    return _PROMPT.format(
        kinds=_LIST,
        question=_quoted(pair.question, "question"),
        reference=_quoted(pair.ground_truth, "reference"),
        answer=_quoted(pair.model_answer, "answer"),
    )


def parse_kind(reply: str | None) -> str | None:
    """Return the identifier that a reply consists of; None for any other reply."""
    said = (reply or "").strip().rstrip(".")
    return said if said in KINDS else None


async def _vote(model: Chat, text: str) -> str | None:
    return parse_kind(await model.ask(text, max_tokens=_MOST_TOKENS, shape=one_of(list(KINDS))))


def _quoted(text: str, field: str) -> str:
    cut = text[: _CUT[field]]
    for name in _CUT:
        cut = cut.replace(f"<{name}>", f"< {name}>").replace(f"</{name}>", f"< /{name}>")
    return cut
