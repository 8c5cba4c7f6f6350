"""Shared parts of the commands: options, signals, pool discovery, and display of foreign text."""

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Final, NoReturn, TextIO, TypeVar

import msgspec
import typer

from tinyv_stream.aio.cancel import finishes
from tinyv_stream.config import Config, check, decode_toml, load
from tinyv_stream.embedded_server.discovery import find_running
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.processes.descriptors import raise_descriptors
from tinyv_stream.types import Setup, validate_name

_log = logging.getLogger(__name__)
T = TypeVar("T")
_S = TypeVar("_S", bound=msgspec.Struct)

INTERRUPTED: Final = 130
"""Exit code after Ctrl-C, as shells have it."""

_RULE_MODULES: Final = ("math_verify", "mpmath")
"""What the extra `worker` brings for the rules."""

RedisOption = Annotated[
    str | None,
    typer.Option(
        "--redis",
        metavar="URL",
        envvar="TINYV_REDIS_URL",
        help="A Redis >= 7.0 or Valkey >= 7.2: redis://, rediss://, unix://, redis+sentinel://, redis+cluster://,"
        " or several servers of one pool, split by commas."
        " A password is safer in the variable.",
    ),
]
PoolOption = Annotated[
    str | None, typer.Option("--pool", help="Name of the pool; pools share nothing. [default: main]")
]
ConfigOption = Annotated[
    Path | None, typer.Option("--config", metavar="tinyv.toml", help="Settings; options given here come before them.")
]
RuleWorkersOption = Annotated[int | None, typer.Option("--rule-workers", min=0, help="Processes of rule graders.")]
TinyVWorkersOption = Annotated[int | None, typer.Option("--tinyv-workers", min=0, help="Processes with an engine.")]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", help="Hub id, local directory, `embedded`, or `auto`: TinyV-1.5B on a GPU, else embedded."),
]
SetupOption = Annotated[Setup | None, typer.Option("--setup", help="How both verdicts become one reward.")]
WeightOption = Annotated[
    float | None, typer.Option("--weight", min=0.0, max=1.0, help="TinyV's weight in the reward, 0 to 1.")
]


class Interrupt:
    """Ctrl-C, SIGTERM, SIGHUP and SIGQUIT, counted: `asked` after the first, `forced` after the second."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.forced = asyncio.Event()

    def signalled(self) -> None:
        """Note one more signal."""
        if self.asked.is_set():
            self.forced.set()
        self.asked.set()


def run(main: Callable[[Interrupt], Awaitable[int]]) -> NoReturn:
    """Run a command's coroutine on uvloop, its signals in an `Interrupt`, and exit with what it returns."""
    import uvloop

    raise_descriptors()

    async def guarded() -> int:
        interrupt = Interrupt()
        # `nohup` has SIGHUP ignored, and that stays so.
        hung_up = [signal.SIGHUP] if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN else []
        # As PID 1 a signal without a handler is lost: a container's `STOPSIGNAL SIGQUIT` would wait for its kill.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, *hung_up):
            asyncio.get_running_loop().add_signal_handler(number, interrupt.signalled)
        return await main(interrupt)

    raise typer.Exit(uvloop.run(guarded()))


def run_look(main: Callable[[], Awaitable[int]]) -> NoReturn:
    """Run a command that only looks, as `run` does; Ctrl-C ends it at once, also while a server does not answer."""

    async def look(interrupt: Interrupt) -> int:
        codes: list[int] = []

        async def looking() -> None:
            codes.append(await main())

        return codes[0] if await finishes(interrupt.asked, looking()) else INTERRUPTED

    run(look)


@asynccontextmanager
async def entered(context: AbstractAsyncContextManager[T], stop: asyncio.Event) -> AsyncGenerator[T | None]:
    """Enter `context`, or give it up and yield None if `stop` comes first: a server may take long not to answer."""
    async with AsyncExitStack() as stack:
        opened: list[T] = []

        async def enter() -> None:
            opened.append(await stack.enter_async_context(context))

        await finishes(stop, enter())
        yield opened[0] if opened else None


def find_url(redis: str | None, pool: str) -> str:
    """Return the URL given, or that of the pool that this user runs here; refuse the command if there is none."""
    if redis:
        return redis
    found = find_running(pool)
    if found is None:
        raise typer.BadParameter(
            f"no pool {pool!r} of yours runs on this machine: start `tinyv-stream up`, or give a URL",
            param_hint="--redis",
        )
    return found.url


def settings(
    path: Path | None,
    *,
    pool: str | None = None,
    rule_workers: int | None = None,
    tinyv_workers: int | None = None,
    model: str | None = None,
    setup: Setup | None = None,
    weight: float | None = None,
) -> Config:
    """Return the file's settings with the options put over them; raise InvalidInputError for a bad one."""
    base = load(path) if path else Config()
    validate_name("--pool", pool or base.broker.pool)
    return check(
        msgspec.structs.replace(
            base,
            broker=_over(base.broker, pool=pool),
            rule=_over(base.rule, workers=rule_workers),
            tinyv=_over(base.tinyv, workers=tinyv_workers, model=model, setup=setup, weight=weight),
        )
    )


def given(path: Path | None, **tinyv: object) -> set[str]:
    """Return the names of the pool settings that the user gave, in the file or as an option of `tinyv`."""
    from tinyv_stream.config.pool_settings import written

    names = written(decode_toml(path)) if path else set[str]()
    return names | {f"tinyv.{name}" for name, value in tinyv.items() if value is not None}


def check_rule_workers(config: Config) -> None:
    """Raise ModuleNotFoundError, before a pool is started, where what its rule workers import is missing.

    Raises InvalidInputError for a route to a grader that is not there.
    """
    for name in _RULE_MODULES if config.rule.workers else ():
        if find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    if config.rule.workers and config.routes:
        from tinyv_stream.control.settings import check_graders

        check_graders(config)


def check_outputs(*outputs: tuple[str, Path | None], inputs: Iterable[Path]) -> None:
    """Raise InvalidInputError, before any work, for an output (by its option) that is an input, or cannot be a file."""
    read = [path for path in inputs if path.exists()]
    for option, path in outputs:
        if path is None:
            continue
        if path.is_dir() or not path.parent.is_dir():
            raise InvalidInputError(option, str(path), "name a file in a directory that exists")
        if path.exists() and any(path.samefile(other) for other in read):
            raise InvalidInputError(option, str(path), "choose another file: this one is read, and would be lost")


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stderr` is at that moment, so that a live display may put itself in between."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # pyright: ignore[reportIncompatibleVariableOverride]  # as logging's own last resort
        return sys.stderr


def log_to_stderr(level: int) -> None:
    """Send log lines of `level` and above to stderr, with the time in front."""
    handler = _Stderr()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S"))
    logging.basicConfig(level=level, handlers=[handler])


def say(text: str) -> None:
    """Print a line of a program that outlives its output: a full disk or a closed pipe is logged, and that is all."""
    try:
        typer.echo(text)
    except OSError as exc:
        _log.warning("standard output cannot be written (%s); this program goes on without it", exc.strerror)
        with open(os.devnull, "w") as nothing:  # noqa: PTH123 what is buffered has to go somewhere at the end
            os.dup2(nothing.fileno(), 1)


def safe(text: str, cut: int | None = 120) -> str:
    """Return foreign text on one line: what could move the cursor or colour the terminal is shown as an escape."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
    return shown if cut is None or len(shown) <= cut else f"{shown[:cut]} ... ({len(text)} characters)"


def _over(base: _S, **given: object) -> _S:
    return msgspec.structs.replace(base, **{name: value for name, value in given.items() if value is not None})
