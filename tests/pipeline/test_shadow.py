"""A pool with a shadow verifier: its counts are in the pool's status, and rewards are those without it."""

from pathlib import Path

import pytest
from cli_kit import Cli, rewards_in, write_rollouts

from tinyv_stream.intervals import shadow_disagreement
from tinyv_stream.testing import wait_until_sync

SHADOW = """
[tinyv.shadow]
model = "second"
kind = "scripted"
share = 1.0
"""


@pytest.mark.timeout(120)
def test_shadow_is_counted_in_the_pool_and_touches_no_reward(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    cli.settings.write_text(cli.settings.read_text() + SHADOW)
    write_rollouts(tmp_path / "in.jsonl", 20)
    with cli.up():
        pushed = cli.run("push", tmp_path / "in.jsonl", "--out", tmp_path / "out.jsonl")
        assert pushed.returncode == 0, pushed.stderr
        rewards = rewards_in(tmp_path / "out.jsonl")
        assert [reward["value"] for reward in rewards].count(1.0) == 10
        asked = sum(reward["source"] == "tinyv" for reward in rewards)
        assert asked > 0
        wait_until_sync(lambda: cli.status().stats.get("shadow_agree", 0) == asked, 30, "each was judged twice")
        status = cli.status()
        assert shadow_disagreement(status.stats).value == 0.0
        shadow = next(worker.about["shadow"] for worker in status.workers if worker.stage == "tinyv")
        assert shadow == f"second (ready), 0 of {asked} differ"
        assert "shadow differs" in cli.run("status").stdout
