"""`tinyv-stream push`: a file of rollouts streamed into a running pool, its rewards into another file.

- Every good line gets exactly one line in `--out`; the same command goes on where an interrupt or a kill left it.
- The run's name comes from the two paths and the content, so going on is the same run to the pool too: what it has
  verified meanwhile is fetched, not done again.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from typing import Annotated, Final

import typer

from tinyv_stream.aio.cancel import cancel_all, finishes
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.cli.common import INTERRUPTED, Interrupt, PoolOption, RedisOption, find_url, run
from tinyv_stream.cli.progress import Progress
from tinyv_stream.cli.push_job import PoolLife, PushJob, PushLeft
from tinyv_stream.client.client import RewardClient
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerError, InvalidInputError
from tinyv_stream.files.rewards import RewardFile
from tinyv_stream.files.rollouts import Survey, open_input, survey
from tinyv_stream.processes.descriptors import CLIENT, raise_descriptors, say_if_short

EPILOG: Final = """
\b
Examples:
  tinyv-stream push rollouts.jsonl --out rewards.jsonl
  TINYV_REDIS_URL=rediss://user:secret@host:6380/0 tinyv-stream push rollouts.jsonl --out rewards.jsonl

\b
Each line is one completion: `completion`, `ground_truth`, and `question` or `prompt`; then `data_source` (a name with
`_tinyv` in it is shown to TinyV, others are graded by rules alone); and if you like `rollout_id`, `group_id`,
`group_size`, `step`, `deadline_s`. Run the same command again after an interrupt: it goes on, and doubles nothing.
A pool that goes away is waited for: deadlines count while it lives, and `--give-up-after` bounds the wait.
Exits with 1 if a line was bad, a reward is not `ok`, or something is left to do.
"""

MAX_BAD_SHOWN: Final = 20
"""Bad lines shown one by one; a file of another kind would otherwise fill the terminal."""

FileArgument = Annotated[Path, typer.Argument(metavar="FILE.jsonl", help="Rollouts, one JSON object per line.")]
OutOption = Annotated[Path, typer.Option("--out", metavar="rewards.jsonl", help="Where the rewards go, and are kept.")]
RunIdOption = Annotated[
    str | None, typer.Option("--run-id", help="Name of the run. [default: made from the paths and the content]")
]
DeadlineOption = Annotated[
    float, typer.Option("--deadline", min=1.0, metavar="SECONDS", help="For each reward, where the line gives none.")
]
GiveUpOption = Annotated[
    float,
    typer.Option("--give-up-after", min=1.0, metavar="SECONDS", help="How long to wait for a pool without workers."),
]
RecordOption = Annotated[
    Path | None, typer.Option("--record", metavar="DIR", help="Record it there, texts included, for `board`.")
]
InflightOption = Annotated[int, typer.Option("--max-inflight", min=1, help="Most rollouts submitted, not rewarded.")]


def push(
    file: FileArgument,
    out: OutOption,
    *,
    redis: RedisOption = None,
    pool: PoolOption = None,
    run_id: RunIdOption = None,
    deadline: DeadlineOption = 600.0,
    max_inflight: InflightOption = 1024,
    give_up_after: GiveUpOption = 3600.0,
    record: RecordOption = None,
) -> None:
    """Stream a file of rollouts into a running pool."""
    name = pool or "main"
    job = PushJob(
        file=file,
        out=out,
        pool=name,
        run_id=run_id,
        deadline_s=deadline,
        max_inflight=max_inflight,
        give_up_s=give_up_after,
        record=record,
    )
    say_if_short(raise_descriptors(), CLIENT, "a client of any number of credits", "what else this process opens")
    run(lambda interrupt: complete(job, interrupt, lambda: _running(find_url(redis, name), name)))


async def complete(
    job: PushJob, interrupt: Interrupt, open_pool: Callable[[], AbstractAsyncContextManager[str]]
) -> int:
    """Do what is left of the job and return the exit code; the pool is opened only if something is left."""
    open_input(job.file).close()
    if job.out.exists() and job.out.samefile(job.file):
        raise InvalidInputError("--out", str(job.out), "choose another file: this one holds the rollouts")
    with RewardFile(job.out) as out:
        found = survey(job.file, out.done)
        _report_bad(found)
        with Progress(job.file.name, done=found.good - found.todo, total=found.good) as progress:
            if found.todo:
                async with open_pool() as url:
                    await finishes(interrupt.asked, stream(url, job, out, progress))
    return _conclude(job, found, progress, interrupted=interrupt.asked.is_set())


async def stream(url: str, job: PushJob, out: RewardFile, progress: Progress) -> None:
    """Submit what `out` does not hold yet and write each reward as it comes.

    Raises BrokerError where the pool cannot be used, ClientClosedError where it can no longer be, OSError where the
    disk takes no more. Any of these, and a cancellation, leaves `out` whole; the pool keeps the rest.
    """
    client = RewardClient(
        url,
        run_id=job.run_id or _run_id(job),
        client_id="push",
        pool=job.pool,
        max_inflight=job.max_inflight,
        deadline_s=job.deadline_s,
        record=job.record,
        watch_routing=job.watch_routing,
    )
    life = PoolLife(url, job)
    left = PushLeft(client, job, out, progress, life=life)
    tasks = [asyncio.create_task(life.watch(), name="pool")]
    try:
        async with client:
            rewards = client.rewards()
            tasks.append(asyncio.create_task(left.submit_all(), name="submit"))
            if await finishes(life.gave_up, left.write_all(rewards)):
                await tasks[1]  # raises what ended the submitting, and so the rewards, early
            else:
                typer.echo(f"no worker of pool {job.pool!r} answered for {job.give_up_s:g} s", err=True)
    finally:
        # After the client has closed: cancelled before, a submit would take its rollout back from the pool.
        await cancel_all(tasks)


@asynccontextmanager
async def _running(url: str, pool: str) -> AsyncGenerator[str]:
    """Yield the URL; warn where nobody would take the rollouts, or a mistyped pool shows at the deadline only."""
    with suppress(BrokerError):  # the client says what is wrong with the broker; a trainer's user may not look here
        async with OperatorApi(url, BrokerConfig(pool=pool)) as side:
            if all(worker.state == "lost" for worker in await side.workers()):
                typer.echo(
                    f"no worker runs in pool {pool!r}: rollouts wait for `tinyv-stream up --pool {pool}`", err=True
                )
    yield url


def _run_id(job: PushJob) -> str:
    with open_input(job.file) as file:
        content = hashlib.file_digest(file, "blake2b").digest()
    paths = f"{job.file.resolve()}\0{job.out.resolve()}\0".encode(errors="surrogateescape")
    return "push-" + hashlib.blake2b(paths + content, digest_size=10).hexdigest()


def _report_bad(found: Survey) -> None:
    for bad in found.bad[:MAX_BAD_SHOWN]:
        typer.echo(f"bad {bad}", err=True)
    if len(found.bad) > MAX_BAD_SHOWN:
        typer.echo(f"bad lines: {len(found.bad) - MAX_BAD_SHOWN} more", err=True)


def _conclude(job: PushJob, found: Survey, progress: Progress, *, interrupted: bool) -> int:
    left = found.todo - progress.rewarded
    not_ok = found.not_ok + progress.not_ok
    counts = f"{found.good - left} of {found.good} rewarded, {not_ok} not ok, {len(found.bad)} bad lines"
    typer.echo(f"{counts}: {job.out}")
    if left:
        typer.echo(f"{left} are still to do: the same command goes on from here", err=True)
    if interrupted and left:
        return INTERRUPTED
    return 1 if left or not_ok or found.bad else 0
