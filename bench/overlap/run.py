"""Run of every mode on every step, with the measurements and the load of the machine.

- Each repeat is a step with new questions; within it the order of the modes is shuffled.
- Before the first repeat each mode sees a few rollouts of another seed: engines and graders are warm, caches are not.
- A mode that fails ends the run with its error: no figure is made up from what is left.
"""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from bench.overlap import generate, reference
from bench.overlap.definition import Exposure, measure, quantile
from bench.overlap.openai_server import openai_server
from bench.overlap.pools import STREAMING, pools
from bench.overlap.replay import ReplayedStep, stream
from bench.overlap.settings import OverlapSettings
from bench.overlap.trainers.process import TRAINERS, TrainerProcess, trainer
from bench.overlap.trainers.protocol import Hello
from bench.workload import Mix, Step, WorkloadQuestion, bundled, from_file, make
from tinyv_stream.client.client import RewardClient
from tinyv_stream.config import Config, TinyVConfig
from tinyv_stream.testing import embedded_server

RunLog = Callable[[str], None]
PlayStep = Callable[[Step, int], Awaitable[ReplayedStep]]
GenerateStep = Callable[[RewardClient, Step, int], Awaitable[ReplayedStep]]

_WARM_PROMPTS: Final = 4
_LONE: Final = 7
"""Verdicts asked for one after the other, to learn how long one takes on an idle pool."""
DEADLINE_S: Final = 900.0


class Repeat(msgspec.Struct, frozen=True, kw_only=True):
    """One mode on one step. Load is the machine's 1-minute average; this machine's `cores` are in the result."""

    mode: str
    number: int
    position: int
    """Place of the mode in this repeat's shuffled order."""
    exposure: Exposure
    calls: int
    failed: int
    load_before: float
    load_after: float
    found: ReplayedStep


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was measured. `verdict_s` is one TinyV verdict on an idle pool, rules and queues not in it."""

    repeats: list[Repeat]
    steps: list[Step]
    verdict_s: float | None
    trainers: dict[str, Hello]
    """What really ran in the modes that are trainers' own."""


class _Started(msgspec.Struct, kw_only=True):
    """What plays a step in each mode, warm, and what was learnt on the way."""

    players: dict[str, PlayStep]
    verdict_s: float | None
    trainers: dict[str, Hello]


async def measure_all(settings: OverlapSettings, say: RunLog) -> Measured:
    """Run the benchmark; raises TinyVError if a part of it does not start."""
    steps = [_step(settings, n) for n in range(settings.repeats)]
    rng = random.Random(f"order {settings.seed}")  # noqa: S311 an order, not a secret
    repeats: list[Repeat] = []
    async with _players(settings, say) as started:
        for n, step in enumerate(steps):
            for position, mode in enumerate(rng.sample(settings.modes, len(settings.modes))):
                before = os.getloadavg()[0]
                found = await started.players[mode](step, n)
                repeats.append(_repeat(mode, n, position, before, found))
                e = repeats[-1].exposure
                say(f"step {n + 1}/{len(steps)} {mode}: exposed {e.exposed_s:.3f} s, {found.calls} TinyV calls")
    return Measured(repeats=repeats, steps=steps, verdict_s=started.verdict_s, trainers=started.trainers)


@asynccontextmanager
async def _players(settings: OverlapSettings, say: RunLog) -> AsyncGenerator[_Started]:
    """Start what the modes need, each warm."""
    async with AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tinyv-overlap-")))
        # The server starts beside the pools: each of them loads a model for half a minute.
        players, trainers = await stack.enter_async_context(_references(settings, directory))
        url = settings.redis or (await stack.enter_async_context(embedded_server(maxmemory_mb=1024))).url
        streaming = [m for m in settings.modes if m in STREAMING]
        configs = await stack.enter_async_context(pools(streaming, settings.config, url, directory, say))
        policy = await stack.enter_async_context(_policy(settings, directory))
        players |= {mode: _streamer(url, mode, config, policy) for mode, config in configs.items()}
        warm = make(_questions(settings, _WARM_PROMPTS, -1), settings.group_size, wall_s=0.5, seed=-1)
        for mode in settings.modes:
            await players[mode](warm, -1)
        say("every mode is warm")
        yield _Started(
            players=players,
            verdict_s=await _lone_verdict(url, configs["stream"], settings) if "stream" in configs else None,
            trainers={name: await each.hello() for name, each in trainers.items()},
        )


@asynccontextmanager
async def _references(
    settings: OverlapSettings, directory: Path
) -> AsyncGenerator[tuple[dict[str, PlayStep], dict[str, TrainerProcess]]]:
    """Start the OpenAI server and the trainers that chosen modes need; a player waits until both are ready."""
    if not set(settings.modes) - set(STREAMING):
        yield {}, {}
        return
    await asyncio.to_thread(reference.prepare)
    async with AsyncExitStack() as stack:
        ready = await stack.enter_async_context(openai_server(settings.config.tinyv, directory / "server.log"))

        async def blocking(step: Step, number: int) -> ReplayedStep:
            return await reference.blocking(await ready(), step, number=number)

        async def per_sample(step: Step, number: int) -> ReplayedStep:
            return await reference.per_sample(await ready(), step, number=number)

        def in_trainer(own: TrainerProcess) -> PlayStep:
            async def play(step: Step, number: int) -> ReplayedStep:
                return await own.play(step, number, await ready())

            return play

        trainers = {
            name: await stack.enter_async_context(trainer(name, settings.venvs, directory / f"{name}.log"))
            for name in TRAINERS
            if name in settings.modes
        }
        players: dict[str, PlayStep] = {"blocking": blocking, "per_sample": per_sample}
        yield players | {name: in_trainer(own) for name, own in trainers.items()}, trainers


@asynccontextmanager
async def _policy(settings: OverlapSettings, directory: Path) -> AsyncGenerator[GenerateStep]:
    """Yield what streams a step: its generation replayed, or done by a server of the policy model."""
    if settings.policy is None:
        yield lambda client, step, n: stream(client, step, number=n)
        return
    config = TinyVConfig(model=settings.policy)
    async with openai_server(config, directory / "policy.log") as ready:
        server = await ready()
        yield lambda client, step, n: generate.stream(client, server, step, number=n, max_tokens=settings.policy_tokens)


def _streamer(url: str, mode: str, config: Config, generation: GenerateStep) -> PlayStep:
    async def play(step: Step, number: int) -> ReplayedStep:
        run_id = f"{mode}-{number}-{time.time_ns()}"
        pool, room = config.broker.pool, max(1024, len(step.lines))
        async with RewardClient(url, run_id=run_id, pool=pool, max_inflight=room, deadline_s=DEADLINE_S) as client:
            return await generation(client, step, number)

    return play


async def _lone_verdict(url: str, config: Config, settings: OverlapSettings) -> float | None:
    """Return the median engine time of rollouts that are alone in the pool; None if TinyV was never asked."""
    step = make(_questions(settings, _LONE, -2), settings.group_size, wall_s=0.5, seed=-2, mix=Mix(false_negative=1.0))
    wanted = {line.rollout.group_id: line for line in step.lines if line.kind in {"false_negative", "wrong"}}
    times: list[float] = []
    async with RewardClient(url, run_id=f"lone-{time.time_ns()}", pool=config.broker.pool) as client:
        for line in wanted.values():
            reward = await (await client.submit(line.rollout))
            if reward.timings.tinyv_s is not None:
                times.append(reward.timings.tinyv_s)
    return quantile(times, 0.5) if times else None


def _repeat(mode: str, number: int, position: int, load_before: float, found: ReplayedStep) -> Repeat:
    return Repeat(
        mode=mode,
        number=number,
        position=position,
        exposure=measure(found.spans),
        calls=found.calls,
        failed=found.failed,
        load_before=round(load_before, 2),
        load_after=round(os.getloadavg()[0], 2),
        found=found,
    )


def _step(settings: OverlapSettings, number: int) -> Step:
    seed = settings.seed * 1000 + number
    questions = _questions(settings, settings.prompts, seed)
    return make(
        questions, settings.group_size, wall_s=settings.wall_s, seed=seed, mix=Mix(zipf_exponent=settings.zipf_exponent)
    )


def _questions(settings: OverlapSettings, count: int, seed: int) -> list[WorkloadQuestion]:
    return from_file(settings.questions, count, seed) if settings.questions else bundled(count, seed)
