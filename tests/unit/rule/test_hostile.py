"""Hostile answers through the real sandbox: none runs, none is taken for right, none takes the worker with it."""

import asyncio
import contextlib
import math
import time
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import hostile_inputs as hostile
import psutil
import pytest
from tinyv_stream_workers.rule.sandbox.sandbox import Sandbox

from tinyv_stream.types import Outcome
from tinyv_stream.verifiers import grade
from tinyv_stream.verifiers.rules.extract import final_answer, prime_answer
from tinyv_stream.verifiers.rules.graders import Check

GOLD = "42"
MEMORY_MB = 1536
DEADLINE_S = 1.0
RIGHT = {"$42", "\\left" * 300 + "42"}
"""Odd spellings of the right answer."""
LOOSE = {"(" * 900 + "42" + ")" * 900, "{" * 900 + "42" + "}" * 900, "٤٢", "४२"}
"""What PRIME accepts on top by its own rules: it drops brackets, and reads digits of any script."""


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    graders = ("cascade", "prime", "math_verify", "exact")
    async with Sandbox(graders=graders, processes=2, timeout_s=1.0, memory_mb=MEMORY_MB) as box:
        yield box


def test_the_suite_is_as_large_as_it_claims() -> None:
    assert len(set(hostile.EVERYTHING)) >= 120
    assert len(set(hostile.PAYLOADS)) >= 20


@pytest.mark.parametrize("grader", ["cascade", "exact"])
async def test_our_graders_accept_no_hostile_answer(sandbox: Sandbox, grader: str) -> None:
    checks = [Check(answer, GOLD, "What is six times seven?") for answer in hostile.EVERYTHING]
    graded = await asyncio.gather(*(sandbox.grade(grader, check) for check in checks))
    accepted = [c.model_answer for c, g in zip(checks, graded, strict=True) if g.verdict.outcome is Outcome.CORRECT]
    assert set(accepted) <= RIGHT
    assert (await sandbox.grade(grader, Check(GOLD, GOLD))).verdict.outcome is Outcome.CORRECT


async def test_prime_survives_and_accepts_only_what_prime_accepts(sandbox: Sandbox) -> None:
    checks = [Check(answer, GOLD) for answer in hostile.PAYLOADS + hostile.COSTLY + hostile.SHAPES]
    graded = await asyncio.gather(*(sandbox.grade("prime", check) for check in checks))
    accepted = [c.model_answer for c, g in zip(checks, graded, strict=True) if g.verdict.outcome is Outcome.CORRECT]
    assert set(accepted) <= RIGHT | LOOSE


@pytest.mark.parametrize("grader", ["cascade", "prime", "math_verify"])
async def test_no_payload_runs(sandbox: Sandbox, grader: str) -> None:
    places = {Path.cwd(), Path("/"), Path.home(), Path(__file__).parent}
    golds = (GOLD,) if grader == "math_verify" else (GOLD, r"2\pi", r"\begin{pmatrix} 1 \\ 2 \end{pmatrix}")
    for gold in golds:
        await asyncio.gather(*(sandbox.grade(grader, Check(payload, gold)) for payload in hostile.PAYLOADS))
    assert [place for place in places if (place / hostile.CANARY).exists()] == []


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("grader", ["cascade", "prime", pytest.param("math_verify", marks=pytest.mark.long)])
async def test_no_answer_costs_more_than_its_deadline_and_half_a_second(grader: str) -> None:
    # CPU time, not wall time: a busy machine takes time away from graders. It also wakes this process late, and a
    # grader works on until then, so that how late the loop was is no cost of the answer.
    answers = hostile.COSTLY[::2] if grader == "math_verify" else hostile.COSTLY + hostile.SHAPES + hostile.PAYLOADS
    costs: dict[str, float] = {}
    async with Sandbox(graders=(grader,), processes=1, timeout_s=DEADLINE_S, memory_mb=MEMORY_MB) as box:
        for answer in answers:
            costs[answer[:60]] = await least_cost_s(box, grader, answer)
        assert (await box.grade(grader, Check(GOLD, GOLD))).verdict.outcome is Outcome.CORRECT
    assert grader != "math_verify" or max(costs.values()) > 0.1  # the clock runs; ours refuse by structure
    assert {answer: cost for answer, cost in costs.items() if cost > DEADLINE_S + 0.5} == {}


async def least_cost_s(box: Sandbox, grader: str, answer: str) -> float:
    """Return what the answer costs; a dear one is tried again: on a starved machine a kill comes late."""
    least_s = math.inf
    for _ in range(5):
        before_s = cpu_s()
        async with lateness() as late_s:
            await box.grade(grader, Check(answer, r"\frac{\sqrt{2}}{7}"))
        least_s = min(least_s, cpu_s() - before_s - sum(late_s))
        if least_s <= DEADLINE_S + 0.5:
            break
    return least_s


@contextlib.asynccontextmanager
async def lateness() -> AsyncGenerator[list[float]]:
    """Collect by how many seconds this loop's timers came late while the block ran."""
    late_s: list[float] = []

    async def tick() -> None:
        while True:
            began_s = time.monotonic()
            try:
                await asyncio.sleep(0.01)
            finally:
                late_s.append(max(0.0, time.monotonic() - began_s - 0.01))

    ticking = asyncio.create_task(tick())
    try:
        yield late_s
    finally:
        ticking.cancel()
        await asyncio.wait([ticking])


def cpu_s() -> float:
    """Return the CPU seconds of all grader processes so far, the ended ones too."""
    total = 0.0
    for server in psutil.Process().children():
        with contextlib.suppress(psutil.NoSuchProcess):
            if "tinyv_stream_workers.rule.sandbox.fork_server_child" not in server.cmdline():
                continue
            ended = server.cpu_times()  # before the living: one that ends in between is missed, not counted twice
            total += ended.children_user + ended.children_system
            for process in server.children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    times = process.cpu_times()
                    total += times.user + times.system
    return total


async def test_memory_stays_bounded(sandbox: Sandbox) -> None:
    await asyncio.gather(*(sandbox.grade("cascade", Check(answer, "x")) for answer in hostile.COSTLY))
    sizes: list[int] = []
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            sizes.append(child.memory_info().rss)
    assert sizes
    assert max(sizes) < MEMORY_MB * 1024 * 1024


@pytest.mark.parametrize(
    "text",
    [
        r"\boxed{" * 30_000, "is " * 60_000, "answer: " * 25_000, "{" * 250_000, "İ" * 200_000, "Problem: x\n" * 20_000,
        "the answer is 5, because " * 10_000, "$" * 250_000, "答案是" * 80_000, "#### 1\n" * 30_000, " " * 250_000,
        r"\boxed{1} " * 25_000, '{"answer": ' * 20_000, "</think>" * 30_000, r"\begin{a}" * 25_000, ". " * 120_000,
        "\n" * 250_000, "\t" * 250_000, "\n\n- " * 60_000, "$ " * 120_000, "** " * 80_000, "1+" * 90_000,
        "-" * 250_000,
        "told\u2018" * 50_000,
    ],
)  # fmt: skip
def test_a_quarter_megabyte_of_bait_is_cut_out_like_any_other(text: str) -> None:
    assert isinstance(final_answer(text + r"\boxed{42}"), str)
    assert isinstance(prime_answer(text).text, str)
    assert final_answer(text.replace("\\boxed{", "") + r" so \boxed{42}") == "42"


@pytest.mark.parametrize(
    ("answer", "truth", "question"),
    [
        ("3" + "\\, " * 300 + "5", "36", "What is 2?"),
        ("3" + " " * 1_900 + "5", "36", "What is 2?"),
        ("1" + "\\dot11" * 300 + "!", "0.5", "Write it as a decimal."),
        ("(2)" * 300 + "x", "36", "Give the prime factorization."),
        ("(" * 5 + "3x" + ")^{24}" * 5 + "+1", "(x+1)(x+2)", "Factor $x^2+3x+2$."),
        ("3", "36", "What is the sum of " + "1" * 3_900),
        ("3", "36", "What is the sum of " + "1," * 1_900),
    ],
)
def test_bait_in_an_answer_or_a_question_is_compared_like_any_other(answer: str, truth: str, question: str) -> None:
    assert grade(answer, truth, question).outcome is Outcome.INCORRECT
