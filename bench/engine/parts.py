"""Helpers of the engine benchmark outside the product: a counter, and a stand-in for the rule stage."""

import time
from contextlib import suppress
from types import TracebackType
from typing import Self

import msgspec
import psutil
from tinyv_stream_workers.tinyv.engines.api import Engine
from tinyv_stream_workers.tinyv.engines.vllm import VllmEngine
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier
from tinyv_stream_workers.verifier import Finding

from tinyv_stream.broker.messages import Work
from tinyv_stream.types import Outcome, Stage, Verdict
from tinyv_stream.verifiers.tinyv.read_out import Reading


class EngineRate(msgspec.Struct, frozen=True):
    """What was done per second, and per second of processor time: steadier where others use the machine too."""

    per_s: float
    per_cpu_s: float

    def __str__(self) -> str:
        return f"{self.per_s:.2f}/s ({self.per_cpu_s:.2f} per CPU second)"


class CpuWatch:
    """Starts when it is made; counts this process and all that it started."""

    def __init__(self) -> None:
        self._began, self._cpu = time.monotonic(), _cpu_s()

    def rate(self, count: int, *, seconds: float | None = None, others_cpu_s: float = 0.0) -> EngineRate:
        """Return the rate of `count` things since the start.

        `seconds` replaces the time that passed; `others_cpu_s` is what processes took that have ended meanwhile.
        """
        passed = time.monotonic() - self._began if seconds is None else seconds
        return EngineRate(count / passed, count / (_cpu_s() - self._cpu + others_cpu_s))


def _cpu_s() -> float:
    spent = 0.0
    for process in (psutil.Process(), *psutil.Process().children(recursive=True)):
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            spent += times.user + times.system
    return spent


class CountingEngine:
    """Passes everything on to a real engine, and counts what it was asked."""

    def __init__(self, inner: Engine) -> None:
        self._inner = inner
        self.reset()

    def reset(self) -> None:
        """Count from zero."""
        self.calls = self.prompt_tokens = self.cached_tokens = 0
        self.readings: list[tuple[str, float | None, bool]] = []
        """Of each call the prompt, its P(true), and whether it was asked alone and without the cache."""

    @property
    def computed_tokens(self) -> int:
        """Tokens that went through the model."""
        return self.prompt_tokens - self.cached_tokens

    @property
    def capacity(self) -> int:
        """As the inner one."""
        return self._inner.capacity

    @property
    def markers(self) -> tuple[str, ...]:
        """As the inner one."""
        return self._inner.markers

    async def start(self) -> None:
        """Start the inner one."""
        await self._inner.start()

    async def fetch(self) -> None:
        """Fetch the inner one's model."""
        await self._inner.fetch()

    async def sleep(self) -> None:
        """Let the inner one sleep."""
        await self._inner.sleep()

    async def wake(self) -> None:
        """Wake the inner one."""
        await self._inner.wake()

    async def stop(self) -> None:
        """Stop the inner one."""
        await self._inner.stop()

    def kill(self) -> None:
        """Kill the inner one."""
        self._inner.kill()

    async def beat(self) -> None:
        """Ask the inner one."""
        await self._inner.beat()

    def describe(self) -> dict[str, str]:
        """Describe the inner one."""
        return self._inner.describe()

    def tokens(self, prompt: str) -> list[int] | None:
        """Return the model's own tokens of a user turn; None where they are a server's business."""
        inner = self._inner
        return inner._encode(prompt) if isinstance(inner, VllmEngine) else None  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

    async def forget(self) -> None:
        """Empty the prefix cache, where there is one."""
        if isinstance(self._inner, VllmEngine):
            await self._inner.forget()

    async def read(self, prompt: str, *, priority: int = 0, fresh: bool = False) -> Reading:
        """Read and count."""
        reading = await self._inner.read(prompt, priority=priority, fresh=fresh)
        self.calls += 1
        self.prompt_tokens += reading.prompt_tokens
        self.cached_tokens += reading.cached_tokens
        self.readings.append((prompt, reading.p_true, fresh))
        return reading


class _NothingToOpen:
    """A worker opens and closes its verifier; these are none of its business."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        pass


class RunningStage(_NothingToOpen):
    """A TinyV stage that stays open from one worker to the next, because a start costs 20 seconds."""

    def __init__(self, stage: TinyVVerifier) -> None:
        self._inner = stage
        self.ready, self.verify, self.describe = stage.ready, stage.verify, stage.describe

    @property
    def stage(self) -> Stage:
        """As the inner one."""
        return self._inner.stage

    @property
    def slots(self) -> int:
        """As the inner one, which goes on measuring."""
        return self._inner.slots


class RefusesAll(_NothingToOpen):
    """Stands for the rule stage: the completion is the answer, and the rules have refused it already."""

    def __init__(self) -> None:
        self.stage: Stage = "rule"
        self.slots = 512

    async def ready(self) -> None:
        """Return at once."""

    async def verify(self, work: Work) -> Finding:
        """Refuse."""
        verdict = Verdict(outcome=Outcome.INCORRECT, grader="bench")
        return Finding(verdict=verdict, model_answer=work.completion)

    def describe(self) -> dict[str, str]:
        """Say what it is not."""
        return {"engine": "none", "verifier": "bench: refuses all"}
