"""Program `python -m tinyv_stream_workers.tinyv.judge`: given answers through the TinyV stage, with what they cost.

A `Judging` as JSON on stdin; a JSON line on stdout for each round, and one for the end; the log on stderr. Used by
`tinyv-stream verifier check`, which makes the cases and draws the conclusions.
"""

import asyncio
import logging
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from typing import BinaryIO, Final

import msgspec
import psutil

from tinyv_stream.broker.messages import Work
from tinyv_stream.config import TinyVConfig
from tinyv_stream.control.judging import (
    CaseVerdict,
    JudgedCase,
    Judging,
    JudgingDone,
    JudgingFailed,
    JudgingLine,
    Round,
    RoundDone,
)
from tinyv_stream.errors import EngineStartError
from tinyv_stream_workers.tinyv.costs import Costs
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier

_BATCHES: Final = 2
"""Batches of the engine that are asked at once: one that runs, one that waits."""
_PATIENCE_S: Final = 1_800.0
_ROW: Final = re.compile(r"(\d+), *(\d+)")
"""A process with its memory; "[N/A]" stands where the driver will not tell."""


async def judge(order: Judging, out: BinaryIO) -> None:
    """Do all rounds, one after the other. Raises EngineStartError."""
    began = time.monotonic()
    async with TinyVVerifier(_patient(order.config)) as stage:
        start_s = time.monotonic() - began
        for turn in order.rounds:
            _say(out, await _round(stage, turn, [order.cases[n] for n in turn.cases]))
        memory_mb, gpu_mb = memory()
        _say(out, JudgingDone(about=stage.describe(), start_s=start_s, memory_mb=memory_mb, gpu_mb=gpu_mb))


def _patient(config: TinyVConfig) -> TinyVConfig:
    """Return the settings with time enough: a machine that is slow should say so in figures, not in undecided ones."""
    engine = msgspec.structs.replace(config.engine, request_timeout_s=max(_PATIENCE_S, config.engine.request_timeout_s))
    return msgspec.structs.replace(config, engine=engine)


async def _round(stage: TinyVVerifier, turn: Round, cases: list[JudgedCase]) -> RoundDone:
    stage.guard = turn.guard
    stage.costs = Costs()
    if turn.forget:
        await stage.forget()
    room = asyncio.Semaphore(turn.together or _BATCHES * stage.capacity)

    async def one(number: int, case: JudgedCase) -> CaseVerdict:
        async with room:
            verdict = (await stage.verify(_work(turn.name, number, case))).verdict
        return CaseVerdict(outcome=verdict.outcome, grader=verdict.grader, reason=verdict.reason, p_true=verdict.p_true)

    began = time.monotonic()
    answers = await asyncio.gather(*(one(n, case) for n, case in enumerate(cases)))
    costs = stage.costs
    return RoundDone(
        name=turn.name,
        answers=tuple(answers),
        wall_s=time.monotonic() - began,
        calls=costs.calls,
        prompt_tokens=costs.prompt_tokens,
        cached_tokens=costs.cached_tokens,
        reply_tokens=costs.reply_tokens,
        mass=costs.mass / costs.masses if costs.masses else None,
    )


def _work(name: str, number: int, case: JudgedCase) -> Work:
    return Work(
        run_id="check",
        client_id="check",
        rollout_id=f"{name} {number}",
        question=case.question,
        ground_truth=case.ground_truth,
        model_answer=case.model_answer,
        completion=f"The final answer is \\boxed{{{case.model_answer}}}.",
    )


def memory() -> tuple[float, float | None]:
    """Return the memory of this process and what it started, and their share of GPUs where one can be asked; MB."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    resident = 0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            resident += process.memory_info().rss
    return resident / 1e6, _gpu_mb({process.pid for process in processes})


def _gpu_mb(pids: set[int]) -> float | None:
    """Ask the driver's own tool. It counts in MiB, and knows these processes by the host's numbers only."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return None
    query = [tool, "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]
    done = subprocess.run(query, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603 - a list
    rows = (_ROW.fullmatch(row.strip()) for row in done.stdout.splitlines())
    ours = [float(row[2]) for row in rows if row and int(row[1]) in pids]
    return sum(ours) * 2**20 / 1e6 if ours else None


def _say(out: BinaryIO, line: JudgingLine) -> None:
    out.write(msgspec.json.encode(line) + b"\n")
    out.flush()


def main() -> int:
    """Judge what stands on stdin; 0 when all is done, 1 where the engine did not start."""
    logging.basicConfig(level=os.environ.get("TINYV_LOG", "INFO"), format="%(asctime)s %(levelname)s %(message)s")
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is log, and no line of ours
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Judging)
    try:
        asyncio.run(judge(order, out))
    except EngineStartError as exc:
        _say(out, JudgingFailed(reason=exc.reason, remedy=exc.remedy))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
