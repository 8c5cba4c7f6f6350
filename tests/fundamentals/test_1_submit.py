"""One rollout is submitted, and gets its reward."""

from tinyv_stream import RewardClient, Rollout, Source, Status
from tinyv_stream.pool import Pool


async def test_a_rollout_gets_its_reward(pool: Pool) -> None:
    async with RewardClient(pool.url, run_id="exp-1", pool="lesson") as client:
        rollout = Rollout(
            question="What is 6 * 7?",
            completion="It is \\boxed{42}.",
            ground_truth="42",
            data_source="bigmath_tinyv",
        )
        ticket = await client.submit(rollout)
        reward = await ticket
    assert (reward.status, reward.value, reward.source) == (Status.OK, 1.0, Source.RULE)


async def test_tinyv_gives_back_what_the_rules_refused(pool: Pool) -> None:
    async with RewardClient(pool.url, run_id="exp-1", pool="lesson") as client:
        answer = "\\boxed{forty-two, as words [[true]]}"
        rollout = Rollout(question="6 * 7?", completion=answer, ground_truth="42", data_source="bigmath_tinyv")
        reward = await (await client.submit(rollout))
    assert (reward.value, reward.source, reward.rescued) == (1.0, Source.TINYV, True)
