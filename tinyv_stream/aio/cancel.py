"""Reliable cancellation: of tasks, and of work that a stop event ends early."""

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


async def unless(stop: asyncio.Event, work: Awaitable[T], *, patience_s: float = 0.0) -> T | None:
    """Return what `work` returns, or None if `stop` came first and `work` did not end within `patience_s` of it.

    What `work` raises is raised here. After a cancellation `work` has ended.
    """
    task = asyncio.ensure_future(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((task, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.wait((task,), timeout=patience_s)
        return task.result() if task.done() else None
    finally:
        await cancel_all((task, stopping))


async def finishes(stop: asyncio.Event, work: Awaitable[object]) -> bool:
    """Await `work` and return True; cancel it and return False as soon as `stop` is set. Raises what `work` raises."""

    async def whole() -> bool:
        await work
        return True

    return await unless(stop, whole()) or False
