"""The faults of `fault_kit` by verl's reward manager, as its reward workers run it, and by AReaL's workflow."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from areal_kit import play, workflow
from contract_kit import Case
from fault_kit import (
    Give,
    Way,
    crew,  # noqa: F401 a fixture
    test_a_cancelled_trainer_leaves_no_work_and_may_ask_again,  # noqa: F401 collected here
    test_after_the_deadline_nothing_is_scored_at_all,  # noqa: F401
    test_killed_workers_change_no_reward,  # noqa: F401
    test_with_the_engine_down_nothing_is_scored_0,  # noqa: F401
    watch,  # noqa: F401
)
from tiny_policy import make
from transformers import AutoTokenizer
from verl.trainer.ppo.reward import load_reward_manager
from verl_kit import batch, config


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make(tmp_path_factory.mktemp("model"), with_model=False)


@pytest.fixture(params=["verl", "areal"])
def way(request: pytest.FixtureRequest, model: str) -> Way:
    tokenizer = AutoTokenizer.from_pretrained(model)

    @asynccontextmanager
    async def by_verl() -> AsyncIterator[Give]:
        chosen = config(model, "", "pkg://trainer_adapters.verl_reward")
        del chosen.reward["tinyv"]
        loaded = load_reward_manager(chosen, tokenizer)

        async def give(case: Case) -> float | None:
            return (await loaded.run_single(batch(tokenizer, [case])))["reward_score"]

        yield give

    @asynccontextmanager
    async def by_areal() -> AsyncIterator[Give]:
        flow = workflow(tokenizer)

        async def give(case: Case) -> float | None:
            got = await play(flow, tokenizer, case)
            return None if got is None else float(got["rewards"][0])

        yield give

    return Way(request.param, {"verl": by_verl, "areal": by_areal}[request.param])
