"""Keeper of a pool on a Ray cluster: as many seats as are wanted, drained before they are let go.

- Wanted counts are the broker's, so that a keeper that was restarted finds them; which seats there are, it asks Ray.
- It waits for no seat without a limit: one that does not answer is not drained but let go.
- A broker that is away leaves the seats as they are.
- What Ray does not place is said with its remedy (`RayStatus.blocked`), never waited for in silence.

It takes no part in the life of a rollout. It imports no ray but through `cluster`.
"""

import asyncio
import contextlib
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

import msgspec

from tinyv_stream.broker.desired_state import read_desired
from tinyv_stream.broker.hosts import Wanted, read_hosts, set_wanted
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.control.scaling import ScaleRule, StageScaler, load_of
from tinyv_stream.errors import BrokerError
from tinyv_stream.scale.plan import PlacementError, RayPlan, difference, remedy, seat_name, seat_of, seat_place
from tinyv_stream.scale.seat import GRACE_S, SeatView
from tinyv_stream.types import Stage

if TYPE_CHECKING:
    from tinyv_stream.scale.cluster import RayCluster

_LOOK_S: Final = 1.0
_ANSWER_S: Final = 5.0
"""How long a seat may take to say how it is. One that waits for room does not answer."""
_PATIENCE_S: Final = 20.0
"""How long a seat may be without an answer before that is told as trouble."""

_log = logging.getLogger(__name__)


class SeatStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One seat at one moment; without `view` it does not answer: it waits for room, or its node is gone."""

    name: str
    stage: Stage
    silent_s: float
    view: SeatView | None = None


class RayStatus(msgspec.Struct, frozen=True, kw_only=True):
    """A pool on a cluster, as its keeper sees it."""

    pool: str
    wanted: dict[Stage, int]
    seats: list[SeatStatus]
    blocked: dict[str, str]
    """Seat or placement group -> why Ray does not place it, and what to do."""
    events: list[str]
    """What the keeper did last."""


class Keeper:
    """One pool's. Its loop has a thread of its own."""

    def __init__(self, plan: bytes) -> None:
        self._plan = msgspec.json.decode(plan, type=RayPlan)
        self._wanted: dict[Stage, int] | None = None
        """None until the broker, or whoever changes the plan, said so."""
        self._scalers: dict[Stage, StageScaler] = {}
        self._heard: dict[str, tuple[float, SeatView | None]] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self._groups: list[str] = []
        self._events: deque[str] = deque(maxlen=50)
        self._lock = threading.Lock()
        threading.Thread(target=self._live, daemon=True, name="keeper").start()

    def set_plan(self, plan: bytes, counts: dict[Stage, int]) -> None:
        """Go by another plan and these counts from now on. Seats that run keep what they were started with."""
        with self._lock:
            self._plan = msgspec.json.decode(plan, type=RayPlan)
            self._wanted = dict(counts)
            self._scalers = {}

    async def _save(self, counts: Mapping[Stage, Wanted]) -> None:
        with contextlib.suppress(BrokerError):
            async with OperatorApi(self._plan.url, self._plan.config.broker) as link:
                await set_wanted(link, self._plan.place, counts)

    def rest(self) -> None:
        """Want no seat any more, also after a restart of the keeper if the broker is there."""
        none = Wanted(least=0, most=0, count=0)
        with self._lock:
            self._wanted = dict.fromkeys(self._plan.counts, 0)
        # Apart: a broker that is away must not keep the seats from draining.
        saving = self._save(dict.fromkeys(self._plan.counts, none))
        threading.Thread(target=asyncio.run, args=(saving,), daemon=True, name="save").start()

    def status(self) -> bytes:
        """Return a RayStatus as JSON."""
        from tinyv_stream.scale.cluster import RayCluster

        now, cluster, wanted = time.monotonic(), RayCluster(), self._wanted or {}
        seats: list[SeatStatus] = []
        for name in sorted(cluster.seats(self._plan.pool)):
            heard_s, view = self._heard.get(name, (now, None))
            stage, _ = cast("tuple[Stage, int]", seat_of(self._plan.pool, name))
            silent_s = now - heard_s
            seats.append(SeatStatus(name=name, stage=stage, silent_s=silent_s, view=view if silent_s < 10.0 else None))
        blocked = self._blocked(cluster, seats)
        found = RayStatus(
            pool=self._plan.pool, wanted=dict(wanted), seats=seats, blocked=blocked, events=list(self._events)
        )
        return msgspec.json.encode(found)

    def _blocked(self, cluster: "RayCluster", seats: list[SeatStatus]) -> dict[str, str]:
        free, total = cluster.free(), cluster.total()
        found = {
            seat.name: remedy(self._plan, seat.stage, free, total)
            for seat in seats
            if seat.view is None and seat.silent_s > _PATIENCE_S and seat.name not in self._leaving
        }
        found |= {seat.name: seat.view.reason for seat in seats if seat.view and seat.view.state == "refused"}
        holds = self._plan.gpus.mode == "own" and self._plan.gpus.share and any(seat.stage == "tinyv" for seat in seats)
        for group in self._groups if holds else []:
            found[group] = (
                "this placement group waits for GPUs while seats of this pool hold shares of some: start the pool"
                " after the trainer with --placement-group NAME, or with --gpus share:0"
            )
        return found

    def _live(self) -> None:
        try:
            asyncio.run(self._run())
        except BaseException:  # noqa: BLE001 whatever it was, a keeper without its loop is none
            _log.exception("the keeper failed; Ray starts it again")
            os._exit(1)

    async def _run(self) -> None:
        from tinyv_stream.scale.cluster import RayCluster

        cluster = RayCluster()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_broker(), name="broker")
            tasks.create_task(self._follow_seats(cluster), name="seats")

    async def _follow_broker(self) -> None:
        """Know the wanted counts, and change them as the load is."""
        while True:
            try:
                async with OperatorApi(self._plan.url, self._plan.config.broker) as link:
                    while True:
                        await self._scale(link)
                        await asyncio.sleep(_LOOK_S)
            except BrokerError as exc:
                self._say(f"no look at the pool: {exc}")
            await asyncio.sleep(5 * _LOOK_S)

    async def _scale(self, link: OperatorApi) -> None:
        plan = self._plan
        wanted = self._wanted
        if wanted is None:
            wanted = self._wanted = await _kept_counts(link, plan)
            self._say(f"wanted: {wanted}")
        ranged: list[tuple[Stage, tuple[int, int]]] = [
            (stage, counts) for stage, counts in plan.counts.items() if counts[0] < counts[1]
        ]
        if not ranged or not any(wanted.values()):
            return
        status, desired = await link.status(), await read_desired(link)
        for stage, (least, most) in ranged:
            before = wanted.get(stage, least)
            scaler = self._scalers.setdefault(stage, StageScaler(ScaleRule(least=least, most=most), before))
            count = scaler.wanted(load_of(status, stage, desired, time.monotonic()))
            with self._lock:
                if wanted is not self._wanted or count == before:  # a change of plan comes first
                    continue
                wanted[stage] = count
            self._say(f"{stage}: {before} -> {count} (backlog {status.stages[stage].backlog_s} s)")
            await set_wanted(link, plan.place, {stage: scaler.as_wanted()})

    async def _follow_seats(self, cluster: "RayCluster") -> None:
        while True:
            try:
                self._keep(cluster)
            except Exception as exc:  # noqa: BLE001 the cluster's own troubles pass, and seats go on without a keeper
                self._say(f"no look at the cluster: {exc!r}")
            await asyncio.sleep(_LOOK_S)

    def _keep(self, cluster: "RayCluster") -> None:
        """Start what is lacking, drain what is beyond, and ask the others how they are."""
        present, wanted, plan = cluster.seats(self._plan.pool), self._wanted, self._plan
        for gone in set(self._heard) - present:
            self._heard.pop(gone, None)
        if wanted is None:
            return
        lacking, beyond = difference(plan.pool, wanted, present)
        for stage, number in lacking:
            self._start(cluster, plan, stage, number)
        for name in beyond:
            if name not in self._leaving:
                self._leaving[name] = asyncio.create_task(self._drain(cluster, name), name=f"drain {name}")
        for name in present:
            self._heard.setdefault(name, (time.monotonic(), None))
            if name not in self._asking:
                self._asking[name] = asyncio.create_task(self._ask(cluster, name), name=f"ask {name}")
        self._groups = cluster.waiting_groups()

    def _start(self, cluster: "RayCluster", plan: RayPlan, stage: Stage, number: int) -> None:
        nodes, bundles = cluster.gpu_nodes(), cluster.bundles(plan.gpus.group)
        cluster.start(plan, stage, number, seat_place(plan, stage, number, gpu_nodes=nodes, bundles=bundles))
        self._say(f"asked for {stage}-{number}")

    async def _ask(self, cluster: "RayCluster", name: str) -> None:
        try:
            answer = await cluster.ask(name, "about", patience_s=_ANSWER_S)
            self._heard[name] = time.monotonic(), msgspec.json.decode(cast("bytes", answer), type=SeatView)
        except PlacementError:
            return
        finally:
            self._asking.pop(name, None)

    async def _drain(self, cluster: "RayCluster", name: str) -> None:
        """Let a seat's worker finish, then let the seat go; one that does not answer holds nothing to wait for."""
        try:
            heard_s, view = self._heard.get(name, (0.0, None))
            if view and time.monotonic() - heard_s < 2 * _ANSWER_S:
                with contextlib.suppress(PlacementError):
                    await cluster.ask(name, "drain", patience_s=GRACE_S + 15.0)
            cluster.let_go(name)
            self._say(f"drained {name}")
        finally:
            self._leaving.pop(name, None)

    def _say(self, text: str) -> None:
        if not self._events or not self._events[-1].endswith(text):
            self._events.append(f"{time.strftime('%H:%M:%S')} {text}")
            _log.info("%s", text)


def wanted_seats(found: RayStatus, counts: Mapping[Stage, tuple[int, int]]) -> dict[str, SeatStatus | None]:
    """Return the fewest seats that `counts` wants, by name, None where it is not there yet; none that is to go."""
    seats = {seat.name: seat for seat in found.seats}
    names = [seat_name(found.pool, stage, n) for stage, (least, _) in counts.items() for n in range(1, least + 1)]
    return {name: seats.get(name) for name in names}


async def _kept_counts(link: OperatorApi, plan: RayPlan) -> dict[Stage, int]:
    """Return what the broker says is wanted; where it says nothing, the plan's fewest."""
    kept = (await read_hosts(link)).wanted.get(plan.place, {})
    return {stage: kept[stage].count if stage in kept else least for stage, (least, _) in plan.counts.items()}


def counts_of(plan: RayPlan) -> Mapping[Stage, Wanted]:
    """Return the wanted counts that a plan begins with."""
    return {stage: Wanted(least=least, most=most, count=least) for stage, (least, most) in plan.counts.items()}
