"""Loaded inside vLLM's own processes: ends them when the worker that started them is gone.

vLLM's engine process outlives a `kill -9` of its parent, with the model's memory. vLLM imports the module of
`worker_extension_cls` in that process before it loads the model, which is why this module acts at import, and only
where the worker has left its process id in the environment. It polls: a parent-death signal would follow the
starting *thread*, which ends earlier. Ctrl-C, which a terminal sends to the whole group, is left to the worker:
it drains first and needs its engine for that.
"""

import os
import signal
import threading
import time
from typing import Final

PARENT_ENV: Final = "TINYV_ENGINE_PARENT"
_POLL_S: Final = 0.5


class Lifeline:
    """Extends vLLM's worker class with nothing: its import is what counts."""


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_POLL_S)
    os.kill(os.getpid(), signal.SIGKILL)


def _arm() -> None:
    parent = os.environ.get(PARENT_ENV, "")
    if parent.isdigit() and os.getppid() == int(parent):
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        threading.Thread(target=_watch, args=(int(parent),), name="lifeline", daemon=True).start()


_arm()
