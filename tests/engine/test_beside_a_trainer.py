"""Real pools with real engines: the model changes, fails and sleeps, and an engine dies, while rollouts stream."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from real_pool import ASKERS, START_S, real_pool, tiny_engines
from tinyv_stream_workers.tinyv.engines.vllm import VllmEngine
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier

from tinyv_stream.control import model
from tinyv_stream.errors import EngineStartError
from tinyv_stream.testing import wait_until

pytestmark = [pytest.mark.vllm, pytest.mark.long, pytest.mark.timeout(1_200)]


def engine_processes(worker_pid: int) -> list[psutil.Process]:
    children = psutil.Process(worker_pid).children(recursive=True)
    return [c for c in children if c.name().startswith("VLLM") and c.status() != psutil.STATUS_ZOMBIE]


async def test_a_running_pool_changes_its_model_and_sleeps(
    tiny: Path, build: Callable[..., Path], tmp_path: Path
) -> None:
    other, broken = build(tmp_path / "other", seed=1), build(tmp_path / "broken", seed=2)
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1_000])
    async with real_pool(tmp_path / "pool", tiny_engines(tiny, workers=1)) as pool:
        trainer = pool.trainer
        await trainer.more(20)
        first = await trainer.ask("What is 7 + 7?", "first")
        assert first.tinyv is not None
        assert first.tinyv.model.startswith(f"{tiny}@")

        await model.switch(pool.url, str(other), pool="engines", wait_s=START_S)
        await trainer.more(20)
        second = await trainer.ask("What is 7 + 7?", "second")
        assert second.tinyv is not None
        assert second.tinyv.model.startswith(f"{other}@")
        assert second.tinyv.p_true != first.tinyv.p_true

        with pytest.raises(EngineStartError, match="all workers use the model before"):
            await model.switch(pool.url, str(broken), pool="engines", wait_s=START_S)
        [replica] = await pool.replicas()
        assert (replica.model, replica.state) == (str(other), "ready")
        assert second.tinyv.model == f"{other}@{replica.revision}"
        await trainer.more(20)

        [worker] = await pool.engines()
        assert engine_processes(worker.pid)
        await model.sleep(pool.url, pool="engines", wait_s=START_S)
        assert not engine_processes(worker.pid), "an engine that sleeps on a CPU holds no memory"

        async def all_wait() -> bool:
            return await pool.waiting() == ASKERS

        await wait_until(all_wait, START_S, "each of the trainer's questions waits in TinyV's queue")
        await model.wake(pool.url, pool="engines", wait_s=START_S)
        await trainer.more(20)
        again = await trainer.ask("What is 7 + 7 then?", "again")
        assert again.tinyv is not None
        assert again.tinyv.model == second.tinyv.model
        await trainer.end()
    seen = {reward.tinyv.model.rpartition("@")[0] for reward in trainer.rewards if reward.tinyv}
    assert seen == {str(tiny), str(other)}


async def test_two_engines_share_a_machine_and_one_survives_the_other(tiny: Path, tmp_path: Path) -> None:
    cores = sorted(os.sched_getaffinity(0))
    own = (cores[0], cores[-1])
    async with real_pool(tmp_path / "pool", tiny_engines(tiny, workers=2, devices=tuple(map(str, own)))) as pool:
        trainer = pool.trainer

        async def both_work() -> bool:
            return len([w for w in await pool.engines() if w.done > 5]) == 2

        await wait_until(both_work, START_S, "both engines give verdicts")
        workers = await pool.engines()
        bound = [set(p.cpu_affinity() or []) for w in workers for p in engine_processes(w.pid)]
        assert sorted(bound, key=min) == [{core} for core in own]
        killed, left = workers
        psutil.Process(killed.pid).kill()
        await trainer.more(50)

        async def goes_on() -> bool:  # a worker says once a second how far it is
            return {w.name: w.done for w in await pool.engines()}[left.name] > left.done

        await wait_until(goes_on, START_S, "the other one works on")

        async def is_back() -> bool:
            names = {w.name for w in await pool.engines() if w.state == "ready" and w.done > 5}
            return len(names - {killed.name}) == 2

        await wait_until(is_back, START_S, "the killed one is back, and works")
        await trainer.end()


@pytest.mark.asyncio(loop_scope="session")
async def test_offloading_is_vllms_own_sleep(stage: TinyVVerifier) -> None:
    """On a CPU vLLM frees nothing by it; that it is asked, and answers again, is what can be seen here."""
    engine = stage._supervisor.engine
    assert isinstance(engine, VllmEngine)
    llm = engine._running()
    before = await engine.read("2 + 2")
    engine._sleep = "offload"
    try:
        await stage.sleep()
        assert await llm.is_sleeping()
        await stage.wake()
        assert not await llm.is_sleeping()
        assert (await stage._supervisor.read("2 + 2")).p_true == pytest.approx(before.p_true, abs=0.03)
        assert engine._llm is llm, "nothing was started again"
    finally:
        engine._sleep = "end"


def test_a_lack_of_memory_is_told_by_vllms_words_and_our_setting(tiny: Path) -> None:
    program = Path(__file__).with_name("start_program.py")
    report = subprocess.run(
        [sys.executable, str(program), str(tiny), "100000000"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    ).stdout
    assert "Available memory on node" in report
    assert "lower tinyv.engine.kv_cache_mb (now 100000000)" in report
