"""Mode `verl` of the overlap benchmark: verl's own reward loop on Ray gives every rollout its reward as it ends."""

from pathlib import Path

from overlap_kit import check, played


async def test_verls_own_reward_loop_rewards_every_rollout_as_it_ends(tmp_path: Path) -> None:
    step, hello, both = await played("verl", tmp_path)
    for part in ("AgentLoopWorker._compute_score", "8 Ray actors RewardLoopWorker", "RewardLoopManager", "NaiveReward"):
        assert part in hello.path
    for found in both:
        check(step, found)
        assert len({span.rewarded_s for span in found.spans}) == len(step.lines)
