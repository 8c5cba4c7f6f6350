"""Faults of the network: black holes, resets and delays in the proxies; partitions where namespaces are given."""

from collections.abc import Sequence

from bench.chaos.fault_set import FaultSet, Kinds
from bench.chaos.namespaces import Namespaces
from bench.chaos.proxy import Proxy
from bench.chaos.world import PROGRAMS


class NetworkFaults(FaultSet):
    """Between the server and the others."""

    def kinds(self) -> Kinds:
        """Return those of the proxies, and of the namespaces where there are some."""
        found: Kinds = {
            "black hole": (2, self._black_hole),
            "reset": (1, self._reset),
            "delay": (1, self._delay),
        }
        if self.world.networks:
            found["partition of the client"] = (2, lambda: self._cut(["trainer"]))
            found["partition of the gateway"] = (2, lambda: self._cut(["gateway"]))
            found["partition of a worker"] = (3, lambda: self._cut([self.dice.choice(PROGRAMS[2:])]))
            found["partition of the server"] = (2, lambda: self._cut(PROGRAMS))
        return found

    def _net(self) -> Proxy:
        return self.dice.choice((self.world.client_net, self.world.worker_net, self.world.gateway_net))

    async def _black_hole(self) -> None:
        net = self._net()
        net.is_hole = True

        async def out() -> None:
            net.is_hole = False
            net.reset()

        self.last(self.dice.uniform(1, 4), out)

    async def _reset(self) -> None:
        self._net().reset()

    async def _delay(self) -> None:
        net = self._net()
        net.delay_s = 0.05

        async def swift() -> None:
            net.delay_s = 0.0

        self.last(3.0, swift)

    async def _cut(self, names: Sequence[str]) -> None:
        """Part programs from the server for up to a time-out of the client."""
        networks: Namespaces | None = self.world.networks
        if networks is None:
            return
        networks.cut(names)

        async def whole() -> None:
            networks.join(names)

        self.last(self.dice.uniform(1, 10), whole)
