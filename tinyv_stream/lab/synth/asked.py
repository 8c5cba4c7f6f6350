"""Equivalent forms written by a language model behind an OpenAI-compatible server, at least five asked per answer.

- A form counts as right only if a program proves it (`proof`), or, where that is open, a second model calls it right.
- The model's text is data: it is parsed as a JSON list of short strings and never put anywhere else.
- A reply that cannot be read, or a server that fails, costs that question's forms and is counted; nothing is retried.
"""

import asyncio
import re
from collections.abc import Sequence
from typing import Final

import msgspec

from tinyv_stream.lab.chat import Chat, one_of, strings
from tinyv_stream.lab.pairs import Pair, Question
from tinyv_stream.lab.prompt import user_turn
from tinyv_stream.lab.synth.build import LONGEST
from tinyv_stream.lab.synth.proof import same
from tinyv_stream.verifiers.tinyv.models import PROMPTS

WANTED: Final = 5
"""Forms asked for per reference answer, as in the paper."""
_PROMPT: Final = (
    "Below are a mathematics question and its correct final answer. Write the final answer in {wanted} other ways that "
    "a careful grader would accept: other notation, another order where order does not matter, another equivalent "
    "expression, with or without units, in words. Do not change its value.\n"
    "Reply with a JSON list of {wanted} strings and nothing else.\n\n"
    "Question:\n{question}\n\nFinal answer:\n{answer}\n"
)
_MOST_TOKENS: Final = 512
_LONGEST: Final = 80
"""Characters of a form: five of them fit into the tokens above."""
KIND: Final = "llm"


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it; shares of all forms that were written."""

    pairs: list[Pair]
    forms: int
    refused: int
    """Forms that were shown to be different, were copies, or that the judge did not call right."""
    open: int
    """Forms that no program could decide and no judge was there for: left out."""
    failed: int
    """Questions without a readable reply."""


async def write_forms(questions: Sequence[Question], writer: Chat, judge: Chat | None = None) -> Written:
    """Ask for forms of every question's answer, over open `Chat`s; a cancellation leaves nothing behind."""

    async def one(question: Question) -> _Sorted | None:
        text = _PROMPT.format(wanted=WANTED, question=question.question, answer=question.ground_truth)
        reply = await writer.ask(text, max_tokens=_MOST_TOKENS, shape=strings(WANTED, _LONGEST))
        forms = None if reply is None else parse_forms(reply)
        if forms is None:
            return None
        found = await asyncio.to_thread(sort_forms, question.ground_truth, forms)
        if judge is None:
            return found
        right = [f for f in found.open if await _is_right(judge, _pair(question, f, 0))]
        return _Sorted(found.proved + right, [], found.refused + len(found.open) - len(right))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(q), name="forms") for q in questions]
    results = [(q, r) for q, task in zip(questions, tasks, strict=True) if (r := task.result()) is not None]
    return Written(
        pairs=[_pair(q, form, number) for q, r in results for number, form in enumerate(r.proved)],
        forms=sum(len(r.proved) + len(r.open) + r.refused for _, r in results),
        refused=sum(r.refused for _, r in results),
        open=sum(len(r.open) for _, r in results),
        failed=len(questions) - len(results),
    )


class _Sorted(msgspec.Struct, frozen=True):
    proved: list[str]
    open: list[str]
    refused: int


def sort_forms(reference: str, forms: Sequence[str]) -> _Sorted:
    """Tell proved forms from open ones; copies, long ones and different values are refused."""
    proved: list[str] = []
    undecided: list[str] = []
    for form in forms:
        text = form.strip()
        if not text or len(text) > LONGEST or text == reference.strip() or text in proved or text in undecided:
            continue
        found = same(reference, text)
        if found is not False:
            (proved if found else undecided).append(text)
    return _Sorted(proved, undecided, len(forms) - len(proved) - len(undecided))


async def _is_right(judge: Chat, pair: Pair) -> bool:
    row = PROMPTS["tinyv"]
    reply = await judge.ask(user_turn(pair, "tinyv"), max_tokens=row.max_tokens, shape=one_of(row.words))
    return reply is not None and reply.strip() == row.words[0]


def parse_forms(reply: str) -> list[str] | None:
    """Return the strings of the first JSON list in a reply; None if there is none."""
    found = re.search(r"\[.*\]", reply, re.DOTALL)
    try:
        return msgspec.json.decode(found[0], type=list[str]) if found else None
    except msgspec.DecodeError:
        return None


def _pair(question: Question, form: str, number: int) -> Pair:
    return Pair(
        question=question.question,
        ground_truth=question.ground_truth,
        model_answer=form,
        label=True,
        source=question.source,
        kind=KIND,
        pair_id=f"{KIND}-{number}",
    )
