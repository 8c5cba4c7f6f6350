"""The gateway's one client of the pool, and the feeds that its rewards go to.

- A rollout that was posted without waiting is in a feed from its post on; its reward reaches that feed once, also if
  the gateway is killed meanwhile and started again with the same book.
- A post answers for all its ids: one that another post is still submitting is waited for, because that post withdraws
  it if it is cut short.
- Where the book cannot be written (a full disk), posts are refused and rewards wait, until it can: `trouble` says so.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from types import TracebackType
from typing import Final, Self

import msgspec

from tinyv_stream.adapter_kit import JudgedReward, RewardRequester
from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.broker.operator import OperatorApi, PoolStatus
from tinyv_stream.client.calls import Calls
from tinyv_stream.client.client import RewardClient
from tinyv_stream.client.reward_stream import RewardStream
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import ClientClosedError, InvalidInputError
from tinyv_stream.gateway.batch import ANOTHERS, check_length, complete, failed
from tinyv_stream.gateway.journal import Journal, StateError
from tinyv_stream.gateway.metrics import Metrics
from tinyv_stream.gateway.reward_log import CreditError, RewardLog
from tinyv_stream.gateway.settings import GatewayConfig
from tinyv_stream.gateway.watched_tasks import WatchedTasks
from tinyv_stream.types import Reward, Rollout, validate_name

_log = logging.getLogger(__name__)

_TIDY_S: Final = 5.0


class GatewayService:
    """Opened by `async with`; raises BrokerError if the broker cannot be used, and as `Journal` does."""

    def __init__(self, config: GatewayConfig, metrics: Metrics) -> None:
        self.config = config
        self.metrics = metrics
        self.is_open = False
        self._made_s = asyncio.get_running_loop().time()
        self._calls = Calls()
        self._unsaid: set[str] = set()
        """Rollouts that the book is yet to forget: it could not be written when they were withdrawn."""
        self._feeds: dict[str, RewardLog] = {}
        self._feed_of: dict[str, RewardLog] = {}
        self._posting: dict[str, asyncio.Event] = {}
        """Rollouts that a post is submitting; set when that post ends."""
        self._watched = WatchedTasks()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Connect, and start handing rewards out."""
        config = self.config
        async with AsyncExitStack() as stack:
            self._book = Journal(config.state)
            stack.callback(self._book.close)
            loop = asyncio.get_running_loop()
            unrewarded = self._restore(loop.time())
            client = RewardClient(
                config.redis_url,
                run_id=config.run_id,
                client_id=self._book.client_id,
                pool=config.pool,
                max_inflight=config.max_inflight,
                deadline_s=config.deadline_s,
                record=config.record or None,
            )
            self._operator = await stack.enter_async_context(
                OperatorApi(config.redis_url, BrokerConfig(pool=config.pool))
            )
            self._client = await stack.enter_async_context(client)
            requester = RewardRequester(client, policy=config.policy, answer_s=config.answer_s)
            self._requester = await stack.enter_async_context(requester)
            for_ever = [
                loop.create_task(self._hand_out(client.rewards()), name="the reader of rewards"),
                loop.create_task(self._tidy(), name="the tidying of the state file"),
            ]
            for task in for_ever:
                self._watched.watch(task)
            tasks = [*for_ever, loop.create_task(self._resume(unrewarded), name="resume")]
            stack.push_async_callback(cancel_all, tasks)
            self._stack = stack.pop_all()
        self.is_open = True
        return self

    def trouble(self) -> tuple[float, str]:
        """For how long, in seconds, no reward could be given, and why; (0, "") while all works."""
        if not self.is_open:
            return asyncio.get_running_loop().time() - self._made_s, "the state file cannot be opened"
        failing = (self._calls.failing(asyncio.get_running_loop().time()), self._client.failing())
        since_s, what = max(failing)
        for_s, reason = self._watched.ended(asyncio.get_running_loop().time())
        if reason:  # it does not come back by itself: nothing is waited for
            return for_s + self.config.unhealthy_s, reason
        return since_s, what and f"cannot {what}"

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Leave the pool. What is unrewarded is withdrawn, or with a book goes on."""
        self._watched.leave()
        await self._stack.aclose()

    async def request(self, rollouts: list[Rollout], *, needs_baseline: bool = False) -> list[JudgedReward]:
        """Return the rewards of `rollouts`, in order, within `answer_s`; a cancellation withdraws them.

        `needs_baseline` is for formats that have no word for "undecided".
        """
        check_length(rollouts, self.config)
        done: list[Rollout] = []
        for i, rollout in enumerate(rollouts):
            try:
                done.append(complete(rollout, self.config))
            except InvalidInputError as exc:
                raise InvalidInputError(f"rollouts[{i}].{exc.field}", exc.value, exc.remedy) from exc
        return await self._requester.request_all(done, needs_baseline=needs_baseline)

    def unasked(self, reward: Reward) -> JudgedReward:
        """Return the reward of an item that cannot be asked about, as a trainer's own format needs it."""
        return self._requester.unasked(reward)

    def feed(self, name: str) -> RewardLog:
        """Return the feed of a client; raise InvalidInputError for its name, CreditError for one client too many."""
        validate_name("client", name)
        now_s = asyncio.get_running_loop().time()
        found = self._feeds.get(name)
        if found is None:
            if len(self._feeds) >= self.config.max_clients:
                raise CreditError(f"{len(self._feeds)} clients are known already")
            epoch = secrets.token_hex(4)
            self._book.begin(name, epoch)
            found = self._feeds[name] = self._feed(name, epoch, now_s)
        found.touched_s = now_s
        return found

    def _feed(self, name: str, epoch: str, now_s: float) -> RewardLog:
        config = self.config
        return RewardLog(
            name,
            epoch,
            credit=config.credit,
            now_s=now_s,
            retention_s=config.retention_s,
            retention_bytes=config.retention_bytes,
        )

    def is_anothers(self, feed: RewardLog, rollout_id: str) -> bool:
        """Whether the rewards of this rollout go to another client."""
        return self._feed_of.get(rollout_id, feed) is not feed

    async def post(self, feed: RewardLog, rollouts: list[Rollout]) -> list[str]:
        """Submit `rollouts` of different ids, whose rewards go to `feed`; return all their ids.

        One that the feed knows is not submitted again. Raises CreditError, and TimeoutError where the pool takes
        nothing in for `answer_s`; after an error or a cancellation the whole post may be repeated.
        """
        rollouts = [
            msgspec.structs.replace(complete(r, self.config), rollout_id=r.rollout_id or secrets.token_hex(16))
            for r in rollouts
        ]
        ids = [r.rollout_id for r in rollouts]
        async with asyncio.timeout(self.config.answer_s):
            await self._claim(feed, ids)
            await self._submit(feed, rollouts)
        return ids

    async def _claim(self, feed: RewardLog, ids: list[str]) -> None:
        """Return once no other post is submitting any of `ids`; raise InvalidInputError for one of another client."""
        while True:
            for i, rollout_id in enumerate(ids):
                if self.is_anothers(feed, rollout_id):
                    raise InvalidInputError(f"rollouts[{i}].rollout_id", rollout_id, ANOTHERS)
            other = next((self._posting[i] for i in ids if i in self._posting), None)
            if other is None:
                return
            await other.wait()

    async def _submit(self, feed: RewardLog, rollouts: list[Rollout]) -> None:
        """Submit what `feed` does not know; an error or a cancellation withdraws what is not submitted by then."""
        waiting = set(feed.admit([rollout.rollout_id for rollout in rollouts]))
        over = asyncio.Event()
        self._posting.update(dict.fromkeys(waiting, over))
        self._feed_of.update(dict.fromkeys(waiting, feed))
        try:
            self._book.admit(feed.name, [rollout for rollout in rollouts if rollout.rollout_id in waiting])
            for rollout in rollouts:
                if rollout.rollout_id in waiting:
                    await self._client.submit(rollout)
                    self._posting.pop(rollout.rollout_id)
                    waiting.discard(rollout.rollout_id)
        finally:
            for rollout_id in waiting:
                feed.withdraw(rollout_id)
                self._feed_of.pop(rollout_id, None)
                self._posting.pop(rollout_id)
            feed.touched_s = asyncio.get_running_loop().time()  # whoever waits for this post may need the feed yet
            over.set()
            self._unsaid |= waiting
            self._forget_withdrawn()

    def _forget_withdrawn(self) -> None:
        """Take what was withdrawn out of the book, now or when it can be written again."""
        gone = self._unsaid - self._feed_of.keys()
        if gone and self._write(partial(self._book.withdraw, list(gone))):
            self._unsaid.clear()

    def _write(self, change: Callable[[], object]) -> bool:
        """Make a change that is made again later where it fails; `Calls` counts and says the failures that matter."""
        try:
            change()
        except StateError as exc:
            _log.debug("put off: %s", exc)
            return False
        return True

    def taken(self, feed: RewardLog, position: int) -> None:
        """Note that a reader of `feed` has the rewards up to `position`."""
        feed.taken(position, asyncio.get_running_loop().time())
        # Where it fails, the next reward that is read notes this one too.
        self._write(partial(self._book.read, feed.name, position, feed.oldest))

    async def look(self) -> PoolStatus:
        """Return the pool's figures; raise BrokerError if it does not answer."""
        self.metrics.outstanding.set(self._client.outstanding)
        self.metrics.unread.set(sum(feed.unread for feed in self._feeds.values()))
        return await self._operator.status()

    async def _hand_out(self, stream: RewardStream) -> None:
        async for reward in stream:
            await self._keep(reward)

    async def _keep(self, reward: Reward) -> None:
        """Hand a reward to its feed, however long the book cannot be written: no reader gets it before."""

        async def give() -> None:
            self._give(reward)

        await self._calls.make("write a reward into the state file", give, where="the state file")
        self.metrics.rewards.labels(reward.source.value, reward.status.value).inc()
        self.metrics.rescued.inc(reward.rescued)
        self.metrics.wait.observe((reward.timings.total_s or 0.0) + (reward.timings.credit_s or 0.0))

    def _restore(self, now_s: float) -> list[Rollout]:
        """Take up the clients of the gateway before; return their rollouts that have no reward."""
        unrewarded: list[Rollout] = []
        for page in self._book.pages():
            feed = self._feed(page.name, page.epoch, now_s)
            ids = [rollout.rollout_id for rollout in page.open]
            feed.restore(page.rewards, ids, last=page.last, read=page.read)
            self._feeds[page.name] = feed
            self._feed_of.update(dict.fromkeys(ids, feed))
            unrewarded += page.open
        return unrewarded

    async def _resume(self, rollouts: list[Rollout]) -> None:
        """Submit again what the gateway before left unrewarded; the pool knows what it has of that.

        One that cannot travel (any more) has failed: its client is told so, and the others go on.
        """
        for rollout in rollouts:
            try:
                await self._client.submit(rollout)
            except ClientClosedError:
                return  # the gateway ends
            except InvalidInputError as exc:
                _log.error("rollout %r of the book cannot be submitted again: %s", rollout.rollout_id, exc)
                await self._keep(failed(rollout.rollout_id, str(exc), rollout.group_id))

    def _give(self, reward: Reward) -> None:
        """Raise StateError, and then no reader gets it, and it may be given again."""
        feed = self._feed_of.get(reward.rollout_id)
        if feed and (number := feed.number_for(reward.rollout_id)):
            # The book first: a reward that was read, but is not in it, would come again by the next gateway.
            size = self._book.add(feed.name, number, reward)
            feed.add(reward, size=size, now_s=asyncio.get_running_loop().time())
        self._feed_of.pop(reward.rollout_id, None)

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(min(_TIDY_S, self.config.idle_s / 2))
            await self._calls.make("tidy the state file", self._tidy_once, where="the state file")

    async def _tidy_once(self) -> None:
        self._forget_withdrawn()
        before = asyncio.get_running_loop().time() - self.config.idle_s
        for name in [n for n, feed in self._feeds.items() if feed.touched_s < before and not feed.is_busy]:
            self._book.end(name)  # first: a client that is left in the book could not begin again
            del self._feeds[name]
