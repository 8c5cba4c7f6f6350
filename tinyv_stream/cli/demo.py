"""`tinyv-stream demo`: the whole path on bundled completions, with a pool of its own.

Exits with 1 unless every rollout got exactly one reward. Text of completions, workers and models is foreign: it is
shown as text, never as markup.
"""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from tinyv_stream.aio.cancel import finishes
from tinyv_stream.cli.board import board_beside, record_directory
from tinyv_stream.cli.common import (
    INTERRUPTED,
    ConfigOption,
    Interrupt,
    ModelOption,
    check_outputs,
    check_rule_workers,
    run,
    settings,
)
from tinyv_stream.cli.readiness import until_ready
from tinyv_stream.client.client import RewardClient
from tinyv_stream.config import Config
from tinyv_stream.demo.replay import load, replay
from tinyv_stream.demo.report import DemoEngine, DemoReport, DemoServer, report
from tinyv_stream.demo.steps import train
from tinyv_stream.embedded_server.places import scratch_directory
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.pool import Pool

_SHARED_S: Final = 4.0
_ENGINE: Final = (("name", "engine"), ("version", "version"), ("model", "model"))

if TYPE_CHECKING:
    from tinyv_stream.cli.demo_view import Show

EPILOG: Final = """
\b
Examples:
  tinyv-stream demo
  tinyv-stream demo --json demo.json --model zhangchenxu/TinyV-1.5B
  tinyv-stream demo --board 127.0.0.1:8378

\b
It starts a server, a rule worker and a TinyV worker, replays 20 seconds of generation, and says who decided, what
TinyV gave back, how the rewards agree with the labels, and how long the trainer would have waited.
"""


class _More(msgspec.Struct, frozen=True, kw_only=True):
    """What comes after the replay."""

    listen: str | None
    steps: int
    record: Path | None


def demo(
    *,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Write the figures there too.")] = None,
    model: ModelOption = None,
    config: ConfigOption = None,
    board: Annotated[
        str | None,
        typer.Option("--board", metavar="HOST:PORT", help="Show it in a browser, and play on until Ctrl-C."),
    ] = None,
    steps: Annotated[int, typer.Option("--steps", min=0, help="With --board: how many more steps are played.")] = 1000,
    record: Annotated[
        Path | None, typer.Option("--record", metavar="DIR", help="Where it is recorded. [default with --board: state]")
    ] = None,
) -> None:
    """See the whole path on bundled completions."""
    check_outputs(("--json", json), inputs=[])
    chosen = settings(config, rule_workers=1, tinyv_workers=1, model=model)
    check_rule_workers(chosen)
    directory = record or (record_directory("demo") if board else None)
    more = _More(listen=board, steps=steps if board else 0, record=directory)
    if board:  # steps ask the same questions again: what was answered a moment ago alone is shared
        chosen = msgspec.structs.replace(chosen, broker=msgspec.structs.replace(chosen.broker, cache_ttl_s=_SHARED_S))
    run(lambda interrupt: _demo(chosen, json, more, interrupt))


async def _demo(config: Config, json: Path | None, more: "_More", interrupt: Interrupt) -> int:
    from tinyv_stream.cli.demo_view import Show

    show = Show()
    found: list[DemoReport] = []
    if not await finishes(interrupt.asked, _run(config, show, found, more)) and not found:
        return INTERRUPTED
    if not more.listen:
        show.report(found[0])
    if json:
        _write(json, found[0])
    return 0 if found[0].is_whole else 1


def _write(path: Path, report: DemoReport) -> None:
    try:
        path.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    except OSError as exc:
        raise InvalidInputError("--json", str(path), f"it cannot be written ({exc.strerror})") from exc


async def _run(config: Config, show: "Show", found: list[DemoReport], more: "_More") -> None:
    """Put the report into `found`. A cancellation ends the pool at once; its directory goes with it."""
    began_at = time.monotonic()
    with scratch_directory("tinyv-demo-") as directory:
        async with Pool(config, directory=Path(directory), on_line=show.worker_line) as pool:
            stop = asyncio.Event()
            running = asyncio.create_task(pool.run(stop), name="pool")
            try:
                log = Path(directory) / "board.log"
                records = more.record or Path(directory)
                async with board_beside(more.listen, records, pool.url, config.broker.pool, log):
                    await _through(pool, config, show, began_at, found=found, more=more)
            finally:
                pool.stop_now()
                await running


async def _through(
    pool: Pool, config: Config, show: "Show", began_at: float, *, found: list[DemoReport], more: "_More"
) -> None:
    lines = load()
    status = await until_ready(pool, config, on_start=show.starting, on_ready=show.waiting)
    startup_s = time.monotonic() - began_at
    show.ready(startup_s, lines)
    async with RewardClient(pool.url, run_id="demo", pool=config.broker.pool, record=more.record) as client:
        client.step(1)
        played = await replay(client, lines, show.reward)
        about = next(worker.about for worker in status.workers if worker.stage == "tinyv")
        made = report(
            lines,
            played,
            began_at=began_at,
            startup_s=startup_s,
            engine=DemoEngine(
                name=about.get("engine", ""), version=about.get("version", ""), model=about.get("model", "")
            ),
            broker=DemoServer(server=status.server, version=status.version),
        )
        found.append(made)
        if more.listen:
            show.report(made)
            typer.echo(f"playing {more.steps} more steps for the board at http://{more.listen}; Ctrl-C ends it")
            await train(client, lines, first=2, steps=more.steps)
            client.step(2 + more.steps)  # ends the last one
            await asyncio.Event().wait()
