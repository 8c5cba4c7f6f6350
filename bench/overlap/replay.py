"""Trainer's side of the streaming modes: a generation phase replayed on the clock, and its rewards.

- One monotonic clock, in this process. Generation costs no CPU here: on a real system it runs on GPUs.
- Submits are not awaited one after the other: a policy goes on while a finished completion is being sent.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import msgspec

from bench.workload import Step, StepCompletion
from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.client.client import RewardClient
from tinyv_stream.timeline.spans import Span, span_of
from tinyv_stream.types import Reward, Status


class ReplayedStep(msgspec.Struct, frozen=True, kw_only=True):
    """What one mode made of one step."""

    spans: list[Span]
    values: dict[str, float | None]
    """rollout_id -> reward; None where nobody could decide."""
    notes: dict[str, str]
    """rollout_id -> how TinyV decided, for those that it did: what a difference is explained with."""
    calls: int
    """Questions put to the engine."""
    failed: int


async def stream(client: RewardClient, step: Step, *, number: int) -> ReplayedStep:
    """Submit each completion as it ends, and return once the trainer holds every reward."""
    spans: list[Span] = []
    rewards: list[Reward] = []
    ends = {line.rollout.rollout_id: line.end_s for line in step.lines}
    arriving = client.rewards()
    start = time.monotonic()
    async with generation(step, start, lambda line: client.submit(line.rollout), client.end):
        async for reward in arriving:
            now = time.monotonic() - start
            rewards.append(reward)
            spans.append(span_of(reward, rewarded_s=now, ended_s=ends[reward.rollout_id], step=number))
    return found_of(rewards, spans)


def found_of(rewards: list[Reward], spans: list[Span]) -> ReplayedStep:
    """Return what came of a step whose rewards are all there."""
    return ReplayedStep(
        spans=spans,
        values={r.rollout_id: r.value for r in rewards},
        notes={r.rollout_id: note_of(r) for r in rewards if r.tinyv is not None},
        calls=sum(r.timings.tinyv_s is not None for r in rewards),
        failed=sum(r.status is not Status.OK for r in rewards),
    )


@asynccontextmanager
async def generation(
    step: Step, start: float, finished: Callable[[StepCompletion], Awaitable[object]], end: Callable[[], None]
) -> AsyncGenerator[None]:
    """Call `finished` for each completion when it is due, from monotonic `start` on; `end` after the last one.

    Leaving the block raises what a call raised.
    """

    async def generate() -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                for line in step.lines:
                    await asyncio.sleep(start + line.end_s - time.monotonic())
                    tasks.create_task(_whole(finished(line)))
        finally:
            end()

    task = asyncio.create_task(generate(), name="generation")
    try:
        yield
        await task
    finally:
        await cancel_all([task])


def note_of(reward: Reward) -> str:
    """Say in few words how TinyV's verdict came about."""
    verdict = reward.tinyv
    if verdict is None:
        return ""
    p_true = "" if verdict.p_true is None else f" p_true={verdict.p_true:.4f}"
    return f"{verdict.grader} {verdict.outcome}{p_true} {verdict.reason}".strip()


async def _whole(work: Awaitable[object]) -> None:
    await work
