"""Soak test, `python -m bench soak`: one client, one server, workers that answer at once, for a million rollouts.

Nothing may grow: not the memory of server, client and workers, not what is left in Redis, not the cost of a rollout.
Figures are taken at every tenth of the way; it fails where the end is dearer than the first tenth by more than it
promises, and where it is not through after `--at-most` seconds.
"""

import argparse
import asyncio
import statistics
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import psutil
import uvloop

from bench.scripted import CONFIG, WorkerFleet
from tinyv_stream import RewardClient, Rollout
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.testing import EmbeddedServer

_MARKS: Final = 10
_GROWTH: Final = 1.10
"""Most that the last tenth may cost in yardsticks, as a multiple of the second: the first one pays for starting up."""
_MEMORY: Final = 1.25
"""Most that a process may hold at the end, as a multiple of what it held after a tenth."""
_SUBMITTERS: Final = 64
_YARD: Final = range(40_000)
_YARD_EVERY_S: Final = 0.3
_AT_MOST_S: Final = 3600.0
"""A million at less than 300 a second is a fault, however busy the machine."""


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """The state of everything after so many rollouts; memory in MB, CPU in microseconds per rollout of this tenth."""

    rollouts: int
    seconds: float
    rate: float
    cpu_us: float
    yard_us: float
    """What a fixed piece of Python cost meanwhile: neighbours on a shared machine make both dearer alike."""
    server_mb: float
    server_used_mb: float
    """By the server's own count, `used_memory`."""
    client_mb: float
    workers_mb: float
    live: int
    entries: int
    """Of both queues."""
    keys: int
    rewarded: int


def main(argv: list[str]) -> int:
    """Run it; return 1 if anything grew."""
    parser = argparse.ArgumentParser(prog="python -m bench soak", description=__doc__)
    parser.add_argument("--rollouts", type=int, default=1_000_000)
    parser.add_argument("--bytes", type=int, default=2_000, help="of each completion")
    parser.add_argument("--at-most", type=float, default=_AT_MOST_S, metavar="SECONDS", help="give up after so long")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the marks there")
    args = parser.parse_args(argv)
    marks = uvloop.run(_soak(args.rollouts, "x" * args.bytes, args.at_most))
    if args.json:
        args.json.write_bytes(msgspec.json.format(msgspec.json.encode(marks), indent=2))
    is_whole = len(marks) == _MARKS
    broken = _grown(marks, args.rollouts) if is_whole else [f"not through in {args.at_most:g} s: {len(marks)} tenths"]
    for sentence in broken:
        sys.stdout.write(f"BROKEN {sentence}\n")
    sys.stdout.write("flat\n" if not broken else "")
    return 1 if broken else 0


async def _soak(count: int, text: str, at_most_s: float) -> list[Mark]:
    marks: list[Mark] = []
    with suppress(TimeoutError):
        async with asyncio.timeout(at_most_s):
            await _run(count, text, marks)
    return marks


async def _run(count: int, text: str, marks: list[Mark]) -> None:
    async with (
        EmbeddedServer(tcp=True, maxmemory_mb=1024) as server,
        WorkerFleet(server.url) as fleet,
        OperatorApi(server.url, CONFIG.broker) as operator,
        RewardClient(server.url, run_id="soak", pool=CONFIG.broker.pool) as client,
    ):
        look = _Looker(operator, psutil.Process(server.pid), [psutil.Process(pid) for pid in fleet.pids])
        measuring = asyncio.create_task(look.measure())
        stream = client.rewards()
        seen: dict[str, int] = {}
        for tenth in range(_MARKS):
            span = range(count * tenth // _MARKS, count * (tenth + 1) // _MARKS)
            numbers = iter(span)
            async with asyncio.TaskGroup() as tasks:
                for _ in range(_SUBMITTERS):
                    tasks.create_task(_submit(client, numbers, text))
                for _ in span:
                    reward = await anext(stream)
                    seen[reward.status] = seen.get(reward.status, 0) + 1
            # The client commits just after it hands over: the marks are of a pool at rest.
            while (await operator.status()).live:  # noqa: ASYNC110 another process's state
                await asyncio.sleep(0.05)
            marks.append(await look.mark(span.stop, len(span), seen.get("ok", 0)))
            sys.stdout.write(f"{msgspec.json.encode(marks[-1]).decode()}\n")
            sys.stdout.flush()
        measuring.cancel()


async def _submit(client: RewardClient, numbers: Any, text: str) -> None:  # noqa: ANN401 an iterator that all share
    for n in numbers:
        await client.submit(
            Rollout(rollout_id=f"r{n}", question=f"q{n}", completion=text, ground_truth="1", data_source="x_tinyv")
        )


class _Looker:
    """Takes marks; remembers time and CPU since the last."""

    def __init__(self, operator: OperatorApi, server: psutil.Process, workers: list[psutil.Process]) -> None:
        self._operator = operator
        self._server, self._client, self._workers = server, psutil.Process(), workers
        self._began = self._last = time.perf_counter()
        self._cpu_s = self._cpu()
        self._yards_s: list[float] = []

    async def measure(self) -> None:
        """Time the fixed piece of work again and again, until cancelled."""
        while True:
            self._measure_once()
            await asyncio.sleep(_YARD_EVERY_S)

    def _measure_once(self) -> None:
        began_s = time.thread_time()
        sum(n * n for n in _YARD)
        self._yards_s.append(time.thread_time() - began_s)

    def _cpu(self) -> float:
        times = [p.cpu_times() for p in (self._server, self._client, *self._workers)]
        return sum(t.user + t.system for t in times)

    async def mark(self, rollouts: int, since: int, rewarded: int) -> Mark:
        now, cpu_s = time.perf_counter(), self._cpu()
        self._measure_once()
        status = await self._operator.status()
        info = cast("dict[str, Any]", await self._operator.command("INFO", "memory"))
        mark = Mark(
            rollouts=rollouts,
            seconds=round(now - self._began, 1),
            rate=round(since / (now - self._last), 1),
            cpu_us=round((cpu_s - self._cpu_s) * 1e6 / since, 1),
            yard_us=round(statistics.mean(self._yards_s) * 1e6, 1),
            server_mb=_mb(self._server),
            server_used_mb=round(int(info["used_memory"]) / 1e6, 2),
            client_mb=_mb(self._client),
            workers_mb=round(sum(map(_mb, self._workers)), 1),
            live=status.live,
            entries=sum(status.depth.values()),
            keys=cast("int", await self._operator.command("DBSIZE")),
            rewarded=rewarded,
        )
        self._last, self._cpu_s = now, cpu_s
        self._yards_s.clear()
        return mark


def _mb(process: psutil.Process) -> float:
    return round(process.memory_info().rss / 1e6, 1)


def _grown(marks: list[Mark], count: int) -> list[str]:
    """Return what grew, one sentence each."""
    early, base, end = marks[0], marks[1], marks[-1]
    found = [] if end.rewarded == count else [f"{end.rewarded} of {count} rewarded ok"]
    if end.live or end.entries:
        found.append(f"{end.live} live and {end.entries} queued at the end")
    if end.cpu_us / end.yard_us > base.cpu_us / base.yard_us * _GROWTH:
        costs = [f"{mark.cpu_us} us of CPU ({mark.cpu_us / mark.yard_us:.4f} yardsticks)" for mark in (base, end)]
        found.append(f"a rollout cost {costs[0]}, and {costs[1]} at the end")
    memory = [(n, getattr(early, n), getattr(end, n)) for n in ("server_mb", "client_mb", "workers_mb")]
    return found + [f"{name} grew from {was} to {now}" for name, was, now in memory if now > was * _MEMORY]
