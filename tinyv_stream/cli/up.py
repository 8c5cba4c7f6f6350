"""`tinyv-stream up`: a pool on this machine, and its live status.

- The first Ctrl-C, SIGTERM or SIGHUP drains the workers, a second one kills them; what they held, others take over.
- The pool outlives its display: an error there is logged, and the pool goes on.
"""

import asyncio
import logging
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Final

import typer

from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.aio.log_limit import LogLimit
from tinyv_stream.broker.operator import OperatorApi, PoolStatus, WorkerInfo
from tinyv_stream.broker.redis_client import redact
from tinyv_stream.broker.remedies import explained
from tinyv_stream.cli.board import board_beside, record_directory
from tinyv_stream.cli.common import (
    INTERRUPTED,
    ConfigOption,
    Interrupt,
    ModelOption,
    PoolOption,
    RedisOption,
    RuleWorkersOption,
    SetupOption,
    WeightOption,
    check_rule_workers,
    entered,
    given,
    log_to_stderr,
    run,
    say,
    settings,
)
from tinyv_stream.cli.gateway import beside, config_for
from tinyv_stream.cli.join_line import join_line
from tinyv_stream.cli.live_display import LineDisplay, TerminalDisplay
from tinyv_stream.cli.on_ray import (
    AddressOption,
    CountsOption,
    GpuShareOption,
    GpusOption,
    GroupOption,
    OnOption,
    PythonOption,
    RayOptions,
    local_count,
    up_on_ray,
)
from tinyv_stream.cli.pool_metrics import metrics_beside
from tinyv_stream.config import Config
from tinyv_stream.embedded_server.discovery import Running, announced
from tinyv_stream.errors import BrokerError, InvalidInputError
from tinyv_stream.pool import Pool
from tinyv_stream.processes.descriptors import pool_files, raise_descriptors, say_if_short
from tinyv_stream.processes.orphans import reap_orphans
from tinyv_stream.scale.plan import SHARE

EPILOG: Final = """
\b
Examples:
  tinyv-stream up
  tinyv-stream up --rule-workers 4 --model zhangchenxu/TinyV-Qwen3-1.7B
  TINYV_REDIS_URL=rediss://user:secret@host:6380/0 tinyv-stream up --tinyv-workers 2
  TINYV_REDIS_URL=... tinyv-stream up --on ray --tinyv-workers 1:4 --gpu-share 0.15

\b
Without --redis it brings its own server and keeps its data in ~/.local/state/tinyv-stream/POOL; `push` and `status`
of the same user find it without a URL. Ctrl-C lets the workers finish what they hold; a second one stops now.
"""

_LOOK_EVERY_S: Final = 1.0

_log = logging.getLogger(__name__)


def up(
    *,
    redis: RedisOption = None,
    rule_workers: RuleWorkersOption = None,
    tinyv_workers: CountsOption = None,
    model: ModelOption = None,
    setup: SetupOption = None,
    weight: WeightOption = None,
    config: ConfigOption = None,
    pool: PoolOption = None,
    gateway: Annotated[
        str | None, typer.Option("--gateway", metavar="HOST:PORT", help="Answer HTTP too, as `tinyv-stream gateway`.")
    ] = None,
    board: Annotated[
        str | None,
        typer.Option("--board", metavar="HOST:PORT", help="Show pages too, as `tinyv-stream board`, and record runs."),
    ] = None,
    metrics: Annotated[
        str | None, typer.Option("--metrics", metavar="HOST:PORT", help="Answer /metrics there, without a gateway.")
    ] = None,
    print_join: Annotated[
        bool, typer.Option("--print-join", help="Print what to type on a further host of this pool, and go on.")
    ] = False,
    on: OnOption = "local",
    address: AddressOption = None,
    gpu_share: GpuShareOption = SHARE,
    gpus: GpusOption = "own",
    placement_group: GroupOption = "",
    python: PythonOption = None,
) -> None:
    """Start a pool on this machine and show it until Ctrl-C; with --on ray, on a cluster, where it stays."""
    log_to_stderr(logging.INFO)
    if on == "ray":
        for option, value in (("--gateway", gateway), ("--board", board), ("--metrics", metrics)):
            if value:
                raise InvalidInputError(option, value, "run it beside the cluster, by the command of that name")
        up_on_ray(
            redis,
            RayOptions(address=address, gpu_share=gpu_share, gpus=gpus, group=placement_group, python=python),
            path=config,
            pool=pool,
            rule_workers=rule_workers,
            tinyv_workers=tinyv_workers,
            model=model,
            setup=setup,
            weight=weight,
        )
        return
    chosen = settings(
        config,
        pool=pool,
        rule_workers=rule_workers,
        tinyv_workers=local_count(tinyv_workers),
        model=model,
        setup=setup,
        weight=weight,
    )
    check_rule_workers(chosen)
    look_for_check(chosen)
    if print_join and redis:
        say(join_line(redis, chosen.broker.pool))
    elif print_join:
        remedy = "other hosts cannot reach this pool's own server: give `up` one that they can by --redis"
        raise InvalidInputError("--redis", redis, remedy)
    workers = chosen.rule.workers + chosen.tinyv.workers
    say_if_short(raise_descriptors(), pool_files(workers), f"a pool of {workers} workers", "their number")
    names = given(config, model=model, setup=setup, weight=weight)
    run(lambda interrupt: serve(chosen, names, redis, (gateway, board, metrics), interrupt))


def look_for_check(config: Config) -> None:
    """Warn of a verifier that has not shown what it is worth; raise InvalidInputError where a check is required."""
    tinyv = config.tinyv
    if not tinyv.workers or tinyv.engine.kind == "scripted":
        return
    from tinyv_stream.lab.check.record import objection

    found = objection(tinyv)
    if found is None:
        return
    name = tinyv.row()[0]
    remedy = f"run `tinyv-stream verifier check {name}`"
    if tinyv.require_check:
        raise InvalidInputError("tinyv.model", name, f"{found}: {remedy}, or set require_check = false")
    _log.warning("the verifier %s may pay rewards, but %s: %s", name, found, remedy)


async def serve(
    config: Config,
    names: set[str],
    redis: str | None,
    doors: tuple[str | None, str | None, str | None],
    interrupt: Interrupt,
) -> int:
    """Run a pool's part of this machine until interrupted; return the exit code. Raises as `Pool` does."""
    name, (listen, board, metrics) = config.broker.pool, doors
    records = record_directory(name) if board else None
    async with entered(Pool(config, redis_url=redis, given=names), interrupt.asked) as pool:
        if pool is None:
            return INTERRUPTED
        with announced(Running(pool=name, url=pool.url, pid=os.getpid(), record=str(records or ""))):
            say(f"pool {name} is up at {redact(pool.url)}")
            say("`tinyv-stream push` and `status` of this user find it by themselves; logs: " + str(pool.logs))
            showing = asyncio.create_task(_show(config, pool, records), name="show")
            showing.add_done_callback(_display_ended)
            forced = asyncio.create_task(_force(pool, interrupt), name="force")
            reaping = asyncio.create_task(reap_orphans(), name="orphans")
            gateway_config = config_for(pool.url, name, listen, record=records) if listen else None
            shown = board_beside(board, records or Path(), pool.url, name, pool.logs / "board.log")
            told = metrics_beside(metrics, pool.url, name)
            # Requests under way need workers: the pool ends last.
            async with shown, told, beside(gateway_config, interrupt.asked) as ended:
                await pool.run(ended)
            await cancel_all([showing, forced, reaping])
    say("stopped" if interrupt.forced.is_set() else "drained and stopped")
    return INTERRUPTED if interrupt.forced.is_set() else 0


async def _force(pool: Pool, interrupt: Interrupt) -> None:
    await interrupt.asked.wait()
    typer.echo("finishing what the workers hold; again to stop now", err=True)
    await interrupt.forced.wait()
    pool.stop_now()


async def _show(config: Config, pool: Pool, records: Path | None) -> None:
    from tinyv_stream.cli.status_table import Meter
    from tinyv_stream.cli.step_line import StepLine

    steps = await asyncio.to_thread(StepLine, records) if records else None
    screen = TerminalDisplay() if sys.stdout.isatty() else LineDisplay()
    meter, outage = Meter(), LogLimit()
    with screen:
        async with OperatorApi(pool.url, config.broker) as side:
            while True:
                try:
                    status = await side.status()
                    title = f"pool {config.broker.pool} on {status.server} {status.version}"
                    line = await asyncio.to_thread(steps.read) if steps else None
                    screen.show(title, meter.read(status, time.monotonic()), merge(pool, status), line)
                except BrokerError as exc:
                    if outage.is_due():
                        _log.warning("no look at the pool: %s", explained(exc))
                await asyncio.sleep(_LOOK_EVERY_S)


def merge(pool: Pool, status: PoolStatus) -> list[WorkerInfo]:
    """Return every worker of the broker, and those of this machine that it does not know yet or any more."""
    known = {worker.pid for worker in status.workers if worker.state != "lost"}
    silent = [
        WorkerInfo(
            name=worker.name,
            stage=worker.stage,
            pid=worker.pid or 0,
            host="here",
            state=worker.state,
            about={"died": f"{worker.restarts} times, last of {worker.reason}" if worker.reason else ""},
        )
        for worker in pool.workers
        if worker.pid not in known
    ]
    return [*status.workers, *silent]


def _display_ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        _log.error("the display failed, the pool goes on: %r", error)
