"""The sweep: every family, reward and seed; what needs the pool in this process, the others in processes beside it."""

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from bench.learn.beside import in_thread, processes, submitted
from bench.learn.cell import Setting, SweepCell, TaughtFamily
from bench.learn.grpo import Training
from bench.learn.pool_reward import PoolReward, learn_pool
from bench.learn.rewards import SOURCES, TINYV
from bench.learn.settings import LearnSettings

SweepLog = Callable[[str], None]


class Job(msgspec.Struct, frozen=True):
    """One cell to run."""

    family: str
    reward: str
    seed: int
    how: Training


def jobs_of(settings: LearnSettings) -> list[Job]:
    """Return all cells, seeds outermost: a sweep that is cut has whole seeds."""
    told: list[Job] = []
    for seed in settings.seeds:
        for family in settings.families:
            told += [Job(family, reward, seed, settings.setting.training) for reward in settings.rewards]
            other = msgspec.structs.replace(settings.setting.training, loss="dr_grpo")
            told += [Job(family, reward, seed, other) for reward in settings.dr_grpo]
    return told


async def sweep(settings: LearnSettings, directory: Path, say: SweepLog) -> list[SweepCell]:
    """Run all cells that no file has, and return all in the order of `jobs_of`.

    Raises EngineStartError where the pool does not come up, BrokenProcessPool where a process beside was ended. Then,
    and at a cancellation, no process is left; the cells that were done are in their files.
    """
    jobs = jobs_of(settings)
    benches = {name: TaughtFamily(name, settings.setting, directory) for name in settings.families}
    cells: dict[Job, SweepCell] = {}
    for job in jobs:
        with_alarms = settings.board is not None and job.reward != TINYV
        if cell := benches[job.family].found(job.reward, job.seed, job.how, with_alarms=with_alarms):
            cells[job] = cell

    def done(job: Job, cell: SweepCell) -> None:
        cells[job] = cell
        say(_line(cell))

    left = [job for job in jobs if job not in cells]
    with processes(settings.jobs) as beside:
        for name in {job.family: None for job in left}:  # taught once, before cells run beside each other
            began = time.monotonic()
            await submitted(beside, teach_alone, [(name, settings.setting, directory)])[0]
            say(f"{name}: policy taught in {time.monotonic() - began:.0f} s")
        alone = [job for job in left if job.reward != TINYV]
        calls = [(job, settings.setting, directory, settings.board) for job in alone]
        working = [
            asyncio.ensure_future(_when(job, future, done))
            for job, future in zip(alone, submitted(beside, run_alone, calls), strict=True)
        ]
        asked = [job for job in left if job.reward == TINYV]
        working.append(asyncio.ensure_future(_by_pool(asked, settings, benches, done)))
        await _all(working)
    return [cells[job] for job in jobs]


async def _all(working: list[asyncio.Task[None]]) -> None:
    """Wait for all; where one fails, or at a cancellation, the others are cancelled and waited for first."""
    try:
        for one in asyncio.as_completed(working):
            await one
    finally:
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)


async def _when(job: Job, future: asyncio.Future[SweepCell], done: Callable[[Job, SweepCell], None]) -> None:
    done(job, await future)


def teach_alone(name: str, setting: Setting, directory: Path) -> None:
    """Teach a family's policy, where no file has it."""
    TaughtFamily(name, setting, directory).policy()


def run_alone(job: Job, setting: Setting, directory: Path, board: Path | None = None) -> SweepCell:
    """Run a cell that needs no pool."""
    bench = TaughtFamily(job.family, setting, directory)
    return bench.run(job.reward, job.seed, SOURCES[job.reward](bench.family, job.seed), job.how, board=board)


async def _by_pool(
    jobs: list[Job],
    settings: LearnSettings,
    benches: dict[str, TaughtFamily],
    done: Callable[[Job, SweepCell], None],
) -> None:
    if not jobs:
        return
    async with learn_pool(tinyv=1, model=settings.model, threads=settings.threads) as pool:
        for job in jobs:
            bench, url, board = benches[job.family], pool.url, settings.board
            done(job, await in_thread(lambda stop: run_from(bench, job, url, board, stop)))  # noqa: B023 waited for


def run_from(bench: TaughtFamily, job: Job, url: str, board: Path | None, stop: threading.Event) -> SweepCell:
    """Run a cell that is rewarded by the pool at `url`, in a thread of its own; its client records into `board`.

    Raises CancelledError at the first step after `stop` was set.
    """
    source = PoolReward(url, record=str(board or ""), stop=stop)
    try:
        return bench.run(job.reward, job.seed, source, job.how)
    finally:
        source.close()


def _line(cell: SweepCell) -> str:
    last = cell.steps[-1]
    return (
        f"{cell.family} {cell.reward} {cell.loss} seed {cell.seed}: AUC {cell.auc:.3f}, "
        f"{last.cpu_s:.0f} CPU s, {last.wall_s:.0f} s"
    )
