"""The chaos program itself, for ninety seconds: every kind of fault, real processes, and no promise broken."""

import asyncio
from pathlib import Path

import pytest

from bench.chaos import run
from bench.chaos.client import ClientTask
from bench.chaos.verdict import ChaosVerdict

SECONDS = 60.0
"""Of faults; the quiet time afterwards comes on top."""


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_no_reward_is_lost_doubled_wrong_or_late_in_chaos(tmp_path: Path) -> None:
    task = ClientTask(
        url="",
        pool="chaos",
        rollouts=1500,
        seed=20,
        poison=2,
        rate=1500 / (0.6 * SECONDS),
        deadline_s=120.0,
        journal=str(tmp_path / "journal"),
    )
    verdict: ChaosVerdict = asyncio.run(run(tmp_path, task, seconds=SECONDS, shards=2))
    assert verdict.broken == []
    assert verdict.rewarded == 1500
    assert set(verdict.injected) == set(verdict.possible), "each kind of fault at least once"
    assert len(verdict.possible) >= 22
