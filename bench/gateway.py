"""Load test of a running gateway, `python -m bench gateway`: many connections, and a count of what came back.

Every rollout is different, so nothing is coalesced. Exits with 1 if a reward is missing, doubled or not `ok`.
"""

import argparse
import asyncio
import os
import sys
import time
import uuid
from collections import Counter
from pathlib import Path

import aiohttp
import msgspec

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent."""

    url: str
    token: str
    connections: int
    rollouts: int
    batch: int


class GatewayFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it. Times are seconds; the percentiles are of requests."""

    connections: int
    sent: int
    rewarded: int
    missing: int
    doubled: int
    not_ok: int
    refused: int
    seconds: float
    per_s: float
    p50_s: float
    p99_s: float


def main(argv: list[str]) -> int:
    """Run the load and print its figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench gateway", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8377")
    parser.add_argument("--connections", type=int, default=1000)
    parser.add_argument("--rollouts", type=int, default=50_000)
    parser.add_argument("--batch", type=int, default=16, help="rollouts per request")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    given = vars(parser.parse_args(argv))
    file: Path | None = given.pop("json")
    figures = asyncio.run(run(Load(**given, token=os.environ.get("TINYV_GATEWAY_TOKEN", ""))))
    text = msgspec.json.encode(figures)
    sys.stdout.write(text.decode() + "\n")
    if file:
        file.write_bytes(text)
    return int(bool(figures.missing or figures.doubled or figures.not_ok))


async def run(load: Load) -> GatewayFigures:
    """Send everything over `connections` connections kept open, and count."""
    run_id = uuid.uuid4().hex[:8]
    starts = iter(range(0, load.rollouts, load.batch))
    seen: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    times: list[float] = []
    headers = {"Authorization": f"Bearer {load.token}"} if load.token else {}

    async def connection(session: aiohttp.ClientSession) -> None:
        for start in starts:
            body = _body(run_id, start, min(start + load.batch, load.rollouts))
            began = time.monotonic()
            while (rewards := await _post(session, load.url, body)) is None:
                bad["refused"] += 1
                await asyncio.sleep(1.0)
            times.append(time.monotonic() - began)
            seen.update(r["rollout_id"] for r in rewards)
            bad["not_ok"] += sum(r["status"] != "ok" for r in rewards)

    began = time.monotonic()
    limit = aiohttp.TCPConnector(limit=load.connections)
    async with aiohttp.ClientSession(connector=limit, headers=headers) as session, asyncio.TaskGroup() as tasks:
        for _ in range(load.connections):
            tasks.create_task(connection(session))
    seconds = time.monotonic() - began
    times.sort()
    return GatewayFigures(
        connections=load.connections,
        sent=load.rollouts,
        rewarded=len(seen),
        missing=load.rollouts - len(seen),
        doubled=sum(n - 1 for n in seen.values()),
        not_ok=bad["not_ok"],
        refused=bad["refused"],
        seconds=seconds,
        per_s=len(seen) / seconds,
        p50_s=times[len(times) // 2],
        p99_s=times[len(times) * 99 // 100],
    )


async def _post(session: aiohttp.ClientSession, url: str, body: bytes) -> list[dict[str, str]] | None:
    """Return the rewards, or None where the gateway says to come back."""
    async with session.post(url + "/v1/rollouts", data=body) as answer:
        if answer.status == 503:
            return None
        answer.raise_for_status()
        return _decoder.decode(await answer.read())["rewards"]


def _body(run_id: str, start: int, end: int) -> bytes:
    return _encoder.encode(
        {
            "rollouts": [
                {
                    "rollout_id": f"{run_id}-{i}",
                    "question": f"Run {run_id}: what is {i} + 0?",
                    "completion": f"It is \\boxed{{{i}}}.",
                    "ground_truth": str(i) if i % 2 else str(i + 1),
                    "data_source": "load_tinyv",
                }
                for i in range(start, end)
            ]
        }
    )
