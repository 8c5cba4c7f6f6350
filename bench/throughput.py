"""Throughput benchmark, `python -m bench throughput`: rate through both stages, CPU per rollout, added latency.

A real server, real client, real workers in processes of their own; only the verifiers are scripted: at once, and the
rule one refuses everything, so that each rollout makes both hops. Cache and coalescing are off. Rates are set against
`redis-benchmark` adding entries of the same size to the same server in the same minute (a ratio travels between
machines, a rate does not), and against task queues doing the same two hops (`--peers`).
"""

import argparse
import asyncio
import os
import random
import shutil
import string
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import psutil
import uvloop

from bench.scripted import CONFIG, WorkerFleet
from tinyv_stream import RewardClient, Rollout
from tinyv_stream.testing import EmbeddedServer

WARM = 500


class CpuCost(msgspec.Struct, frozen=True, kw_only=True):
    """One measured flood. CPU in microseconds per rollout."""

    bytes: int
    rollouts: int
    rate: float
    client_us: float
    workers_us: float
    server_us: float
    xadd_rate: float = 0.0
    ratio: float = 0.0
    """`rate` / `xadd_rate`."""

    @property
    def total_us(self) -> float:
        """CPU of all processes."""
        return self.client_us + self.workers_us + self.server_us


def main(argv: list[str]) -> int:
    """Measure and print; return 0."""
    parser = argparse.ArgumentParser(prog="python -m bench throughput", description=__doc__)
    parser.add_argument("--rollouts", type=int, default=20_000, help="of 2 kB; a quarter as many of 16 kB")
    parser.add_argument("--long", type=int, default=100_000, help="rollouts of the run that shows growth; 0: leave out")
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter that has streaq and taskiq-redis installed")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    args = parser.parse_args(argv)
    found = uvloop.run(_measure(args.rollouts, args.long, args.peers))
    text = msgspec.json.format(msgspec.json.encode(found), indent=2)
    sys.stdout.write(text.decode() + "\n")
    if args.json:
        args.json.write_bytes(text)
    return 0


async def _measure(rollouts: int, long: int, peers: str | None) -> dict[str, Any]:
    async with EmbeddedServer(tcp=True, maxmemory_mb=1024) as server, WorkerFleet(server.url) as fleet:
        await flood([server], fleet, WARM, 2_000)
        small = await _against_xadd(server, fleet, rollouts, 2_000)
        large = await _against_xadd(server, fleet, rollouts // 4, 16_000)
        waits = await _latency(server, 400)
        first, last = await _growth(server, fleet, long) if long else (None, None)
    others = await _peers(peers, small.bytes) if peers else {}
    return {
        "ratio_2kb": round(small.ratio, 4),
        "ratio_16kb": round(large.ratio, 4),
        "added_p50_ms": round(waits[len(waits) // 2] * 1000, 3),
        "added_p99_ms": round(waits[len(waits) * 99 // 100] * 1000, 3),
        "x_fastest_peer": round(small.rate / max(others.values()), 2) if others else None,
        "cost_growth": round(last.total_us / first.total_us, 3) if first and last else None,
        "floods": [small, large],
        "growth": [first, last],
        "peers": others,
        "load": os.getloadavg(),
    }


async def _against_xadd(server: EmbeddedServer, fleet: WorkerFleet, count: int, size: int) -> CpuCost:
    """Flood between two runs of redis-benchmark: what else the machine does weighs on both."""
    before = await _xadd_rate(server, size)
    cost = await flood([server], fleet, count, size)
    rate = (before + await _xadd_rate(server, size)) / 2
    return msgspec.structs.replace(cost, xadd_rate=rate, ratio=cost.rate / rate)


async def flood(servers: Sequence[EmbeddedServer], fleet: WorkerFleet, count: int, size: int) -> CpuCost:
    """Send rollouts through a pool on these servers, as fast as credits come back; return what each cost."""
    url = ",".join(server.url for server in servers)
    async with RewardClient(url, run_id="flood", pool=CONFIG.broker.pool) as client:
        return await _pass(client, servers, fleet, (0, count), size)


async def _pass(
    client: RewardClient, servers: Sequence[EmbeddedServer], fleet: WorkerFleet, span: tuple[int, int], size: int
) -> CpuCost:
    """Send rollouts number span[0] to span[1] through, as fast as credits come back."""
    workers = fleet.pids
    processes = [psutil.Process(), *map(psutil.Process, workers), *(psutil.Process(server.pid) for server in servers)]
    text, stream, count = _text(size), client.rewards(), span[1] - span[0]
    cpu, began = [_cpu_s(p) for p in processes], time.perf_counter()

    async def read() -> None:
        for _ in range(count):
            await anext(stream)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(read())
        # Many submitters, as a trainer's rollouts are: one alone would wait for each acknowledgement.
        numbers = iter(range(*span))
        for _ in range(64):
            tasks.create_task(_submit(client, numbers, text))
    seconds = time.perf_counter() - began
    stream.close()
    used = [(_cpu_s(p) - was) * 1e6 / count for p, was in zip(processes, cpu, strict=True)]
    return CpuCost(
        bytes=size,
        rollouts=count,
        rate=count / seconds,
        client_us=used[0],
        workers_us=sum(used[1 : 1 + len(workers)]),
        server_us=sum(used[1 + len(workers) :]),
    )


async def _submit(client: RewardClient, numbers: Any, text: str) -> None:  # noqa: ANN401 an iterator that all share
    for n in numbers:
        await client.submit(_rollout(n, text))


def _rollout(n: int, text: str) -> Rollout:
    return Rollout(rollout_id=f"r{n}", question=f"q{n}", completion=text, ground_truth="1", data_source="x_tinyv")


async def _latency(server: EmbeddedServer, count: int) -> list[float]:
    """Return sorted seconds from submit to reward, one rollout at a time on an idle pool."""
    waits: list[float] = []
    async with RewardClient(server.url, run_id="idle", pool=CONFIG.broker.pool) as client:
        for n in range(count):
            began = time.perf_counter()
            await (await client.submit(_rollout(n, _text(2_000))))
            waits.append(time.perf_counter() - began)
            await asyncio.sleep(0.008)
    return sorted(waits[count // 10 :])


async def _growth(server: EmbeddedServer, fleet: WorkerFleet, long: int) -> tuple[CpuCost, CpuCost]:
    """Return the costs of the first and of the last tenth of one long session."""
    tenth = long // 10
    async with RewardClient(server.url, run_id="long", pool=CONFIG.broker.pool) as client:
        first = await _pass(client, [server], fleet, (0, tenth), 2_000)
        await _pass(client, [server], fleet, (tenth, long - tenth), 2_000)
        return first, await _pass(client, [server], fleet, (long - tenth, long), 2_000)


async def _xadd_rate(server: EmbeddedServer, size: int) -> float:
    """Return the XADDs per second of `redis-benchmark -c 4 -P 64`."""
    program = shutil.which("redis-benchmark") or shutil.which("valkey-benchmark")
    if program is None:
        raise SystemExit("redis-benchmark is not on PATH: install the package redis-tools")
    where = urlsplit(server.url)
    # The password is of a server on loopback that lives for this measurement alone.
    where_to = ["-h", "127.0.0.1", "-p", str(where.port), "-a", where.password or ""]
    command = [*where_to, "-c", "4", "-P", "64", "-n", str(200_000_000 // size), "--csv"]
    add = ["XADD", "bench:xadd", "MAXLEN", "~", "2000", "*", "f", _text(size)]
    process = await asyncio.create_subprocess_exec(
        program,
        *command,
        *add,
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    # "test","rps","avg_latency_ms",...: the test's name holds the command, and ours holds no comma.
    return float(out.decode().strip().splitlines()[-1].split(",")[1].strip('"'))


async def _peers(python: str, size: int) -> dict[str, float]:
    """Return rollouts per second of each peer, on a fresh server."""
    rates: dict[str, float] = {}
    for name in ("streaq", "taskiq"):
        async with EmbeddedServer(tcp=True) as server:
            script = str(Path(__file__).with_name("peers.py"))
            process = await asyncio.create_subprocess_exec(
                python,
                script,
                name,
                str(size),
                stdout=asyncio.subprocess.PIPE,
                env={**os.environ, "PEER_REDIS_URL": server.url},
            )
            out, _ = await process.communicate()
            rates[name] = float(out.decode().strip().splitlines()[-1])
    return rates


def _text(size: int) -> str:
    return "".join(random.Random(size).choices(string.ascii_letters + " ", k=size))  # noqa: S311


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system
