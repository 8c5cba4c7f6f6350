"""A group of completions of one prompt comes back whole, in the order in which it was submitted."""

from tinyv_stream import RewardClient, Rollout
from tinyv_stream.pool import Pool


async def test_a_group_comes_whole_and_in_order(pool: Pool) -> None:
    async with RewardClient(pool.url, run_id="exp-1", pool="lesson") as client:
        for answer in ("1", "2", "3", "2"):
            completion = f"So it is \\boxed{{{answer}}}."
            await client.submit(
                Rollout(
                    question="1 + 1?",
                    completion=completion,
                    ground_truth="2",
                    data_source="mine_prime",
                    group_id="q17",
                    group_size=4,
                )
            )
        rewards = await client.group("q17")
    assert [reward.value for reward in rewards] == [0.0, 1.0, 0.0, 1.0]
