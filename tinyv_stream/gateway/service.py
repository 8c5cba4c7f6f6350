"""The gateway's one client of the pool, and the feeds that its rewards go to.

- A rollout that was posted without waiting is in a feed from its post on; its reward reaches that feed once, also if
  the gateway is killed meanwhile and started again with the same book.
- A post answers for all its ids: one that another post is still submitting is waited for, because that post withdraws
  it if it is cut short.
- If the client's session breaks for good, or the book cannot be written, `fault` is set: the gateway is no longer
  ready, and takes nothing in.
"""

import asyncio
import logging
import secrets
import sqlite3
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Final, Self

import msgspec

from tinyv_stream.adapter_kit import JudgedReward, RewardRequester
from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.broker.operator import OperatorSide, PoolStatus
from tinyv_stream.client.client import RewardClient
from tinyv_stream.client.reward_stream import RewardStream
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import ClientClosedError, InvalidInputError
from tinyv_stream.gateway.journal import Book
from tinyv_stream.gateway.metrics import Metrics
from tinyv_stream.gateway.reward_log import CreditError, Feed
from tinyv_stream.gateway.settings import GatewayConfig
from tinyv_stream.types import Reward, Rollout, Source, Status, validate_name, validate_rollout

_log = logging.getLogger(__name__)

_TIDY_S: Final = 5.0


class Hub:
    """Opened by `async with`; raises BrokerError if the broker cannot be used."""

    def __init__(self, config: GatewayConfig, metrics: Metrics) -> None:
        self.config = config
        self.metrics = metrics
        self.fault = False
        self._feeds: dict[str, Feed] = {}
        self._feed_of: dict[str, Feed] = {}
        self._posting: dict[str, asyncio.Event] = {}
        """Rollouts that a post is submitting; set when that post ends."""
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Connect, and start handing rewards out."""
        config = self.config
        async with AsyncExitStack() as stack:
            self._book = Book(config.state)
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
                OperatorSide(config.redis_url, BrokerConfig(pool=config.pool))
            )
            self._client = await stack.enter_async_context(client)
            requester = RewardRequester(client, policy=config.policy, answer_s=config.answer_s)
            self._requester = await stack.enter_async_context(requester)
            tasks = [
                loop.create_task(self._hand_out(client.rewards()), name="hand out"),
                loop.create_task(self._resume(unrewarded), name="resume"),
                loop.create_task(self._tidy(), name="tidy"),
            ]
            for task in tasks:
                task.add_done_callback(self._seen)
            stack.push_async_callback(cancel_all, tasks)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Leave the pool. What is unrewarded is withdrawn, or with a book goes on."""
        await self._stack.aclose()

    def complete(self, rollouts: list[Rollout]) -> list[Rollout]:
        """Return `rollouts` with the gateway's defaults; raise InvalidInputError for the first that cannot travel."""
        if not rollouts:
            raise InvalidInputError("rollouts", [], "give at least one")
        if len(rollouts) > self.config.max_rollouts:
            raise InvalidInputError("rollouts", len(rollouts), f"send at most {self.config.max_rollouts} at once")
        done: list[Rollout] = []
        for i, rollout in enumerate(rollouts):
            try:
                validate_rollout(rollout)
            except InvalidInputError as exc:
                raise InvalidInputError(f"rollouts[{i}].{exc.field}", exc.value, exc.remedy) from exc
            # Nobody waits for whole groups here, and two clients may name groups alike but of different sizes.
            source = rollout.data_source or self.config.data_source
            done.append(msgspec.structs.replace(rollout, data_source=source, group_size=1))
        return done

    async def request(self, rollouts: list[Rollout], *, needs_baseline: bool = False) -> list[JudgedReward]:
        """Return the rewards of `rollouts`, in order, within `answer_s`; a cancellation withdraws them.

        `needs_baseline` is for formats that have no word for "undecided".
        """
        return await self._requester.request_all(self.complete(rollouts), needs_baseline=needs_baseline)

    def feed(self, name: str) -> Feed:
        """Return the feed of a client; raise InvalidInputError for its name, CreditError for one client too many."""
        validate_name("client", name)
        now_s = asyncio.get_running_loop().time()
        found = self._feeds.get(name)
        if found is None:
            if len(self._feeds) >= self.config.max_clients:
                raise CreditError(f"{len(self._feeds)} clients are known already")
            epoch = secrets.token_hex(4)
            self._book.begin(name, epoch)
            found = self._feeds[name] = Feed(name, epoch, credit=self.config.credit, now_s=now_s)
        found.touched_s = now_s
        return found

    async def post(self, feed: Feed, rollouts: list[Rollout]) -> list[str]:
        """Submit `rollouts`, whose rewards go to `feed`; return all their ids.

        One that the feed knows is not submitted again. Raises CreditError, and TimeoutError where the pool takes
        nothing in for `answer_s`; after an error or a cancellation the whole post may be repeated.
        """
        rollouts = [
            msgspec.structs.replace(r, rollout_id=r.rollout_id or secrets.token_hex(16))
            for r in self.complete(rollouts)
        ]
        ids = [r.rollout_id for r in rollouts]
        if len(set(ids)) < len(ids):
            raise InvalidInputError("rollouts", "an id twice", "give every rollout of a request its own rollout_id")
        async with asyncio.timeout(self.config.answer_s):
            await self._claim(feed, ids)
            await self._submit(feed, rollouts)
        return ids

    async def _claim(self, feed: Feed, ids: list[str]) -> None:
        """Return once no other post is submitting any of `ids`; raise InvalidInputError for one of another client."""
        while True:
            for i, rollout_id in enumerate(ids):
                if self._feed_of.get(rollout_id, feed) is not feed:
                    raise InvalidInputError(
                        f"rollouts[{i}].rollout_id", rollout_id, "it was submitted by another client"
                    )
            other = next((self._posting[i] for i in ids if i in self._posting), None)
            if other is None:
                return
            await other.wait()

    async def _submit(self, feed: Feed, rollouts: list[Rollout]) -> None:
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
            if waiting:
                self._book.withdraw(list(waiting))

    def taken(self, feed: Feed, position: int) -> None:
        """Note that a reader of `feed` has the rewards up to `position`."""
        feed.taken(position)
        self._book.read(feed.name, position, feed.oldest)

    async def look(self) -> PoolStatus:
        """Return the pool's figures; raise BrokerError if it does not answer."""
        self.metrics.outstanding.set(self._client.outstanding)
        self.metrics.unread.set(sum(feed.unread for feed in self._feeds.values()))
        return await self._operator.status()

    async def _hand_out(self, stream: RewardStream) -> None:
        try:
            async for reward in stream:
                self._give(reward)
        except (ClientClosedError, sqlite3.Error) as exc:
            _log.error("no more rewards are handed out: %s", exc)
        finally:
            self.fault = True

    def _restore(self, now_s: float) -> list[Rollout]:
        """Take up the clients of the gateway before; return their rollouts that have no reward."""
        unrewarded: list[Rollout] = []
        for page in self._book.pages():
            feed = Feed(page.name, page.epoch, credit=self.config.credit, now_s=now_s)
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
                return  # `fault` says so
            except InvalidInputError as exc:
                _log.error("rollout %r of the book cannot be submitted again: %s", rollout.rollout_id, exc)
                self._give(_failed(rollout, str(exc)))

    def _give(self, reward: Reward) -> None:
        """Hand a reward to its feed; raises sqlite3.Error, and then no reader gets it."""
        feed = self._feed_of.pop(reward.rollout_id, None)
        if feed and (number := feed.number_for(reward.rollout_id)):
            # The book first: a reward that was read, but is not in it, would come again by the next gateway.
            self._book.add(feed.name, number, reward)
            feed.add(reward)
        self.metrics.rewards.labels(reward.source.value, reward.status.value).inc()
        self.metrics.rescued.inc(reward.rescued)
        self.metrics.wait.observe((reward.timings.total_s or 0.0) + (reward.timings.credit_s or 0.0))

    async def _tidy(self) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(min(_TIDY_S, self.config.idle_s / 2))
            before = clock() - self.config.idle_s
            for name in [n for n, feed in self._feeds.items() if feed.touched_s < before and not feed.is_busy]:
                try:
                    self._book.end(name)  # first: a client that is left in the book could not begin again
                except sqlite3.Error as exc:
                    _log.warning("client %s is not forgotten yet: %s", name, exc)
                else:
                    del self._feeds[name]

    def _seen(self, task: asyncio.Task[None]) -> None:
        """Set `fault` for a task that failed."""
        if not task.cancelled() and (exc := task.exception()):
            self.fault = True
            _log.error("the task %r of the gateway failed", task.get_name(), exc_info=exc)


def _failed(rollout: Rollout, reason: str) -> Reward:
    return Reward(
        rollout_id=rollout.rollout_id,
        value=None,
        status=Status.FAILED,
        source=Source.FALLBACK,
        reason=reason,
        group_id=rollout.group_id,
    )
