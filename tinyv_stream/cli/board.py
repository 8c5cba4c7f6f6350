"""`tinyv-stream board`: recorded runs and a running pool as pages, until Ctrl-C. A process of its own."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from tinyv_stream.cli.common import INTERRUPTED, Interrupt, PoolOption, RedisOption, entered, log_to_stderr, run
from tinyv_stream.cli.gateway import address
from tinyv_stream.embedded_server.data_dir import state_directory
from tinyv_stream.embedded_server.discovery import find_running
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.processes.child import Child

TOKEN_ENV: Final = "TINYV_BOARD_TOKEN"  # noqa: S105 the name of a variable, not a token
OTLP_ENV: Final = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
"""OpenTelemetry's own variable; `up --board` hands it on to its board."""
LISTEN: Final = "127.0.0.1:8378"

EPILOG: Final = """
\b
Examples:
  tinyv-stream board
  tinyv-stream board runs/ --redis redis://host:6379/0
  TINYV_BOARD_TOKEN=secret tinyv-stream board runs/ --listen 0.0.0.0:8378

\b
RUNS is where trainers record: TINYV_RECORD for the adapters, record= of a RewardClient, --record of the gateway.
Without a pool it shows recorded runs, without records the pool alone. Where others than this machine can connect, a
token is required; /login?token=... opens the pages.
"""


def board(
    runs: Annotated[
        Path | None, typer.Argument(help="Directory of the records. [default: that of this user's pool]")
    ] = None,
    *,
    redis: RedisOption = None,
    pool: PoolOption = None,
    listen: Annotated[str, typer.Option("--listen", metavar="HOST:PORT", help="Where to answer.")] = LISTEN,
    otlp: Annotated[
        str,
        typer.Option("--otlp", metavar="URL", envvar=OTLP_ENV, help="Send a trace of each step there, by OTLP."),
    ] = "",
) -> None:
    """Show runs and the pool in a browser."""
    log_to_stderr(logging.INFO)
    name = pool or "main"
    found = None if redis else find_running(name)
    directory = runs or record_directory(name)
    if runs is not None and runs.exists() and not runs.is_dir():
        raise InvalidInputError("RUNS", str(runs), "give the directory that the trainers record to")
    url = redis or (found.url if found else "")
    run(lambda interrupt: _serve(directory, url, name, (listen, otlp), interrupt))


def record_directory(pool: str) -> Path:
    """Return where `up --board` lets a pool's runs be recorded."""
    return state_directory(pool) / "runs"


async def _serve(directory: Path, url: str, pool: str, doors: tuple[str, str], interrupt: Interrupt) -> int:
    from tinyv_stream.board.server import Board
    from tinyv_stream.board.settings import BoardConfig

    listen, otlp = doors
    host, port = address(listen)
    token = os.environ.get(TOKEN_ENV, "")
    config = BoardConfig(runs=str(directory), redis_url=url, pool=pool, host=host, port=port, token=token, otlp=otlp)
    async with entered(Board(config), interrupt.asked) as running:
        if running is None:
            return INTERRUPTED
        login = "/login?token=..." if token else ""
        typer.echo(f"board of {directory} at {running.url}{login}")
        await interrupt.asked.wait()
    return 0


@asynccontextmanager
async def board_beside(listen: str | None, directory: Path, url: str, pool: str, log: Path) -> AsyncGenerator[None]:
    """Run a board in a process of its own for the length of the block; without `listen` none."""
    if listen is None:
        yield
        return
    address(listen)
    command = [sys.executable, "-m", "tinyv_stream", "board", str(directory), "--pool", pool, "--listen", listen]
    child = Child(command, log=log, env={**os.environ, "TINYV_REDIS_URL": url})
    child.start()
    typer.echo(f"board at http://{listen}, records in {directory} (its log: {log})")
    try:
        yield
    finally:
        await asyncio.shield(child.end(5.0))
