"""An engine that fails or freezes while it falls asleep or wakes counts as dead; nothing else leaves it."""

import asyncio
from collections.abc import Callable

import pytest

from tinyv_stream.config import EngineConfig
from tinyv_stream.errors import EngineDiedError
from workers.tinyv.engine import VllmEngine
from workers.tinyv.models import OWN


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
