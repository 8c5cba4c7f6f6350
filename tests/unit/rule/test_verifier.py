"""The rule stage as the worker sees it, on real grader processes."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator

import msgspec
import pytest
from tinyv_stream_workers.rule import verifier as verifier_module
from tinyv_stream_workers.rule.sandbox.process_pool import Graded
from tinyv_stream_workers.rule.sandbox.sandbox import Sandbox
from tinyv_stream_workers.rule.verifier import RuleVerifier

from tinyv_stream.broker.messages import Work
from tinyv_stream.config import RuleConfig
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.reward_policy import Route
from tinyv_stream.types import Outcome, Verdict
from tinyv_stream.verifiers.rules.graders import Check


@pytest.fixture
async def verifier() -> AsyncIterator[RuleVerifier]:
    async with RuleVerifier(RuleConfig(timeout_s=1.0), routes=(("_strict", Route("exact", tinyv=False)),)) as opened:
        yield opened


def work(completion: str, gold: str, data_source: str = "bigmath_tinyv", model_answer: str | None = None) -> Work:
    return Work(
        run_id="run",
        client_id="client",
        rollout_id="1",
        question="What is it?",
        ground_truth=gold,
        completion=completion,
        data_source=data_source,
        model_answer=model_answer,
    )


@pytest.mark.parametrize(
    ("data_source", "grader"),
    [
        ("bigmath_tinyv", "cascade"),
        ("HardVerify-Math", "cascade"),
        ("bigmath_mathverify", "math_verify"),
        ("bigmath_prime", "prime"),
        ("who knows", "prime"),
        ("mine_strict", "exact"),
    ],
)
async def test_the_route_chooses_the_grader(verifier: RuleVerifier, data_source: str, grader: str) -> None:
    finding = await verifier.verify(work(r"It is \boxed{42}.", "42", data_source))
    assert finding.verdict.grader == grader
    assert finding.verdict.outcome is Outcome.CORRECT
    assert finding.model_answer == "42"


async def test_the_answer_travels_on_even_when_the_rules_refuse_it(verifier: RuleVerifier) -> None:
    finding = await verifier.verify(work(r"So \boxed{x=3, y=5}", "x=3, y=4"))
    assert finding.verdict.outcome is not Outcome.CORRECT
    assert finding.model_answer == "x=3, y=5"


async def test_an_answer_that_came_along_is_not_cut_out_again(verifier: RuleVerifier) -> None:
    finding = await verifier.verify(work(r"\boxed{1}", "2", model_answer="2"))
    assert finding.verdict.outcome is Outcome.CORRECT


async def test_too_long_an_answer_is_incorrect_at_once(verifier: RuleVerifier) -> None:
    finding = await verifier.verify(work(r"\boxed{" + "1+" * 50_000 + "1}", "50001"))
    assert finding.verdict.outcome is Outcome.INCORRECT
    assert finding.verdict.reason == "the answer is too long"
    assert len(finding.model_answer or "") == RuleConfig().max_answer_chars


async def test_many_at_once_each_get_their_own_verdict(verifier: RuleVerifier) -> None:
    works = [work(rf"\boxed{{x+{i}}}", f"{i % 7}+x") for i in range(60)]
    findings = await asyncio.gather(*(verifier.verify(w) for w in works))
    correct = [f.verdict.outcome is Outcome.CORRECT for f in findings]
    assert correct == [i == i % 7 for i in range(60)]


@pytest.fixture
def graded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Have no sandbox, and return the list of the answers that would have been graded there."""
    asked: list[str] = []

    async def refuse(_: Sandbox, grader: str, check: Check) -> Graded:
        asked.append(check.model_answer)
        return Graded(Verdict(outcome=Outcome.INCORRECT, grader=grader), 0.1)

    monkeypatch.setattr(Sandbox, "grade", refuse)
    return asked


async def test_of_equal_checks_the_one_asked_for_longest_ago_is_forgotten_first(
    graded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifier_module, "_REMEMBERED", 2)
    verifier = RuleVerifier(RuleConfig())
    for answer in ("x+1", "x+2", "x+1", "x+3", "x+1", "x+2"):
        await verifier.verify(work("", "y", model_answer=answer))
    assert graded == ["x+1", "x+2", "x+3", "x+2"]


async def test_checks_that_differ_anywhere_are_graded_each(graded: list[str]) -> None:
    verifier = RuleVerifier(RuleConfig())
    asked = [work("", "yz", model_answer="x"), work("", "z", model_answer="xy"), work("", "yz\ud800", model_answer="x")]
    asked += [msgspec.structs.replace(asked[0], question=""), msgspec.structs.replace(asked[0], data_source="_prime")]
    for one in (*asked, *asked):
        await verifier.verify(one)
    assert len(graded) == len(asked)


@pytest.mark.usefixtures("graded")
async def test_no_text_of_a_remembered_check_is_kept() -> None:
    verifier = RuleVerifier(RuleConfig())
    tracemalloc.start()
    try:
        for i in range(400):
            asked = work("", f"y+{i}", model_answer="x")
            await verifier.verify(msgspec.structs.replace(asked, question=f"{i} " + "x" * 50_000))
        assert tracemalloc.get_traced_memory()[0] < 2_000_000  # the questions are 20 MB
    finally:
        tracemalloc.stop()


async def test_a_grader_that_does_not_exist_stops_the_worker_at_start() -> None:
    verifier = RuleVerifier(RuleConfig(), routes=(("x", Route("nonsense", tinyv=False)),))
    with pytest.raises(InvalidInputError, match="nonsense"):
        await verifier.__aenter__()
