"""Session between client and broker: it keeps ledger and broker in step, whatever happens to either process.

- What is in the ledger is sent until the broker has it, and sent again when the broker forgot it.
- A reward is settled once, then committed; a second copy is dropped.
- Nothing outlives its deadline by more than `GRACE_S` plus one tick: then the session says `expired` itself.
- The shards of a pool are served apart: one that is away holds up its own rollouts only.
- A background task that fails for good fails every waiter: nobody hangs on a dead session.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from functools import partial
from types import TracebackType
from typing import Final, Self

from tinyv_stream.aio.batcher import Batcher
from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.broker.messages import shard_of
from tinyv_stream.broker.sharded import Shards
from tinyv_stream.broker.trainer import BATCH, FULL, OUTSTANDING, UNKNOWN, TrainerSide
from tinyv_stream.client.ledger import Ledger, LedgerEntry
from tinyv_stream.errors import BrokerUnavailableError, ClientClosedError
from tinyv_stream.types import Reward, Source, Status

_log = logging.getLogger(__name__)

GRACE_S: Final = 1.0
"""How long after a deadline the session waits for the pool's `expired` before it says so itself: workers scan
twice a second, and a failover takes about two."""
RECONCILE_S: Final = 5.0
"""How often, and from which age on, rollouts are checked: a healthy rule verdict takes far less."""
_TICK_S: Final = 0.25
_FULL_S: Final = (0.02, 0.2)
_NOTHING: Final = "0-0"
"""Stands before every entry: a commit up to it trims none."""


class Session:
    """Runs inside `async with`. `on_reward` is called once per rollout, `on_fault` once at most; both on the loop."""

    def __init__(
        self,
        shards: Shards[TrainerSide],
        run_id: str,
        client_id: str,
        *,
        on_reward: Callable[[Reward], None],
        on_fault: Callable[[], None],
    ) -> None:
        self.ledger = Ledger()
        self.fault: BaseException | None = None
        self._shards = shards
        self._links: tuple[TrainerSide, ...] = ()
        self._outboxes: list[Batcher[LedgerEntry, int | Reward]] = []
        self._run_id = run_id
        self._client_id = client_id
        self._on_reward = on_reward
        self._on_fault = on_fault
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Connect and start; raise BrokerError if the server cannot be used."""
        self._links = await self._shards.__aenter__()
        self._outboxes = [Batcher(partial(self._send, link), most=BATCH) for link in self._links]
        self.own(self._watch(), "watch")
        for link, outbox in zip(self._links, self._outboxes, strict=True):
            loops = {"send": outbox.run(), "read": self._read(link), "reconcile": self._reconcile(link)}
            for name, work in loops.items():
                self.own(work, name)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Stop all tasks and disconnect. The broker keeps what it has."""
        await cancel_all(list(self._tasks))
        await self._shards.__aexit__(None, None, None)

    async def store(self, entry: LedgerEntry) -> None:
        """Send until the broker has the rollout, or its reward is here. Waits while the broker is full or away.

        Not beyond the deadline: then the rollout has its reward, and the trainer goes on.
        """
        entry.shard = shard_of(entry.uid, len(self._links))
        while not entry.ticket.done:
            entry.sending = self._outboxes[entry.shard].offer(entry)
            answer = await entry.sending
            if isinstance(answer, Reward) and self.settle(answer):
                await self._commit(self._links[entry.shard], _NOTHING, [entry.uid])
            if answer != FULL:
                entry.stored = True
                return
            await asyncio.sleep(random.uniform(*_FULL_S))  # noqa: S311 jitter, not a secret

    def settle(self, reward: Reward) -> bool:
        """Give a reward to the trainer; False if this rollout has had one, or is not ours."""
        settled = self.ledger.settle(reward, asyncio.get_running_loop().time())
        if settled is not None:
            self._on_reward(settled)
        return settled is not None

    async def withdraw(self, entries: list[LedgerEntry]) -> None:
        """Take rollouts back from the pool, so that nobody works on them; retries until it answers."""
        await asyncio.gather(*(self._withdraw(link, self._of(link, entries)) for link in self._links))

    async def leave(self, entries: list[LedgerEntry]) -> None:
        """Withdraw rollouts and drop the client's reward stream: its name will not be used again."""
        await self.withdraw(entries)
        await asyncio.gather(*(link.leave(self._run_id, self._client_id) for link in self._links))

    def own(self, work: Coroutine[object, object, None], name: str) -> None:
        """Run `work` as a task of this session."""
        task = asyncio.get_running_loop().create_task(work, name=f"tinyv-client {name}")
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _of(self, link: TrainerSide, entries: list[LedgerEntry]) -> list[LedgerEntry]:
        return [e for e in entries if self._links[e.shard] is link]

    async def _withdraw(self, link: TrainerSide, entries: list[LedgerEntry]) -> None:
        for i in range(0, len(entries), BATCH):
            uids = [e.uid for e in entries[i : i + BATCH]]
            await link.retry(lambda uids=uids: link.withdraw(self._run_id, uids))

    async def _send(self, link: TrainerSide, entries: list[LedgerEntry]) -> list[int | Reward]:
        async def attempt() -> list[int | Reward]:
            now = asyncio.get_running_loop().time()
            # Asked anew at each attempt: what was rewarded or withdrawn meanwhile must not be sent after all.
            unsettled = [e for e in entries if self.ledger.get(e.ticket.rollout_id) is e]
            items = [(e.uid, max(1, int((e.deadline - now) * 1000)), e.body) for e in unsettled]
            answers = await link.submit(self._run_id, items) if items else []
            said = dict(zip((e.uid for e in unsettled), answers, strict=True))
            return [said.get(e.uid, OUTSTANDING) for e in entries]

        return await link.retry(attempt)

    async def _read(self, link: TrainerSide) -> None:
        while True:
            last, rewards = await link.retry(lambda: link.rewards(self._run_id, self._client_id, block_s=2.0))
            # Only ours are forgotten: a reward for a rollout that this process has yet to submit again stays there.
            ours = [uid for uid, reward in rewards if self._take(uid, reward) or self.ledger.is_over(uid)]
            if last:
                await self._commit(link, last, ours)

    def _take(self, uid: str, reward: Reward) -> bool:
        """Settle a reward that was read, unless it is for another text under the same id."""
        entry = self.ledger.get(reward.rollout_id)
        return entry is not None and entry.uid == uid and self.settle(reward)

    async def _commit(self, link: TrainerSide, last: str, uids: list[str]) -> None:
        await link.retry(lambda: link.commit(self._run_id, self._client_id, last, uids))

    async def _watch(self) -> None:
        """Expire what is overdue. Awaits nothing but its tick: a broker that hangs must not hold deadlines up."""
        while True:
            await asyncio.sleep(_TICK_S)
            self._expire(asyncio.get_running_loop().time() - GRACE_S)

    async def _reconcile(self, link: TrainerSide) -> None:
        while True:
            await asyncio.sleep(RECONCILE_S)
            await self._check(link, asyncio.get_running_loop().time() - RECONCILE_S)

    def _expire(self, before: float) -> None:
        late = self.ledger.overdue(before)
        for entry in late:
            self.settle(fallback(entry, Status.EXPIRED, "nothing answered by the deadline"))
            if entry.sending and not entry.sending.done():
                entry.sending.set_result(OUTSTANDING)
        if late:
            self.own(self.withdraw(late), "withdraw expired")

    async def _check(self, link: TrainerSide, before: float) -> None:
        """Ask what became of older rollouts: take rewards that were missed, send again what the broker lost."""
        old = self._of(link, [e for e in self.ledger.entries() if e.stored and e.submitted < before])
        for i in range(0, len(old), BATCH):
            some = old[i : i + BATCH]
            try:
                answers = await link.check(self._run_id, [e.uid for e in some])
            except BrokerUnavailableError:
                return
            for entry, answer in zip(some, answers, strict=True):
                if isinstance(answer, Reward):
                    if self.settle(answer):
                        await self._commit(link, _NOTHING, [entry.uid])
                elif answer == UNKNOWN and not entry.ticket.done:
                    _log.warning("the broker lost a rollout, sending it again", extra={"rollout_id": entry.uid})
                    entry.stored = False
                    self.own(self.store(entry), f"resend {entry.uid}")

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        _log.error("%s failed: %s", task.get_name(), error)
        self.fault = error
        self.abandon(error)
        self._on_fault()

    def abandon(self, cause: BaseException | None) -> list[LedgerEntry]:
        """End every open ticket with ClientClosedError; return their entries."""
        left = self.ledger.entries()
        for entry in left:
            self.ledger.drop(entry.ticket.rollout_id)
            error = ClientClosedError(entry.ticket.rollout_id)
            error.__cause__ = cause
            entry.ticket.fail(error)
        return left


def fallback(entry: LedgerEntry, status: Status, reason: str) -> Reward:
    """Return the reward that a client gives itself: no verifier decided, so it has no value."""
    ticket = entry.ticket
    return Reward(
        rollout_id=ticket.rollout_id,
        value=None,
        status=status,
        source=Source.FALLBACK,
        reason=reason,
        group_id=ticket.group_id,
    )
