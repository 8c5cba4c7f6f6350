"""What the HTTP engine makes of a server's words: bounds on the safe side, and no verdict out of a refusal."""

import asyncio
import json
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from tinyv_stream_workers.tinyv.engine_supervisor import EngineSupervisor
from tinyv_stream_workers.tinyv.engines.api import PromptTooLongError
from tinyv_stream_workers.tinyv.engines.openai import OpenAIEngine
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier

from tinyv_stream.config import EngineConfig, TinyVConfig
from tinyv_stream.errors import EngineDiedError, EngineStartError
from tinyv_stream.testing import wait_until
from tinyv_stream.verifiers.tinyv.models import MODELS, OWN, ModelRow
from tinyv_stream.verifiers.tinyv.read_out import Reading


class FakeServer:
    """Answers as it is told; speaks the protocol and runs no model."""

    def __init__(self) -> None:
        self.status = 200
        self.reply: object = {}
        self.models = ["m"]
        self.listed = 0
        self.odd: bytes | None = None
        """Given once with status 200 in place of the list."""
        self.silent: asyncio.Event | None = None
        """Until it is set, no list is given."""
        self.asked: list[dict[str, object]] = []

    async def complete(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        return web.Response(status=self.status, text=json.dumps(self.reply), content_type="application/json")

    async def list(self, request: web.Request) -> web.Response:
        self.listed += 1
        if self.silent:
            await self.silent.wait()
        if self.odd is not None:
            odd, self.odd = self.odd, None
            return web.Response(body=odd, content_type="text/html")
        return web.json_response({"data": [{"id": name} for name in self.models]})

    def say(self, content: str, finish: str = "stop", **top: float) -> None:
        shown = [{"token": token, "logprob": logprob} for token, logprob in top.items()]
        logprobs = {"content": [{"top_logprobs": shown}]} if top else None
        self.reply = {"choices": [{"message": {"content": content}, "finish_reason": finish, "logprobs": logprobs}]}


@pytest.fixture
async def fake() -> AsyncIterator[tuple[FakeServer, str]]:
    server = FakeServer()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.complete)
    app.router.add_get("/v1/models", server.list)
    async with TestServer(app) as site:
        yield server, str(site.make_url("/v1"))


async def ask(url: str, row: ModelRow = OWN) -> Reading:
    engine = OpenAIEngine("m", row, EngineConfig(kind="openai", url=url))
    await engine.start()
    try:
        return await engine.read("2 + 2")
    finally:
        await engine.stop()


async def test_only_a_served_model_is_switched_to_with_a_way_back(fake: tuple[FakeServer, str]) -> None:
    server, url = fake
    server.models = ["m", "other"]
    config = TinyVConfig(engine=EngineConfig(kind="openai", url=url))
    async with TinyVVerifier(config) as stage:
        assert stage.describe()["model"] == "m"
        for model, revision in (("third", ""), ("other", "v2")):
            with pytest.raises(EngineStartError, match="on the server"):
                await stage.fetch(model, revision)
        assert await stage.fetch("other", "")
        await stage.switch()
        assert stage.describe()["model"] == "other"
        assert await stage.fetch("auto", "")
        await stage.switch()
        assert stage.describe()["model"] == "m"
        await stage.sleep()
        await stage.wake()
        await stage.ready()


async def test_probability_is_of_the_two_words(fake: tuple[FakeServer, str]) -> None:
    server, url = fake
    server.say("The", The=-0.1, True_=-9.0, **{"True": -2.0, "False": -2.0})
    assert (await ask(url)).p_true == 0.5


async def test_words_are_those_of_the_row(fake: tuple[FakeServer, str]) -> None:
    server, url = fake
    server.say("yes", yes=-1.0, no=-1.0, **{"True": -9.0, "False": -0.1})
    assert (await ask(url, msgspec.structs.replace(OWN, words=("yes", "no")))).p_true == 0.5


async def test_word_that_is_not_shown_counts_as_the_least_likely(fake: tuple[FakeServer, str]) -> None:
    server, url = fake
    server.say("True", **{"True": -1.0, "x": -5.0})
    reading = await ask(url)
    assert reading.p_true == pytest.approx(0.982, abs=1e-3)


async def test_neither_word_is_no_probability(fake: tuple[FakeServer, str]) -> None:
    server, url = fake
    server.say("The", The=-0.1, A=-3.0)
    assert (await ask(url)).p_true is None


@pytest.mark.parametrize("status", [429, 502, 503])
async def test_overloaded_server_gets_its_work_back(fake: tuple[FakeServer, str], status: int) -> None:
    server, url = fake
    server.status = status
    with pytest.raises(EngineDiedError):
        await ask(url)


async def test_refusal_and_nonsense_are_no_evidence(fake: tuple[FakeServer, str]) -> None:
    server, url = fake
    server.status = 500
    assert await ask(url) == Reading()
    server.status, server.reply = 200, {"hello": 1}
    assert await ask(url) == Reading()
    server.say("True", finish="abort", **{"True": -1.0, "False": -2.0})
    assert await ask(url) == Reading()


async def test_overlong_prompt_is_told_apart(fake: tuple[FakeServer, str]) -> None:
    server, url = fake
    server.status, server.reply = 400, {"message": "maximum context length is 4096 tokens"}
    with pytest.raises(PromptTooLongError):
        await ask(url)


async def test_temperature_is_zero_and_thinking_is_off_where_the_row_prefills_it(fake: tuple[FakeServer, str]) -> None:
    server, url = fake
    server.say("True", **{"True": -1.0, "False": -2.0})
    await ask(url, MODELS["zhangchenxu/TinyV-Qwen3-1.7B"])
    await ask(url, MODELS["zhangchenxu/TinyV-1.5B-Think"])
    first, second = server.asked
    assert first["temperature"] == second["temperature"] == 0
    assert (first["max_tokens"], second["max_tokens"]) == (1, 512)
    assert first["chat_template_kwargs"] == {"enable_thinking": False}
    assert "chat_template_kwargs" not in second


ODD = [b"<html>Bad gateway</html>", b'{"error": "not now"}', b'{"data": [{"id": "\xff"}]}']


@pytest.mark.parametrize("odd", ODD)
async def test_one_odd_list_of_models_is_outlived(fake: tuple[FakeServer, str], odd: bytes) -> None:
    server, url = fake
    server.say("True", **{"True": -1.0, "False": -2.0})
    engine = OpenAIEngine("m", OWN, EngineConfig(kind="openai", url=url))
    async with EngineSupervisor(engine, watchdog_s=30, beat_every_s=0.02) as kept:
        server.odd = odd
        await wait_until(lambda: kept.restarts == 1, 30, "the server is looked at again")
        server.odd = odd
        await wait_until(lambda: kept.restarts == 2, 30, "the server is still watched")
        await kept.ready()
        assert (await kept.read("2 + 2")).p_true is not None


@pytest.mark.parametrize("odd", ODD)
async def test_server_with_an_odd_list_of_models_is_named_at_the_start(
    fake: tuple[FakeServer, str], odd: bytes
) -> None:
    server, url = fake
    server.odd = odd
    with pytest.raises(EngineStartError, match="something else than its models"):
        await ask(url)


async def test_server_without_a_model_is_told(fake: tuple[FakeServer, str]) -> None:
    server, url = fake
    server.models = []
    engine = OpenAIEngine("m", OWN, EngineConfig(kind="openai", url=url))
    with pytest.raises(EngineStartError, match="serves no model"):
        await engine.start()
    assert engine._session is None


async def test_a_cancelled_look_leaves_no_session_open(fake: tuple[FakeServer, str]) -> None:
    server, url = fake
    server.silent = asyncio.Event()
    engine = OpenAIEngine("m", OWN, EngineConfig(kind="openai", url=url))
    looking = asyncio.create_task(engine.fetch())
    await wait_until(lambda: server.listed == 1, 30, "the server is asked")
    assert engine._session is not None
    looking.cancel()
    await asyncio.wait({looking})
    server.silent.set()
    assert engine._session is None
