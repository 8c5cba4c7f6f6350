"""What the Ray tests share: settings with a scripted engine, a pool for the length of a block, rollouts through it."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tinyv_stream import Reward, RewardClient, Rollout, Status
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig, Config, EngineConfig, TinyVConfig
from tinyv_stream.scale import RayPool, ray_pool
from tinyv_stream.scale.keeper import RayStatus
from tinyv_stream.scale.seat import SeatView
from tinyv_stream.testing import EmbeddedServer, wait_until, wait_until_sync

RESCUED = "The answer is \\boxed{twelve [[true]]}."
"""Refused by the rules, given back by the scripted engine."""


def config(pool: str) -> Config:
    scripted = EngineConfig(kind="scripted")
    return Config(broker=BrokerConfig(pool=pool, lease_s=3.0), tinyv=TinyVConfig(engine=scripted))


@contextmanager
def pool_on(server: EmbeddedServer, name: str, **more: object) -> Iterator[RayPool]:
    own = {"wait_s": 90.0, "python": sys.executable, "config": config(name)} | more
    with ray_pool(server.url, **own) as pool:  # type: ignore[arg-type]
        yield pool


def views(found: RayStatus) -> dict[str, SeatView]:
    return {seat.name.rpartition(":")[2]: seat.view for seat in found.seats if seat.view}


async def ready(server: EmbeddedServer, name: str, count: int) -> None:
    async with OperatorApi(server.url, BrokerConfig(pool=name)) as operator:

        async def are() -> bool:
            return sum(w.state == "ready" for w in (await operator.status()).workers) >= count

        await wait_until(are, 90, f"{count} workers are ready")


def rollout(question: str) -> Rollout:
    return Rollout(question=question, completion=RESCUED, ground_truth="12", data_source="x_tinyv")


async def rewards(server: EmbeddedServer, name: str, count: int, run: str = "r") -> list[Reward]:
    async with RewardClient(server.url, run_id=run, client_id="c", pool=name) as client:
        tickets = [await client.submit(rollout(f"{run} {n}")) for n in range(count)]
        return [await ticket for ticket in tickets]


def assert_each_was_rescued(found: list[Reward], count: int) -> None:
    assert len({reward.rollout_id for reward in found}) == count
    assert {(reward.status, reward.value) for reward in found} == {(Status.OK, 1.0)}


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def gone(pid: int | None) -> None:
    wait_until_sync(lambda: pid is None or not psutil.pid_exists(pid), 30, f"process {pid} is gone")
