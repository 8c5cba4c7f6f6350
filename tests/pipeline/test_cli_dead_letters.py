"""`dead-letters` against a real server: listed, shown without harm to the terminal, retried with its reward shown."""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from scripted_verifier import ScriptedVerifier
from tinyv_stream_workers.worker import Worker

from tinyv_stream.broker.messages import encode, work_of
from tinyv_stream.broker.trainer import TrainerApi
from tinyv_stream.broker.worker import WorkerApi
from tinyv_stream.config import BrokerConfig, Config
from tinyv_stream.testing import EmbeddedServer
from tinyv_stream.types import Reward, Rollout, Source, Status


async def cli(*args: str) -> tuple[int, str, str]:
    code = "from tinyv_stream.cli import main; main()"
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, *args, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60.0)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def worker(url: str, pool: str) -> AsyncGenerator[None, None]:
    stop = asyncio.Event()
    running = asyncio.create_task(
        Worker(url, Config(broker=BrokerConfig(pool=pool)), ScriptedVerifier("rule")).run(stop)
    )
    yield
    stop.set()
    await running


@pytest.fixture
async def entry(server: EmbeddedServer, pool_name: str) -> str:
    """A rollout given up on a real server; its completion is hostile to a terminal."""
    config = BrokerConfig(pool=pool_name)
    rollout = Rollout(
        rollout_id="poison",
        question="1 + 1?",
        completion="rule:correct \x1b[2J\x1b]0;owned\x07",
        ground_truth="2",
        data_source="x",
    )
    work = work_of(rollout, run_id="run", client_id="c")
    async with TrainerApi(server.url, config) as trainer, WorkerApi(server.url, config) as side:
        await trainer.submit("run", [(work.uid, 60_000, encode(work))])
        [delivery] = await side.claim("rule", "w1", count=1, block_s=5.0)
        failed = Reward(
            rollout_id="poison", value=None, status=Status.FAILED, source=Source.FALLBACK, reason="handed out 4 times"
        )
        assert await side.dead_letter("rule", "w1", delivery, failed)
    listed = await cli("dead-letters", "ls", "--redis", server.url, "--pool", pool_name)
    assert listed[0] == 0
    assert "run/poison" in listed[1]
    assert "handed out 4 times" in listed[1]
    return listed[1].split()[0]


async def test_show_prints_foreign_text_as_escapes(server: EmbeddedServer, pool_name: str, entry: str) -> None:
    code, out, _ = await cli("dead-letters", "show", entry, "--redis", server.url, "--pool", pool_name)
    assert code == 0
    assert "\\x1b[2J\\x1b]0;owned\\x07" in out
    assert "\x1b" not in out


async def test_retry_shows_the_reward_of_the_new_try(server: EmbeddedServer, pool_name: str, entry: str) -> None:
    where = ("--redis", server.url, "--pool", pool_name)
    async with worker(server.url, pool_name):
        code, out, err = await cli("dead-letters", "retry", entry, *where)
    assert (code, json.loads(out)["value"]) == (0, 1.0), err
    assert "no dead letters" in (await cli("dead-letters", "ls", *where))[1]
    assert (await cli("dead-letters", "retry", entry, *where))[0] == 2


async def test_retry_without_a_worker_says_so(server: EmbeddedServer, pool_name: str, entry: str) -> None:
    where = ("--redis", server.url, "--pool", pool_name)
    code, _, err = await cli("dead-letters", "retry", entry, "--wait", "1", *where)
    assert code == 1
    assert "no worker answered" in err
