"""Scripted worker, `python -m bench.scripted STAGE`: its verifier answers at once, to measure the stream alone."""

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec
from tinyv_stream_workers.entrypoint import main
from tinyv_stream_workers.verifier import Finding

from tinyv_stream.broker.messages import Work
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig, Config
from tinyv_stream.processes.child import Child
from tinyv_stream.types import STAGES, Outcome, Stage, Verdict

CONFIG: Final = Config(broker=BrokerConfig(pool="bench", cache_ttl_s=0))
"""Nothing is shared or cached: each rollout is worked on in both stages."""
_FOUND: Final = {
    "rule": Finding(verdict=Verdict(outcome=Outcome.INCORRECT, grader="scripted"), model_answer="1"),
    "tinyv": Finding(verdict=Verdict(outcome=Outcome.CORRECT, grader="scripted")),
}


class AtOnce:
    """Finds the same of every work, in no time."""

    def __init__(self, stage: Stage) -> None:
        self.stage: Stage = stage
        self.slots = 256

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    async def ready(self) -> None:
        """Return at once."""

    async def verify(self, work: Work) -> Finding:  # noqa: ARG002 the protocol's
        """Return the stage's one finding."""
        return _FOUND[self.stage]

    def describe(self) -> dict[str, str]:
        """Say that nothing was judged."""
        return {"engine": "scripted", "state": "ready"}


class WorkerFleet:
    """One scripted worker process per stage, while it is open; `url` names one server or several."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._scratch = tempfile.TemporaryDirectory(prefix="tinyv-bench-")
        self._children: list[Child] = []

    async def __aenter__(self) -> Self:
        """Start them and wait until both have beaten once."""
        env = {**os.environ, "TINYV_REDIS_URL": self._url, "TINYV_CONFIG": msgspec.json.encode(CONFIG).decode()}
        for stage in STAGES:
            command = [sys.executable, "-m", "bench.scripted", stage]
            child = Child(command, log=Path(self._scratch.name, f"{stage}.log"), env=env)
            child.start()
            self._children.append(child)
        async with OperatorApi(self._url, CONFIG.broker) as operator:
            while len((await operator.status()).workers) < len(STAGES):  # noqa: ASYNC110 another process's state
                await asyncio.sleep(0.1)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Drain them."""
        await asyncio.gather(*(child.end(10.0) for child in self._children))
        self._scratch.cleanup()

    @property
    def pids(self) -> list[int]:
        """Their process ids."""
        return [child.pid for child in self._children if child.pid]


if __name__ == "__main__":
    name: Stage = "rule" if sys.argv.pop(1) == "rule" else "tinyv"
    main(name, "A worker that answers at once.", lambda _: AtOnce(name), name="bench.scripted")
