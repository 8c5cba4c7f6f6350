"""Fault schedule of a chaos run: each kind of fault once, in an order that the seed decides, then at random.

A fault that lasts (a stopped process, a black hole) runs beside the next ones, as faults do.
"""

import asyncio
import contextlib
import os
import random
import resource
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final, cast

import psutil

from bench.chaos.world import LEASE_S, World
from tinyv_stream.errors import BrokerError

_GAP_S: Final = (0.5, 2.5)
"""Between one fault and the next."""
_COPY_S: Final = 5.0
"""Age at which the copy of the server's data is renewed; a rollback loses up to this much, as a bad failover may."""
_MEMORY: Final = "256mb"


class Faults:
    """Runs until cancelled. `done` counts what was done, by kind."""

    def __init__(self, world: World, seed: int) -> None:
        self._world = world
        self._dice = random.Random(seed)  # noqa: S311 repeatable, not secret
        self._copy = world.directory / "copy"
        self._lasting: set[asyncio.Task[None]] = set()
        self.done: Counter[str] = Counter()
        self.kinds: dict[str, tuple[int, Callable[[], Awaitable[None]]]] = {
            "kill worker": (5, self._kill_worker),
            "kill grader": (3, self._kill_grader),
            "stop worker": (2, self._stop_worker),
            "kill client": (2, self._kill_client),
            "kill server": (2, self._kill_server),
            "roll back server": (2, self._roll_back),
            "forget scripts": (1, self._forget_scripts),
            "cut connections": (1, self._cut_connections),
            "pause clients": (1, self._pause_clients),
            "no memory": (1, self._no_memory),
            "black hole": (2, self._black_hole),
            "reset": (1, self._reset),
            "delay": (1, self._delay),
            "no descriptors": (2, self._no_descriptors),
            "blocked loop": (2, self._block_client),
            "no rights": (1, self._no_rights),
            "junk reward": (2, self._junk_reward),
        }

    async def run(self) -> None:
        """Hurt the world until cancelled, then undo what lasts."""
        first = list(self.kinds)
        self._dice.shuffle(first)
        copying = asyncio.create_task(self._keep_copies(), name="chaos copies")
        try:
            while True:
                await asyncio.sleep(self._dice.uniform(*_GAP_S))
                weights = [weight for weight, _ in self.kinds.values()]
                kind = first.pop() if first else self._dice.choices(list(self.kinds), weights)[0]
                try:
                    await self.kinds[kind][1]()
                except (BrokerError, OSError, psutil.Error, IndexError):  # there is nobody to hurt at this moment
                    if not self.done[kind]:
                        first.insert(0, kind)
                else:
                    self.done[kind] += 1
        finally:
            copying.cancel()
            for task in list(self._lasting):
                task.cancel()
            await asyncio.gather(copying, *self._lasting, return_exceptions=True)

    def _last(self, seconds: float, undo: Callable[[], Awaitable[None]]) -> None:
        async def later() -> None:
            try:
                await asyncio.sleep(seconds)
            finally:
                with contextlib.suppress(BrokerError, OSError):
                    await undo()

        task = asyncio.create_task(later(), name="chaos fault")
        self._lasting.add(task)
        task.add_done_callback(self._lasting.discard)

    async def _keep_copies(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                self._world.copy_data(self._copy)
            await asyncio.sleep(_COPY_S)

    # ---- processes

    async def _kill_worker(self) -> None:
        os.kill(self._dice.choice(self._world.pids()), signal.SIGKILL)

    async def _kill_grader(self) -> None:
        children = [c for pid in self._world.pids("rule") for c in psutil.Process(pid).children(recursive=True)]
        self._dice.choice(children).kill()

    async def _stop_worker(self) -> None:
        pid = self._dice.choice(self._world.pids())
        os.kill(pid, signal.SIGSTOP)

        async def go_on() -> None:
            os.kill(pid, signal.SIGCONT)

        self._last(LEASE_S * 2, go_on)

    async def _kill_client(self) -> None:
        if self._world.client.pid:
            os.kill(self._world.client.pid, signal.SIGKILL)

    async def _no_descriptors(self) -> None:
        """Let the client open no further file or connection, and take those away that it has."""
        pid = self._world.client.pid
        if not pid or not psutil.Process(pid).net_connections():  # it is starting: no program starts without files
            raise ProcessLookupError
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
        self._world.client_net.reset()

        async def enough() -> None:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)

        self._last(self._dice.uniform(1, 4), enough)

    async def _block_client(self) -> None:
        """Stop the client for longer than a time-out, as a checkpoint on its event loop does."""
        pid = self._world.client.pid
        if not pid:
            raise ProcessLookupError
        os.kill(pid, signal.SIGSTOP)

        async def go_on() -> None:
            os.kill(pid, signal.SIGCONT)

        self._last(self._dice.uniform(3, 8), go_on)

    # ---- the server

    async def _no_rights(self) -> None:
        """Take the right to run scripts away from everyone."""

        async def again() -> None:
            await self._world.operator.command("ACL", "SETUSER", "default", "+evalsha")

        await self._world.operator.command("ACL", "SETUSER", "default", "-evalsha")
        self._last(self._dice.uniform(1, 3), again)

    async def _junk_reward(self) -> None:
        """Put something where the client expects the reward of a rollout that is outstanding."""
        side = self._dice.choice(self._world.operator.sides)
        uids = cast("list[bytes]", await side.command("ZRANGE", side.keys.live, 0, 50))
        uid = self._dice.choice(uids)
        key = side.keys.rewards(f"chaos{self._world.task.seed}", "trainer")
        await side.command("XADD", key, "*", "u", uid, "r", self._dice.randbytes(20))

    async def _kill_server(self) -> None:
        self._world.server.kill()
        await asyncio.sleep(self._dice.uniform(0, 1))
        await self._world.server.start()

    async def _roll_back(self) -> None:
        await self._world.roll_back(self._copy)

    async def _forget_scripts(self) -> None:
        await self._world.operator.command("SCRIPT", "FLUSH")

    async def _cut_connections(self) -> None:
        await self._world.operator.command("CLIENT", "KILL", "TYPE", "normal")

    async def _pause_clients(self) -> None:
        await self._world.operator.command("CLIENT", "PAUSE", self._dice.randrange(500, 3000), "ALL")

    async def _no_memory(self) -> None:
        async def enough() -> None:
            await self._world.operator.command("CONFIG", "SET", "maxmemory", _MEMORY)

        await self._world.operator.command("CONFIG", "SET", "maxmemory", 1)
        self._last(self._dice.uniform(1, 3), enough)

    # ---- the network

    async def _black_hole(self) -> None:
        net = self._dice.choice((self._world.client_net, self._world.worker_net))
        net.is_hole = True

        async def out() -> None:
            net.is_hole = False
            net.reset()

        self._last(self._dice.uniform(1, 4), out)

    async def _reset(self) -> None:
        self._dice.choice((self._world.client_net, self._world.worker_net)).reset()

    async def _delay(self) -> None:
        net = self._dice.choice((self._world.client_net, self._world.worker_net))
        net.delay_s = 0.05

        async def swift() -> None:
            net.delay_s = 0.0

        self._last(3.0, swift)
