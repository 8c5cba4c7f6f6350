"""TinyV engine without a model: verdicts by rule, service times by the simulation's model.

`TINYV_PACED=RATE,SECONDS` is what one engine gives a second when full, and the time of a lone verdict: RATE * SECONDS
servers (at least one), first come first served. `python -m bench.overlap.paced` is a worker with it.
"""

import asyncio
import heapq
import os
import time
from typing import Final

from tinyv_stream_workers.entrypoint import main
from tinyv_stream_workers.tinyv.engines.scripted import ScriptedEngine, by_rule
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.verifiers.tinyv.models import OWN
from tinyv_stream.verifiers.tinyv.read_out import Reading

PACED_ENV: Final = "TINYV_PACED"
_TAKEN: Final = 64


class Servers:
    """`rate * verdict_s` equal servers on the clock. A sleep that ends late delays its own end, and no other."""

    def __init__(self, rate: float, verdict_s: float) -> None:
        self.count = max(1, round(rate * verdict_s))
        self._service_s = self.count / rate
        self._free = [0.0] * self.count

    @classmethod
    def from_environment(cls) -> "Servers | None":
        """Return what the environment asks for, None if nothing; raise InvalidInputError for nonsense."""
        text = os.environ.get(PACED_ENV)
        if not text:
            return None
        try:
            rate, verdict_s = (float(part) for part in text.split(","))
        except ValueError as exc:
            raise InvalidInputError(PACED_ENV, text, "use verdicts per second, comma, seconds of a lone one") from exc
        return cls(rate, verdict_s)

    def book(self, now: float) -> float:
        """Return when a request that comes at `now` is served; requests are booked in the order of time."""
        end = max(now, self._free[0]) + self._service_s
        heapq.heapreplace(self._free, end)
        return end

    async def serve(self) -> None:
        """Return when a request that comes now is served."""
        now = time.monotonic()
        await asyncio.sleep(self.book(now) - now)


class PacedEngine(ScriptedEngine):
    """The scripted engine on those servers."""

    def __init__(self, servers: Servers) -> None:
        # As many as a real one takes into its batch: how many are served at once is another matter.
        super().__init__(capacity=_TAKEN)
        self._servers = servers

    async def read(self, prompt: str, *, priority: int = 0, fresh: bool = False) -> Reading:  # noqa: ARG002 as there
        """Apply the rule when a server has got to it."""
        await self._servers.serve()
        return Reading(p_true=by_rule(prompt), prompt_tokens=len(prompt) // 4)


if __name__ == "__main__":
    servers = Servers.from_environment() or Servers(1e6, 0.0)
    main(
        "tinyv",
        "A TinyV worker whose engine only keeps time.",
        lambda config: TinyVVerifier(config.tinyv, engine=PacedEngine(servers), row=OWN),
        name="bench.overlap.paced",
    )
