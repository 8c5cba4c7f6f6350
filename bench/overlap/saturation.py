"""Check of the simulation against real pools at loads around saturation: server, rule worker, TinyV worker, client.

- Only the engine is no model: it keeps the time of the simulation's own service model (`paced`), because a real one's
  rate moves with the machine, and saturation can only be found where the load is known.
- The saturation point is `simulation.bend`'s, of what was measured and of what was simulated at the same loads.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from bench.overlap import reference
from bench.overlap.definition import measure
from bench.overlap.openai_server import openai_server
from bench.overlap.paced import PACED_ENV
from bench.overlap.pools import config_of
from bench.overlap.replay import ReplayedStep, stream
from bench.overlap.simulation import BENT, Arrival, Fleet, Mode, arrivals_of, bend, simulate
from bench.workload import Mix, Step, bundled, make
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.client.client import RewardClient
from tinyv_stream.config import Config, EngineConfig, TinyVConfig
from tinyv_stream.processes.child import Child
from tinyv_stream.testing import embedded_server, wait_until

TOLERANCE: Final = 0.10
"""How far the measured point may be from the simulated one, of the simulated one's load."""
LOADS: Final[dict[Mode, tuple[float, ...]]] = {
    "stream": (0.8, 1.3, 1.5, 1.7, 1.9, 2.2),
    "stream_no_coalesce": (0.5, 0.9, 1.0, 1.1, 1.3),
    "per_sample": (0.5, 0.9, 1.0, 1.1, 1.3),
    "blocking": (0.5, 1.0),
}
PROMPTS: Final = 64
GROUP: Final = 8
WALL_S: Final = 15.0
_READY_S: Final = 120.0


class LoadPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One mode at one load; seconds."""

    mode: Mode
    load: float
    measured_s: float
    simulated_s: float
    machine_load: float


class SaturationPoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a mode tips over, as load; None: not within the loads that were run."""

    mode: Mode
    measured: float | None
    simulated: float | None
    holds: bool


async def run(verdict_s: float, zipf_exponent: float, say: Callable[[str], None]) -> list[LoadPoint]:
    """Measure every mode at its loads, each on a pool of its own; the engine's lone verdict takes `verdict_s`."""
    step = make(bundled(PROMPTS, 1), GROUP, wall_s=WALL_S, seed=1, mix=Mix(zipf_exponent=zipf_exponent))
    arrivals = arrivals_of(step)
    await asyncio.to_thread(reference.prepare)
    points: list[LoadPoint] = []
    for mode, loads in LOADS.items():
        for load in loads:
            fleet = fleet_at(load, arrivals, verdict_s)
            before = os.getloadavg()[0]
            found = await _play(mode, step, fleet)
            points.append(
                LoadPoint(
                    mode=mode,
                    load=load,
                    measured_s=measure(found.spans).exposed_s,
                    simulated_s=simulate(arrivals, fleet, mode).exposed_s,
                    machine_load=round(before, 2),
                )
            )
            say(f"{mode} at {load:g}: exposed {points[-1].measured_s:.2f} s, simulated {points[-1].simulated_s:.2f} s")
    return points


def fleet_at(load: float, arrivals: Sequence[Arrival], verdict_s: float) -> Fleet:
    """Return one engine whose rate makes the step's calls, without coalescing, `load` of what it can do in time."""
    asked = sum(a.key is not None for a in arrivals)
    return Fleet(engines=1, rate=asked / arrivals[-1].ended_s / load, verdict_s=verdict_s)


def saturation_points(points: Sequence[LoadPoint], wall_s: float = WALL_S) -> list[SaturationPoint]:
    """Return each mode's saturation point, measured and simulated.

    `blocking` has none: it is exposed by its work at any load.
    """
    found: list[SaturationPoint] = []
    for mode in LOADS:
        of = sorted((p for p in points if p.mode == mode), key=lambda p: p.load)
        if not of or mode == "blocking":
            continue
        measured = bend([(p.load, p.measured_s) for p in of], BENT * wall_s)
        simulated = bend([(p.load, p.simulated_s) for p in of], BENT * wall_s)
        near = measured is not None and simulated is not None and abs(measured / simulated - 1) <= TOLERANCE
        found.append(SaturationPoint(mode=mode, measured=measured, simulated=simulated, holds=near))
    return found


async def _play(mode: Mode, step: Step, fleet: Fleet) -> ReplayedStep:
    with tempfile.TemporaryDirectory(prefix="tinyv-saturation-") as home:
        os.environ[PACED_ENV] = f"{fleet.rate},{fleet.verdict_s}"  # workers and server inherit it
        if mode in {"per_sample", "blocking"}:
            config = TinyVConfig(engine=EngineConfig(kind="scripted"))
            async with openai_server(config, Path(home, "server.log")) as ready:
                play = reference.per_sample if mode == "per_sample" else reference.blocking
                return await play(await ready(), step, number=0)
        async with _pool(mode, Path(home)) as (url, config):
            room = len(step.lines)
            pool, run_id = config.broker.pool, f"saturation-{time.time_ns()}"
            async with RewardClient(url, run_id=run_id, pool=pool, max_inflight=room, deadline_s=900.0) as client:
                return await stream(client, step, number=0)


@asynccontextmanager
async def _pool(mode: Mode, home: Path) -> AsyncGenerator[tuple[str, Config]]:
    """Run a server, a rule worker as any pool has it, and a TinyV worker with the paced engine."""
    config = config_of(mode, Config())
    async with embedded_server() as server:
        env = {**os.environ, "TINYV_REDIS_URL": server.url, "TINYV_CONFIG": msgspec.json.encode(config).decode()}
        modules = ("tinyv_stream_workers.rule", "bench.overlap.paced")
        children = [Child([sys.executable, "-m", m], log=home / f"{m}.log", env=env) for m in modules]
        try:
            for child in children:
                child.start()
            async with OperatorApi(server.url, config.broker) as operator:

                async def both_ready() -> bool:
                    return sum(w.state == "ready" for w in (await operator.status()).workers) == len(children)

                await wait_until(both_ready, _READY_S, f"both workers are ready: {[c.log for c in children]}")
            yield server.url, config
        finally:
            await asyncio.gather(*(child.end(10.0) for child in children))
