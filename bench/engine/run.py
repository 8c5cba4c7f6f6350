"""The engine benchmark's measurements, all in one run on the same prompts and settings.

- `raw`: every different prompt is given to the engine at once. `worker`: the same ones go through client, broker and
  worker. They take turns, each with an empty prefix cache.
- `step`: a whole GRPO step through client, broker and worker, beside the reference pattern on an OpenAI server.
- `loads`: new prompts arrive at random (Poisson) at shares of the worker's rate; a wait is from claim to verdict.
- The rule stage is a stand-in that refuses at once: rules are measured by `bench rules`.
"""

import asyncio
import random
import statistics
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier, make_engine
from tinyv_stream_workers.verifier import Verifier
from tinyv_stream_workers.worker import Worker

from bench.engine.bound import least
from bench.engine.load import refused, unique
from bench.engine.parts import CountingEngine, CpuWatch, EngineRate, RefusesAll, RunningStage
from bench.engine.reference import Pattern, pattern
from bench.overlap.openai_server import openai_server
from tinyv_stream.client.client import RewardClient
from tinyv_stream.client.ticket import Ticket
from tinyv_stream.config import Config, EngineConfig, TinyVConfig
from tinyv_stream.testing import EmbeddedServer
from tinyv_stream.types import Reward, Rollout, Status
from tinyv_stream.verifiers.tinyv.models import EMBEDDED, OWN, ModelRow, gpu_found, resolve
from tinyv_stream.verifiers.tinyv.prompts import PromptBuilder
from tinyv_stream.verifiers.tinyv.question import QuestionRule

CPU_DEFAULT_BLOCK = 128
"""What vLLM takes on a CPU where nobody says otherwise."""
FAR_THRESHOLD = 0.98
"""Away from what an untrained stand-in says: a trained verifier is rarely near its threshold, this one always is."""


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One run. Times in seconds."""

    prompts: int = 24
    group_size: int = 8
    seed: int = 1
    repeats: int = 3
    load_s: float = 20.0
    shares: tuple[float, ...] = (0.25, 0.5, 0.75, 1.0)
    questions: Path | None = None
    model: str = "embedded"
    threads: int | None = None
    with_reference: bool = True
    as_published: bool = False
    """Measure the reference once more, with its imports in each process."""


class Bench:
    """One engine, one broker, one worker per measurement; use inside `opened`."""

    def __init__(
        self, settings: EngineSettings, engine: CountingEngine, row: ModelRow, stage: TinyVVerifier, url: str
    ) -> None:
        self.settings = settings
        self.engine = engine
        self.stage = stage
        self._url = url
        self._question = QuestionRule()
        self._builder = PromptBuilder(row, engine.markers)

    def prompts(self, rollouts: list[Rollout]) -> list[str]:
        """Return what the stage would ask, so that all patterns ask the same."""
        made = [self._builder.build(self._question.strip(r.question), r.ground_truth, r.completion) for r in rollouts]
        return [prompt for prompt in made if isinstance(prompt, str)]

    async def raw(self, rollouts: list[Rollout]) -> EngineRate:
        """Return the rate of readings with every prompt given to the engine at once."""
        prompts = self.prompts(rollouts)
        await self.forget()
        watch = CpuWatch()
        await asyncio.gather(*(self.engine.read(prompt) for prompt in prompts))
        return watch.rate(len(prompts))

    async def through(self, rollouts: list[Rollout]) -> EngineRate:
        """Return the rate of rewards through client, broker and worker, from the first submit to the last reward."""
        await self.forget()
        async with self._pool() as client:
            watch = CpuWatch()
            tickets = [await client.submit(rollout) for rollout in rollouts]
            rewards = [await ticket for ticket in tickets]
            rate = watch.rate(len(rollouts))
        _check(rewards)
        return rate

    async def under_load(self, rollouts: list[Rollout], rate: float) -> list[float]:
        """Return the seconds from claim to verdict of rollouts that arrive at random at `rate` per second."""
        rng = random.Random(self.settings.seed)  # noqa: S311 arrivals, not a secret
        async with self._pool() as client:
            tickets: list[Ticket] = []
            for rollout in rollouts:
                tickets.append(await client.submit(rollout))
                await asyncio.sleep(rng.expovariate(rate))
            rewards = [await ticket for ticket in tickets]
        _check(rewards)
        return sorted(reward.timings.tinyv_s or 0.0 for reward in rewards)

    def _stages(self) -> tuple[Verifier, Verifier]:
        return RefusesAll(), RunningStage(self.stage)

    async def forget(self) -> None:
        """Count from zero, with an empty prefix cache."""
        self.engine.reset()
        await self.engine.forget()

    @asynccontextmanager
    async def _pool(self) -> AsyncGenerator[RewardClient]:
        """Run both stages on a pool of their own, with nothing cached."""
        pool = f"engine-{uuid.uuid4().hex[:8]}"
        config = Config()
        config = msgspec.structs.replace(config, broker=msgspec.structs.replace(config.broker, pool=pool))
        stop = asyncio.Event()
        workers = [Worker(self._url, config, verifier) for verifier in self._stages()]
        running = [asyncio.create_task(worker.run(stop), name=worker.name) for worker in workers]
        try:
            async with RewardClient(self._url, run_id="bench", pool=pool, max_inflight=100_000) as client:
                yield client
        finally:
            stop.set()
            await asyncio.gather(*running)


@asynccontextmanager
async def opened(
    settings: EngineSettings,
    say: Callable[[str], None],
    *,
    row: ModelRow | None = None,
    threshold: float = FAR_THRESHOLD,
    guard: bool = True,
) -> AsyncGenerator[Bench]:
    """Start broker and engine, and stop them in the end; without `row` prompts are those of the released models."""
    name, known = resolve(settings.model)
    row = row or (OWN if name == EMBEDDED else known)
    engine_config = EngineConfig(threads=settings.threads)
    config = TinyVConfig(model=settings.model, threshold=threshold, guard=guard, engine=engine_config)
    engine = CountingEngine(make_engine(config, name, row))
    say(f"starting the engine with {name}")
    async with EmbeddedServer(maxmemory_mb=512) as server, TinyVVerifier(config, engine=engine, row=row) as stage:
        yield Bench(settings, engine, row, stage, server.url)


async def measure(settings: EngineSettings, directory: Path, say: Callable[[str], None]) -> dict[str, Any]:
    """Run everything; return the figures.

    Raises EngineError, or AssertionError for a rollout without a verdict.
    """
    step = refused(settings.prompts, settings.group_size, settings.seed, settings.questions)
    different = unique(step)
    async with opened(settings, say) as bench:
        await bench.through(refused(2, 4, settings.seed + 1, settings.questions))  # warm
        raw, raw_tokens = list[EngineRate](), 0
        through: list[EngineRate] = []
        for n in range(settings.repeats):
            raw.append(await bench.raw(different))
            raw_tokens = bench.engine.computed_tokens
            through.append(await bench.through(different))
            say(f"different prompts, {n + 1}: raw {raw[-1]}, through the worker {through[-1]}")
        ours = [await bench.through(step) for _ in range(settings.repeats)]
        engine = bench.engine
        found: dict[str, Any] = {
            "raw": raw,
            "worker": through,
            "step": ours,
            "rollouts": len(step),
            "different": len(different),
            "calls": engine.calls,
            "prompt_tokens_mean": engine.prompt_tokens / max(1, engine.calls),
            "prefix_hit_rate": engine.cached_tokens / max(1, engine.prompt_tokens),
            "tokens": {"raw": raw_tokens, "step": engine.computed_tokens, "least": _least(bench, different)},
        }
        say(f"step of {len(step)}: {', '.join(str(rate) for rate in ours)} with {engine.calls} calls")
        found["loads"] = await _loads(bench, statistics.median(rate.per_s for rate in through), say)
        found |= {"engine": bench.stage.describe(), "asked_again": bench.stage.asked_again}
        prompts = bench.prompts(step)
    theirs = await _theirs(settings, prompts, directory, say) if settings.with_reference else []
    return found | {"reference": theirs[: settings.repeats], "reference_as_published": theirs[settings.repeats :]}


def _least(bench: Bench, different: list[Rollout]) -> int | None:
    """Return how few tokens would do for the step; None where the model's tokens are not at hand."""
    tokens = [bench.engine.tokens(prompt) for prompt in bench.prompts(different)]
    known = [ids for ids in tokens if ids is not None]
    return least(known) if len(known) == len(tokens) else None


async def _loads(bench: Bench, full: float, say: Callable[[str], None]) -> list[dict[str, float]]:
    found: list[dict[str, float]] = []
    for n, share in enumerate(bench.settings.shares):
        rate = share * full
        count = max(20, int(rate * bench.settings.load_s))
        settings = bench.settings
        fresh = unique(refused(count, settings.group_size, settings.seed + 10 + n, settings.questions))
        waits = await bench.under_load(fresh[:count], rate)
        row = {"share": share, "rate_per_s": rate, "count": float(len(waits))}
        row |= {f"p{q}_ms": 1000 * waits[min(len(waits) - 1, len(waits) * q // 100)] for q in (50, 99)}
        say(f"load {share:.0%}: p50 {row['p50_ms']:.0f} ms, p99 {row['p99_ms']:.0f} ms")
        found.append(row)
    return found


async def _theirs(
    settings: EngineSettings, prompts: list[str], directory: Path, say: Callable[[str], None]
) -> list[Pattern]:
    """Measure the reference's pattern, on a server with vLLM's default block size; ours is stopped by then."""
    block = None if gpu_found() else CPU_DEFAULT_BLOCK
    config = TinyVConfig(model=settings.model, engine=EngineConfig(threads=settings.threads, block_size=block))
    say("starting the reference's server")
    async with openai_server(config, directory / "server.log") as answers:
        server = await answers()
        await pattern(server, prompts[:1])  # warm
        found: list[Pattern] = []
        for seed in range(settings.repeats + settings.as_published):
            # The server's prefix cache cannot be emptied from outside: another first token does the same.
            asked = prompts if not seed else [f"{seed} {prompt}" for prompt in prompts]
            found.append(await pattern(server, asked, as_published=seed >= settings.repeats))
            say(f"reference, {seed + 1}: {found[-1].rate}, {found[-1].computed} tokens computed")
    return found


def _check(rewards: list[Reward]) -> None:
    for reward in rewards:
        assert reward.status is Status.OK, reward  # noqa: S101 a benchmark of failures would be no benchmark
