"""Session between client and broker: it keeps ledger and broker in step, whatever happens to either process.

- What is in the ledger is sent until the broker has it, and sent again when the broker forgot it.
- A reward is settled once, then committed; a second copy is dropped.
- Nothing outlives its deadline by more than two seconds: then the session says `expired` itself. It looks once more
  before it does, because its own loop may have been blocked while the reward came.
- The shards of a pool are served apart: one that is away holds up its own rollouts only.
- Leaving ends it, and nothing else: calls are made until they work (`calls`), and so are its own steps.
- A reward that cannot be read is set aside: its rollout has failed, with the reason, and the stream goes on.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Final, Self, TypeVar

from tinyv_stream.aio.batcher import Batcher
from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.broker.messages import rollout_id_of, shard_of
from tinyv_stream.broker.sharded import Shards
from tinyv_stream.broker.trainer import BATCH, FULL, OUTSTANDING, UNKNOWN, TrainerApi, UnreadableReward
from tinyv_stream.client import hold
from tinyv_stream.client.calls import Calls
from tinyv_stream.client.hold import Hold
from tinyv_stream.client.ledger import Ledger, LedgerEntry
from tinyv_stream.errors import ClientClosedError
from tinyv_stream.types import Reward, Source, Status

_log = logging.getLogger(__name__)
T = TypeVar("T")

GRACE_S: Final = 1.0
"""How long after a deadline the session waits for the pool's `expired` before it says so itself: workers scan
twice a second, and a failover takes about two."""
NOTHING_ANSWERED: Final = "nothing answered by the deadline"
"""Reason of an `expired` that the session itself gave: a pool that lives gives its own before."""
RECONCILE_S: Final = 5.0
"""How often, and from which age on, rollouts are checked: a healthy rule verdict takes far less."""
_TICK_S: Final = 0.25
_LOOK_TICKS: Final = (5, 0.12)
"""How long the session looks for rewards of rollouts that are overdue: so many ticks of so many seconds. Counted in
ticks, because a loop that is blocked again must not use the time up before an answer that is here can be read."""
_FULL_S: Final = (0.02, 0.2)
_NOTHING: Final = "0-0"
"""Stands before every entry: a commit up to it trims none."""

SubmitAnswer = int | Reward | UnreadableReward
"""What the broker says of one rollout."""


class Session:
    """Runs inside `async with`. `on_reward` is called once per rollout, on the loop."""

    def __init__(
        self,
        shards: Shards[TrainerApi],
        run_id: str,
        client_id: str,
        *,
        is_named: bool,
        on_reward: Callable[[Reward], None],
    ) -> None:
        self.ledger = Ledger()
        self.calls = Calls()
        self._shards = shards
        self._links: tuple[TrainerApi, ...] = ()
        self._batchers: list[Batcher[LedgerEntry, SubmitAnswer]] = []
        self._returns: list[Batcher[str, None]] = []
        """What is to be taken back from each shard: one call at a time, also after an hour's outage."""
        self._run_id = run_id
        self._client_id = client_id
        self._hold = Hold(run_id, client_id) if is_named else None
        self._on_reward = on_reward
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Connect and start; raise BrokerError if the server cannot be used, InvalidInputError for a name in use."""
        self._links = await self._shards.__aenter__()
        if self._hold:
            try:
                await self._hold.take(self._links[0])
            except BaseException:  # what is open is closed, whatever stopped it, also a cancellation
                await self._shards.__aexit__(None, None, None)
                raise
            self.own(self._until_left("hold the client's name", self._renew), "hold")
        self._batchers = [Batcher(partial(self._send, link), most=BATCH) for link in self._links]
        self._returns = [Batcher(partial(self._take_back, link), most=BATCH) for link in self._links]
        self.own(self._until_left("keep deadlines", self._watch), "watch")
        for batcher in (*self._batchers, *self._returns):
            self.own(batcher.run(), "send")
        for link in self._links:
            self.own(self._until_left("read rewards", partial(self._read, link)), "read")
            self.own(self._until_left("reconcile", partial(self._reconcile, link)), "reconcile")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Stop all tasks and disconnect. The broker keeps what it has."""
        await cancel_all(list(self._tasks))
        if self._hold:
            with suppress(Exception):  # it lapses by itself
                await asyncio.wait_for(self._hold.give_up(self._links[0]), GRACE_S)
        await self._shards.__aexit__(None, None, None)

    async def store(self, entry: LedgerEntry) -> None:
        """Send until the broker has the rollout, or its reward is here. Waits while the broker is full or away.

        Not beyond the deadline: then the rollout has its reward, and the trainer goes on.
        """
        entry.shard = shard_of(entry.uid, len(self._links), is_server=self._links[0].is_of_several)
        while not entry.ticket.done:
            entry.sending = self._batchers[entry.shard].offer(entry)
            answer = await entry.sending
            if not isinstance(answer, int):
                await self._accept(self._links[entry.shard], _NOTHING, [(entry.uid, answer)])
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
        await asyncio.gather(*(self._returns[entry.shard].put(entry.uid) for entry in entries))

    async def leave(self, entries: list[LedgerEntry]) -> None:
        """Withdraw rollouts and drop the client's reward stream: its name will not be used again."""
        await self.withdraw(entries)
        for link in self._links:
            await self._call(link, "leave", partial(link.leave, self._run_id, self._client_id))

    def own(self, work: Coroutine[object, object, None], name: str) -> None:
        """Run `work` as a task of this session; what it raises is logged."""
        task = asyncio.get_running_loop().create_task(work, name=f"tinyv-client {name}")
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.calls.failures[task.get_name()] += 1
            _log.error("%s failed", task.get_name(), exc_info=error)

    async def _until_left(self, what: str, step: Callable[[], Coroutine[object, object, None]]) -> None:
        """Take one step after the other; one that fails is taken again, as a call is."""
        while True:
            await self.calls.make(what, step, where=f"this client ({what})")

    async def _call(self, link: TrainerApi, what: str, call: Callable[[], Awaitable[T]]) -> T:
        where = f"the broker {link.place}" + (f", shard {link.keys.shard}" if len(self._links) > 1 else "")
        return await self.calls.make(what, call, where=where)

    def _of(self, link: TrainerApi, entries: list[LedgerEntry]) -> list[LedgerEntry]:
        return [e for e in entries if self._links[e.shard] is link]

    async def _take_back(self, link: TrainerApi, uids: list[str]) -> list[None]:
        await self._call(link, "take rollouts back", partial(link.withdraw, self._run_id, uids))
        return [None] * len(uids)

    async def _send(self, link: TrainerApi, entries: list[LedgerEntry]) -> list[SubmitAnswer]:
        async def attempt() -> list[SubmitAnswer]:
            now = asyncio.get_running_loop().time()
            # Looked up at each attempt: what was rewarded or withdrawn meanwhile must not be sent after all.
            unsettled = [e for e in entries if self.ledger.get(e.ticket.rollout_id) is e]
            items = [(e.uid, max(1, int((e.deadline - now) * 1000)), e.body) for e in unsettled]
            answers = await link.submit(self._run_id, items) if items else []
            known = dict(zip((e.uid for e in unsettled), answers, strict=True))
            return [known.get(e.uid, OUTSTANDING) for e in entries]

        return await self._call(link, "submit rollouts", attempt)

    async def _read(self, link: TrainerApi) -> None:
        read = partial(link.rewards, self._run_id, self._client_id, block_s=2.0)
        last, found = await self._call(link, "read rewards", read)
        if last:
            await self._accept(link, last, found)

    async def _accept(
        self, link: TrainerApi, last: str, found: Sequence[tuple[str, Reward | UnreadableReward]]
    ) -> None:
        """Settle what was found, set aside what is unreadable, and then let the broker forget all up to `last`."""
        # Only ours are forgotten: a reward for a rollout that this process has yet to submit again stays there.
        ours = [uid for uid, reward in found if self._take(uid, reward) or self.ledger.is_over(uid)]
        aside = [reward for _, reward in found if isinstance(reward, UnreadableReward)]
        if aside:
            put = partial(link.set_aside, self._run_id, self._client_id, aside)
            await self._call(link, "set unreadable rewards aside", put)
        if ours or last != _NOTHING:
            commit = partial(link.commit, self._run_id, self._client_id, last, ours)
            await self._call(link, "commit rewards", commit)

    def _take(self, uid: str, reward: Reward | UnreadableReward) -> bool:
        """Settle what was found for `uid`, unless that is another text under the same id."""
        entry = self.ledger.get(rollout_id_of(uid))
        if entry is None or entry.uid != uid:
            return False
        if isinstance(reward, UnreadableReward):
            _log.warning("%s", reward.reason, extra={"rollout_id": uid})
            return self.settle(fallback(entry, Status.FAILED, reward.reason))
        if reward.rollout_id != entry.ticket.rollout_id:
            return self.settle(fallback(entry, Status.FAILED, "the reward names another rollout"))
        return self.settle(reward)

    async def _renew(self) -> None:
        if self._hold:
            await asyncio.sleep(hold.RENEW_S)
            await self._hold.renew(self._links[0])

    async def _watch(self) -> None:
        """Find what is overdue. Awaits nothing but its tick: a broker that hangs must not hold deadlines up."""
        await asyncio.sleep(_TICK_S)
        if late := self.ledger.overdue(asyncio.get_running_loop().time() - GRACE_S):
            self.own(self._expire(late), "expire")

    async def _expire(self, late: list[LedgerEntry]) -> None:
        """Give overdue rollouts the rewards that the broker has for them, and `expired` to the others."""
        looking = asyncio.ensure_future(
            asyncio.gather(*(self._look(link, self._of(link, late)) for link in self._links))
        )
        try:
            for _ in range(_LOOK_TICKS[0]):
                await asyncio.wait((looking,), timeout=_LOOK_TICKS[1])
                if looking.done():
                    break
        finally:
            await cancel_all((looking,))
            over = [e for e in late if self.settle(fallback(e, Status.EXPIRED, NOTHING_ANSWERED))]
            for entry in over:
                if entry.sending and not entry.sending.done():
                    entry.sending.set_result(OUTSTANDING)
        await self.withdraw(over)

    async def _reconcile(self, link: TrainerApi) -> None:
        await asyncio.sleep(RECONCILE_S)
        before = asyncio.get_running_loop().time() - RECONCILE_S
        old = self._of(link, [e for e in self.ledger.entries() if e.stored and e.submitted < before])
        for entry in await self._look(link, old):
            if not entry.ticket.done:
                _log.warning("the broker lost a rollout, sending it again", extra={"rollout_id": entry.uid})
                entry.stored = False
                self.own(self.store(entry), f"resend {entry.uid}")

    async def _look(self, link: TrainerApi, entries: list[LedgerEntry]) -> list[LedgerEntry]:
        """Ask what became of rollouts, and settle those that were rewarded; return those that the broker lost."""
        lost: list[LedgerEntry] = []
        for i in range(0, len(entries), BATCH):
            some = entries[i : i + BATCH]
            check = partial(link.check, self._run_id, [e.uid for e in some])
            answers = await self._call(link, "check rollouts", check)
            found = [(e.uid, a) for e, a in zip(some, answers, strict=True) if not isinstance(a, int)]
            if found:
                await self._accept(link, _NOTHING, found)
            lost += [entry for entry, answer in zip(some, answers, strict=True) if answer == UNKNOWN]
        return lost

    def abandon(self) -> list[LedgerEntry]:
        """End every open ticket with ClientClosedError; return their entries."""
        left = self.ledger.entries()
        for entry in left:
            self.ledger.drop(entry.ticket.rollout_id)
            entry.ticket.fail(ClientClosedError(entry.ticket.rollout_id))
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
