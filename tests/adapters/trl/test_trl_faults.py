"""The faults of `fault_kit` by TRL's two reward functions; what TRL does with their values is in test_trl_grpo."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from contract_kit import SOURCE, Case
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

from trainer_adapters.trl_reward import TICKET, TinyVReward, TinyVStreaming


@asynccontextmanager
async def by_reward() -> AsyncIterator[Give]:
    reward = TinyVReward()

    async def give(case: Case) -> float | None:
        columns = {"ground_truth": [case.ground_truth], "data_source": [SOURCE]}
        (value,) = await reward([case.question], [case.completion], **columns)
        return value

    yield give


@asynccontextmanager
async def by_streaming() -> AsyncIterator[Give]:
    streams: dict[str, TinyVStreaming] = {}

    async def give(case: Case) -> float | None:
        row = {"prompt": case.question, "ground_truth": case.ground_truth, "data_source": SOURCE}
        stream = streams.setdefault(case.question, TinyVStreaming([row]))
        ticket = stream._submit(case.question, case.completion, group_size=8, step=1)
        (value,) = await asyncio.to_thread(stream.reward, **{TICKET: [ticket]})
        return value

    yield give


WAYS = [Way("TinyVReward", by_reward), Way("TinyVStreaming", by_streaming, can_cancel=False)]


@pytest.fixture(params=WAYS, ids=lambda way: way.name)
def way(request: pytest.FixtureRequest) -> Way:
    return request.param
