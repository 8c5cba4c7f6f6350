"""Judging of given answers by a TinyV stage in a process of its own, with what it costs: for checks of a verifier.

- The stage is the workers' own (guard, prompt, engine, read-out); no broker and no rules are involved.
- One process, one engine start, any number of rounds; a cancellation kills it.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec

from tinyv_stream.config import TinyVConfig
from tinyv_stream.errors import EngineStartError
from tinyv_stream.processes.die_with_parent import tied_command
from tinyv_stream.types import Outcome

_PROGRAM: Final = "tinyv_stream_workers.tinyv.judge"
_LINE_BYTES: Final = 2**24
"""Longest line of the program: a round's answers."""
_LAST_CHARS: Final = 400


class JudgedCase(msgspec.Struct, frozen=True, kw_only=True):
    """One answer to judge."""

    question: str
    ground_truth: str
    model_answer: str


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """Some cases, put to the stage together."""

    name: str
    cases: tuple[int, ...]
    """Their places in the list of all."""
    guard: bool = True
    together: int = 0
    """How many at once; 0: as many as keep the engine busy."""
    forget: bool = False
    """Empty the prefix cache before."""


class Judging(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done."""

    config: TinyVConfig
    cases: tuple[JudgedCase, ...]
    rounds: tuple[Round, ...]


class CaseVerdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said of one case."""

    outcome: Outcome
    grader: str = ""
    reason: str = ""
    p_true: float | None = None


class RoundDone(msgspec.Struct, frozen=True, kw_only=True, tag="round"):
    """A round's answers, in order, and their cost: seconds, calls of the engine, tokens."""

    name: str
    answers: tuple[CaseVerdict, ...]
    wall_s: float
    calls: int
    prompt_tokens: int
    cached_tokens: int
    reply_tokens: int
    mass: float | None
    """Mean probability of the verdict's words at their place; None where replies were read as text."""


class JudgingDone(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """The end: engine, version, model and revision; memory of the process and what it started, in 10^6 bytes."""

    about: dict[str, str]
    start_s: float
    memory_mb: float
    gpu_mb: float | None = None


class JudgingFailed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """The engine did not start."""

    reason: str
    remedy: str


JudgingLine = RoundDone | JudgingDone | JudgingFailed
_line: Final = msgspec.json.Decoder(JudgingLine)


async def judged(order: Judging, log: Path) -> AsyncGenerator[RoundDone | JudgingDone]:
    """Yield each round as it is done, then the end; the program's own log goes to `log`. Close it where it is left.

    Raises EngineStartError where the engine does not start, or the program ends before its work.
    """
    async with _program(log) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("the program was started without pipes")
        process.stdin.write(msgspec.json.encode(order))
        await process.stdin.drain()
        process.stdin.close()
        async for raw in process.stdout:
            line = _line.decode(raw)
            if isinstance(line, JudgingFailed):
                raise EngineStartError(line.reason, line.remedy)
            yield line
            if isinstance(line, JudgingDone):
                return
        last = _last_words(log)
    raise EngineStartError(f"the judging program ended before its work: {last}", f"see {log}")


@asynccontextmanager
async def _program(log: Path) -> AsyncGenerator[asyncio.subprocess.Process]:
    command = tied_command([sys.executable, "-m", _PROGRAM], signal.SIGKILL)
    pipe = asyncio.subprocess.PIPE
    path = os.pathsep.join(entry for entry in sys.path if entry)
    with log.open("wb") as errors:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=pipe,
            stdout=pipe,
            stderr=errors,
            env={**os.environ, "PYTHONPATH": path},
            start_new_session=True,
            limit=_LINE_BYTES,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def _last_words(log: Path) -> str:
    lines: Sequence[str] = log.read_text(errors="replace").strip().splitlines() or ["it said nothing"]
    return lines[-1][:_LAST_CHARS]
