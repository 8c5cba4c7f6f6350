"""Entry point of both worker programs (`python -m tinyv_stream_workers.rule | .tinyv`): settings, signals, exit codes.

Settings come from the environment when a pool starts the worker (TINYV_REDIS_URL, TINYV_CONFIG as JSON), so that no
secret is in argv; by hand from `--redis` and `--config`. What can change a reward is then taken from the pool; a worker
that says something else is refused, unless TINYV_SETTINGS is `pool`: then it says nothing.
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

from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.aio.log_limit import LogLimit
from tinyv_stream.broker.remedies import explained
from tinyv_stream.config import Config, check, decode_toml, load
from tinyv_stream.config.bounds import convert
from tinyv_stream.config.pool_settings import written
from tinyv_stream.errors import InvalidInputError, TinyVError
from tinyv_stream.processes import exit_codes, worker_state
from tinyv_stream.processes.descriptors import open_standard_streams
from tinyv_stream.types import Stage
from tinyv_stream_workers.settings_follower import agreed_settings
from tinyv_stream_workers.verifier import Verifier
from tinyv_stream_workers.worker import Worker

_log = logging.getLogger(__name__)


def main(stage: Stage, about: str, verifier_of: Callable[[Config], Verifier], *, name: str = "") -> NoReturn:
    """Run one worker until SIGTERM or SIGINT, which drain it; then leave the process. `name` is its module.

    Exit code 0 after a drain, 1 for a fault worth a restart, 2 for settings that no restart fixes, 3 where the pool's
    settings changed: it is to be started again, at once; 4 where its host is to be drained: again once that is over.
    """
    code = _main(stage, about, verifier_of, name or f"tinyv_stream_workers.{stage}")
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)  # all is given back; the interpreter's own way out takes ten busy seconds with an engine loaded


def _main(stage: Stage, about: str, verifier_of: Callable[[Config], Verifier], name: str) -> int:
    open_standard_streams()
    form = "%(asctime)s %(levelname)s %(name)s %(message)s"
    logging.basicConfig(level=os.environ.get("TINYV_LOG", "INFO"), format=form)
    try:
        url, config, names = _settings(name, about)
        return uvloop.run(_run(url, config, names, stage, verifier_of))
    except (TinyVError, ExceptionGroup) as exc:
        faults = _leaves(exc)
        for fault in faults:
            trace = None if isinstance(fault, TinyVError) else fault
            _log.error("%s stopped: %s", name, explained(fault), exc_info=trace)
        return 2 if isinstance(faults[0], InvalidInputError) else 1


def _leaves(exc: Exception) -> list[Exception]:
    """Return the errors in `exc`, out of whatever task groups they came through."""
    if not isinstance(exc, ExceptionGroup):
        return [exc]
    group = cast("ExceptionGroup[Exception]", exc)
    return [leaf for inner in group.exceptions for leaf in _leaves(inner)]


async def _run(
    url: str, config: Config, names: set[str], stage: Stage, verifier_of: Callable[[Config], Verifier]
) -> int:
    stop = asyncio.Event()
    started: list[Worker] = []

    def end() -> None:
        stop.set()
        if not started or started[0].is_starting:
            os._exit(0)  # it holds nothing, and a model that is being loaded cannot be interrupted

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, end)
    shown = asyncio.create_task(_show_state(started), name="state file")
    config, agreed = await agreed_settings(url, config, names, stage)
    worker = Worker(url, config, verifier_of(config), agreed=agreed)
    started.append(worker)
    if worker.follower is None:
        raise RuntimeError("a worker process works by agreed settings")
    outdated, leaving = worker.follower.outdated, worker.host.leaving
    watching = [
        asyncio.create_task(_end_after(outdated, exit_codes.RESTART, stop, worker), name="settings"),
        asyncio.create_task(_end_after(leaving, exit_codes.DRAINED, stop, worker), name="drain"),
    ]
    await worker.run(stop)
    await cancel_all([*watching, shown])
    return exit_codes.RESTART if outdated.is_set() else exit_codes.DRAINED if leaving.is_set() else 0


async def _show_state(started: list[Worker]) -> None:
    """Write what a probe reads (`processes.worker_state`), where somebody asked for it, until cancelled."""
    path, trouble = os.environ.get(worker_state.VARIABLE), LogLimit()
    while path:
        state, beat_at = (started[0].state, started[0].beat_at) if started else ("starting", None)
        try:
            worker_state.write(path, state, beat_at)
        except OSError as exc:
            if trouble.is_due():
                _log.warning("no probe can see this worker: %s cannot be written (%s)", path, exc.strerror)
        await asyncio.sleep(worker_state.EVERY_S)


async def _end_after(reason: asyncio.Event, code: int, stop: asyncio.Event, worker: Worker) -> None:
    await reason.wait()
    stop.set()
    if worker.is_starting:
        os._exit(code)  # as above


def _settings(name: str, about: str) -> tuple[str, Config, set[str]]:
    """Return the broker's URL, the settings, and which of them the user gave."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=about)
    url = os.environ.get("TINYV_REDIS_URL", "")
    parser.add_argument("--redis", metavar="URL", default=url, help="the pool's broker")
    parser.add_argument("--config", type=Path, metavar="tinyv.toml", help="settings; see docs/configuration.md")
    args = parser.parse_args()
    if not args.redis:
        raise InvalidInputError("--redis", args.redis, "give the broker's URL, or set TINYV_REDIS_URL")
    given = os.environ.get("TINYV_CONFIG")
    if args.config:
        return args.redis, load(args.config), written(decode_toml(args.config))
    if not given:
        return args.redis, Config(), set()
    plain = _from_environment(given)
    config = check(convert(plain, Config, source="TINYV_CONFIG"))
    return args.redis, config, set() if os.environ.get("TINYV_SETTINGS") == "pool" else written(plain)


def _from_environment(text: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(text, type=dict[str, object])
    except msgspec.DecodeError as exc:
        raise InvalidInputError("TINYV_CONFIG", str(exc), "let a pool set it, or use --config") from exc
