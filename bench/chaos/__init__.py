"""Chaos run, `python -m bench chaos`: faults against a real server, workers and client; no reward may be lost.

Thousands of rollouts with known right rewards; at random, by seed: kill -9 and stop processes, kill the server or bring
it back with older data, break the network, take the memory away, and rollouts that kill every worker they meet. It
passes when each rollout has exactly one reward, the right one, in time, and nothing is left on the server.
"""

import argparse
import asyncio
import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from bench.chaos.cases import make_cases
from bench.chaos.client import ClientTask
from bench.chaos.faults import Faults
from bench.chaos.namespaces import Namespaces
from bench.chaos.verdict import ChaosVerdict, judge_rewards, judge_server, leftovers
from bench.chaos.world import CONFIG, PROGRAMS, World
from tinyv_stream.client.session import GRACE_S
from tinyv_stream.errors import BrokerError
from tinyv_stream.processes.descriptors import raise_descriptors


def main(argv: list[str]) -> int:
    """Run once per seed; return 0 if every promise held in every run."""
    parser = argparse.ArgumentParser(prog="python -m bench chaos", description=__doc__)
    parser.add_argument("--rollouts", type=int, default=4000, help="per run")
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--runs", type=int, default=1, help="how many seeds, one after the other")
    parser.add_argument("--seconds", type=float, default=90.0, help="of faults per run")
    parser.add_argument("--poison", type=int, default=3, help="rollouts per run that kill their workers")
    parser.add_argument("--shards", type=int, default=2, help="of the pool")
    parser.add_argument("--deadline", type=float, default=120.0, metavar="SECONDS", help="of each rollout")
    parser.add_argument("--net", action="store_true", help="programs in network namespaces, and partitions (root)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep logs and data there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts there")
    args = parser.parse_args(argv)
    networks = _networks() if args.net else None
    raise_descriptors()
    verdicts: list[ChaosVerdict] = []
    for seed in range(args.seed, args.seed + args.runs):
        with tempfile.TemporaryDirectory(prefix="tinyv-chaos-") as scratch:
            directory = args.keep / str(seed) if args.keep else Path(scratch)
            directory.mkdir(parents=True, exist_ok=True)
            task = ClientTask(
                url="",
                pool=CONFIG.broker.pool,
                rollouts=args.rollouts,
                seed=seed,
                poison=args.poison,
                rate=args.rollouts / (0.6 * args.seconds),
                deadline_s=args.deadline,
                journal=str(directory / "journal"),
            )
            verdicts.append(
                asyncio.run(run(directory, task, seconds=args.seconds, shards=args.shards, networks=networks))
            )
        _show(verdicts[-1])
    if args.json:
        args.json.write_bytes(msgspec.json.format(msgspec.json.encode(verdicts), indent=2))
    return 0 if all(v.is_kept for v in verdicts) else 1


def _networks() -> Namespaces:
    """Make the namespaces; exit where this user may not, or this is the machine's own network."""
    links = {name for _, name in socket.if_nameindex()} - {"lo"}
    if links:
        raise SystemExit(f"this network namespace has {', '.join(sorted(links))}: as root, `make chaos-net`")
    networks = Namespaces(PROGRAMS)
    try:
        networks.make()
    except (OSError, subprocess.CalledProcessError) as exc:
        raise SystemExit(f"no namespaces can be made ({exc}): as root, `make chaos-net`") from exc
    return networks


async def run(
    directory: Path, task: ClientTask, *, seconds: float, shards: int, networks: Namespaces | None = None
) -> ChaosVerdict:
    """Run once: faults for `seconds` (up to twice that, until there was each kind), then quiet, then the verdict."""
    began = time.monotonic()
    verdict = ChaosVerdict(seed=task.seed, shards=shards, rollouts=task.rollouts, seconds=0.0)
    letters: dict[str, str] = {}
    async with World(directory, task, shards=shards, networks=networks) as world:
        faults = Faults(world, task.seed)
        watching = asyncio.create_task(_watch_letters(world, letters), name="chaos letters")
        world.start_clients()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2 * seconds):
                await faults.run(seconds)
        await world.start_server()  # time may have been up between its death and its return
        await _until_idle(world)
        verdict.injected, verdict.possible = dict(faults.done), list(faults.kinds)
        if world.is_over:
            await _until_empty(world)
            await judge_server(verdict, world)
        else:
            hanging = ", ".join(c.name for c in world.clients if not c.exit.done())
            verdict.broken.append(f"{hanging}: hangs; {world.rewarded} rewards in all")
            verdict.broken += await leftovers(world.operator)
        watching.cancel()
    verdict.seconds = time.monotonic() - began
    judge_rewards(verdict, make_cases(task.rollouts, task.seed, poison=task.poison), task, letters)
    return verdict


async def _until_idle(world: World) -> None:
    """Wait until the clients have ended, or get no reward for longer than a deadline: everything is whole again."""
    rewarded = -1
    while not world.is_over and rewarded < world.rewarded:
        rewarded = world.rewarded
        await asyncio.wait({c.exit for c in world.clients}, timeout=world.task.deadline_s + GRACE_S)


async def _until_empty(world: World, patience_s: float = 30.0) -> None:
    """Wait for what a worker that was killed last still has on lease, and for the workers to say so."""
    give_up = time.monotonic() + patience_s
    while await leftovers(world.operator) and time.monotonic() < give_up:  # noqa: ASYNC110 another process's state
        await asyncio.sleep(0.2)


async def _watch_letters(world: World, letters: dict[str, str]) -> None:
    """Note each dead letter when it comes: a server that is rolled back may lose it again."""
    while True:
        with contextlib.suppress(BrokerError):
            letters |= {d.uid.split("/")[1].split("#")[0]: d.reason for d in await world.operator.dead_letters(1000)}
        await asyncio.sleep(0.2)


def _show(verdict: ChaosVerdict) -> None:
    say = sys.stdout.write
    say(f"seed {verdict.seed}, {verdict.shards} shards: {verdict.rewarded} of {verdict.rollouts} rewarded")
    say(f" in {verdict.seconds:.0f} s, {verdict.by_http} by HTTP\n")
    say(f"  faults    {verdict.injected}\n  restarts  {verdict.restarts}\n  counters  {verdict.counters}\n")
    say(f"  rewards   {verdict.sources}, p50 {verdict.p50_s:.3f} s, longest {verdict.max_s:.1f} s\n")
    say(f"  left      {verdict.left_in_done} in done, {verdict.consumers} consumers, {verdict.dead_letters} letters\n")
    for sentence in verdict.broken[:20]:
        say(f"  BROKEN    {sentence}\n")
    say(f"  {'every promise held' if verdict.is_kept else f'{len(verdict.broken)} breaches'}\n")
