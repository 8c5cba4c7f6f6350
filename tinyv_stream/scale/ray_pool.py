"""A pool on a Ray cluster, from a program: started, looked at, ended.

- What is started outlives the program that starts it; `ray_pool` ends it with its block.
- What can change a reward is agreed with the pool first, as by `up`.
- A seat that Ray does not place within `wait_s` is an error that says what to do, and nothing is left behind.
"""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Coroutine, Generator
from collections.abc import Set as AbstractSet
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Final, TypeVar, cast

import msgspec

from tinyv_stream.broker.hosts import Wanted, set_wanted
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.broker.settings import agree
from tinyv_stream.config import Config
from tinyv_stream.errors import BrokerError, InvalidInputError
from tinyv_stream.scale.keeper import RayStatus, counts_of, wanted_seats
from tinyv_stream.scale.plan import (
    SHARE,
    PlacementError,
    RayPlan,
    find_python,
    keeper_name,
    parse_gpus,
    passed_on,
)
from tinyv_stream.scale.seat import GRACE_S
from tinyv_stream.types import Stage

T = TypeVar("T")
_log = logging.getLogger(__name__)
WAIT_S: Final = 60.0
"""How long Ray may take to place the seats."""
_IMPORTS_S: Final = 60.0
"""How much longer a worker that Ray has placed may take until the pool hears of it."""
_ANSWER_S: Final = 10.0
_LOOK_S: Final = 0.5


class RayPool:
    """A pool on the cluster that this process is connected to."""

    def __init__(self, name: str, address: str | None = None) -> None:
        """Connect. Raises PlacementError if there is no cluster."""
        from tinyv_stream.scale.cluster import connect

        self.name = name
        self._cluster = connect(address)
        self._plan: RayPlan | None = None
        """Of what was started here."""

    def start(self, plan: RayPlan, names: AbstractSet[str] | None = None, *, wait_s: float = WAIT_S) -> RayStatus:
        """Have as many seats as the plan says, and return once the pool hears of each one's worker.

        A pool that is there already takes the new plan; its seats keep running. `names` are the settings that the user
        gave. Raises PlacementError where Ray does not place a seat, InvalidInputError where the pool has another value
        for a setting or a worker refuses its own, BrokerError.
        """
        config = _apart(_agreed(plan, names))
        plan = self._plan = msgspec.structs.replace(plan, config=config)
        is_new = self._cluster.keep(plan)
        least = {stage: counts[0] for stage, counts in plan.counts.items()}
        try:
            self._ask("set_plan", msgspec.json.encode(plan), least, patience_s=wait_s)
            return self._placed(plan, wait_s)
        except BaseException:
            if is_new:  # nothing of a start that failed stays
                self.end(plan.url)
            raise

    def change(self, counts: dict[Stage, tuple[int, int]]) -> None:
        """Want other counts, fewest and most, of a pool that was started here. Seats beyond them are drained.

        Returns at once. Raises RuntimeError if it was started elsewhere, PlacementError or BrokerError.
        """
        if not self._plan:
            raise RuntimeError("the pool was started elsewhere: start it here with other counts")
        plan = self._plan = msgspec.structs.replace(self._plan, counts=counts)
        _apart(_want(plan))
        least = {stage: fewest for stage, (fewest, _) in counts.items()}
        self._ask("set_plan", msgspec.json.encode(plan), least, patience_s=WAIT_S)

    def exists(self) -> bool:
        """Tell whether a pool of this name is on the cluster."""
        from tinyv_stream.scale.cluster import has_actor

        return has_actor(keeper_name(self.name)) or bool(self._cluster.seats(self.name))

    def look(self) -> RayStatus:
        """Return how it is; raise PlacementError if no pool of this name is here."""
        from tinyv_stream.scale.cluster import has_actor

        if not has_actor(keeper_name(self.name)):
            raise PlacementError(f"no pool {self.name!r} is on this Ray cluster: start it with `up --on ray`")
        return msgspec.json.decode(cast("bytes", self._ask("status", patience_s=_ANSWER_S)), type=RayStatus)

    def end(self, url: str | None = None) -> None:
        """Drain all seats and remove what is there; raise PlacementError if nothing is.

        `url` has the broker forget the wanted counts; without it, or a broker, the next start says them anew anyway.
        """
        keeper = keeper_name(self.name)
        if not self.exists():
            raise PlacementError(f"no pool {self.name!r} is on this Ray cluster")
        until = time.monotonic() + GRACE_S + 30.0
        try:
            self._ask("rest", patience_s=_ANSWER_S)
            while self._cluster.seats(self.name) and time.monotonic() < until:
                time.sleep(_LOOK_S)
        except PlacementError as exc:
            _log.warning("%s: its seats are ended without a drain", exc)
        self._cluster.let_go(keeper)
        for name in self._cluster.seats(self.name):
            self._cluster.let_go(name)
        if url:
            _apart(_forget(url, self.name))

    def _placed(self, plan: RayPlan, wait_s: float) -> RayStatus:
        """Return once the pool has heard of every wanted seat's worker: until then it may still refuse its settings.

        Seats that were there before and are to go neither count nor fail it.
        """
        until = time.monotonic() + wait_s
        while True:
            found, heard = self.look(), _apart(_heard_of(plan))
            seats = wanted_seats(found, plan.counts)
            views = [seat.view for seat in seats.values() if seat and seat.view]
            refused = [view.reason for view in views if view.state == "refused"]
            if refused:
                raise PlacementError(f"a worker does not start: {refused[0]}")
            if sum(view.state == "running" and (view.host, view.worker_pid) in heard for view in views) == len(seats):
                return found
            waiting = [name for name, seat in seats.items() if not seat or not seat.view]
            if time.monotonic() > until and waiting:
                why = next((found.blocked[name] for name in waiting if name in found.blocked), "Ray does not say why")
                raise PlacementError(f"{', '.join(waiting)} did not start within {wait_s:.0f} s: {why}")
            if time.monotonic() > until + _IMPORTS_S:
                dead = next((view.reason for view in views if view.reason), "see the logs of its seat in Ray")
                raise PlacementError(f"the pool has not heard of every worker: {dead}")
            time.sleep(_LOOK_S)

    def _ask(self, method: str, *args: object, patience_s: float) -> object:
        return _apart(self._cluster.ask(keeper_name(self.name), method, *args, patience_s=patience_s))


@contextmanager
def ray_pool(
    redis_url: str | None = None,
    *,
    config: Config | None = None,
    rule_workers: tuple[int, int] = (1, 1),
    tinyv_workers: tuple[int, int] = (1, 1),
    gpu_share: float = SHARE,
    gpus: str = "own",
    placement_group: str = "",
    python: str | None = None,
    address: str | None = None,
    wait_s: float = WAIT_S,
) -> Generator[RayPool]:
    """Have a pool on the Ray cluster of this program for the length of a block; its seats are drained at the end.

    `redis_url` is the broker's, by default $TINYV_REDIS_URL. Workers are given as fewest and most. `gpus` is `own`
    or `share:0,1`; `placement_group` a name or an id. `python` is the workers' interpreter, on all nodes. Raises as
    `RayPool.start` does.
    """
    url = redis_url or os.environ.get("TINYV_REDIS_URL", "")
    if not url:
        raise InvalidInputError("redis_url", url, "give the broker's URL, or set TINYV_REDIS_URL")
    settings = config or Config()
    pool = RayPool(settings.broker.pool, address)
    plan = RayPlan(
        url=url,
        python=find_python(python, sys.executable),
        config=settings,
        counts={"rule": rule_workers, "tinyv": tinyv_workers},
        gpus=parse_gpus(gpus, gpu_share, group_id(placement_group)),
        env=passed_on(os.environ),
    )
    pool.start(plan, wait_s=wait_s)
    try:
        yield pool
    finally:
        if pool.exists():
            pool.end(url)


def group_id(name: str) -> str:
    """Return a placement group's id by its name; empty for an empty one. Raises PlacementError."""
    from tinyv_stream.scale.cluster import find_group

    return find_group(name) if name else ""


async def _agreed(plan: RayPlan, names: AbstractSet[str] | None) -> Config:
    async with OperatorApi(plan.url, plan.config.broker) as link:
        config, _ = await agree(link, plan.config, names)
        await set_wanted(link, plan.place, counts_of(plan))
        return config


async def _heard_of(plan: RayPlan) -> set[tuple[str, int | None]]:
    """Return host and pid of every worker that the pool hears of."""
    async with OperatorApi(plan.url, plan.config.broker) as link:
        return {(worker.host, worker.pid) for worker in await link.workers() if worker.state != "lost"}


async def _want(plan: RayPlan) -> None:
    async with OperatorApi(plan.url, plan.config.broker) as link:
        await set_wanted(link, plan.place, counts_of(plan))


async def _forget(url: str, pool: str) -> None:
    from tinyv_stream.config import BrokerConfig

    try:
        async with OperatorApi(url, BrokerConfig(pool=pool)) as link:
            gone: dict[Any, Wanted | None] = {"rule": None, "tinyv": None}
            await set_wanted(link, f"ray:{pool}", gone)
    except BrokerError:
        return


def _apart(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a thread: the caller's may have a loop of its own."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
