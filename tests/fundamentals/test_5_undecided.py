"""A failure is never a score: what no verifier could decide has no number, and says why."""

from tinyv_stream import Outcome, RewardClient, Rollout, Status
from tinyv_stream.pool import Pool


async def test_undecided_is_no_score(pool: Pool) -> None:
    async with RewardClient(pool.url, run_id="exp-1", pool="lesson") as client:
        answer = "\\boxed{some words [[undecided]]}"
        rollout = Rollout(question="6 * 7?", completion=answer, ground_truth="42", data_source="bigmath_tinyv")
        reward = await (await client.submit(rollout))
    assert (reward.status, reward.value) == (Status.FAILED, None)
    assert reward.rule is not None and reward.rule.outcome is Outcome.INCORRECT
    assert reward.tinyv is not None and reward.tinyv.outcome is Outcome.UNDECIDED
    assert reward.reason
