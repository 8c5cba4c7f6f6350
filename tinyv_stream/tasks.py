"""Ending tasks for certain."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

T = TypeVar("T")
_AGAIN_S = 0.2


async def cancel_all(tasks: Sequence[asyncio.Future[Any]]) -> None:
    """Cancel `tasks` until each has ended, and swallow how.

    Once may not be enough: a library can lose a cancellation that meets an arriving reply.
    """
    while pending := [t for t in tasks if not t.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=_AGAIN_S)
    for task in tasks:
        if not task.cancelled():
            task.exception()


async def heeding(work: Awaitable[T]) -> T:
    """Await `work`; raise CancelledError if this task was cancelled meanwhile, also where `work` swallowed that.

    redis-py 8.1 does, where a cancellation meets an arriving error reply; whoever cancelled waits for us.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        return await work
    finally:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError
