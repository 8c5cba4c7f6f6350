"""The sweep: every family, reward and seed; what needs the pool in this process, the others in processes beside it."""

import asyncio
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec

from bench.learn.cell import Setting, SweepCell, TaughtFamily
from bench.learn.grpo import Training
from bench.learn.pool_reward import PoolReward, learn_pool
from bench.learn.rewards import SOURCES
from bench.learn.settings import TINYV, LearnSettings

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
    """Run all cells and return them; raise EngineStartError where the pool does not come up."""
    jobs = jobs_of(settings)
    for family in settings.families:  # taught once, before cells run beside each other
        began = time.monotonic()
        await asyncio.to_thread(TaughtFamily(family, settings.setting, directory).policy)
        say(f"{family}: policy taught in {time.monotonic() - began:.0f} s")
    with ProcessPoolExecutor(settings.jobs, multiprocessing.get_context("spawn")) as workers:
        loop = asyncio.get_running_loop()
        beside = [
            loop.run_in_executor(workers, run_alone, job, settings.setting, directory, settings.board)
            for job in jobs
            if job.reward != TINYV
        ]
        asked = [job for job in jobs if job.reward == TINYV]
        cells = await _by_pool(asked, settings, directory, say) if asked else []
        for done in asyncio.as_completed(beside):
            cells.append(told := await done)
            say(_line(told))
    return cells


def run_alone(job: Job, setting: Setting, directory: Path, board: Path | None = None) -> SweepCell:
    """Run a cell that needs no pool."""
    bench = TaughtFamily(job.family, setting, directory)
    return bench.run(job.reward, job.seed, SOURCES[job.reward](bench.family, job.seed), job.how, board=board)


async def _by_pool(jobs: list[Job], settings: LearnSettings, directory: Path, say: SweepLog) -> list[SweepCell]:
    benches = {job.family: TaughtFamily(job.family, settings.setting, directory) for job in jobs}
    if all(benches[job.family].path(job.reward, job.seed, job.how).exists() for job in jobs):
        return [await asyncio.to_thread(run_from, benches[job.family], job, "", None) for job in jobs]
    cells: list[SweepCell] = []
    async with learn_pool(tinyv=1, model=settings.model, threads=settings.threads) as pool:
        for job in jobs:
            cells.append(told := await asyncio.to_thread(run_from, benches[job.family], job, pool.url, settings.board))
            say(_line(told))
    return cells


def run_from(bench: TaughtFamily, job: Job, url: str, board: Path | None) -> SweepCell:
    """Run a cell that is rewarded by the pool at `url`, in a thread of its own; its client records into `board`."""
    source = PoolReward(url, record=str(board or ""))
    try:
        return bench.run(job.reward, job.seed, source, job.how)
    finally:
        source.close()


@contextmanager
def directory_of(given: Path | None) -> Generator[Path]:
    """Yield the directory that cells are kept in: `given`, which is made, or one that goes with the run."""
    if given:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="tinyv-learn-cells-") as name:
        yield Path(name)


def _line(cell: SweepCell) -> str:
    last = cell.steps[-1]
    return (
        f"{cell.family} {cell.reward} {cell.loss} seed {cell.seed}: AUC {cell.auc:.3f}, "
        f"{last.cpu_s:.0f} CPU s, {last.wall_s:.0f} s"
    )
