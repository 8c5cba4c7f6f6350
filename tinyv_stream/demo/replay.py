"""The demo: a generation phase replayed on the clock, its completions streamed through a real pool as they end.

- The completions and their labels are bundled; everything else is real: server, worker processes, engine.
- One monotonic clock, in this process: a reward counts from when the client handed it over, and the last completion
  from when it was due, so that a late submit counts as exposed time and not as generation.

It starts no pool, judges nothing and prints nothing: `cli.demo` and `demo_report` do.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from importlib.resources import files

import msgspec

from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.client.client import RewardClient
from tinyv_stream.types import Reward, Rollout


class DemoLine(msgspec.Struct, frozen=True, kw_only=True):
    """One bundled completion; `end_s` is when it ends in the replayed generation."""

    rollout_id: str
    group_id: str
    group_size: int
    question: str
    prompt: str
    completion: str
    ground_truth: str
    data_source: str
    label: bool
    taxonomy: str | None
    end_s: float

    @property
    def rollout(self) -> Rollout:
        """The completion as a trainer submits it."""
        return Rollout(
            rollout_id=self.rollout_id,
            group_id=self.group_id,
            group_size=self.group_size,
            question=self.question,
            prompt=self.prompt,
            completion=self.completion,
            ground_truth=self.ground_truth,
            data_source=self.data_source,
        )


class Replay(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. `rewards` in the order of arrival, repeats included; `ended_at` on `time.monotonic()`."""

    rewards: list[Reward]
    generation_s: float
    exposed_s: float
    ended_at: float


def load() -> list[DemoLine]:
    """Return the bundled completions in the order in which they end."""
    data = (files("tinyv_stream.demo") / "demo.jsonl").read_bytes()
    return sorted(msgspec.json.Decoder(DemoLine).decode_lines(data), key=lambda line: line.end_s)


async def replay(client: RewardClient, lines: Sequence[DemoLine], on_reward: Callable[[Reward], None]) -> Replay:
    """Submit each completion at its `end_s` and return once all are rewarded; `lines` as `load` sorts them.

    `on_reward` sees each reward as it comes. A cancellation leaves the open rollouts to the client's exit.
    """
    rewards: list[Reward] = []
    stream = client.rewards()
    start = last = time.monotonic()
    generating = asyncio.create_task(_generate(client, lines, start), name="generation")
    try:
        async for reward in stream:
            last = time.monotonic()
            rewards.append(reward)
            on_reward(reward)
        await generating
    finally:
        await cancel_all([generating])
    generation_s = lines[-1].end_s
    return Replay(
        rewards=rewards, generation_s=generation_s, exposed_s=max(0.0, last - start - generation_s), ended_at=last
    )


async def _generate(client: RewardClient, lines: Sequence[DemoLine], start: float) -> None:
    try:
        async with asyncio.TaskGroup() as submits:
            for line in lines:
                await asyncio.sleep(start + line.end_s - time.monotonic())
                # Not awaited here: a policy goes on generating while a finished completion is being sent.
                submits.create_task(_submit(client, line.rollout))
    finally:
        client.end()


async def _submit(client: RewardClient, rollout: Rollout) -> None:
    await client.submit(rollout)
