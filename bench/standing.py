"""Memory benchmark of a full pool, `python -m bench standing`: no worker takes anything.

Submits up to the cap of the submit script, then once more: that submit has to wait. Prints the memory of server and
client; fails if the server took more than the cap, or weighs more than its payload and 1 kB per rollout.
"""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any, Final, cast

import msgspec
import psutil
import uvloop

from bench.scripted import CONFIG
from tinyv_stream import RewardClient, Rollout
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.testing import EmbeddedServer

_OVERHEAD_BYTES: Final = 1_000


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A full pool."""

    rollouts: int
    bytes: int
    live: int
    server_used_mb: float
    server_bytes_per_rollout: int
    client_mb: float
    one_more_waits: bool


def main(argv: list[str]) -> int:
    """Measure and print; return 1 if the cap or the bound did not hold."""
    parser = argparse.ArgumentParser(prog="python -m bench standing", description=__doc__)
    parser.add_argument("--rollouts", type=int, default=40_000)
    parser.add_argument("--bytes", type=int, default=2_000, help="of each completion")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    args = parser.parse_args(argv)
    found = uvloop.run(_stand(args.rollouts, args.bytes))
    text = msgspec.json.format(msgspec.json.encode(found), indent=2)
    sys.stdout.write(text.decode() + "\n")
    if args.json:
        args.json.write_bytes(text)
    is_bounded = found.server_bytes_per_rollout < args.bytes + _OVERHEAD_BYTES
    return 0 if is_bounded and found.live == args.rollouts and found.one_more_waits else 1


async def _stand(count: int, size: int) -> Standing:
    async with EmbeddedServer() as server, OperatorApi(server.url, CONFIG.broker) as operator:
        empty = await _used(operator)
        client = RewardClient(
            server.url, run_id="full", pool=CONFIG.broker.pool, max_inflight=2 * count, max_outstanding=count
        )
        async with client:
            numbers = iter(range(count))

            async def some() -> None:
                for n in numbers:
                    await client.submit(_rollout(n, size))

            await asyncio.gather(*(some() for _ in range(64)))
            one_more = asyncio.create_task(client.submit(_rollout(count, size)))
            _, waiting = await asyncio.wait((one_more,), timeout=1.0)
            used, live = await _used(operator), (await operator.status()).live
            client_mb = psutil.Process().memory_info().rss / 1e6
            one_more.cancel()
    return Standing(
        rollouts=count,
        bytes=size,
        live=live,
        server_used_mb=round(used / 1e6, 1),
        server_bytes_per_rollout=(used - empty) // count,
        client_mb=round(client_mb, 1),
        one_more_waits=bool(waiting),
    )


def _rollout(n: int, size: int) -> Rollout:
    return Rollout(rollout_id=f"r{n}", question=f"q{n}", completion="x" * size, ground_truth="1")


async def _used(operator: OperatorApi) -> int:
    info = cast("dict[str, Any]", await operator.command("INFO", "memory"))
    return int(info["used_memory"])
