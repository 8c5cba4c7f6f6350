"""An event loop in the background, for trainers whose reward code is synchronous.

What is under way on it when the process ends is ended in the pool by its deadlines.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Final, TypeVar

T = TypeVar("T")


class BackgroundLoop:
    """A loop in a daemon thread; it starts at first use, and again after a fork."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def start(self, work: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run `work` on the loop; return at once. To cancel the future that is returned cancels `work`."""
        return asyncio.run_coroutine_threadsafe(work, self._running())

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or self._pid != os.getpid():
                self._loop, self._pid = asyncio.new_event_loop(), os.getpid()
                threading.Thread(target=self._loop.run_forever, name="tinyv-stream", daemon=True).start()
            return self._loop


background: Final = BackgroundLoop()
"""The process's one background loop."""
