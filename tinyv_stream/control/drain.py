"""Drain of one host of a running pool, and its way back: for an upgrade, a repair, a machine that is handed back.

    from tinyv_stream.control import drain

    await drain.drain(url, "node-3")      # returns once its workers hold nothing and are down
    await drain.undrain(url, "node-3")    # they start again where its `up` or `join` still runs

- Its workers take nothing more, finish what they hold within their grace, and give the rest back uncounted.
- The mark is the pool's: the host's `up`, `join`, pods or actors that start again find it and stay down.
- An `undrain` that comes meanwhile ends the wait: a host whose mark is gone is not told to be drained.
- Giving up early is safe: after a cancellation the host is drained all the same.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from tinyv_stream.broker.figures import WorkerInfo
from tinyv_stream.broker.hosts import HostBook, read_hosts, read_mark, set_drain
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import InvalidInputError, TinyVError

WAIT_S: Final = 60.0
"""How long a drain may take by default: a worker's grace is a quarter of it."""
_LOOK_S: Final = 0.25
_AWAY: Final = frozenset({"lost", "draining", "drained"})
"""States of workers that take nothing; one that drains may start again, and then counts again."""


class DrainError(TinyVError):
    """A host was not drained, or not in time; the message says which, and what holds."""


class DrainProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a drain has come."""

    host: str
    left: tuple[str, ...]
    """Workers that are still there."""
    held: int
    """Rollouts that these hold."""
    lost: tuple[str, ...]
    """Workers that fell silent: what they held, others take over when its leases lapse."""


async def drain(
    url: str,
    host: str,
    *,
    pool: str = "main",
    force: bool = False,
    wait_s: float = WAIT_S,
    on_change: Callable[[DrainProgress], None] = lambda _: None,
) -> DrainProgress:
    """Drain a host; return once none of its workers is left. Safe to run twice.

    `force` drains it also where a stage is left without a host: rollouts then wait, until their deadlines at most.
    Raises InvalidInputError for a host that the pool does not know, DrainError where `force` is needed, somebody let it
    work again meanwhile or `wait_s` have passed (the mark stands), BrokerError if the broker does not answer.
    """
    async with OperatorApi(url, BrokerConfig(pool=pool)) as side:
        while True:
            book, workers = await read_hosts(side), await side.workers()
            _check_known(host, known_hosts(book, workers))
            left_alone = stages_left_alone(host, book, workers)
            if left_alone and not force:
                raise DrainError(
                    f"no other host has a live worker for {' and '.join(left_alone)}: rollouts would wait until their"
                    f" deadlines; start one elsewhere (`tinyv-stream join`), or drain {_shown(host)} all the same with"
                    " --force"
                )
            if host in book.draining or await set_drain(side, host, is_draining=True, changes=book.changes):
                return await _until_down(side, host, wait_s, on_change)


async def undrain(url: str, host: str, *, pool: str = "main") -> bool:
    """Let a host work again; False where it was not drained. Raises as `drain` does."""
    async with OperatorApi(url, BrokerConfig(pool=pool)) as side:
        book, workers = await read_hosts(side), await side.workers()
        _check_known(host, known_hosts(book, workers))
        if host not in book.draining:
            return False
        await set_drain(side, host, is_draining=False)
        return True


def known_hosts(book: HostBook, workers: Sequence[WorkerInfo]) -> list[str]:
    """Return the hosts that have workers or had some a while ago, or are drained, by name."""
    return sorted({worker.host for worker in workers} | book.draining | book.left.keys())


def stages_left_alone(host: str, book: HostBook, workers: Sequence[WorkerInfo]) -> list[str]:
    """Return the stages that `host` works on and no other does that is not drained itself.

    A worker that left there a while ago counts for `host`, since it may be about to start again, and for no other.
    """
    able = [worker for worker in workers if worker.state not in _AWAY and worker.host not in book.draining]
    here = {worker.stage for worker in able if worker.host == host}
    if host not in book.draining:
        here |= book.left.get(host, set())
    return sorted(here - {worker.stage for worker in able if worker.host != host})


def progress(host: str, workers: Sequence[WorkerInfo]) -> DrainProgress:
    """Return how far the drain of `host` is; a worker that waits there with nothing loaded is not counted."""
    of_host = [worker for worker in workers if worker.host == host and worker.state != "drained"]
    live = [worker for worker in of_host if worker.state != "lost"]
    return DrainProgress(
        host=host,
        left=tuple(worker.name for worker in live),
        held=sum(worker.held for worker in live),
        lost=tuple(worker.name for worker in of_host if worker.state == "lost"),
    )


def _check_known(host: str, known: Sequence[str]) -> None:
    if host not in known:
        raise InvalidInputError(
            "HOST", host, f"the pool knows {_shown(', '.join(known)) or 'no host yet'}: name one of them"
        )


def _shown(name: str) -> str:
    """Return what a host or a worker calls itself on one line, whatever is in it."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in name)


async def _until_down(
    side: OperatorApi, host: str, wait_s: float, on_change: Callable[[DrainProgress], None]
) -> DrainProgress:
    give_up = time.monotonic() + wait_s
    while True:
        # The mark after the workers: whoever takes it away before they are gone is seen.
        now, mark = progress(host, await side.workers()), await read_mark(side, host)
        if mark and not mark.is_draining:
            who = _shown(mark.by)
            raise DrainError(f"host {_shown(host)} is not drained: {who} let it work again meanwhile (`undrain`)")
        on_change(now)
        if mark and not now.left:
            return now
        if time.monotonic() > give_up and mark:
            raise DrainError(
                f"not drained within {wait_s:g} s: {_shown(', '.join(now.left))} are there; the mark stands"
            )
        if time.monotonic() > give_up:
            raise DrainError("the server lost its data, and the mark: drain the host again")
        await asyncio.sleep(_LOOK_S)
