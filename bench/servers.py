"""Servers benchmark, `python -m bench servers`: a pool on several servers against one, and how even many would be.

Measured: the floods of `bench throughput` through one server and through several, in turn, so that what else the
machine does weighs on both. On a machine of few cores several servers carry no more: what is asked is what a rollout
costs then, and what of that is the server's, since the server's is what each further machine divides.

Simulated: a step's questions given to 1 to 64 servers by the pool's own rendezvous. The busiest decides how much more
several servers carry; there are as many topics as questions, not as rollouts.
"""

import argparse
import math
import os
import sys
from collections import Counter
from collections.abc import Iterable
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec
import uvloop

from bench.scripted import WorkerFleet
from bench.throughput import WARM, CpuCost, flood
from tinyv_stream.broker.messages import shard_of
from tinyv_stream.testing import EmbeddedServer

SIZES: Final = (1, 2, 4, 8, 16, 32, 64)
MOST: Final = 64
"""Servers that a plan may ask for."""


class ServerSpread(msgspec.Struct, frozen=True, kw_only=True):
    """How a step's questions lie on several servers."""

    servers: int
    busiest: float
    """Share of the busiest server, by what an even one would have; median over the draws."""
    carries: float
    """What they carry together, by what one does."""


def main(argv: list[str]) -> int:
    """Measure and print; return 0."""
    parser = argparse.ArgumentParser(prog="python -m bench servers", description=__doc__)
    parser.add_argument("--servers", type=int, default=2, help="how many, against one [2]")
    parser.add_argument("--rollouts", type=int, default=10_000, help="per flood [10000]")
    parser.add_argument("--rounds", type=int, default=5, help="floods of each, in turn [5]")
    parser.add_argument("--questions", type=int, default=512, help="of a step that is spread [512]")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    args = parser.parse_args(argv)
    found = uvloop.run(_measure(args.servers, args.rollouts, args.rounds))
    found["spread"] = [spread(args.questions, servers) for servers in SIZES]
    text = msgspec.json.format(msgspec.json.encode(found), indent=2)
    sys.stdout.write(text.decode() + "\n")
    if args.json:
        args.json.write_bytes(text)
    return 0


def spread(questions: int, servers: int, *, draws: int = 20) -> ServerSpread:
    """Return how `questions` lie on `servers`, as the pool's rendezvous gives them."""
    worst = [busiest_share((f"{draw}/{n}" for n in range(questions)), servers) for draw in range(draws)]
    busiest = median(worst) * servers
    return ServerSpread(servers=servers, busiest=busiest, carries=servers / busiest)


def busiest_share(topics: Iterable[str], servers: int) -> float:
    """Return the share of the server that gets most of these."""
    counts = Counter(shard_of(topic, servers, is_server=True) for topic in topics)
    return max(counts.values()) / counts.total()


def servers_for(rollouts_per_s: float, broker_rate: float, questions: int, *, utilisation: float) -> int | None:
    """Return how many servers carry this rate, the busiest filled to `utilisation`; None where `MOST` do not."""
    least = math.ceil(rollouts_per_s / (utilisation * broker_rate))
    for servers in range(max(1, least), MOST + 1):
        if rollouts_per_s <= utilisation * broker_rate * spread(questions, servers).carries:
            return servers
    return None


async def _measure(servers: int, rollouts: int, rounds: int) -> dict[str, Any]:
    async with AsyncExitStack() as stack:
        pools: list[tuple[list[EmbeddedServer], WorkerFleet]] = []
        for count in (1, servers):
            those = [EmbeddedServer(tcp=True, maxmemory_mb=512) for _ in range(count)]
            for one in those:
                await stack.enter_async_context(one)
            fleet = await stack.enter_async_context(WorkerFleet(",".join(one.url for one in those)))
            await flood(those, fleet, WARM, 2_000)
            pools.append((those, fleet))
        floods: list[list[CpuCost]] = [[], []]
        for _ in range(rounds):
            for (those, fleet), costs in zip(pools, floods, strict=True):
                costs.append(await flood(those, fleet, rollouts, 2_000))
    one, several = (_of(costs) for costs in floods)
    ratio = {name: round(several[name] / one[name], 3) for name in one}
    return {"one": one, "several": several, "servers": servers, "ratio": ratio, "load": os.getloadavg()}


def _of(costs: list[CpuCost]) -> dict[str, float]:
    """Return the medians over the rounds."""
    names = ("rate", "client_us", "workers_us", "server_us", "total_us")
    return {name: round(median(getattr(cost, name) for cost in costs), 1) for name in names}
