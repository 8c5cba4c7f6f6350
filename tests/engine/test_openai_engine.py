"""The HTTP engine against vLLM's own server: the same verdicts as in process, and no verdict from a dead server."""

import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from tinyv_stream_workers.tinyv.engines.api import PromptTooLongError
from tinyv_stream_workers.tinyv.engines.openai import OpenAIEngine, _reply
from tinyv_stream_workers.tinyv.engines.vllm import VllmEngine
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier

from tinyv_stream.config import EngineConfig, TinyVConfig
from tinyv_stream.errors import EngineDiedError, EngineStartError
from tinyv_stream.testing import wait_until, wait_until_sync
from tinyv_stream.verifiers.tinyv.models import OWN, ModelRow

pytestmark = [pytest.mark.vllm, pytest.mark.slow, pytest.mark.timeout(240)]
SESSION = pytest.mark.asyncio(loop_scope="session")


class Server:
    """vLLM's OpenAI-compatible server, in a session of its own so that nothing of it is left."""

    def __init__(self, model: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/v1"
        arguments = {
            "--model": str(model),
            "--served-model-name": "tiny",
            "--port": str(port),
            "--host": "127.0.0.1",
            "--max-model-len": "2048",
            "--block-size": "32",
            "--kv-cache-memory-bytes": "67108864",
            "--distributed-executor-backend": "uni",
            "--dtype": "bfloat16",
        }
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--enforce-eager"),
                *(word for pair in arguments.items() for word in pair),
            ],
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "TORCH_COMPILE_DISABLE": "1"},
        )

    def answers(self) -> bool:
        assert self.process.poll() is None, "the server ended by itself"
        try:
            with urllib.request.urlopen(self.url + "/models", timeout=2) as reply:
                return reply.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def kill(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture(scope="module")
def served(tiny: Path) -> Iterator[Server]:
    server = Server(tiny)
    try:
        wait_until_sync(server.answers, 180, "the server")
        yield server
    finally:
        server.kill()


def engine(server: Server, row: ModelRow = OWN) -> OpenAIEngine:
    return OpenAIEngine("tiny", row, EngineConfig(kind="openai", url=server.url))


@SESSION
async def test_both_engines_give_the_same_probability(stage: TinyVVerifier, served: Server) -> None:
    remote = engine(served)
    await remote.start()
    for i in range(24):
        prompt = stage._prompts.build(f"What is {i} + {i}?", str(2 * i), str(3 * i))
        assert isinstance(prompt, str)
        here, there = await stage._supervisor.read(prompt), await remote.read(prompt)
        assert there.prompt_tokens == here.prompt_tokens
        assert there.p_true == pytest.approx(here.p_true, abs=0.03)
    await remote.stop()


FORMS = {
    "no chat template": ModelRow(template="", chat=False),
    "system turn": ModelRow(template="", system="Be strict."),
    "prefill": ModelRow(template="", prefill="So it is"),
}
ASKED = "What is 3 + 4?"


async def likely_words(remote: OpenAIEngine, own: VllmEngine) -> list[str]:
    """What a random model may well say here, of one token each: of any other word the server shows nothing."""
    path = "/chat/completions" if remote._row.chat else "/completions"
    status, body = await remote._send("POST", path, remote._request(ASKED))
    assert status == 200
    logprobs = _reply.decode(body).choices[0].logprobs
    assert logprobs is not None
    single = [t.token for t in logprobs.first if len(own._tokenizer.encode(t.token, add_special_tokens=False)) == 1]
    return [word for word in single if word.strip()]


@SESSION
@pytest.mark.parametrize("form", FORMS)
async def test_a_family_is_the_same_text_to_both_engines(stage: TinyVVerifier, served: Server, form: str) -> None:
    own = stage._supervisor.engine
    assert isinstance(own, VllmEngine)
    assert own._llm is not None
    before, remote = own._row, engine(served, FORMS[form])
    await remote.start()
    try:
        a, b, c, d, *_ = await likely_words(remote, own)
        row = msgspec.structs.replace(FORMS[form], correct=(a, b), incorrect=(c,), undecided=(d,))
        own._row = remote._row = row
        own._prepare(own._llm)
        here, there = await own.read(ASKED), await remote.read(ASKED)
    finally:
        own._row = before
        own._prepare(own._llm)
        await remote.stop()
    assert there.prompt_tokens == here.prompt_tokens
    assert there.p_true == pytest.approx(here.p_true, abs=0.05)
    assert there.p_none == pytest.approx(here.p_none, abs=0.05)


async def test_text_is_read_where_the_row_says_so(served: Server) -> None:
    remote = engine(served, ModelRow(template=OWN.template, read_out="text", max_tokens=8))
    await remote.start()
    reading = await remote.read("Say something.")
    await remote.stop()
    assert reading.p_true is None
    assert reading.text
    assert reading.is_cut


async def test_overlong_prompt_is_told_from_other_refusals(served: Server) -> None:
    remote = engine(served)
    await remote.start()
    with pytest.raises(PromptTooLongError):
        await remote.read("7 " * 4_000)
    await remote.stop()


async def test_wrong_url_is_told_with_the_setting() -> None:
    config = EngineConfig(kind="openai", url="http://127.0.0.1:9/v1")
    with pytest.raises(EngineStartError, match=r"tinyv\.engine\.url"):
        await OpenAIEngine("tiny", OWN, config).start()


async def test_dead_server_gives_no_verdict(served: Server) -> None:
    """The last one here: it ends the server."""
    config = TinyVConfig(model="tiny", engine=EngineConfig(kind="openai", url=served.url, watchdog_s=3.0))
    async with TinyVVerifier(config) as stage:
        served.kill()
        with pytest.raises(EngineDiedError):
            await stage._supervisor.read("2 + 2")
        await wait_until(lambda: stage.describe()["state"] == "restarting", 30, "the death being noticed")
