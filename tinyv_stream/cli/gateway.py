"""`tinyv-stream gateway`: a running pool's rewards over HTTP, until Ctrl-C."""

import asyncio
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.cli.common import Interrupt, PoolOption, RedisOption, entered, find_url, log_to_stderr, run, say
from tinyv_stream.embedded_server.places import state_directory
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.processes.descriptors import gateway_files, raise_descriptors, say_if_short

if TYPE_CHECKING:
    from tinyv_stream.gateway import GatewayConfig

TOKEN_ENV: Final = "TINYV_GATEWAY_TOKEN"  # noqa: S105 the name of a variable, not a token
TOKEN_FILE_ENV: Final = "TINYV_GATEWAY_TOKEN_FILE"  # noqa: S105

EPILOG: Final = """
\b
Examples:
  tinyv-stream gateway
  TINYV_GATEWAY_TOKEN=secret tinyv-stream gateway --listen 0.0.0.0:8377 --redis redis://host:6379/0

\b
Trainers: OpenRLHF posts to /get_reward, slime to /remote_rm, NeMo-Gym to /verify, everything else to /v1/rollouts;
/openapi.json describes them. Where others than this machine can connect, a token is required, and every request
but /healthz and /readyz gives it as `Authorization: Bearer`. OpenRLHF and slime send no token: use loopback there.
"""

ListenOption = Annotated[
    str, typer.Option("--listen", metavar="HOST:PORT", help="Where to answer; port 0 takes a free one.")
]
UndecidedOption = Annotated[
    str, typer.Option("--on-undecided", help="For trainers' formats: abstain, rule, raise (503), or a number.")
]
SourceOption = Annotated[
    str, typer.Option("--data-source", help="For rollouts that name none; `_tinyv` in it asks TinyV too.")
]
AnswerOption = Annotated[
    float, typer.Option("--answer", min=1.0, metavar="SECONDS", help="By when every waiting request is answered.")
]
StateOption = Annotated[
    str | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="Keeps unread rewards over a restart; '' for nothing.",
        show_default="by pool and port",
    ),
]
_GRACE_S: Final = 10.0
"""Between deadline and answer: the pool needs about three to say `expired` itself."""


def gateway(
    *,
    listen: ListenOption = "127.0.0.1:8377",
    redis: RedisOption = None,
    pool: PoolOption = None,
    on_undecided: UndecidedOption = "abstain",
    data_source: SourceOption = "gateway_tinyv",
    answer: AnswerOption = 110.0,
    state: StateOption = None,
    record: Annotated[
        Path | None, typer.Option("--record", metavar="DIR", help="Record its rewards there, texts included.")
    ] = None,
) -> None:
    """Give rewards over HTTP, in our own form and in the trainers'."""
    from tinyv_stream.gateway import GatewayConfig

    log_to_stderr(logging.INFO)
    host, port = address(listen)
    name = pool or "main"
    config = GatewayConfig(
        redis_url=find_url(redis, name),
        host=host,
        port=port,
        token=token_given(),
        pool=name,
        on_undecided=on_undecided,
        data_source=data_source,
        state=state_file(name, port) if state is None else state,
        record=str(record or ""),
        deadline_s=max(answer - _GRACE_S, answer / 2),
        answer_s=answer,
    )
    needed = gateway_files(config.max_requests, config.max_waiting)
    say_if_short(raise_descriptors(), needed, f"a gateway of {config.max_requests} requests", "its load")
    run(lambda interrupt: _serve(config, interrupt))


def token_given() -> str:
    """Return the token of the variable or of the file that a variable names, '' if neither is set.

    Raises InvalidInputError for one that is set and empty: a secret that did not arrive must not open the door.
    """
    token, file = os.environ.get(TOKEN_ENV), os.environ.get(TOKEN_FILE_ENV)
    if token is not None and file is not None:
        raise InvalidInputError(TOKEN_FILE_ENV, file, f"set this or {TOKEN_ENV}, not both")
    if file is not None:
        try:
            token = Path(file).read_text(encoding="utf-8")
        except (OSError, ValueError) as exc:
            remedy = f"name a file with the token ({getattr(exc, 'strerror', None) or 'it is no text'})"
            raise InvalidInputError(TOKEN_FILE_ENV, file, remedy) from None
    if token is not None and not token.strip():
        where = TOKEN_ENV if file is None else TOKEN_FILE_ENV
        raise InvalidInputError(where, file or "", "the token is empty: give one, or unset the variable")
    return (token or "").strip()


def address(text: str) -> tuple[str, int]:
    """Return host and port of `HOST:PORT`; raise InvalidInputError for anything else."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()):
        raise InvalidInputError("--listen", text, "give HOST:PORT, such as 127.0.0.1:8377 or [::1]:8377")
    return host.removeprefix("[").removesuffix("]"), int(port)


def config_for(url: str, pool: str, listen: str, *, record: Path | None = None) -> "GatewayConfig":
    """Return the configuration of a gateway at `listen`, all else by default; the token is the environment's."""
    from tinyv_stream.gateway import GatewayConfig

    host, port = address(listen)
    return GatewayConfig(
        redis_url=url,
        host=host,
        port=port,
        token=token_given(),
        pool=pool,
        state=state_file(pool, port),
        record=str(record or ""),
    )


def state_file(pool: str, port: int) -> str:
    """Return where a gateway at `port` keeps what it must know after a restart; '' at a free port, which changes."""
    return str(state_directory(pool) / f"gateway-{port}.db") if port else ""


@asynccontextmanager
async def beside(config: "GatewayConfig | None", asked: asyncio.Event) -> AsyncGenerator[asyncio.Event]:
    """Run a gateway until `asked`; yields what is set when it has ended, so that the pool may end after it.

    Without a configuration that is `asked` itself. What ended the gateway is raised when the block is left.
    """
    if config is None:
        yield asked
        return
    ended = asyncio.Event()
    task = asyncio.create_task(_until(config, asked, ended), name="gateway")
    try:
        yield ended
        if task.done():
            task.result()
    finally:
        await cancel_all([task])


async def _until(config: "GatewayConfig", asked: asyncio.Event, ended: asyncio.Event) -> None:
    from tinyv_stream.gateway import Gateway

    try:
        async with entered(Gateway(config), asked) as running:
            if running is not None:
                say(f"gateway of pool {config.pool} answers at {running.url}")
                await asked.wait()
    finally:
        ended.set()


async def _serve(config: "GatewayConfig", interrupt: Interrupt) -> int:
    async with beside(config, interrupt.asked) as ended:
        await ended.wait()
    return 0
