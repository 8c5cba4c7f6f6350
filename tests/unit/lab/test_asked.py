"""Forms from a language model are checked before they are believed. The server here is a fake and says so."""

import json
from collections.abc import AsyncIterator, Iterable

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from tinyv_stream.lab.chat import Chat
from tinyv_stream.lab.pairs import Question
from tinyv_stream.lab.synth.asked import WANTED, Written, parse_forms, sort_forms, write_forms
from tinyv_stream.lab.synth.build import Recipe, synthesize
from tinyv_stream.lab.synth.proof import same

REPLIES = {
    "1/2": 'Sure: ["0.5", "\\\\frac{1}{2}", "1/2", "0.6", "a half"]',
    "7": "I would rather not.",
    "8": None,
}


FORMS = ["0.5", "\\frac{1}{2}"]


@pytest_asyncio.fixture
async def fake_server() -> AsyncIterator[str]:
    async def reply(request: web.Request) -> web.Response:
        body = await request.json()
        text = body["messages"][0]["content"]
        if body["model"] == "judge":
            if "structured_outputs" in body:
                raise web.HTTPBadRequest
            said = "True" if "<model_answer>a half</model_answer>" in text else "not true"
            return web.json_response({"choices": [{"message": {"content": said}}]})
        assert f"in {WANTED} other ways" in text
        answer = text.split("Final answer:\n")[1].strip()
        if REPLIES[answer] is None:
            raise web.HTTPInternalServerError
        return web.json_response({"choices": [{"message": {"content": REPLIES[answer]}}]})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", reply)
    async with TestServer(app) as server:
        yield str(server.make_url("/v1"))


async def ask(url: str, answers: Iterable[str], *, with_judge: bool = False) -> Written:
    questions = [Question(question="q", ground_truth=g) for g in answers]
    async with Chat(url, "fake") as writer, Chat(url, "judge") as judge:
        return await write_forms(questions, writer, judge if with_judge else None)


async def test_wrong_forms_and_lost_replies_are_counted_and_left_out(fake_server: str) -> None:
    written = await ask(fake_server, REPLIES)
    assert [p.model_answer for p in written.pairs] == FORMS
    assert all(p.label and p.kind == "llm" for p in written.pairs)
    assert (written.forms, written.refused, written.open, written.failed) == (5, 2, 1, 2)


async def test_what_no_program_decides_a_second_model_has_to_call_right(fake_server: str) -> None:
    written = await ask(fake_server, ["1/2"], with_judge=True)
    assert [p.model_answer for p in written.pairs] == [*FORMS, "a half"]
    assert (written.refused, written.open) == (2, 0)


@pytest.mark.parametrize("reply", ["", "[", "[1, 2]", '{"a": 1}', "[[]]"])
def test_an_unreadable_reply_gives_nothing(reply: str) -> None:
    assert parse_forms(reply) is None


def test_a_form_is_new_short_and_not_another_value() -> None:
    found = sort_forms("3", ["3", " 3.0 ", "3.0", "4", "x" * 999, "", json.dumps("three")])
    assert (found.proved, found.open, found.refused) == (["3.0"], ['"three"'], 5)


@pytest.mark.parametrize(
    ("reference", "form", "verdict"),
    [
        ("1/2", "0.5", True),
        ("1, 2", "2, 1", True),
        ("(1,2)", "(1.0, 2)", True),
        ("(1,2)", "(2,1)", None),
        ("[1,2)", "(1,2]", None),
        ("x > 2", "x < 2", None),
        ("3\\text{ cm}", "3\\text{ m}", None),
        ("50\\%", "50", None),
        ("7", "8", False),
        ("7", "seven", True),
        ("7", "the square", None),
    ],
)
def test_only_what_is_proved_counts(reference: str, form: str, verdict: bool | None) -> None:  # noqa: FBT001
    assert same(reference, form) is verdict


async def test_given_answers_are_balanced_with_wrong_ones(fake_server: str) -> None:
    written = await ask(fake_server, ["1/2"], with_judge=True)
    pairs = list(synthesize([], Recipe(count=40, seed=1), written.pairs))
    assert pairs[:3] == written.pairs
    assert sum(p.label for p in pairs) == 20
