"""verifiers' real task and trace: our reward plugged in by its path, as a prime-rl config does."""

import asyncio

import pytest
import verifiers.v1 as vf
from contract_kit import SOURCE, Case, cases
from verifiers.v1.configs.agent import AgentConfig
from verifiers.v1.configs.task import RewardFunctionConfig
from verifiers.v1.trace import AgentInfo, Trace, TraceTask

from tinyv_stream import UndecidedError


class Data(vf.TaskData):
    answer: str
    data_source: str = SOURCE


class MathTask(vf.Task[Data, vf.State, vf.TaskConfig]):
    """A task without a reward of its own."""


async def score(case: Case) -> Trace:
    data = Data(idx=0, prompt=case.question, answer=case.ground_truth)
    plugged = RewardFunctionConfig(fn="trainer_adapters.verifiers_reward:tinyv_reward")
    task = MathTask(data, vf.TaskConfig(rewards={"tinyv": plugged}))
    trace = Trace(
        task=TraceTask(type="MathTask", data=data), agent=AgentInfo(config=AgentConfig()), root_reply=case.completion
    )
    await task.score(trace)
    return trace


async def test_all_contract_rollouts_get_their_reward_and_undecided_raises() -> None:
    chosen = cases()
    got = await asyncio.gather(*(score(case) for case in chosen), return_exceptions=True)
    for case, trace in zip(chosen, got, strict=True):
        if case.value is None:
            assert isinstance(trace, Exception), trace  # verifiers' TaskError: the trace has no reward
            assert isinstance(trace.__cause__, UndecidedError), trace.__cause__
        else:
            assert isinstance(trace, Trace), trace
            assert trace.reward == case.value
            assert trace.metrics["tinyv_wait_s"] > 0


async def test_a_policy_of_the_users_own_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYV_ON_UNDECIDED", "rule")
    undecided = next(case for case in cases() if case.value is None)
    assert (await score(undecided)).reward == 0.0
