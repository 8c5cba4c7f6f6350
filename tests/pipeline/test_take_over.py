"""Leases that lapse under workers that live, and rewards that were kept for a client that does not."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import msgspec
import pytest
from scripted_verifier import ScriptedVerifier
from stream_kit import rollout
from tinyv_stream_workers.housekeeping import Housekeeping
from tinyv_stream_workers.leases import LeaseRenewer
from tinyv_stream_workers.verifier import Finding
from tinyv_stream_workers.worker import Worker

from tinyv_stream import RewardClient, Status
from tinyv_stream.broker.messages import Work, encode, work_of
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.broker.trainer import ACCEPTED, TrainerApi
from tinyv_stream.broker.worker import WorkerApi
from tinyv_stream.config import BrokerConfig, Config
from tinyv_stream.testing import EmbeddedServer, wait_until

LONG_S = 60.0
Run = Callable[[ScriptedVerifier], AbstractAsyncContextManager[Worker]]


class GatedVerifier(ScriptedVerifier):
    """Finds nothing before its gate is opened."""

    def __init__(self) -> None:
        super().__init__("rule")
        self.gate = asyncio.Event()
        self.most_together = 0

    async def verify(self, work: Work) -> Finding:
        self.asked.append(work.rollout_id)
        self.together += 1
        self.most_together = max(self.together, self.most_together)
        try:
            await self.gate.wait()
        finally:
            self.together -= 1
        self.asked.pop()
        return await super().verify(work)


@pytest.fixture
def broker(pool_name: str) -> BrokerConfig:
    return BrokerConfig(pool=pool_name, lease_s=1.0)


@pytest.fixture
def run(server: EmbeddedServer, broker: BrokerConfig) -> Run:
    @asynccontextmanager
    async def running(verifier: ScriptedVerifier) -> AsyncIterator[Worker]:
        stop, worker = asyncio.Event(), Worker(server.url, Config(broker=broker), verifier)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(worker.run(stop))
            try:
                yield worker
            finally:
                stop.set()

    return running


@pytest.fixture
async def operator(server: EmbeddedServer, broker: BrokerConfig) -> AsyncIterator[OperatorApi]:
    async with OperatorApi(server.url, broker) as side:
        yield side


@pytest.fixture
def client(server: EmbeddedServer, broker: BrokerConfig) -> RewardClient:
    return RewardClient(server.url, run_id="run", pool=broker.pool, deadline_s=2 * LONG_S)


async def test_a_worker_that_takes_over_its_own_lapsed_work_does_it_once(
    run: Run, client: RewardClient, operator: OperatorApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause longer than the lease: the sweep hands a worker what it is at work on."""

    async def renew_nothing(renewer: LeaseRenewer, _: WorkerApi) -> None:
        await renewer._stopped_within(10 * LONG_S)

    monkeypatch.setattr(LeaseRenewer, "_renew", renew_nothing)
    verifier = GatedVerifier()
    async with run(verifier), client:
        ticket = await client.submit(rollout("rule:correct"))

        async def was_taken_again() -> bool:
            # More often than a rollout may be handed out at all: it must not be given up either.
            return (await operator.status()).stats.get("redelivered", 0) > operator.config.max_deliveries

        await wait_until(was_taken_again, LONG_S, "its own sweep took the lapsed work")
        assert verifier.asked == ["r0"]
        verifier.gate.set()
        assert (await ticket).value == 1.0
    assert verifier.asked == ["r0"]
    assert (await operator.status()).dead == 0


async def test_nothing_is_taken_over_beside_a_quarantined_rollout(
    run: Run, client: RewardClient, server: EmbeddedServer, broker: BrokerConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweeps, sweep = 0, Housekeeping._sweep

    async def counted(self: Housekeeping) -> None:
        nonlocal sweeps
        await sweep(self)
        sweeps += 1

    monkeypatch.setattr(Housekeeping, "_sweep", counted)
    verifier = GatedVerifier()
    async with WorkerApi(server.url, broker) as ghost, client:
        quarantined = await client.submit(rollout("rule:correct", 0))
        (delivery,) = await ghost.claim("rule", "ghost", count=1, block_s=LONG_S / 10)
        # It died under it as often as lets the next one run it alone.
        times = msgspec.structs.replace(delivery, delivery_count=broker.isolate_from_delivery)
        assert await ghost.start("rule", "ghost", times)
        async with run(verifier) as worker:
            await wait_until(lambda: verifier.asked == ["r0"], LONG_S, "the quarantined one runs")
            other = await client.submit(rollout("rule:correct", 1))
            (lapsed,) = await ghost.claim("rule", "ghost", count=1, block_s=LONG_S / 10)
            seen = sweeps

            async def has_lapsed() -> bool:
                found = await ghost.redis.xpending_range(ghost.keys.queue("rule"), "w", lapsed.entry, lapsed.entry, 1)
                return found[0]["time_since_delivered"] > 1000 * broker.lease_s and sweeps > seen + 6

            await wait_until(has_lapsed, LONG_S, "sweeps passed that could have taken it")
            assert worker._inflight.leases() == [delivery.lease]
            verifier.gate.set()
            assert [(await ticket).value for ticket in (quarantined, other)] == [1.0, 1.0]
    assert verifier.asked == ["r0", "r1"]
    assert verifier.most_together == 1


async def test_rewards_of_a_killed_nameless_client_answer_its_successor(
    run: Run, client: RewardClient, server: EmbeddedServer, broker: BrokerConfig, operator: OperatorApi
) -> None:
    asked, verifier = rollout("rule:correct"), ScriptedVerifier("rule")
    # What a client sends up to the moment of its death; it never reads.
    work = work_of(asked, run_id="run", client_id="gone")
    async with run(verifier):
        async with TrainerApi(server.url, broker) as killed:
            assert await killed.submit("run", [(work.uid, int(LONG_S * 1000), encode(work))]) == [ACCEPTED]

        async def is_decided() -> bool:
            return await operator.command("HLEN", operator.keys.done("run")) == 1

        await wait_until(is_decided, LONG_S, "the reward is kept")
        async with client:
            reward = await (await client.submit(asked))
            # It is forgotten once its new owner has it.
            await wait_until(lambda: is_committed(operator), LONG_S, "the reward is committed")
    assert (reward.status, reward.value) == (Status.OK, 1.0)
    assert verifier.asked == ["r0"], "it was verified a second time"
    left = operator.keys.rewards("run", "gone")
    ttl_ms = await operator.command("PTTL", left)
    assert isinstance(ttl_ms, int) and 0 < ttl_ms <= broker.retention_s * 1000
    assert await operator.command("KEYS", f"{operator.keys.tag}:res:*") == [left.encode()]


async def is_committed(operator: OperatorApi) -> bool:
    return await operator.command("EXISTS", operator.keys.done("run")) == 0
