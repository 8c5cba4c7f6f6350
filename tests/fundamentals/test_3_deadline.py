"""A rollout that nobody decides in time expires: it has a reward, and that reward has no number."""

from tinyv_stream import RewardClient, Rollout, Status
from tinyv_stream.testing import EmbeddedServer


async def test_a_deadline_ends_what_nobody_decides(server: EmbeddedServer, pool_name: str) -> None:
    async with RewardClient(server.url, run_id="exp-1", pool=pool_name) as client:  # a pool without workers
        rollout = Rollout(question="1 + 1?", completion="\\boxed{2}", ground_truth="2", deadline_s=0.2)
        reward = await (await client.submit(rollout))
    assert (reward.status, reward.value) == (Status.EXPIRED, None)
