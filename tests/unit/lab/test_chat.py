"""When a server is asked without a shape. The server here is a fake and says so."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from tinyv_stream.lab.chat import Chat, one_of

SHAPE = one_of(["yes", "no"])
LONGEST = 100


@pytest_asyncio.fixture
async def fake_server() -> AsyncIterator[tuple[str, list[bool]]]:
    """Its URL, and whether each question had a shape. It refuses what is too long; its model `plain`, every shape."""
    asked: list[bool] = []

    async def reply(request: web.Request) -> web.Response:
        body = await request.json()
        is_shaped = "structured_outputs" in body
        asked.append(is_shaped)
        if len(body["messages"][0]["content"]) > LONGEST or (is_shaped and body["model"] == "plain"):
            raise web.HTTPBadRequest
        return web.json_response({"choices": [{"message": {"content": "shaped" if is_shaped else "free"}}]})

    app = web.Application()
    app.router.add_post("/v1/chat/completions", reply)
    async with TestServer(app) as server:
        yield str(server.make_url("/v1")), asked


@pytest.mark.parametrize(("model", "said"), [("any", "shaped"), ("plain", "free")])
async def test_a_question_that_is_refused_says_nothing_about_shapes(
    fake_server: tuple[str, list[bool]], model: str, said: str
) -> None:
    async with Chat(fake_server[0], model) as chat:
        assert await chat.ask("x" * (LONGEST + 1), max_tokens=4, shape=SHAPE) is None
        assert await chat.ask("short", max_tokens=4, shape=SHAPE) == said


async def test_a_server_that_knows_no_shapes_is_asked_for_one_once(fake_server: tuple[str, list[bool]]) -> None:
    url, asked = fake_server
    async with Chat(url, "plain") as chat:
        for _ in range(3):
            assert await chat.ask("short", max_tokens=4, shape=SHAPE) == "free"
    assert asked == [True, False, False, False]
