"""Verifiers for tests that read their verdict off the completion; they check the stream, not mathematics."""

import asyncio
from types import TracebackType
from typing import Self

from tinyv_stream_workers.verifier import Finding

from tinyv_stream.broker.messages import Work
from tinyv_stream.errors import EngineDiedError
from tinyv_stream.types import Outcome, Stage, Verdict


class ScriptedVerifier:
    """Finds what the text says: words `rule:correct`, `tinyv:undecided` ...; `raise` and `tinyv:die` are obeyed."""

    def __init__(self, stage: Stage, *, slots: int = 64, delay_s: float = 0.0) -> None:
        self.stage: Stage = stage
        self.slots = slots
        self.delay_s = delay_s
        self.asked: list[str] = []
        self.engine_is_up = asyncio.Event()
        self.engine_is_up.set()
        self.together = 0
        self.alone_with: set[str] = set()
        """Who died in an engine that held nobody else."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        pass

    async def ready(self) -> None:
        await self.engine_is_up.wait()

    async def verify(self, work: Work) -> Finding:
        self.asked.append(work.rollout_id)
        self.together += 1
        alone = self.together == 1
        try:
            await asyncio.sleep(self.delay_s)
            alone = alone and self.together == 1
        finally:
            self.together -= 1
        if f"{self.stage}:die" in (work.model_answer or ""):
            if alone:
                self.alone_with.add(work.rollout_id)
            raise EngineDiedError("scripted")
        if not self.engine_is_up.is_set():
            raise EngineDiedError("scripted")
        text = work.completion if self.stage == "rule" else work.model_answer or ""
        if f"{self.stage}:raise" in text:
            raise RuntimeError("a bug in the verifier")
        said = [word.split(":")[1] for word in text.split() if word.startswith(f"{self.stage}:")]
        outcome = Outcome(said[0]) if said else Outcome.INCORRECT
        return Finding(verdict=Verdict(outcome=outcome, grader="scripted"), model_answer=text)

    def describe(self) -> dict[str, str]:
        return {"engine": "scripted", "verifier": "scripted-1"}
