# ruff: noqa: ANN401 trainers' objects have no types here
"""AReaL's real single-turn workflow with our reward in it, over a scripted engine; it lives beside verl's suite
because it needs torch too, and what AReaL pins cannot be had together on a CPU.
"""

import asyncio
from typing import Any

import pytest
from areal import workflow_context
from areal.utils import stats_tracker
from areal_kit import play, workflow
from contract_kit import cases
from tiny_policy import make
from transformers import AutoTokenizer

from tinyv_stream import UndecidedError


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return AutoTokenizer.from_pretrained(make(tmp_path_factory.mktemp("tokenizer"), with_model=False))


async def test_all_contract_rollouts_get_their_reward_and_undecided_is_rejected(tokenizer: Any, pool_url: str) -> None:
    flow, chosen = workflow(tokenizer, redis_url=pool_url, run_id="areal"), cases()
    got = await asyncio.gather(*(play(flow, tokenizer, case) for case in chosen))
    assert [None if g is None else float(g["rewards"][0]) for g in got] == [c.value for c in chosen]
    kept = next(g for g in got if g is not None)
    assert kept["loss_mask"].sum() > 0
    shown = stats_tracker.get(workflow_context.stat_scope()).export()
    assert shown["rollout/tinyv/undecided"] == shown["rollout/tinyv/rescued"] == 0.25
    assert shown["rollout/tinyv/wait_s"] > 0


async def test_it_can_raise_instead(tokenizer: Any, pool_url: str) -> None:
    undecided = next(case for case in cases() if case.value is None)
    with pytest.raises(UndecidedError):
        await play(workflow(tokenizer, redis_url=pool_url, on_undecided="raise"), tokenizer, undecided)
