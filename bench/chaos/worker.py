"""Worker of a chaos run, `python -m bench.chaos.worker STAGE`: the real verifier, but a poison rollout kills it.

The rule worker grades as always, in its sandbox. The TinyV worker has the scripted engine, whose verdict is read off
the question (`bench.chaos.cases`).
"""

import os
import signal
import sys
from types import TracebackType
from typing import Self

from tinyv_stream_workers.entrypoint import main
from tinyv_stream_workers.verifier import Finding, Verifier

from bench.chaos.cases import POISON, read_off
from tinyv_stream.broker.messages import Work
from tinyv_stream.config import Config
from tinyv_stream.types import Stage


class Mortal:
    """Another verifier, but for the poison: that kills this process with -9, each time."""

    def __init__(self, inner: Verifier) -> None:
        self._inner = inner
        self._poison = POISON.format(stage=inner.stage)

    @property
    def stage(self) -> Stage:
        """As the other's."""
        return self._inner.stage

    @property
    def slots(self) -> int:
        """As the other's."""
        return self._inner.slots

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        await self._inner.__aexit__(kind, exc, trace)

    async def ready(self) -> None:
        """As the other's."""
        await self._inner.ready()

    async def verify(self, work: Work) -> Finding:
        """Die, or do as the other."""
        if self._poison in work.question:
            os.kill(os.getpid(), signal.SIGKILL)
        return await self._inner.verify(work)

    def describe(self) -> dict[str, str]:
        """As the other's."""
        return self._inner.describe()


def _rule(config: Config) -> Verifier:
    from tinyv_stream_workers.rule.verifier import RuleVerifier

    return Mortal(RuleVerifier(config.rule, routes=config.route_rows))


def _tinyv(config: Config) -> Verifier:
    from tinyv_stream_workers.tinyv.engines.scripted import ScriptedEngine
    from tinyv_stream_workers.tinyv.verifier import TinyVVerifier

    return Mortal(TinyVVerifier(config.tinyv, engine=ScriptedEngine(read_off)))


if __name__ == "__main__":
    stage: Stage = "rule" if sys.argv.pop(1) == "rule" else "tinyv"
    main(stage, "A worker for chaos runs.", _rule if stage == "rule" else _tinyv, name="bench.chaos.worker")
