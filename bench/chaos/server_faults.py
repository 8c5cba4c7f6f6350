"""Faults of the server and of disks: killed, rolled back, without memory, room or rights, its clock set."""

import asyncio
import contextlib
import random
from typing import Final, cast

from bench.chaos.disk import SmallDisk
from bench.chaos.fault_set import FaultSet, Kinds
from bench.chaos.world import World

_COPY_S: Final = 5.0
"""Age at which the copy of the server's data is renewed; a rollback loses up to this much, as a bad failover may."""
_MEMORY: Final = "256mb"
_STEPS_S: Final = (-7200, -3600, -90, -20, 20, 90, 3600, 7200)


class ServerFaults(FaultSet):
    """Of the server, its data, and the gateway's state file."""

    def __init__(self, world: World, dice: random.Random) -> None:
        super().__init__(world, dice)
        self._copy = world.directory / "copy"

    def kinds(self) -> Kinds:
        """Return those that this machine and user can do."""
        found: Kinds = {
            "kill server": (2, self._kill_server),
            "roll back server": (2, self._roll_back),
            "forget scripts": (1, self._forget_scripts),
            "cut connections": (1, self._cut_connections),
            "pause clients": (1, self._pause_clients),
            "no memory": (1, self._no_memory),
            "no rights": (1, self._no_rights),
            "junk reward": (2, self._junk_reward),
        }
        if self.world.clock:
            found["set clock"] = (2, self._set_clock)
        if all(disk.can_fill for disk in self.world.disks):
            found["server's disk full"] = (2, self._server_disk)
            found["gateway's disk full"] = (2, self._gateway_disk)
        return found

    async def keep_copies(self) -> None:
        """Copy the server's data now and then, until cancelled."""
        while True:
            with contextlib.suppress(OSError):
                self.world.copy_data(self._copy)
            await asyncio.sleep(_COPY_S)

    async def _kill_server(self) -> None:
        self.world.server.kill()
        await asyncio.sleep(self.dice.uniform(0, 1))
        await self.world.start_server()

    async def _roll_back(self) -> None:
        await self.world.roll_back(self._copy)

    async def _set_clock(self) -> None:
        """Set the server's wall clock; it stays so until it is set again. While no worker runs nobody could see it."""
        if not any(worker.state == "ready" for worker in (await self.world.operator.status()).workers):
            raise IndexError
        if self.world.clock:
            self.world.clock.step(self.dice.choice(_STEPS_S))

    async def _server_disk(self) -> None:
        self._fill(self.world.disks[0])

    async def _gateway_disk(self) -> None:
        self._fill(self.world.disks[1])

    def _fill(self, disk: SmallDisk) -> None:
        disk.fill()

        async def room() -> None:
            disk.free()

        self.last(self.dice.uniform(1, 4), room)

    async def _no_rights(self) -> None:
        """Take the right to run scripts away from everyone."""

        async def again() -> None:
            await self.world.operator.command("ACL", "SETUSER", "default", "+evalsha")

        await self.world.operator.command("ACL", "SETUSER", "default", "-evalsha")
        self.last(self.dice.uniform(1, 3), again)

    async def _junk_reward(self) -> None:
        """Put something where a client expects the reward of a rollout that is outstanding."""
        side = self.dice.choice(self.world.operator.sides)
        uid = self.dice.choice(cast("list[bytes]", await side.command("ZRANGE", side.keys.live, 0, 50)))
        run = uid.decode().partition("/")[0]
        # Who holds a name is there all the time; a stream of rewards comes and goes with each commit.
        holds = cast("list[bytes]", await side.command("KEYS", side.keys.hold(run, "*").replace("{", r"\{")))
        client = self.dice.choice(holds).decode().removeprefix(side.keys.hold(run, ""))
        await side.command("XADD", side.keys.rewards(run, client), "*", "u", uid, "r", self.dice.randbytes(20))

    async def _forget_scripts(self) -> None:
        await self.world.operator.command("SCRIPT", "FLUSH")

    async def _cut_connections(self) -> None:
        await self.world.operator.command("CLIENT", "KILL", "TYPE", "normal")

    async def _pause_clients(self) -> None:
        await self.world.operator.command("CLIENT", "PAUSE", self.dice.randrange(500, 3000), "ALL")

    async def _no_memory(self) -> None:
        async def enough() -> None:
            await self.world.operator.command("CONFIG", "SET", "maxmemory", _MEMORY)

        await self.world.operator.command("CONFIG", "SET", "maxmemory", 1)
        self.last(self.dice.uniform(1, 3), enough)
