"""A shard whose server falls silent holds up its own rollouts only."""

import asyncio
from itertools import count

import pytest
from scripted_verifier import ScriptedVerifier
from stream_kit import rollout
from tinyv_stream_workers import worker as worker_module
from tinyv_stream_workers.worker import Worker

from tinyv_stream import RewardClient
from tinyv_stream.broker.messages import shard_of, work_of
from tinyv_stream.broker.shard import Entry, ShardClient
from tinyv_stream.broker.sharded import Shards
from tinyv_stream.broker.worker import WorkerApi
from tinyv_stream.client.ticket import Ticket
from tinyv_stream.config import BrokerConfig, Config
from tinyv_stream.errors import BrokerUnavailableError
from tinyv_stream.testing import EmbeddedServer, wait_until
from tinyv_stream.types import Stage

LONG_S = 240.0
"""A deadline that only a lost rollout misses."""


class Silence:
    """Over a shard's claims: from `fall` to `time_out` they are sent, and no reply comes."""

    def __init__(self) -> None:
        self.waiting = 0
        self._has_fallen = False
        self._ends = asyncio.Event()

    def fall(self) -> None:
        self._has_fallen = True

    def time_out(self, *, and_lift: bool) -> None:
        self._has_fallen = not and_lift
        self.waiting = 0  # here, or what waited would be counted for the next claim
        ends, self._ends = self._ends, asyncio.Event()
        ends.set()

    async def claim(self) -> None:
        if not self._has_fallen:
            return
        self.waiting += 1
        await self._ends.wait()
        raise BrokerUnavailableError("redis://shard", "no reply in a while")


class Claims:
    """A trainer's rollouts, by shard."""

    def __init__(self, client: RewardClient) -> None:
        self._client, self._numbers = client, count()

    async def submit(self, shard: int, many: int) -> list[Ticket]:
        """Submit `many` rollouts that are in `shard`."""
        found: list[Ticket] = []
        while len(found) < many:
            one = rollout("rule:correct", next(self._numbers))
            if shard_of(work_of(one, run_id="run", client_id="c").uid, 2) == shard:
                found.append(await self._client.submit(one))
        return found


@pytest.mark.timeout(600)
@pytest.mark.parametrize("slots", [1, 8])
async def test_a_silent_shard_starves_no_other(
    server: EmbeddedServer, pool_name: str, monkeypatch: pytest.MonkeyPatch, slots: int
) -> None:
    silence, stop, broker = Silence(), asyncio.Event(), BrokerConfig(pool=pool_name, shards=2)

    class Silenced(WorkerApi):
        async def read_group(self, stage: Stage, consumer: str, *, count: int, block_s: float) -> list[Entry]:
            if self.keys.shard == 0:
                await silence.claim()
            return await super().read_group(stage, consumer, count=count, block_s=block_s)

    class SilencedShards(Shards[Silenced]):
        def __init__(self, side: type[WorkerApi], url: str, config: BrokerConfig) -> None:
            assert side is WorkerApi
            super().__init__(Silenced, url, config)

    monkeypatch.setattr(worker_module, "Shards", SilencedShards)
    async with ShardClient(server.url, broker):  # or the client might open the pool, and settle for one shard
        pass
    async with (
        RewardClient(server.url, run_id="run", pool=pool_name, deadline_s=LONG_S) as client,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(Worker(server.url, Config(broker=broker), ScriptedVerifier("rule", slots=slots)).run(stop))
        rollouts = Claims(client)
        for ticket in [*await rollouts.submit(0, 4), *await rollouts.submit(1, 4)]:
            assert (await ticket).value == 1.0
        silence.fall()
        stuck: list[Ticket] = []
        for _ in range(3):  # the first claim that hangs, and those after it has failed
            await wait_until(lambda: silence.waiting == 1, 60, "a claim hangs")
            stuck += await rollouts.submit(0, 2)
            async with asyncio.timeout(60):
                assert [(await ticket).value for ticket in await rollouts.submit(1, 24)] == [1.0] * 24
            assert silence.waiting == 1
            assert not any(ticket.done for ticket in stuck)
            silence.time_out(and_lift=False)
        silence.time_out(and_lift=True)
        assert [(await ticket).value for ticket in stuck] == [1.0] * 6
        stop.set()
