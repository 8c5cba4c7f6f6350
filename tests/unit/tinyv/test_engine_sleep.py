"""An engine that fails or freezes while it falls asleep or wakes counts as dead; nothing else leaves it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from tinyv_stream_workers.tinyv.engines.vllm import VllmEngine

from tinyv_stream.config import EngineConfig
from tinyv_stream.errors import EngineDiedError
from tinyv_stream.verifiers.tinyv.models import OWN


class Stuck:
    """What vLLM's engine does when its device hangs."""

    async def sleep(self, level: int) -> None:
        await asyncio.Event().wait()

    async def wake_up(self) -> None:
        await asyncio.Event().wait()


class Poor:
    """What it does when another process took the memory meanwhile."""

    async def sleep(self, level: int) -> None:
        raise RuntimeError(f"level {level}")

    async def wake_up(self) -> None:
        raise MemoryError("out of memory")


@pytest.mark.parametrize("step", ["sleep", "wake"])
@pytest.mark.parametrize(("core", "why"), [(Stuck, "no answer within"), (Poor, "Error: ")])
async def test_any_failure_is_a_death(core: Callable[[], object], why: str, step: str) -> None:
    engine = VllmEngine("m", OWN, EngineConfig(watchdog_s=0.05))
    engine._sleep, engine._llm = "offload", core()
    async with asyncio.timeout(60):
        with pytest.raises(EngineDiedError, match=why):
            await getattr(engine, step)()


async def test_a_retrained_directory_is_another_model_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"before")
    engine = VllmEngine(str(tmp_path), OWN, EngineConfig())

    async def load(path: str, last_words: Path) -> None:
        assert (path, last_words.name) == (str(tmp_path), "last_words")

    monkeypatch.setattr(engine, "_load", load)
    await engine.start()
    before = engine.describe()["model"]
    (tmp_path / "model.safetensors").write_bytes(b"trained")
    assert engine.describe()["model"] == before
    await engine.start()
    assert engine.describe()["model"] != before
