"""Four machines as users have them: a namespace each for network and name, the command itself, one server over TLS."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from certificates import client_options

from bench.chaos.namespaces import HOST, Namespaces
from bench.chaos.releases import ROOT, environment_of
from tinyv_stream.broker.hosts import read_hosts
from tinyv_stream.broker.operator import OperatorApi, PoolStatus
from tinyv_stream.cli.hosts_table import HostInfo, hosts_of
from tinyv_stream.config import BrokerConfig
from tinyv_stream.processes.child import Child
from tinyv_stream.testing import wait_until

NAMES = ("alpha", "beta", "gamma", "trainer")
START_S = 90.0
"""How long workers may take to be ready on a machine that is busy with something else."""
LEASE_S = 3.0
DEADLINE_S = 90.0
"""Of each rollout. What a dead host held comes back after a lease; the rest is for a busy machine."""
RATE = 40.0
"""Rollouts per second: two cores grade them, and run four hosts."""
SETTINGS = f"""
[broker]
lease_s = {LEASE_S}

[tinyv]
weight = 0.5

[tinyv.engine]
kind = "scripted"
"""
PROGRAM = Path(__file__).with_name("trainer_program.py")


class Hosts:
    """One pool on several hosts. `urls` are by role: trainer, worker, operator."""

    def __init__(self, folder: Path, networks: Namespaces, urls: Mapping[str, str], pool: str) -> None:
        self.folder, self.networks, self.urls, self.pool = folder, networks, urls, pool
        self.settings = folder / "tinyv.toml"
        self.settings.write_text(SETTINGS)
        self.started: list[Child] = []

    def program(self, host: str, *words: str, url: str = "", release: Path = ROOT, **env: str) -> Child:
        """Start a program on a host: its own network, its own name, its own home."""
        home = self.folder / host
        home.mkdir(exist_ok=True)
        named = ["unshare", "--uts", "sh", "-c", f'hostname {host} && exec "$@"', "-"]
        log = home / f"{len(self.started)}.log"
        around = {k: v for k, v in environment_of(release).items() if not k.startswith("TINYV_")}
        around |= {"HOME": str(home), "XDG_STATE_HOME": str(home / "state"), "TINYV_REDIS_URL": url, **env}
        child = Child([*self.networks.prefix(host), *named, *words], log=log, env=around)
        child.start()
        self.started.append(child)
        return child

    def serve(self, host: str, *words: str, url: str = "", release: Path = ROOT, **env: str) -> Child:
        """Start `up` or `join` on a host, with a worker's rights."""
        command = (sys.executable, "-P", "-m", "tinyv_stream", *words, "--pool", self.pool)
        return self.program(host, *command, url=url or self.urls["worker"], release=release, **env)

    def up(self, host: str, *words: str, **env: str) -> Child:
        """Start the pool's first host, which settles the settings: a worker of each stage."""
        counts = ("--rule-workers", "1", "--tinyv-workers", "1")
        return self.serve(host, "up", *counts, "--config", str(self.settings), *words, **env)

    def join(self, host: str, *, release: Path = ROOT, **env: str) -> Child:
        """Start a further host: a worker of each stage."""
        return self.serve(host, "join", "--rule-workers", "1", "--tinyv-workers", "1", release=release, **env)

    async def say(self, *words: str, host: str = "trainer", url: str = "", **env: str) -> tuple[int, str]:
        """Run a command to its end, on a host and with an operator's rights; return its exit code and what it said."""
        child = self.serve(host, *words, url=url or self.urls["operator"], **env)
        code = await asyncio.wait_for(child.ended(), START_S)
        return code, "\n".join(child.last_lines(200))

    async def hosts(self) -> dict[str, HostInfo]:
        async with OperatorApi(self.urls["operator"], BrokerConfig(pool=self.pool)) as side:
            return {one.host: one for one in hosts_of(await side.workers(), await read_hosts(side))}

    async def status(self) -> PoolStatus:
        async with OperatorApi(self.urls["operator"], BrokerConfig(pool=self.pool)) as side:
            return await side.status()

    async def until_ready(self, *names: str) -> None:
        """Wait until these hosts have a ready worker of each stage, and no other has any."""

        async def are_ready() -> bool:
            found = {name: one for name, one in (await self.hosts()).items() if sum(one.ready.values())}
            return set(found) == set(names) and all(one.ready == {"rule": 1, "tinyv": 1} for one in found.values())

        await wait_until(are_ready, START_S, f"{', '.join(names)} work: {self.logs()}")

    @contextlib.asynccontextmanager
    async def training(self, **env: str) -> AsyncGenerator["Trainer"]:
        """Stream rollouts from the trainer's host for the length of the block; then all have their reward, once."""
        trainer = Trainer(self, env)
        await trainer.until(50)
        yield trainer
        await trainer.end()

    def of(self, host: str) -> Child:
        """Return what was started last on a host."""
        return next(child for child in reversed(self.started) if child.log.parent.name == host)

    def logs(self) -> str:
        return "\n".join(f"{c.log}: {' | '.join(c.last_lines(6))}" for c in self.started if c.last_lines(1))

    def kill_all(self) -> None:
        for child in self.started:
            child.kill()


class Trainer:
    """The trainer's process: it submits at a rate, and writes down each reward as it comes."""

    def __init__(self, hosts: Hosts, env: Mapping[str, str]) -> None:
        self._journal = hosts.folder / "journal"
        words = (hosts.urls["trainer"], hosts.pool, str(RATE), str(DEADLINE_S), str(self._journal))
        paths = os.pathsep.join(map(str, (ROOT, ROOT / "workers", ROOT / "tests" / "hosts")))
        self._child = hosts.program(
            "trainer", sys.executable, "-P", str(PROGRAM), *words, **({"PYTHONPATH": paths} | dict(env))
        )

    def lines(self) -> list[dict[str, Any]]:
        """Every whole line so far."""
        text = self._journal.read_text() if self._journal.exists() else ""
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    async def until(self, more: int) -> None:
        """Return once `more` further rewards came."""
        enough = len(self.lines()) + more

        def have_come() -> bool:
            assert self._child.is_alive, self._child.last_lines()
            return len(self.lines()) >= enough

        await wait_until(have_come, DEADLINE_S, f"{enough} rewards: {self._child.last_lines(3)}")

    async def end(self) -> None:
        """Let it submit no more; each rollout has one reward, the right one, in time."""
        self._child.send(signal.SIGTERM)
        assert await asyncio.wait_for(self._child.ended(), 2 * DEADLINE_S) == 0, self._child.last_lines()
        *lines, last = self.lines()
        assert len({line["id"] for line in lines}) == len(lines) == last["submitted"], "each once"
        wrong = [line for line in lines if (line["status"], line["value"]) != ("ok", line["wanted"])]
        assert not wrong, wrong[:3]
        assert max(line["total_s"] for line in lines) < DEADLINE_S


def urls_of(place: str, tls: Path, *, scheme: str = "rediss", path: str = "/0", secret: str = "") -> dict[str, str]:
    """Return a URL per role; with a `secret` each has a user of its own."""
    query = urlencode(client_options(tls, tls))
    users = {role: f"{role}:{secret}@" if secret else "" for role in ("trainer", "worker", "operator")}
    return {role: f"{scheme}://{user}{place}{path}?{query}" for role, user in users.items()}


__all__ = ["HOST", "LEASE_S", "NAMES", "RATE", "START_S", "Hosts", "Trainer", "urls_of"]
