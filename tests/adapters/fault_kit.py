"""What no fault may change: every sample has one reward, the right one or the trainer's word for "undecided".

A suite imports these tests, and gives them its adapters by a fixture `way`. Each test has a pool of its own on the
shared server, with real worker processes that it may kill.
"""

import asyncio
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from typing import Final

import msgspec
import pytest
from contract_kit import SOURCE, Case, cases, rollout_of

from tinyv_stream import RewardClient, UndecidedError
from tinyv_stream.adapter_kit import background, close_requesters
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig, Config, EngineConfig, TinyVConfig
from tinyv_stream.testing import wait_until

Give = Callable[[Case], Awaitable[float | None]]
"""A sample to what its trainer is given: None, or an UndecidedError, is the trainer's word for "undecided"."""
WAIT_S: Final = 90.0
COUNT: Final = 200
DEAD_ENGINE: Final = EngineConfig(kind="openai", url="http://127.0.0.1:9/v1")


class Way(msgspec.Struct, frozen=True):
    """One adapter. It takes its settings from the environment."""

    name: str
    opened: Callable[[], AbstractAsyncContextManager[Give]]
    has_word: bool = True
    """Its trainer can be told that a sample is undecided; otherwise it is given a number."""
    can_cancel: bool = True
    """A trainer that gives a sample up is noticed; otherwise the sample ends by its deadline."""


class Crew:
    """Worker processes of one pool."""

    def __init__(self, url: str, pool: str) -> None:
        self.pool = pool
        self._url = url
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self, *stages: str, engine: EngineConfig | None = None) -> None:
        """Start a worker for each of `stages`."""
        tinyv = TinyVConfig(guard=False, model="embedded", engine=engine or EngineConfig(kind="scripted"))
        config = Config(
            broker=BrokerConfig(pool=self.pool, lease_s=2.0, isolate_from_delivery=7, max_deliveries=9), tinyv=tinyv
        )
        env = {
            **{key: value for key, value in os.environ.items() if not key.startswith("TINYV_")},
            "TINYV_REDIS_URL": self._url,
            "TINYV_CONFIG": msgspec.json.encode(config).decode(),
            "TINYV_SCRIPTED_DELAY_S": "0.2",
        }
        for stage in stages:
            command = [sys.executable, "-m", f"tinyv_stream_workers.{stage}"]
            quiet = subprocess.DEVNULL
            self._processes.append(subprocess.Popen(command, env=env, stdout=quiet, stderr=quiet))

    @property
    def pids(self) -> set[int]:
        """Of the workers that run, and not of those that were killed."""
        return {process.pid for process in self._processes}

    def kill(self) -> None:
        """Kill them all, as an out-of-memory killer does."""
        for process in self._processes:
            process.send_signal(signal.SIGKILL)
        for process in self._processes:
            process.wait(30)
        self._processes.clear()


@pytest.fixture
def crew(pool_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    """No workers yet, and an environment in which adapters use their pool."""
    made = Crew(pool_url, f"f{uuid.uuid4().hex[:12]}")
    for name, value in {
        "TINYV_REDIS_URL": pool_url,
        "TINYV_POOL": made.pool,
        "TINYV_RUN_ID": made.pool,
        "TINYV_DATA_SOURCE": SOURCE,
        "TINYV_DEADLINE_S": "120",
        "TINYV_ANSWER_S": "150",
    }.items():
        monkeypatch.setenv(name, value)
    yield made
    made.kill()


@pytest.fixture
async def watch(crew: Crew, pool_url: str) -> AsyncIterator[OperatorApi]:
    """An operator's view of the crew's pool; at the end, this loop's clients are closed."""
    async with OperatorApi(pool_url, BrokerConfig(pool=crew.pool)) as operator:
        yield operator
    await close_requesters()
    await asyncio.wrap_future(background.start(close_requesters()))


async def test_killed_workers_change_no_reward(way: Way, crew: Crew, watch: OperatorApi) -> None:
    chosen = cases(COUNT, salt=f" by {crew.pool}")
    crew.start("rule", "tinyv")
    async with way.opened() as give:
        asked = asyncio.gather(*(_given(give, case) for case in chosen))
        for _ in range(2):
            await wait_until(lambda: _is_at_work(watch, crew), WAIT_S, "workers of this crew have samples")
            crew.kill()
            crew.start("rule", "tinyv")
        values = await asked
    for case, value in zip(chosen, values, strict=True):
        if case.value is None and not way.has_word:
            assert value is not None and 0.0 <= value <= 1.0
        else:
            assert value == case.value, case
    await wait_until(lambda: _counts(watch, COUNT), WAIT_S, "one reward for each sample, and no more")


async def test_with_the_engine_down_nothing_is_scored_0(
    way: Way, crew: Crew, watch: OperatorApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYV_DEADLINE_S", "8")
    chosen = cases(COUNT, salt=f" by {crew.pool}")
    crew.start("rule", "tinyv", engine=DEAD_ENGINE)  # one set of settings for the pool
    await wait_until(lambda: _has_workers(watch, 1), WAIT_S, "the rule worker is ready")
    async with way.opened() as give:
        values = await asyncio.gather(*(_given(give, case) for case in chosen))
    # The rules accept one in four; nobody else decides. Without a word: what those were worth, and that is 1.
    assert set(values) == ({1.0, None} if way.has_word else {1.0})


async def test_after_the_deadline_nothing_is_scored_at_all(
    way: Way, crew: Crew, watch: OperatorApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYV_DEADLINE_S", "1")
    monkeypatch.setenv("TINYV_ANSWER_S", "6")
    async with way.opened() as give:
        assert await asyncio.gather(*(_given(give, case) for case in cases(COUNT))) == [None] * COUNT


async def test_a_cancelled_trainer_leaves_no_work_and_may_ask_again(way: Way, crew: Crew, watch: OperatorApi) -> None:
    if not way.can_cancel:
        pytest.skip("this trainer waits in a thread, which cannot be cancelled; its process can be killed")
    chosen = cases(COUNT, salt=f" by {crew.pool}")
    async with way.opened() as give:
        asked = [asyncio.create_task(_given(give, case)) for case in chosen]
        await wait_until(lambda: _is_live(watch, COUNT), WAIT_S, "all samples are submitted")
        for one in asked:
            one.cancel()
        await asyncio.gather(*asked, return_exceptions=True)
        await wait_until(lambda: _is_live(watch, 0), WAIT_S, "all samples are withdrawn")
        crew.start("rule", "tinyv")
        values = await asyncio.gather(*(_given(give, case) for case in chosen))
    assert [v for v, c in zip(values, chosen, strict=True) if c.value is not None] == [
        c.value for c in chosen if c.value is not None
    ]


async def ask_plainly() -> AsyncIterator[Give]:
    """The plain client, for comparison."""
    env = os.environ
    async with RewardClient(
        env["TINYV_REDIS_URL"],
        run_id=env["TINYV_RUN_ID"],
        pool=env["TINYV_POOL"],
        deadline_s=float(env["TINYV_DEADLINE_S"]),
    ) as client:

        async def give(case: Case) -> float | None:
            ticket = await client.submit(rollout_of(case))
            try:
                return (await ticket).value
            except asyncio.CancelledError:
                await ticket.cancel()
                raise

        yield give


async def _given(give: Give, case: Case) -> float | None:
    try:
        return await give(case)
    except Exception as exc:
        cause: BaseException | None = exc
        while cause is not None:
            if isinstance(cause, UndecidedError):
                return None
            cause = cause.__cause__
        raise


async def _is_at_work(watch: OperatorApi, crew: Crew) -> bool:
    """A worker that runs has taken samples: one that was killed goes on saying what it last held, until it is missed.

    What the killed ones left may also have been done too fast for their followers to be seen with any of it.
    """
    taken = sum(worker.held + worker.done for worker in (await watch.status()).workers if worker.pid in crew.pids)
    return taken > 0 or await _counts(watch, COUNT)


async def _has_workers(watch: OperatorApi, ready: int) -> bool:
    return [worker.state for worker in (await watch.status()).workers].count("ready") >= ready


async def _is_live(watch: OperatorApi, count: int) -> bool:
    return (await watch.status()).live == count


async def _counts(watch: OperatorApi, count: int) -> bool:
    status = await watch.status()
    given = sum(status.stats.get(f"by_{source}", 0) for source in ("rule", "tinyv", "cache", "fallback"))
    return status.live == 0 and status.stats.get("submitted", 0) == given == count
