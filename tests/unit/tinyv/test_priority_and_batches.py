"""Priority, concurrency and the batch gate: pure parts, held to what they promise."""

import asyncio
import random
import tracemalloc

import pytest
from tinyv_stream_workers.tinyv.batch_gate import BatchGate, is_near
from tinyv_stream_workers.tinyv.concurrency import Pace
from tinyv_stream_workers.tinyv.engines.scripted import ScriptedEngine
from tinyv_stream_workers.tinyv.priority import WINDOW, PriorityQueue
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier

from tinyv_stream.broker.messages import Work
from tinyv_stream.config import EngineConfig, TinyVConfig
from tinyv_stream.testing import wait_until
from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.tinyv.read_out import Reading


def test_equal_questions_stand_together_and_begun_ones_first() -> None:
    queue = PriorityQueue()
    first = queue.place("a long question, asked first")
    for i in range(10 * WINDOW):
        assert queue.place(f"later {i}") > 0
    assert queue.place("a long question, asked first") == first
    assert queue.place("new") > first


def test_shortest_goes_first_but_only_within_its_window() -> None:
    queue = PriorityQueue()
    long, short = queue.place("x" * 500), queue.place("y")
    assert short < long
    for i in range(WINDOW):
        queue.place(f"{i}")
    assert queue.place("z") > long


def test_no_question_is_kept() -> None:
    queue = PriorityQueue()
    tracemalloc.start()
    try:
        for i in range(400):
            queue.place(f"{i} \ud800" + "x" * 50_000)
        assert tracemalloc.get_traced_memory()[0] < 2_000_000  # the questions are 40 MB or more
    finally:
        tracemalloc.stop()


def throughput(limit: int, best: int) -> float:
    """A machine that gains from every rollout in flight up to `best`, and from none beyond."""
    return 10.0 * min(limit, best)


@pytest.mark.parametrize("best", [4, 16, 60, 1_000])
def test_pace_finds_what_keeps_the_machine_busy(best: int) -> None:
    pace, now, held, highest = Pace(8, 256), 0.0, 0, 0
    for _ in range(20_000):
        while held < pace.limit:
            pace.began(now)
            held += 1
        highest = max(highest, pace.limit)
        now += 1 / throughput(held, best)
        pace.ended(now)
        held -= 1
    assert throughput(pace.limit, best) >= 0.9 * throughput(256, best)
    assert pace.limit <= max(8, 4 * best)
    assert highest <= 256


def test_pace_that_is_not_the_bottleneck_stays() -> None:
    pace, now = Pace(8, 256), 0.0
    for _ in range(5_000):
        pace.began(now)
        now += 0.01
        pace.ended(now)
    assert pace.limit == 8


async def test_gate_lets_no_one_in_beside_the_one_alone() -> None:
    gate, inside, most, alone_with = BatchGate(), 0, 0, []
    order = random.Random(0)

    async def reader() -> None:
        nonlocal inside, most
        async with gate.shared():
            inside += 1
            most = max(most, inside)
            for _ in range(order.randrange(5)):
                await asyncio.sleep(0)
            inside -= 1

    async def loner() -> None:
        async with gate.alone():
            alone_with.append(inside)
            await asyncio.sleep(0)
            alone_with.append(inside)

    await asyncio.gather(*(loner() if i % 7 == 3 else reader() for i in range(200)))
    assert most > 10
    assert set(alone_with) == {0}


async def test_cancelled_loner_lets_the_others_in() -> None:
    gate = BatchGate()
    async with gate.shared():
        waiting = asyncio.create_task(_alone(gate))
        await wait_until(lambda: not gate._open.is_set(), 10, "the loner at the gate")
        waiting.cancel()
        await asyncio.wait({waiting})
        async with asyncio.timeout(10), gate.shared():
            pass


async def _alone(gate: BatchGate) -> None:
    async with gate.alone():
        pass


@pytest.mark.parametrize(("p_true", "near"), [(0.5, True), (0.55, True), (0.6, False), (0.0, False), (1.0, False)])
def test_near_is_measured_in_logits(p_true: float, *, near: bool) -> None:
    assert is_near(p_true, 0.5) is near


class Noisy(ScriptedEngine):
    """Says something else in a batch than alone, as bfloat16 does near the threshold."""

    alone = 0.49

    async def read(self, prompt: str, *, priority: int = 0, fresh: bool = False) -> Reading:
        await super().read(prompt, priority=priority, fresh=fresh)
        return Reading(p_true=self.alone if fresh else 0.51)


async def test_verdict_near_the_threshold_is_the_one_asked_alone() -> None:
    config = TinyVConfig(engine=EngineConfig(kind="scripted"))
    work = Work(run_id="r", client_id="c", rollout_id="1", question="What is 1+1?", ground_truth="2", model_answer="3")
    async with TinyVVerifier(config, engine=Noisy()) as stage:
        verdicts = [f.verdict for f in await asyncio.gather(*(stage.verify(work) for _ in range(20)))]
    assert {v.outcome for v in verdicts} == {Outcome.INCORRECT}
    assert {v.p_true for v in verdicts} == {0.49}
