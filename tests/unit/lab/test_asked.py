"""Forms from a language model are checked before they are believed. The server here is a fake and says so."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from tinyv_stream.lab.pairs import Question
from tinyv_stream.lab.synth.asked import accepted, parse_forms, write_forms
from tinyv_stream.lab.synth.build import Recipe, synthesize

REPLIES = {
    "1/2": 'Sure: ["0.5", "\\\\frac{1}{2}", "1/2", "0.6", "one half"]',
    "7": "I would rather not.",
    "8": None,
}


@pytest_asyncio.fixture
async def fake_server() -> AsyncIterator[str]:
    async def reply(request: web.Request) -> web.Response:
        text = (await request.json())["messages"][0]["content"]
        answer = text.split("Final answer:\n")[1].strip()
        if REPLIES[answer] is None:
            raise web.HTTPInternalServerError
        return web.json_response({"choices": [{"message": {"content": REPLIES[answer]}}]})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", reply)
    async with TestServer(app) as server:
        yield str(server.make_url("/v1"))


async def test_wrong_forms_and_lost_replies_are_counted_and_left_out(fake_server: str) -> None:
    questions = [Question(question="q", ground_truth=g) for g in REPLIES]
    written = await write_forms(questions, fake_server, "fake")
    assert [p.model_answer for p in written.pairs] == ["0.5", "\\frac{1}{2}", "one half"]
    assert all(p.label and p.kind == "llm" for p in written.pairs)
    assert (written.refused, written.failed) == (2, 2)


@pytest.mark.parametrize("reply", ["", "[", "[1, 2]", '{"a": 1}', "[[]]"])
def test_an_unreadable_reply_gives_nothing(reply: str) -> None:
    assert parse_forms(reply) is None


def test_a_form_is_new_short_and_not_another_value() -> None:
    assert accepted("3", ["3", " 3.0 ", "3.0", "4", "x" * 999, "", json.dumps("three")]) == ["3.0", '"three"']


async def test_given_answers_are_balanced_with_wrong_ones(fake_server: str) -> None:
    written = await write_forms([Question(question="q", ground_truth="1/2")], fake_server, "fake")
    pairs = list(synthesize([], Recipe(count=40, seed=1), written.pairs))
    assert pairs[:3] == written.pairs
    assert sum(p.label for p in pairs) == 20
