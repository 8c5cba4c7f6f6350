"""An engine that dies or freezes is restarted in place, and nobody is told a verdict meanwhile."""

import asyncio

import pytest
from tinyv_stream_workers.tinyv import engine_supervisor as supervisor_module
from tinyv_stream_workers.tinyv.engine_supervisor import EngineSupervisor
from tinyv_stream_workers.tinyv.engines.api import Engine
from tinyv_stream_workers.tinyv.engines.scripted import ScriptedEngine

from tinyv_stream.errors import EngineDiedError, EngineStartError
from tinyv_stream.testing import wait_until

PROMPT = "<ground_truth_answer>1</ground_truth_answer>\n\n<model_answer>1</model_answer>"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> ScriptedEngine:
    monkeypatch.setenv("TINYV_SCRIPTED_DELAY_S", "60")
    return ScriptedEngine()


def keep(engine: Engine) -> EngineSupervisor:
    return EngineSupervisor(engine, watchdog_s=0.1, beat_every_s=0.02)


async def test_death_raises_in_every_read_and_the_engine_comes_back(slow: ScriptedEngine):
    async with keep(slow) as kept:
        reads = [asyncio.create_task(kept.read(PROMPT)) for _ in range(8)]
        await wait_until(lambda: len(slow.prompts) == 8, 30, "eight reads in flight")
        slow.kill()
        ended = await asyncio.gather(*reads, return_exceptions=True)
        assert [type(e) for e in ended] == [EngineDiedError] * 8
        await kept.ready()
        await wait_until(lambda: kept.restarts == 1, 30, "the restart")
        assert slow.starts == 2
        assert kept.state == "ready"


async def test_frozen_engine_is_found_by_its_missing_beat():
    engine = ScriptedEngine()
    async with keep(engine) as kept:
        engine.freeze()
        with pytest.raises(EngineDiedError):
            await kept.read(PROMPT)
        await wait_until(lambda: kept.restarts == 1, 30, "the restart")
        assert (await kept.read(PROMPT)).p_true == 1.0


async def test_read_during_a_restart_raises_and_ready_waits():
    engine = ScriptedEngine()
    gate = asyncio.Event()
    async with keep(engine) as kept:
        start = engine.start

        async def gated():
            await gate.wait()
            await start()

        engine.start = gated
        engine.kill()
        await wait_until(lambda: kept.state == "restarting", 30, "the death")
        with pytest.raises(EngineDiedError):
            await kept.read(PROMPT)
        waiting = asyncio.create_task(kept.ready())
        assert not (await asyncio.wait({waiting}, timeout=0.05))[0]
        gate.set()
        await waiting
        assert (await kept.read(PROMPT)).p_true == 1.0


async def test_engine_that_never_returns_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervisor_module, "_MOST_RESTARTS", 1)
    engine = ScriptedEngine()
    async with keep(engine) as kept:

        async def broken():
            raise EngineStartError("no memory", "lower tinyv.engine.kv_cache_mb")

        engine.start = broken
        engine.kill()
        await wait_until(lambda: kept.state == "failed", 30, "giving up")
        with pytest.raises(EngineStartError, match="kv_cache_mb"):
            await kept.ready()


async def test_any_failed_sign_of_life_is_a_death_and_the_watch_goes_on(monkeypatch: pytest.MonkeyPatch):
    engine = ScriptedEngine()
    beat, faults = engine.beat, [ValueError("no sense in it")]

    async def odd():
        if faults:
            raise faults.pop()
        await beat()

    monkeypatch.setattr(engine, "beat", odd)
    async with keep(engine) as kept:
        await wait_until(lambda: kept.restarts == 1, 30, "the restart")
        engine.kill()
        await wait_until(lambda: kept.restarts == 2, 30, "it is still watched")
        await kept.ready()
        assert (await kept.read(PROMPT)).p_true == 1.0


@pytest.mark.parametrize("step", ["start", "stop"])
async def test_restart_that_fails_in_any_way_is_one_attempt(monkeypatch: pytest.MonkeyPatch, step: str):
    engine = ScriptedEngine()
    async with keep(engine) as kept:
        does, faults = getattr(engine, step), [OSError(28, "No space left on device")]

        async def odd():
            if faults:
                raise faults.pop()
            await does()

        monkeypatch.setattr(engine, step, odd)
        engine.kill()
        await wait_until(lambda: kept.restarts == 1, 30, "the second attempt")
        await kept.ready()
        assert (await kept.read(PROMPT)).p_true == 1.0


async def test_engine_that_nothing_can_start_is_given_up_with_the_last_error(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(supervisor_module, "_MOST_RESTARTS", 1)
    engine = ScriptedEngine()
    async with keep(engine) as kept:

        async def full():
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(engine, "start", full)
        engine.kill()
        await wait_until(lambda: kept.state == "failed", 30, "giving up")
        with pytest.raises(EngineStartError, match="No space left on device"):
            await kept.ready()


async def test_supervisor_that_fails_itself_gives_the_engine_up(monkeypatch: pytest.MonkeyPatch, slow: ScriptedEngine):
    watched = asyncio.Event()

    async def faulty(_: EngineSupervisor):
        await watched.wait()
        raise RuntimeError("a mistake in the supervisor")

    monkeypatch.setattr(EngineSupervisor, "_watch", faulty)
    async with keep(slow) as kept:
        read = asyncio.create_task(kept.read(PROMPT))
        await wait_until(lambda: bool(slow.prompts), 30, "the read")
        watched.set()
        with pytest.raises(EngineDiedError):
            await read
        with pytest.raises(EngineStartError, match="a mistake in the supervisor"):
            await kept.ready()


async def test_cancelled_read_leaves_nothing_running(slow: ScriptedEngine):
    async with keep(slow) as kept:
        read = asyncio.create_task(kept.read(PROMPT))
        await wait_until(lambda: bool(slow.prompts), 30, "the read")
        read.cancel()
        await asyncio.wait({read})
        await asyncio.sleep(0)
        names = {task.get_name() for task in asyncio.all_tasks()} - {asyncio.current_task().get_name()}
        assert names == {"tinyv engine supervisor"}


async def test_swap_serves_another_engine_and_stops_the_one_before():
    first, second = ScriptedEngine(), ScriptedEngine(model="second")
    async with keep(first) as kept:
        await kept.swap(second)
        assert (await kept.read(PROMPT)).p_true == 1.0
        assert (len(first.prompts), len(second.prompts)) == (0, 1)
        second.kill()
        await wait_until(lambda: kept.restarts == 1, 30, "the new engine is watched")
        assert second.starts == 2


async def test_swap_to_an_engine_that_does_not_start_brings_the_one_before_back():
    first = ScriptedEngine()
    async with keep(first) as kept:
        with pytest.raises(EngineStartError, match="cannot be loaded"):
            await kept.swap(ScriptedEngine(model="x-broken"))
        assert kept.state == "ready"
        assert (await kept.read(PROMPT)).p_true == 1.0
        assert first.starts == 2


async def test_asleep_nothing_is_read_and_ready_waits_until_it_wakes():
    engine = ScriptedEngine()
    async with keep(engine) as kept:
        await kept.sleep()
        with pytest.raises(EngineDiedError):
            await kept.read(PROMPT)
        waiting = asyncio.create_task(kept.ready())
        assert not (await asyncio.wait({waiting}, timeout=0.3))[0]  # longer than the watchdog, which must not wake it
        assert engine.starts == 1
        await kept.wake()
        await waiting
        assert (await kept.read(PROMPT)).p_true == 1.0


async def test_engine_that_does_not_wake_is_started_anew():
    engine = ScriptedEngine()

    async def dead():
        raise EngineDiedError("gone while it slept")

    engine.wake = dead
    async with keep(engine) as kept:
        await kept.sleep()
        await kept.wake()
        assert kept.restarts == 1
        assert (await kept.read(PROMPT)).p_true == 1.0


async def test_leaving_asleep_or_in_the_middle_of_a_swap_leaves_nothing_running():
    first, second = ScriptedEngine(), ScriptedEngine(model="second")
    second._start_s = 600.0
    async with keep(first) as kept:
        swapping = asyncio.create_task(kept.swap(second))
        await wait_until(lambda: kept.state == "switching", 30, "the swap")
        swapping.cancel()
        await asyncio.wait({swapping})
    async with keep(ScriptedEngine()) as kept:
        await kept.sleep()
    names = {task.get_name() for task in asyncio.all_tasks()} - {asyncio.current_task().get_name()}
    assert names == set()
