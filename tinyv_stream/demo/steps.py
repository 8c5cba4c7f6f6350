"""More steps of the demo, for the board: each draws some of the bundled prompts again, as a trainer does.

The completions, their groups and the order in which they end are the bundled ones; when they end is drawn, with the
step as seed. Everything behind the client is real.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from typing import Final

import msgspec

from tinyv_stream.client.client import RewardClient
from tinyv_stream.demo.replay import DemoLine
from tinyv_stream.types import Rollout

_PROMPTS: Final = 12
_SPAN_S: Final = (5.0, 9.0)
"""How long a step generates: short enough to see several in a minute."""
_OPTIMIZER_S: Final = 0.8
"""Between a step's last reward and the next one's generation."""


async def train(client: RewardClient, lines: Sequence[DemoLine], *, first: int, steps: int) -> None:
    """Play `steps` steps from number `first` on. A cancellation leaves the open rollouts to the client's exit."""
    for step in range(first, first + steps):
        client.step(step)
        start = time.monotonic()
        async with asyncio.TaskGroup() as rollouts:
            for end_s, rollout in drawn(lines, step):
                rollouts.create_task(_one(client, rollout, start + end_s))
        await asyncio.sleep(_OPTIMIZER_S)


def drawn(lines: Sequence[DemoLine], step: int) -> list[tuple[float, Rollout]]:
    """Return a step's completions with their ends in seconds from its beginning."""
    rng = random.Random(step)  # noqa: S311 a replay, not a secret
    chosen = set(rng.sample(sorted({line.group_id for line in lines}), _PROMPTS))
    some = [line for line in lines if line.group_id in chosen]
    scale = rng.uniform(*_SPAN_S) / max(line.end_s for line in some)
    found: list[tuple[float, Rollout]] = []
    for line in some:
        named = {"rollout_id": f"s{step}-{line.rollout_id}", "group_id": f"s{step}-{line.group_id}", "step": step}
        found.append((line.end_s * scale * rng.uniform(0.8, 1.0), msgspec.structs.replace(line.rollout, **named)))
    return found


async def _one(client: RewardClient, rollout: Rollout, ends_at: float) -> None:
    await asyncio.sleep(ends_at - time.monotonic())
    await (await client.submit(rollout))
