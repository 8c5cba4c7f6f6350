"""Changes of a running pool's TinyV model, and its sleep: for a trainer's phases, an operator, a gateway.

    from tinyv_stream.control import model

    await model.sleep(url)    # before a phase that needs the memory; returns once it is free
    await model.wake(url)     # returns once verdicts are given again
    await model.switch(url, "zhangchenxu/TinyV-Qwen3-1.7B")

- Rollouts wait meanwhile; none is lost, and each still gets one reward. Their deadlines go on.
- All goes through the broker, so that it holds for every machine of the pool, and for workers that start later.
- Giving up early is safe: after a cancellation the pool still goes where it was sent.
"""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from tinyv_stream.broker.desired_state import DesiredState, read_desired, refuse, set_desired, set_sleep
from tinyv_stream.broker.operator import OperatorApi, WorkerInfo
from tinyv_stream.broker.settings import version_of
from tinyv_stream.config import BrokerConfig
from tinyv_stream.config.pool_settings import AUTO
from tinyv_stream.errors import EngineError, EngineStartError, InvalidInputError

SLEEP_S: Final = 3_600.0
"""Longest sleep unless asked for: a trainer that died asleep must not keep its pool so for ever."""
LEAST_SLEEP_S: Final = 10.0
"""Shorter ones could be over before a heartbeat (each second) shows that the last worker sleeps."""
WAIT_S: Final = 600.0
"""How long a change may take by default: a model may have to be downloaded."""
_NAMES: Final = ("embedded",)
_LOOK_S: Final = 0.25
_RESTING: Final = frozenset({"asleep"})
_WORKING: Final = frozenset({"ready"})


class Replica(msgspec.Struct, frozen=True, kw_only=True):
    """What one TinyV worker runs."""

    worker: str
    host: str
    state: str
    model: str
    revision: str = ""
    engine: str = ""
    step: str = ""
    """Which step of a start is under way."""
    applied: int = 0
    """Number of the desired state that it has reached."""
    configured: str = ""
    settings_version: str = ""
    """Version of the pool's settings that it works by."""


class PoolModels(msgspec.Struct, frozen=True, kw_only=True):
    """The desired state of a pool, and where its TinyV workers are with it."""

    desired: DesiredState
    replicas: list[Replica]


async def look(url: str, *, pool: str = "main") -> PoolModels:
    """Return what the pool's TinyV workers run; raise BrokerError if the broker does not answer."""
    async with OperatorApi(url, BrokerConfig(pool=pool)) as side:
        return await _look(side)


async def switch(
    url: str,
    model: str,
    *,
    revision: str = "",
    pool: str = "main",
    wait_s: float = WAIT_S,
    on_change: Callable[[PoolModels], None] = lambda _: None,
) -> PoolModels:
    """Let every TinyV worker judge with `model` instead; return once all of them do.

    `model` is a hub id, a directory that the workers can read, or `embedded`; `revision` is a hub's. `auto` is refused:
    it may be another model on each host.
    Raises EngineStartError if a worker cannot load it or `wait_s` have passed: then all go back to the model before.
    Raises EngineError if the pool has no TinyV worker, sleeps, or goes over to other settings; BrokerError if the
    broker does not answer.
    """
    if not model:
        raise InvalidInputError("model", model, "use a hub id, a directory, or `embedded`")
    if model == AUTO:
        raise InvalidInputError("model", model, "name it: `auto` may be another model on each host of the pool")
    name = await asyncio.to_thread(_absolute, model)
    async with OperatorApi(url, BrokerConfig(pool=pool)) as side:
        before = await _present(side)
        if before.desired.asleep_s:
            raise EngineError("the pool is asleep: wake it first")
        version = str(await version_of(side))
        if any(replica.settings_version not in {"", version} for replica in before.replicas):
            raise EngineError("the pool goes over to other settings: wait until `pool set` is done")
        number = await set_desired(side, name, revision, {replica.configured for replica in before.replicas})
        give_up = time.monotonic() + wait_s
        while True:
            now = await _look(side)
            on_change(now)
            if now.desired.refused == number:
                raise EngineStartError(
                    f"{now.desired.refused_by}: {now.desired.reason}",
                    await _way_back(side, now.desired, wait_s, on_change),
                )
            if now.desired.number > number:
                raise EngineError(f"another change came after this one: {now.desired.model or 'as configured'}")
            if _are(now, _WORKING, number):
                return now
            if time.monotonic() > give_up:
                await refuse(side, number, "the one who set it", f"not everywhere within {wait_s:g} s")
            await asyncio.sleep(_LOOK_S)


async def sleep(
    url: str,
    *,
    pool: str = "main",
    at_most_s: float = SLEEP_S,
    wait_s: float = WAIT_S,
    on_change: Callable[[PoolModels], None] = lambda _: None,
) -> PoolModels:
    """Let the TinyV workers finish what they hold, free what they can and wait; return once all have.

    They wake by themselves after `at_most_s`; asking again begins that time again. Raises EngineError if the pool has
    no TinyV worker or they are not asleep within `wait_s`, BrokerError if the broker does not answer.
    """
    if at_most_s < LEAST_SLEEP_S:
        raise InvalidInputError("at_most_s", at_most_s, f"use {LEAST_SLEEP_S:g} seconds or more")
    async with OperatorApi(url, BrokerConfig(pool=pool)) as side:
        await _present(side)
        await set_sleep(side, at_most_s)
        return await _until(side, _RESTING, wait_s, on_change)


async def wake(
    url: str,
    *,
    pool: str = "main",
    wait_s: float = WAIT_S,
    on_change: Callable[[PoolModels], None] = lambda _: None,
) -> PoolModels:
    """Let the TinyV workers judge again; return once all do. Raises as `sleep` does."""
    async with OperatorApi(url, BrokerConfig(pool=pool)) as side:
        await _present(side)
        await set_sleep(side, 0)
        return await _until(side, _WORKING, wait_s, on_change)


async def _way_back(
    side: OperatorApi, desired: DesiredState, wait_s: float, on_change: Callable[[PoolModels], None]
) -> str:
    try:
        await _until(side, _WORKING, wait_s, on_change, number=desired.number)
    except EngineError as exc:
        return f"the way back is not done yet: {exc}"
    return "all workers use the model before"


async def _until(
    side: OperatorApi,
    states: frozenset[str],
    wait_s: float,
    on_change: Callable[[PoolModels], None],
    *,
    number: int = 0,
) -> PoolModels:
    give_up = time.monotonic() + wait_s
    while True:
        now = await _look(side)
        on_change(now)
        if _are(now, states, number):
            return now
        if states is _RESTING and not now.desired.asleep_s:
            raise EngineError("woken, or its time was over, before all slept")
        if time.monotonic() > give_up:
            late = ", ".join(
                f"{replica.worker} is {replica.state}" for replica in now.replicas if replica.state not in states
            )
            raise EngineError(f"not done within {wait_s:g} s: {late or 'no TinyV worker is there'}")
        await asyncio.sleep(_LOOK_S)


def _are(pool: PoolModels, states: frozenset[str], number: int) -> bool:
    return bool(pool.replicas) and all(
        replica.state in states and replica.applied >= number for replica in pool.replicas
    )


async def _present(side: OperatorApi) -> PoolModels:
    found = await _look(side)
    if not found.replicas:
        raise EngineError("the pool has no TinyV worker")
    return found


async def _look(side: OperatorApi) -> PoolModels:
    desired, status = await read_desired(side), await side.status()
    live = [worker for worker in status.workers if worker.stage == "tinyv" and worker.state != "lost"]
    return PoolModels(desired=desired, replicas=[_replica(worker) for worker in live])


def _replica(worker: WorkerInfo) -> Replica:
    about = worker.about
    revision = about.get("revision", "")
    return Replica(
        worker=worker.name,
        host=worker.host,
        state=worker.state,
        model=about.get("model", "").removesuffix(f"@{revision}" if revision else ""),
        revision=revision,
        engine=" ".join(filter(None, (about.get("engine", ""), about.get("version", "")))),
        step=about.get("step", ""),
        applied=int(about.get("desired") or 0),
        configured=about.get("configured", ""),
        settings_version=about.get("settings_version", ""),
    )


def _absolute(model: str) -> str:
    """Workers have working directories of their own."""
    try:
        is_directory = model not in _NAMES and Path(model).is_dir()
    except OSError as exc:
        raise InvalidInputError("model", model[:100], "use a hub id, or a directory that can be read") from exc
    return str(Path(model).resolve()) if is_directory else model
