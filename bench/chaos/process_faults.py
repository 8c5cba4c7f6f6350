"""Faults of processes: killed, stopped, of another release, without descriptors; and floods of a gateway."""

import asyncio
import os
import resource
import signal

import psutil

from bench.chaos.fault_set import FaultSet, Kinds
from bench.chaos.program import ChaosProgram
from bench.chaos.proxy import Proxy
from bench.chaos.world import LEASE_S

_HALF = b"POST /v1/rollouts HTTP/1.1\r\nHost: chaos\r\nX-Slow: "
_FLOOD = 400


class ProcessFaults(FaultSet):
    """Of workers, graders, the gateway and both clients."""

    def kinds(self) -> Kinds:
        """Return them all: they need no more than a user's rights."""
        return {
            "kill worker": (5, self._kill_worker),
            "kill grader": (3, self._kill_grader),
            "stop worker": (2, self._stop_worker),
            "kill client": (2, self._kill_client),
            "blocked loop": (2, self._block_client),
            "no descriptors": (2, self._no_descriptors),
            "change release": (3, self._change_release),
            "kill gateway": (2, self._kill_gateway),
            "stop gateway": (1, self._stop_gateway),
            "gateway without descriptors": (2, self._gateway_without_descriptors),
            "slow-header flood": (2, self._flood),
        }

    async def _kill_worker(self) -> None:
        os.kill(self._one_of(*self.world.workers.values()), signal.SIGKILL)

    async def _kill_grader(self) -> None:
        rules = [self.world.workers[name].pid for name, stage in self.world.stages.items() if stage == "rule"]
        children = [c for pid in rules if pid for c in psutil.Process(pid).children(recursive=True)]
        self.dice.choice(children).kill()

    async def _stop_worker(self) -> None:
        self._stop(self._one_of(*self.world.workers.values()), LEASE_S * 2)

    async def _kill_client(self) -> None:
        os.kill(self._one_of(*self.world.clients), signal.SIGKILL)

    async def _block_client(self) -> None:
        """Stop a client for longer than a time-out, as a checkpoint on its event loop does."""
        self._stop(self._one_of(*self.world.clients), self.dice.uniform(3, 8))

    async def _no_descriptors(self) -> None:
        self._take_descriptors(self.world.trainer, self.world.client_net)

    async def _gateway_without_descriptors(self) -> None:
        self._take_descriptors(self.world.gateway, self.world.gateway_net)

    async def _change_release(self) -> None:
        """End a program as an upgrade does; it comes back as the other release."""
        program = self.dice.choice([*self.world.workers.values(), self.world.gateway, *self.world.clients])
        pid = self._one_of(program)
        program.is_newer = not program.is_newer
        os.kill(pid, signal.SIGKILL if program in self.world.clients else signal.SIGTERM)

    async def _kill_gateway(self) -> None:
        os.kill(self._one_of(self.world.gateway), signal.SIGKILL)

    async def _stop_gateway(self) -> None:
        self._stop(self._one_of(self.world.gateway), self.dice.uniform(3, 8))

    async def _flood(self) -> None:
        """Open connections to the gateway that never send all of their headers."""
        opened: list[asyncio.StreamWriter] = []
        for _ in range(_FLOOD):
            async with asyncio.timeout(1.0):
                _, writer = await asyncio.open_connection(*self.world.gateway_at)
            opened.append(writer)
            writer.write(_HALF)

        async def ebb() -> None:
            for writer in opened:
                writer.transport.abort()

        self.last(self.dice.uniform(3, 8), ebb)

    def _one_of(self, *programs: ChaosProgram) -> int:
        """Return the process id of one that is alive; raise IndexError if none is."""
        return self.dice.choice([pid for program in programs if (pid := program.pid)])

    def _stop(self, pid: int, seconds: float) -> None:
        os.kill(pid, signal.SIGSTOP)

        async def go_on() -> None:
            os.kill(pid, signal.SIGCONT)

        self.last(seconds, go_on)

    def _take_descriptors(self, program: ChaosProgram, net: Proxy) -> None:
        """Let it open no further file or connection, and take those to the server away that it has."""
        pid = self._one_of(program)
        if not psutil.Process(pid).net_connections():  # it is starting: no program starts without files
            raise ProcessLookupError
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (3, before[1]))
        net.reset()

        async def enough() -> None:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, before)

        self.last(self.dice.uniform(1, 4), enough)
