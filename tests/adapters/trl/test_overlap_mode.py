"""Mode `trl` of the overlap benchmark: TRL's own path gives every rollout its reward, all of them after the batch."""

from pathlib import Path

from overlap_kit import check, played


async def test_trls_own_path_rewards_every_rollout_after_the_batch(tmp_path: Path) -> None:
    step, hello, both = await played("trl", tmp_path)
    assert hello.path.startswith("trl.trainer.grpo_trainer.GRPOTrainer._calculate_rewards")
    for found in both:
        check(step, found)
        assert len({span.rewarded_s for span in found.spans}) == 1
