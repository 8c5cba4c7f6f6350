"""The stage on a scripted engine: every way in which it must say undecided, and the few in which it may not."""

import asyncio

import pytest
from tinyv_stream_workers.tinyv.engines.api import PromptTooLongError
from tinyv_stream_workers.tinyv.engines.scripted import ScriptedEngine
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier

from tinyv_stream.broker.messages import Work
from tinyv_stream.config import EngineConfig, TinyVConfig
from tinyv_stream.errors import EngineDiedError
from tinyv_stream.testing import wait_until
from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.tinyv.read_out import Reading


def work(answer: str | None, *, question: str = "What is 1+1?", ground_truth: str = "2") -> Work:
    return Work(
        run_id="r", client_id="c", rollout_id="1", question=question, ground_truth=ground_truth, model_answer=answer
    )


def verifier(engine: ScriptedEngine | None = None, **engine_fields: float) -> TinyVVerifier:
    config = TinyVConfig(engine=EngineConfig(kind="scripted", **engine_fields))
    return TinyVVerifier(config, engine=engine)


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [("2", "correct"), ("3", "incorrect"), ("3 [[true]]", "correct"), ("2 [[undecided]]", "undecided")],
)
async def test_reading_becomes_a_verdict_with_its_model(answer: str, outcome: str):
    async with verifier() as stage:
        finding = await stage.verify(work(answer))
    assert finding.verdict.outcome == outcome
    assert (finding.verdict.grader, finding.verdict.model) == ("tinyv", "scripted")


async def test_timeout_is_undecided(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TINYV_SCRIPTED_DELAY_S", "60")
    async with verifier(request_timeout_s=0.05) as stage:
        verdict = (await stage.verify(work("2"))).verdict
    assert verdict.outcome is Outcome.UNDECIDED
    assert "0.05 s" in verdict.reason


async def test_overlong_answer_is_incorrect_without_a_call_and_undecided_beside_a_long_reference():
    engine = ScriptedEngine()
    async with verifier(engine) as stage:
        verdict = (await stage.verify(work("2" * 5_000))).verdict
        beside_long = (await stage.verify(work("2" * 5_000, ground_truth="3" * 900))).verdict
        longer = (await stage.verify(work("2" * 1_100, ground_truth="3" * 900))).verdict
    assert verdict.outcome is Outcome.INCORRECT
    assert beside_long.outcome is Outcome.INCORRECT
    assert longer.outcome is Outcome.UNDECIDED
    assert not engine.prompts


class Narrow(ScriptedEngine):
    """Takes short prompts only, as a model with a small context."""

    async def read(self, prompt: str, *, priority: int = 0, fresh: bool = False) -> Reading:
        if len(prompt) > 1_500:
            raise PromptTooLongError(len(prompt) // 4, 375)
        return await super().read(prompt, priority=priority, fresh=fresh)


async def test_overlong_prompt_loses_the_questions_beginning_only():
    engine = Narrow()
    async with verifier(engine) as stage:
        verdict = (await stage.verify(work("2", question="x " * 4_000 + "What is 1+1?"))).verdict
    assert verdict.outcome is Outcome.CORRECT
    assert "What is 1+1?</question>" in engine.prompts[0]
    assert "[...]" in engine.prompts[0]


async def test_what_cannot_fit_is_undecided():
    async with verifier(Narrow()) as stage:
        verdict = (await stage.verify(work("3" * 900, ground_truth="2" * 900))).verdict
    assert verdict.outcome is Outcome.UNDECIDED


async def test_engine_death_leaves_no_verdict(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TINYV_SCRIPTED_DELAY_S", "60")
    engine = ScriptedEngine()
    async with verifier(engine) as stage:
        asking = [asyncio.create_task(stage.verify(work("2"))) for _ in range(4)]
        await wait_until(lambda: len(engine.prompts) == 4, 30, "four reads in flight")
        engine.kill()
        ended = await asyncio.gather(*asking, return_exceptions=True)
        assert [type(e) for e in ended] == [EngineDiedError] * 4
        await stage.ready()


async def test_instructions_of_the_policy_are_not_shown():
    engine = ScriptedEngine()
    async with verifier(engine) as stage:
        await stage.verify(
            work("2", question="What is 1+1? Let's think step by step and output the final answer within \\boxed{}.")
        )
    assert "<question>What is 1+1?</question>" in engine.prompts[0]


async def test_states_are_told():
    stage = verifier()
    assert stage.describe()["state"] == "new"
    async with stage:
        counts = {"restarts": "0", "asked_again": "0"}
        known = {"engine": "scripted", "version": "1", "model": "scripted", "state": "ready"}
        assert stage.describe() == known | counts
    assert stage.describe()["state"] == "closed"
