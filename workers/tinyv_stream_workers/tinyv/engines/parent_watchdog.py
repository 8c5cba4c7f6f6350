"""Parent watchdog inside vLLM's own processes: ends them when the worker that started them is gone.

vLLM's engine process outlives a `kill -9` of its parent, with the model's memory. This module therefore acts at
import, in processes that were spawned and only where the worker left its process id in the environment:

- early, because a spawned process first imports its parent's main module, which imports this one;
- at the latest before the model is loaded, because vLLM looks up its `worker_extension_cls` here.

It also does there what only that process can do: it keeps to the CPU cores that it is given, and leaves the reason of
a failed start in a file, because the worker is told no more than that it failed.

It polls: a parent-death signal would follow the starting *thread*, which ends earlier. Ctrl-C, which a terminal
sends to the whole group, is left to the worker: it drains first and needs its engine for that.
"""

import contextlib
import logging
import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path
from typing import Final

PARENT_ENV: Final = "TINYV_ENGINE_PARENT"
CORES_ENV: Final = "TINYV_ENGINE_CORES"
"""Such as "0-3,8"."""
WORDS_ENV: Final = "TINYV_ENGINE_LAST_WORDS"
_POLL_S: Final = 0.5


class _Extension:
    """Extends vLLM's worker class with nothing: that it is looked up is what counts."""


def __getattr__(name: str) -> type:
    if name != "ParentWatchdog":
        raise AttributeError(name)
    if _parent() and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # now: vLLM sets its own handler shortly before
        if words := os.environ.get(WORDS_ENV):
            logging.getLogger("vllm").addHandler(_LastWords(Path(words)))  # now: importing vLLM replaces all handlers
    return _Extension


class _LastWords(logging.Handler):
    """Writes down the latest exception that vLLM logs."""

    def __init__(self, path: Path) -> None:
        super().__init__(logging.ERROR)
        self._path = path

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and (exc := record.exc_info[1]) is not None:
            with contextlib.suppress(OSError):  # the file is there for the time of a start only
                self._path.write_text(f"{type(exc).__name__}: {exc}", errors="replace")


def cores_of(text: str) -> set[int]:
    """Return the cores that "0-3,8" names."""
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return found


def _parent() -> int:
    """Return the worker's process id, or 0 where this is no process of its engine."""
    named = os.environ.get(PARENT_ENV, "")
    # The name, because `parent_process` is not known yet while a spawned process imports the main module.
    is_spawned = multiprocessing.current_process().name != "MainProcess"
    return int(named) if is_spawned and named.isdigit() else 0


def _is_there(parent: int, *, is_child: bool) -> bool:
    if is_child:
        return os.getppid() == parent
    try:
        stat = Path(f"/proc/{parent}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}  # dead, and not yet collected


def _watch(parent: int, *, is_child: bool) -> None:
    while _is_there(parent, is_child=is_child):
        time.sleep(_POLL_S)
    os.kill(os.getpid(), signal.SIGKILL)


def _arm() -> None:
    if parent := _parent():
        if cores := os.environ.get(CORES_ENV):
            os.sched_setaffinity(0, cores_of(cores))  # first: threads that are started later inherit it
        watch = {"is_child": os.getppid() == parent}
        threading.Thread(target=_watch, args=(parent,), kwargs=watch, name="watchdog", daemon=True).start()


_arm()
