"""Equivalent forms written by a language model behind an OpenAI-compatible server, at least five per answer.

- What the model writes is checked: a form whose numbers can be read and disagree is thrown away, so is a copy.
- Its text is data: it is parsed as a JSON list of short strings and never put anywhere else.
- A reply that cannot be read, or a server that fails, costs that question's forms and is counted; nothing is retried.
"""

import asyncio
import logging
import re
from collections.abc import Sequence
from typing import Final

import aiohttp
import msgspec

from tinyv_stream.lab.pairs import Pair, Question
from tinyv_stream.lab.synth.build import LONGEST
from tinyv_stream.lab.synth.worth import compare

_log: Final = logging.getLogger(__name__)

WANTED: Final = 5
"""Forms asked for per reference answer, as in the paper."""
_PROMPT: Final = (
    "Below are a mathematics question and its correct final answer. Write the final answer in {wanted} other ways that "
    "a careful grader would accept: other notation, another order where order does not matter, another equivalent "
    "expression, with or without units, in words. Do not change its value.\n"
    "Reply with a JSON list of {wanted} strings and nothing else.\n\n"
    "Question:\n{question}\n\nFinal answer:\n{answer}\n"
)
_TIMEOUT_S: Final = 120.0
_REPLY_BYTES: Final = 64 * 1024
KIND: Final = "llm"


class _Message(msgspec.Struct, frozen=True):
    content: str = ""


class _Choice(msgspec.Struct, frozen=True):
    message: _Message


class _Reply(msgspec.Struct, frozen=True):
    choices: list[_Choice]


class Written(msgspec.Struct, frozen=True):
    """What came of it."""

    pairs: list[Pair]
    refused: int
    """Forms that were shown to be different, or were copies."""
    failed: int
    """Questions without a readable reply."""


async def write_forms(questions: Sequence[Question], url: str, model: str, *, together: int = 16) -> Written:
    """Ask for forms of every question's answer, `together` at a time; a cancellation leaves nothing behind."""
    gate = asyncio.Semaphore(together)
    timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
    async with aiohttp.ClientSession(timeout=timeout) as session:

        async def one(question: Question) -> list[str] | None:
            async with gate:
                return await _ask(session, url, model, question)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(q), name="forms") for q in questions]
    pairs: list[Pair] = []
    refused = failed = 0
    for question, task in zip(questions, tasks, strict=True):
        forms = task.result()
        if forms is None:
            failed += 1
            continue
        kept = accepted(question.ground_truth, forms)
        refused += len(forms) - len(kept)
        pairs += [_pair(question, form, number) for number, form in enumerate(kept)]
    return Written(pairs, refused, failed)


def accepted(reference: str, forms: Sequence[str]) -> list[str]:
    """Return the forms that are new, short, and not shown to be another value."""
    kept: list[str] = []
    for form in forms:
        text = form.strip()
        if not text or len(text) > LONGEST or text == reference.strip() or text in kept:
            continue
        if compare(reference, text) is not False:
            kept.append(text)
    return kept


def parse_forms(reply: str) -> list[str] | None:
    """Return the strings of the first JSON list in a reply; None if there is none."""
    found = re.search(r"\[.*\]", reply, re.DOTALL)
    try:
        return msgspec.json.decode(found[0], type=list[str]) if found else None
    except msgspec.DecodeError:
        return None


async def _ask(session: aiohttp.ClientSession, url: str, model: str, question: Question) -> list[str] | None:
    text = _PROMPT.format(wanted=WANTED, question=question.question, answer=question.ground_truth)
    body = {"model": model, "temperature": 0, "max_tokens": 512, "messages": [{"role": "user", "content": text}]}
    try:
        async with session.post(f"{url.rstrip('/')}/chat/completions", json=body) as response:
            response.raise_for_status()
            raw = await response.content.read(_REPLY_BYTES)
        reply = msgspec.json.decode(raw, type=_Reply)
    except (aiohttp.ClientError, TimeoutError, msgspec.DecodeError) as exc:
        _log.warning("no forms: %s", type(exc).__name__)
        return None
    return parse_forms(reply.choices[0].message.content) if reply.choices else None


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
