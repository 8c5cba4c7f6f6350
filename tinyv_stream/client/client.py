"""RewardClient, the public client: finished completions in, rewards awaited.

- Every submitted rollout gets exactly one reward: from the pool, or `expired` from the client itself when nothing
  answered by the deadline, whatever became of server and workers.
- `submit` waits for credit and for room in the broker; it never drops.
- Only leaving it ends it, and a bad argument a call. Everything else is retried, said once a minute, and counted.
- It owns its tasks, and leaves none behind. It installs no signal handlers and does not touch the loop's policy.
"""

import asyncio
import logging
import os
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from tinyv_stream.aio.batcher import StoppedError
from tinyv_stream.broker.messages import encode, work_of
from tinyv_stream.broker.sharded import Shards
from tinyv_stream.broker.trainer import TrainerApi
from tinyv_stream.client.arguments import checked_count, checked_seconds, checked_url
from tinyv_stream.client.ledger import Group, LedgerEntry
from tinyv_stream.client.reward_stream import RewardStream
from tinyv_stream.client.routing import RoutingWatch
from tinyv_stream.client.session import GRACE_S, Session, fallback
from tinyv_stream.client.ticket import Ticket
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import ClientClosedError, InvalidInputError
from tinyv_stream.record import Recorder
from tinyv_stream.types import Reward, Rollout, Status, validate_name, validate_rollout

_log = logging.getLogger(__name__)


class RewardClient:
    """One trainer process's end of the stream. Use inside `async with`, from one event loop.

    Args:
        url: URL of the pool's broker: `redis://`, `unix://`, `redis+sentinel://`, `redis+cluster://`; `rediss` for TLS.
        run_id: names the training run; rollout ids are unique within it.
        client_id: names this process within the run. With a fixed one, what was submitted before a restart goes on
            meanwhile, and submitting the same rollouts again collects their rewards; without one, open rollouts are
            withdrawn when the client is left.
        pool: the pool to use, as in `tinyv-stream up --pool`.
        max_inflight: credits: rollouts submitted and not rewarded, beyond which `submit` waits.
        max_outstanding: rollouts outstanding in the whole pool, beyond which `submit` waits for room in the broker.
            On a cluster each shard takes its share of them.
        deadline_s: for rollouts that do not set their own; counts from the moment `submit` has its credit. The reward
            comes within a second of it, or a second later still where no worker lives.
        record: directory to which this client's steps, completions and rewards are recorded, texts included, in
            `record/run_id/`; None: nothing is. A full or slow disk costs records, never a reward.
        watch_routing: say once in the log if TinyV is asked about nothing that the rules refuse; off where it is meant.

    Raises (on entering):
        BrokerUnavailableError, UnsupportedServerError; InvalidInputError for a `client_id` that another live process
        uses, and from the constructor for any argument.
    """

    def __init__(
        self,
        url: str,
        *,
        run_id: str,
        client_id: str | None = None,
        pool: str = "main",
        max_inflight: int = 1024,
        max_outstanding: int = 40_000,
        deadline_s: float = 600.0,
        record: str | Path | None = None,
        watch_routing: bool = True,
    ) -> None:
        self.run_id = validate_name("run_id", run_id)
        self.client_id = validate_name("client_id", uuid.uuid4().hex[:12] if client_id is None else client_id)
        self._max_inflight = checked_count("max_inflight", max_inflight)
        self._deadline_s = checked_seconds("deadline_s", deadline_s)
        outstanding = checked_count("max_outstanding", max_outstanding)
        self._named = client_id is not None
        config = BrokerConfig(pool=validate_name("pool", pool), max_outstanding=outstanding)
        shards = Shards(TrainerApi, checked_url(url), config)
        self._session = Session(shards, self.run_id, self.client_id, is_named=self._named, on_reward=self._on_reward)
        self._pid = 0
        self._credits = asyncio.Semaphore(max_inflight)
        self._streams: set[RewardStream] = set()
        self._whole: dict[str, asyncio.Future[Group]] = {}
        self._open = self._ended = False
        self._recorder = Recorder(Path(record), self.run_id, self.client_id) if record else None
        self._step: int | None = None
        self._routing = RoutingWatch() if watch_routing else None

    async def __aenter__(self) -> Self:
        """Connect and start reading rewards."""
        if self._recorder:
            await self._recorder.open()
        try:
            await self._session.__aenter__()
        except BaseException:  # what is open is closed, whatever stopped it, also a cancellation
            if self._recorder:
                await self._recorder.close()
            raise
        self._open, self._pid = True, os.getpid()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Stop. Open tickets raise ClientClosedError; see `client_id` for what the pool then does."""
        self._open = False
        left = self._session.abandon()
        self._wake_all()
        try:
            if not self._named:
                await asyncio.wait_for(self._session.leave(left), GRACE_S)
        except TimeoutError:
            _log.warning("left without cancelling %d rollouts: the broker does not answer", len(left))
        finally:
            await self._session.__aexit__(None, None, None)
            if self._recorder:
                await self._recorder.close()

    @property
    def outstanding(self) -> int:
        """How many submitted rollouts have no reward yet."""
        return len(self._session.ledger)

    def step(self, number: int) -> None:
        """Say that generation of this step begins now, which ends the one before. Rollouts that name no step are of it.

        Raises InvalidInputError for a number below 0.
        """
        if number < 0:
            raise InvalidInputError("step", number, "count steps from 0 or 1 on")
        self._step = number
        if self._recorder:
            self._recorder.step(number)

    def failing(self) -> tuple[float, str]:
        """For how long, in seconds, a call to the broker has failed, and what it is to do; (0, "") while all work."""
        return self._session.calls.failing(asyncio.get_running_loop().time())

    async def submit(self, rollout: Rollout) -> Ticket:
        """Send one rollout; return its ticket once the broker has it.

        Waits for credit and room, by the deadline at the latest. Raises InvalidInputError for a field that cannot
        travel, ClientClosedError outside `async with`. A cancellation withdraws the rollout: it gets no reward.
        """
        rollout = validate_rollout(rollout)
        rollout_id = rollout.rollout_id or uuid.uuid4().hex
        self._check_open(rollout_id)
        asked = asyncio.get_running_loop().time()
        step = self._step if rollout.step is None else rollout.step
        rollout = msgspec.structs.replace(rollout, rollout_id=rollout_id, step=step)
        await self._credits.acquire()
        try:
            entry = self._enter(rollout, asked)
        except BaseException:  # the credit goes back, whatever stopped it, also a cancellation
            self._credits.release()
            raise
        try:
            await self._session.store(entry)
        except BaseException as exc:  # nobody will hold its ticket, so the rollout is withdrawn
            if self._recorder:
                self._recorder.withdrawn(rollout_id)
            if self._session.ledger.drop(rollout_id):
                self._credits.release()
            if self._open:
                self._session.own(self._session.withdraw([entry]), f"withdraw {rollout_id}")
            if isinstance(exc, StoppedError):
                raise ClientClosedError(rollout_id) from exc
            raise
        return entry.ticket

    def rewards(self) -> RewardStream:
        """Return an iterator over rewards in the order they arrive, from now on.

        It ends once `end` was called and every rollout is rewarded, or when the client is left. It buffers without
        bound (about 0.5 kB a reward): credits come back when a reward arrives, not when it is read.
        """
        self._check_open("(all)")
        stream = RewardStream(self._streams.discard)
        self._streams.add(stream)
        self._close_streams_if_over()
        return stream

    def end(self) -> None:
        """Say that no more rollouts come: iterators end after the last outstanding reward."""
        self._ended = True
        self._close_streams_if_over()

    async def group(self, group_id: str) -> list[Reward]:
        """Wait until all `group_size` members, submitted by this client, are rewarded; return them as submitted.

        A group is handed out once, to all who wait for it then. A cancellation leaves it as it is. Raises
        ClientClosedError if the client is left, InvalidInputError for a group that has no member here (any more).
        """
        self._check_open(f"(group {group_id})")
        group = self._session.ledger.group(group_id)
        if group is None and group_id not in self._whole:
            remedy = "submit a member first, through this client; a group is handed out once"
            raise InvalidInputError("group_id", group_id, remedy)
        if group is None or not group.whole:
            waiting = self._whole.setdefault(group_id, asyncio.get_running_loop().create_future())
            group = await asyncio.shield(waiting)
        self._session.ledger.forget_group(group_id)
        return [await ticket for ticket in group.tickets]

    def _enter(self, rollout: Rollout, asked: float) -> LedgerEntry:
        self._check_open(rollout.rollout_id)
        work = work_of(rollout, run_id=self.run_id, client_id=self.client_id)
        now = asyncio.get_running_loop().time()
        ticket = Ticket(rollout.rollout_id, rollout.group_id, self._cancel)
        deadline = now + (rollout.deadline_s or self._deadline_s)
        entry = LedgerEntry(
            uid=work.uid,
            body=encode(work),
            ticket=ticket,
            credit_s=now - asked,
            submitted=now,
            deadline=deadline,
            step=rollout.step,
        )
        self._session.ledger.add(entry, group_size=rollout.group_size)
        if self._recorder:
            self._recorder.ended(rollout, time.monotonic() - (now - asked))
        return entry

    async def _cancel(self, rollout_id: str) -> None:
        entry = self._session.ledger.get(rollout_id)
        if entry:
            self._session.settle(fallback(entry, Status.CANCELLED, "cancelled by the trainer"))
            self._session.own(self._session.withdraw([entry]), f"withdraw {rollout_id}")

    def _on_reward(self, reward: Reward) -> None:
        self._credits.release()
        if self._routing:
            self._routing.note(reward)
        if self._recorder:
            self._recorder.rewarded(reward)
        for stream in self._streams:
            stream.add(reward)
        group = self._session.ledger.group(reward.group_id)
        if group and group.whole and (waiting := self._whole.pop(reward.group_id, None)):
            waiting.set_result(group)
        self._close_streams_if_over()

    def _close_streams_if_over(self) -> None:
        if self._ended and not self.outstanding:
            for stream in list(self._streams):
                stream.close()

    def _wake_all(self) -> None:
        error = ClientClosedError("(all open ones)")
        for stream in list(self._streams):
            stream.close()
        for waiting in self._whole.values():
            waiting.set_exception(error)
            waiting.exception()
        self._whole.clear()
        for _ in range(self._max_inflight):  # whoever waits for credit learns that the client is closed
            self._credits.release()

    def _check_open(self, rollout_id: str) -> None:
        if not self._open:
            raise ClientClosedError(rollout_id)
        if self._pid != os.getpid():
            remedy = f"it was opened in process {self._pid}, before a fork: open one in each process, after the fork"
            raise InvalidInputError("client", f"in process {os.getpid()}", remedy)
