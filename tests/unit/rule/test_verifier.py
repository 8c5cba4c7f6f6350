"""The rule stage as the worker sees it, on real grader processes."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tinyv_stream.cascade import Route
from tinyv_stream.codec import Work
from tinyv_stream.config import RuleConfig
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.types import Outcome
from workers.rule.verifier import RuleVerifier


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


async def test_too_long_an_answer_is_undecided_at_once(verifier: RuleVerifier) -> None:
    finding = await verifier.verify(work(r"\boxed{" + "1+" * 50_000 + "1}", "50001"))
    assert finding.verdict.outcome is Outcome.UNDECIDED
    assert finding.verdict.reason == "the answer is too long"
    assert len(finding.model_answer or "") == RuleConfig().max_answer_chars


async def test_many_at_once_each_get_their_own_verdict(verifier: RuleVerifier) -> None:
    works = [work(rf"\boxed{{x+{i}}}", f"{i % 7}+x") for i in range(60)]
    findings = await asyncio.gather(*(verifier.verify(w) for w in works))
    correct = [f.verdict.outcome is Outcome.CORRECT for f in findings]
    assert correct == [i == i % 7 for i in range(60)]


async def test_a_grader_that_does_not_exist_stops_the_worker_at_start() -> None:
    verifier = RuleVerifier(RuleConfig(), routes=(("x", Route("nonsense", tinyv=False)),))
    with pytest.raises(InvalidInputError, match="nonsense"):
        await verifier.__aenter__()
