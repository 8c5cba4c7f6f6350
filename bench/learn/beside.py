"""Work beside the command's loop: processes that end with it, and threads that it can stop."""

import asyncio
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from tinyv_stream.processes.die_with_parent import die_with_parent

T = TypeVar("T")


@contextmanager
def processes(count: int) -> Generator[ProcessPoolExecutor]:
    """Yield an executor of `count` processes that a kill -9 of this one ends, too.

    An exception, a cancellation among them, drops what waits, ends what runs, and leaves no process behind.
    """
    context = multiprocessing.get_context("spawn")
    # Light enough to be in force before a process has imported anything: SIGKILL when this process's thread ends.
    executor = ProcessPoolExecutor(count, context, die_with_parent, (signal.SIGKILL, os.getpid()))
    before = set(multiprocessing.active_children())
    try:
        yield executor
    except BaseException:  # whatever ended it, a cancellation too: nothing is to run on
        for process in set(multiprocessing.active_children()) - before:
            process.kill()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


def submitted(
    executor: ProcessPoolExecutor, work: Callable[..., T], calls: Sequence[tuple[Any, ...]]
) -> list[asyncio.Future[T]]:
    """Hand calls to the processes. Ctrl-C is the command's alone: processes start with SIGINT blocked."""
    loop = asyncio.get_running_loop()
    masked = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        return [loop.run_in_executor(executor, work, *call) for call in calls]
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, masked)


async def in_thread(work: Callable[[threading.Event], T]) -> T:
    """Return what `work` returns, run in a thread; a cancellation sets its event and waits for it to end."""
    stop = threading.Event()
    running = asyncio.ensure_future(asyncio.to_thread(work, stop))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        stop.set()
        await asyncio.wait([running])
        if not running.cancelled():
            running.exception()  # looked at: what it raised on its way out is nobody's news
        raise
