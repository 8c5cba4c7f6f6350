"""Entry point of both worker programs (`python -m tinyv_stream_workers.rule | .tinyv`): settings, signals, exit codes.

Settings come from the environment when a pool starts the worker (TINYV_REDIS_URL, TINYV_CONFIG as JSON), so that no
secret is in argv; by hand from `--redis` and `--config`.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn, cast

import msgspec
import uvloop

from tinyv_stream.config import Config, check, load
from tinyv_stream.config.bounds import convert
from tinyv_stream.errors import InvalidInputError, TinyVError
from tinyv_stream_workers.verifier import Verifier
from tinyv_stream_workers.worker import Worker

_log = logging.getLogger(__name__)


def main(name: str, about: str, verifier_of: Callable[[Config], Verifier]) -> NoReturn:
    """Run one worker until SIGTERM or SIGINT, which drain it; then leave the process.

    Exit code 0 after a drain, 1 for a fault worth a restart, 2 for settings that no restart fixes.
    """
    code = _main(name, about, verifier_of)
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)  # all is given back; the interpreter's own way out takes ten busy seconds with an engine loaded


def _main(name: str, about: str, verifier_of: Callable[[Config], Verifier]) -> int:
    form = "%(asctime)s %(levelname)s %(name)s %(message)s"
    logging.basicConfig(level=os.environ.get("TINYV_LOG", "INFO"), format=form)
    try:
        url, config = _settings(name, about)
        uvloop.run(_run(url, config, verifier_of))
    except (TinyVError, ExceptionGroup) as exc:
        faults = _leaves(exc)
        for fault in faults:
            _log.error("%s stopped: %s", name, fault, exc_info=None if isinstance(fault, TinyVError) else fault)
        return 2 if isinstance(faults[0], InvalidInputError) else 1
    return 0


def _leaves(exc: Exception) -> list[Exception]:
    """Return the errors in `exc`, out of whatever task groups they came through."""
    if not isinstance(exc, ExceptionGroup):
        return [exc]
    group = cast("ExceptionGroup[Exception]", exc)
    return [leaf for inner in group.exceptions for leaf in _leaves(inner)]


async def _run(url: str, config: Config, verifier_of: Callable[[Config], Verifier]) -> None:
    stop = asyncio.Event()
    worker = Worker(url, config, verifier_of(config))

    def end() -> None:
        stop.set()
        if worker.is_starting:
            os._exit(0)  # it holds nothing, and a model that is being loaded cannot be interrupted

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    await worker.run(stop)


def _settings(name: str, about: str) -> tuple[str, Config]:
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=about)
    url = os.environ.get("TINYV_REDIS_URL", "")
    parser.add_argument("--redis", metavar="URL", default=url, help="the pool's broker")
    parser.add_argument("--config", type=Path, metavar="tinyv.toml", help="settings; see docs/configuration.md")
    args = parser.parse_args()
    if not args.redis:
        raise InvalidInputError("--redis", args.redis, "give the broker's URL, or set TINYV_REDIS_URL")
    given = os.environ.get("TINYV_CONFIG")
    if args.config:
        return args.redis, load(args.config)
    return args.redis, _from_environment(given) if given else Config()


def _from_environment(text: str) -> Config:
    try:
        plain = msgspec.json.decode(text)
    except msgspec.DecodeError as exc:
        raise InvalidInputError("TINYV_CONFIG", str(exc), "let a pool set it, or use --config") from exc
    return check(convert(plain, Config, source="TINYV_CONFIG"))
