"""A real pool with real engines, and a trainer that streams through it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tinyv_stream import Reward, RewardClient, Rollout, Status
from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.broker.operator import OperatorApi, WorkerInfo
from tinyv_stream.config import BrokerConfig, Config, EngineConfig, TinyVConfig
from tinyv_stream.control import model
from tinyv_stream.pool import Pool
from tinyv_stream.testing import wait_until

START_S = 400.0
"""Two engines at once on a machine that others use heavily."""

ASKERS = 4
"""Questions that the trainer has open at once."""


class Trainer:
    """Asks one question after the other, a few at a time, and never the same twice."""

    def __init__(self, client: RewardClient) -> None:
        self._client = client
        self._over = asyncio.Event()
        self.rewards: list[Reward] = []
        self._asked: list[str] = []
        self._tasks = [asyncio.create_task(self._ask()) for _ in range(ASKERS)]

    async def ask(self, question: str, rollout_id: str) -> Reward:
        completion = r"The answer is \boxed{13}."
        fields = {"question": question, "ground_truth": "14", "data_source": "t_tinyv", "rollout_id": rollout_id}
        return await (await self._client.submit(Rollout(completion=completion, **fields)))

    async def _ask(self) -> None:
        while not self._over.is_set():
            self._asked.append(f"r{len(self._asked)}")
            self.rewards.append(await self.ask(f"What is {len(self._asked)} + 7?", self._asked[-1]))

    async def more(self, count: int) -> None:
        have = len(self.rewards)
        await wait_until(lambda: len(self.rewards) >= have + count, START_S, f"{count} more rewards")

    async def end(self) -> None:
        """Stop asking, and see that each rollout had its one reward from TinyV."""
        self._over.set()
        await asyncio.gather(*self._tasks)
        assert sorted(reward.rollout_id for reward in self.rewards) == sorted(self._asked)
        assert {reward.status for reward in self.rewards} == {Status.OK}
        assert all(reward.tinyv and reward.tinyv.p_true is not None for reward in self.rewards)

    async def leave(self) -> None:
        await cancel_all(self._tasks)


class RealPool:
    def __init__(self, pool: Pool, trainer: Trainer, side: OperatorApi) -> None:
        self.pool, self.trainer, self._side = pool, trainer, side
        self.url = pool.url

    async def engines(self) -> list[WorkerInfo]:
        return [w for w in (await self._side.status()).workers if w.stage == "tinyv" and w.state != "lost"]

    async def waiting(self) -> int:
        return (await self._side.status()).depth["tinyv"]

    async def replicas(self) -> list[model.Replica]:
        return (await model.look(self.url, pool="engines")).replicas


@asynccontextmanager
async def real_pool(directory: Path, tinyv: TinyVConfig) -> AsyncIterator[RealPool]:
    """Run a pool of one rule worker and `tinyv.workers` engines; a trainer streams through it until the block ends."""
    broker = BrokerConfig(pool="engines", lease_s=5.0)
    stop = asyncio.Event()
    async with Pool(Config(broker=broker, tinyv=tinyv), directory=directory) as pool:
        running = asyncio.create_task(pool.run(stop))
        try:
            async with (
                OperatorApi(pool.url, broker) as side,
                RewardClient(pool.url, run_id="run", pool="engines", deadline_s=3_000) as client,
            ):

                async def are_ready() -> bool:
                    return [w.state for w in (await side.status()).workers] == ["ready"] * (1 + tinyv.workers)

                await wait_until(are_ready, START_S, "rule worker and engines are ready")
                trainer = Trainer(client)
                try:
                    yield RealPool(pool, trainer, side)
                finally:
                    await trainer.leave()
        finally:
            stop.set()
            await running


def tiny_engines(path: Path, workers: int, devices: tuple[str, ...] = ()) -> TinyVConfig:
    engine = EngineConfig(kv_cache_mb=64, max_num_seqs=16, request_timeout_s=600, watchdog_s=120)
    return TinyVConfig(workers=workers, model=str(path), devices=devices, guard=False, engine=engine)
