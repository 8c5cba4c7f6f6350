"""Modes without a broker, against an OpenAI server: today's pattern of trainers.

- `blocking`, TinyV's reference: when the whole batch is generated, a fresh pool of 64 processes makes synchronous
  calls, and the trainer gets all rewards together. Its generation phase is not replayed: nothing happens in it.
- `per_sample`, the pattern of verl's reward loop with an async reward function, without Ray: each completion is
  graded and asked about as it ends; no queue, no coalescing, no lease. It shows what the broker costs.
"""

import asyncio
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

import aiohttp
from msgspec.structs import replace

from bench.overlap.reference_call import TIMEOUT_S, CallAnswer, Endpoint, ReferenceCall, ask, grade, verify, warm
from bench.overlap.replay import ReplayedStep, generation
from bench.workload import Step, StepCompletion
from tinyv_stream.timeline.spans import Span
from tinyv_stream.types import Source

PROCESSES: Final = 64
"""The reference's pool, which is also its most calls in flight."""
GRADERS: Final = 2


def job_of(line: StepCompletion, server: Endpoint) -> ReferenceCall:
    """Return what a process needs to verify `line`."""
    r = line.rollout
    return ReferenceCall(
        rollout_id=r.rollout_id,
        question=r.question,
        completion=r.completion,
        ground_truth=r.ground_truth,
        server=server,
    )


def prepare() -> None:
    """Start the fork server with everything imported; once, before anything is measured."""
    # Python 3.11's fork server does not take over sys.path, and leaves out silently what it cannot import.
    root = str(Path(__file__).resolve().parents[2])
    os.environ["PYTHONPATH"] = os.pathsep.join(p for p in (root, os.environ.get("PYTHONPATH", "")) if p)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{__package__}.reference_preload"])
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        pool.submit(warm).result()


async def blocking(server: Endpoint, step: Step, *, number: int) -> ReplayedStep:
    """Verify the step after its last completion; the clock starts there, at `wall_s`."""
    jobs = [job_of(line, server) for line in step.lines]
    began = time.monotonic()
    answers = await asyncio.to_thread(_batch, jobs)
    ended_s = step.wall_s + time.monotonic() - began
    spans = [
        after_batch(line, answer, rewarded_s=ended_s, wall_s=step.wall_s, number=number, start=began)
        for line, answer in zip(step.lines, answers, strict=True)
    ]
    return found(spans, answers)


async def per_sample(server: Endpoint, step: Step, *, number: int) -> ReplayedStep:
    """Verify each completion as it ends, by a call of its own."""
    spans: list[Span] = []
    answers: list[CallAnswer] = []
    context = multiprocessing.get_context("forkserver")
    loop = asyncio.get_running_loop()
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    with ProcessPoolExecutor(GRADERS, mp_context=context) as graders:
        await asyncio.gather(*(loop.run_in_executor(graders, warm) for _ in range(GRADERS)))
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http:
            start = time.monotonic()

            async def finished(line: StepCompletion) -> None:
                answer, request = await loop.run_in_executor(graders, grade, job_of(line, server))
                if request is not None:
                    answer = await ask(http, answer, request, server)
                answers.append(answer)
                spans.append(span_of_answer(line, answer, rewarded_s=time.monotonic() - start, number=number))

            async with generation(step, start, finished, lambda: None):
                pass
    return found(spans, answers)


def _batch(jobs: list[ReferenceCall]) -> list[CallAnswer]:
    context = multiprocessing.get_context("forkserver")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        return list(pool.map(verify, jobs))


def span_of_answer(line: StepCompletion, answer: CallAnswer, *, rewarded_s: float, number: int) -> Span:
    """Return the span of a rollout that a mode without a broker verified as it ended."""
    return Span(
        rollout_id=line.rollout.rollout_id,
        group_id=line.rollout.group_id,
        step=number,
        ended_s=line.end_s,
        rewarded_s=rewarded_s,
        source=Source.RULE if answer.call_s is None else Source.TINYV,
        rule_s=answer.rule_s,
        tinyv_s=answer.call_s,
    )


def after_batch(
    line: StepCompletion, answer: CallAnswer, *, rewarded_s: float, wall_s: float, number: int, start: float
) -> Span:
    """Return the span of a rollout that was verified after the batch; `start` is the clock's time at `wall_s`."""
    span = span_of_answer(line, answer, rewarded_s=rewarded_s, number=number)
    return replace(span, began_s=wall_s, answered_s=wall_s + answer.at - start)


def found(spans: list[Span], answers: list[CallAnswer]) -> ReplayedStep:
    """Return what came of a step whose answers are all there."""
    return ReplayedStep(
        spans=spans,
        values={a.rollout_id: None if a.error else a.value for a in answers},
        notes={a.rollout_id: a.error or f"reply {a.reply!r}" for a in answers if a.error or a.reply is not None},
        calls=sum(a.call_s is not None for a in answers),
        failed=sum(bool(a.error) for a in answers),
    )
