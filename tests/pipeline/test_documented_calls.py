"""The lines on the trainers' pages that are a user's to copy, run as they stand with the trainers' batches."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from gateway_kit import workers

from tinyv_stream.adapter_kit import background, close_requesters
from tinyv_stream.testing import EmbeddedServer

PAGES = Path(__file__).resolve().parents[2] / "docs" / "trainers"
TEXTS = ["rule:correct", "rule:incorrect tinyv:correct", "rule:incorrect tinyv:incorrect", "rule:correct 2"]
UNDECIDED = "rule:raise tinyv:raise"


def from_page(name: str, function: str) -> Any:  # noqa: ANN401 a function of the page
    blocks = re.findall(r"```python\n(.*?)```", (PAGES / name).read_text(), re.DOTALL)
    found: dict[str, Any] = {}
    exec(next(block for block in blocks if f"def {function}(" in block), found)
    return found[function]


@pytest.fixture(autouse=True)
async def _pool(server: EmbeddedServer, pool_name: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    monkeypatch.setenv("TINYV_REDIS_URL", server.url)
    monkeypatch.setenv("TINYV_POOL", pool_name)
    async with workers(server.url, pool_name):
        yield
    await close_requesters()
    await asyncio.wrap_future(background.start(close_requesters()))


async def test_nemo_rls_batch_gets_numbers_and_figures() -> None:
    rewards = from_page("nemo.md", "tinyv_rewards")
    logs = [[{"role": "user", "content": "q"}, {"role": "assistant", "content": text}] for text in TEXTS]
    rows = [{"ground_truth": 1, "data_source": "x_tinyv"}] * len(logs)
    numbers, figures = await asyncio.to_thread(rewards, logs, rows)
    assert numbers == [1.0, 1.0, 0.0, 1.0]
    assert [f["rescued"] for f in figures] == [0.0, 1.0, 0.0, 0.0]
    lost = [[{"role": "user", "content": "q"}, {"role": "assistant", "content": UNDECIDED}]]
    numbers, figures = await asyncio.to_thread(rewards, lost, rows[:1])
    assert (numbers, figures[0]["undecided"]) == ([0.75], 1.0)


async def test_rolls_columns_get_numbers_and_figures() -> None:
    rewards = from_page("roll.md", "tinyv_rewards")
    count = len(TEXTS)
    numbers, _ = await asyncio.to_thread(rewards, ["q"] * count, TEXTS, ["1"] * count, ["x_tinyv"] * count)
    assert numbers == [1.0, 1.0, 0.0, 1.0]
    numbers, figures = await asyncio.to_thread(rewards, ["q"], [UNDECIDED], ["1"], [""])
    assert (numbers, figures[0]["undecided"]) == ([0.75], 1.0)


async def test_atropos_gets_a_scored_group_without_what_nobody_decided() -> None:
    scored = from_page("atropos.md", "tinyv_scored")
    group = [{"text": text, "tokens": [n, 2], "masks": [-100, 2]} for n, text in enumerate([*TEXTS, UNDECIDED])]
    assert await scored("q", "1", group) == {
        "tokens": [[0, 2], [1, 2], [2, 2], [3, 2]],
        "masks": [[-100, 2]] * 4,
        "scores": [1.0, 1.0, 0.0, 1.0],
    }
    assert await scored("q", "1", group[-1:]) is None


async def test_an_adapter_of_ones_own_gets_a_number_or_none() -> None:
    reward = from_page("README.md", "my_reward")
    chat = [{"role": "user", "content": "q"}]
    number, figures = await reward(chat, [{"role": "assistant", "content": TEXTS[1]}], {"answer": 1})
    assert (number, figures["rescued"]) == (1.0, 1.0)
    number, figures = await reward(chat, UNDECIDED, {"answer": 1})
    assert (number, figures["undecided"]) == (None, 1.0)
