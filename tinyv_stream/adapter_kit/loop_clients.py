"""One client per event loop and settings, and requests by it: how an adapter gets its rewards.

- A trainer's process may have several loops, and may come and go by spawn or fork: a client belongs to the loop
  that requested first, and is never handed to another.
- No trainer tells a reward source that it is over, so nothing here needs closing: what a process leaves behind when
  it ends is ended in the pool by its deadlines. `close_requesters` is for those who can call it.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

from tinyv_stream.adapter_kit.adapter_settings import AdapterSettings, broker_url, record_of
from tinyv_stream.adapter_kit.requests import RewardRequester
from tinyv_stream.adapter_kit.reward_values import JudgedReward
from tinyv_stream.adapter_kit.rollout_texts import fitted
from tinyv_stream.adapter_kit.trainer_logs import enable_logs
from tinyv_stream.client.client import RewardClient
from tinyv_stream.types import Rollout

_requesters: Final[dict[asyncio.AbstractEventLoop, dict[AdapterSettings, asyncio.Future[RewardRequester]]]] = {}


async def open_requester(chosen: AdapterSettings) -> RewardRequester:
    """Return the running loop's requester for these settings; the first call opens its client.

    Raises BrokerError if the broker cannot be used (the next call tries again), InvalidInputError for a bad URL. A
    cancellation leaves the opening under way, for the next call.
    """
    loop = asyncio.get_running_loop()
    mine = _requesters.setdefault(loop, {})
    opening = mine.get(chosen)
    if opening is None:
        for ended in [other for other in list(_requesters) if other.is_closed()]:
            _requesters.pop(ended, None)
        opening = mine[chosen] = asyncio.ensure_future(_open(chosen))
    try:
        return await asyncio.shield(opening)
    except BaseException:  # a failed opening is forgotten, so that the next call tries again
        if _has_failed(opening) and mine.get(chosen) is opening:
            del mine[chosen]
        raise


async def close_requesters() -> None:
    """Close the running loop's clients; their unrewarded rollouts are withdrawn."""
    mine = _requesters.pop(asyncio.get_running_loop(), {})
    for opening in mine.values():
        await asyncio.wait([opening])
        if _has_failed(opening):
            continue
        found = opening.result()
        await found.__aexit__(None, None, None)
        await found.client.__aexit__(None, None, None)


async def request_reward(chosen: AdapterSettings, rollout: Rollout, *, needs_baseline: bool = False) -> JudgedReward:
    """Return the reward of one rollout within `answer_s`. Too long a completion keeps its end.

    `needs_baseline` is for trainers that have no word for "undecided", and must have a number: an undecided rollout
    then waits, still within `answer_s`, until anything has been decided in this loop.
    Raises InvalidInputError, BrokerError (ClientClosedError included). A cancellation withdraws the rollout.
    """
    requester = await open_requester(chosen)
    return await requester.request(fitted(rollout), needs_baseline=needs_baseline)


async def request_rewards(
    chosen: AdapterSettings, rollouts: Iterable[Rollout], *, needs_baseline: bool = False
) -> list[JudgedReward]:
    """Return the rewards of rollouts, in order, as `request_reward` does for one.

    A bad one is found before any is sent. Raises as `request_reward` does; the first error or a cancellation
    withdraws the others.
    """
    requester = await open_requester(chosen)
    return await requester.request_all([fitted(rollout) for rollout in rollouts], needs_baseline=needs_baseline)


async def begin_step(chosen: AdapterSettings, number: int) -> None:
    """Say that generation of a step begins now, for the record; the same number again says nothing new.

    Raises as `open_requester` does, and InvalidInputError for a number below 0.
    """
    (await open_requester(chosen)).begin_step(number)


def _has_failed(opening: asyncio.Future[RewardRequester]) -> bool:
    return opening.done() and (opening.cancelled() or opening.exception() is not None)


async def _open(chosen: AdapterSettings) -> RewardRequester:
    enable_logs()
    client = RewardClient(
        broker_url(chosen),
        run_id=chosen.run_id,
        pool=chosen.pool,
        max_inflight=chosen.max_inflight,
        deadline_s=chosen.deadline_s,
        record=record_of(chosen),
    )
    return RewardRequester(await client.__aenter__(), policy=chosen.policy, answer_s=chosen.answer_s)
