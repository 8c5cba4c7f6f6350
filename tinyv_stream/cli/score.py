"""`tinyv-stream score`: `push` with a pool of its own, which lives as long as the file takes."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import typer

from tinyv_stream.aio.cancel import finishes
from tinyv_stream.cli.common import (
    ConfigOption,
    Interrupt,
    ModelOption,
    RuleWorkersOption,
    SetupOption,
    TinyVWorkersOption,
    WeightOption,
    check_rule_workers,
    run,
    settings,
)
from tinyv_stream.cli.push import DeadlineOption, FileArgument, InflightOption, OutOption, RecordOption, complete
from tinyv_stream.cli.push_job import PushJob
from tinyv_stream.cli.readiness import until_ready
from tinyv_stream.config import Config
from tinyv_stream.embedded_server.places import scratch_directory
from tinyv_stream.pool import Pool

EPILOG: Final = """
\b
Examples:
  tinyv-stream score rollouts.jsonl --out rewards.jsonl
  tinyv-stream score rollouts.jsonl --out rewards.jsonl --model ./my-verifier --setup mixed --weight 0.5

\b
Lines, resuming and exit codes are those of `push`. TinyV's engine takes half a minute to start; rules alone need
none: `--tinyv-workers 0` with a `data_source` that is graded by rules.
"""


def score(
    file: FileArgument,
    out: OutOption,
    *,
    model: ModelOption = None,
    setup: SetupOption = None,
    weight: WeightOption = None,
    rule_workers: RuleWorkersOption = None,
    tinyv_workers: TinyVWorkersOption = None,
    config: ConfigOption = None,
    deadline: DeadlineOption = 600.0,
    max_inflight: InflightOption = 1024,
    record: RecordOption = None,
) -> None:
    """Score a file of rollouts with a pool of its own."""
    chosen = settings(
        config, rule_workers=rule_workers, tinyv_workers=tinyv_workers, model=model, setup=setup, weight=weight
    )
    job = PushJob(
        file=file,
        out=out,
        pool=chosen.broker.pool,
        deadline_s=deadline,
        max_inflight=max_inflight,
        record=record,
        watch_routing=chosen.tinyv.workers > 0,
    )
    check_rule_workers(chosen)
    run(lambda interrupt: complete(job, interrupt, lambda: own_pool(chosen, interrupt)))


async def _ready(pool: Pool, config: Config) -> None:
    typer.echo("starting a pool; an engine takes half a minute", err=True)
    await until_ready(pool, config)


@asynccontextmanager
async def own_pool(config: Config, interrupt: Interrupt) -> AsyncGenerator[str]:
    """Run a pool in a temporary directory and yield its URL; after Ctrl-C it is not drained: nobody reads it again."""
    with scratch_directory("tinyv-score-") as directory:
        async with Pool(config, directory=directory) as pool:
            stop = asyncio.Event()
            running = asyncio.create_task(pool.run(stop), name="pool")
            try:
                waited = time.monotonic()
                if await finishes(interrupt.asked, _ready(pool, config)):
                    typer.echo(f"workers ready after {time.monotonic() - waited:.0f} s", err=True)
                yield pool.url
            finally:
                stop.set()
                if interrupt.asked.is_set():
                    pool.stop_now()
                await running
