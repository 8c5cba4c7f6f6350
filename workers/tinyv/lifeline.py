"""Loaded inside vLLM's own processes: ends them when the worker that started them is gone.

vLLM's engine process outlives a `kill -9` of its parent, with the model's memory. This module therefore acts at
import, in processes that were spawned and only where the worker left its process id in the environment:

- early, because a spawned process first imports its parent's main module, which imports this one;
- at the latest before the model is loaded, because vLLM looks up its `worker_extension_cls` here.

It polls: a parent-death signal would follow the starting *thread*, which ends earlier. Ctrl-C, which a terminal
sends to the whole group, is left to the worker: it drains first and needs its engine for that.
"""

import multiprocessing
import os
import signal
import threading
import time
from pathlib import Path
from typing import Final

PARENT_ENV: Final = "TINYV_ENGINE_PARENT"
_POLL_S: Final = 0.5


class _Extension:
    """Extends vLLM's worker class with nothing: that it is looked up is what counts."""


def __getattr__(name: str) -> type:
    if name != "Lifeline":
        raise AttributeError(name)
    if _parent() and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # now: vLLM sets its own handler shortly before
    return _Extension


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
        watch = {"is_child": os.getppid() == parent}
        threading.Thread(target=_watch, args=(parent,), kwargs=watch, name="lifeline", daemon=True).start()


_arm()
