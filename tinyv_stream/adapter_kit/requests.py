"""Requests for rewards that are answered for certain: for a caller that has a time-out of its own.

- A request returns within `answer_s`, also while the broker is away or credit is short: then the reward is `expired`.
- A reward that nobody decided comes with the baseline value, the running mean of decided ones, for trainers that must
  have a number.
- A prompt that comes again is a group of its own (`group_rounds`): no request is refused for a group that is full.
- A request that is cut short withdraws its rollout, so that nobody works for nobody.
- It opens and closes no client.
"""

import asyncio
import contextlib
import uuid
from types import TracebackType
from typing import Final, Self

import msgspec

from tinyv_stream.adapter_kit.group_rounds import GroupRounds
from tinyv_stream.adapter_kit.reward_values import JudgedReward, OnUndecided, Policy
from tinyv_stream.adapter_kit.running_mean import RunningMean
from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.client.client import RewardClient
from tinyv_stream.client.ticket import Ticket
from tinyv_stream.errors import BrokerError
from tinyv_stream.types import Reward, Rollout, Source, Status, validate_rollout

_WITHDRAW_S: Final = 5.0
"""How long a withdrawal may take; after that the rollout ends by its deadline."""


class RewardRequester:
    """Requests rewards by one open client; leave it before the client.

    Args:
        client: what submits; it stays the caller's.
        policy: what the trainer gets for a rollout that nobody decided.
        answer_s: by when a request returns in any case, in seconds.
    """

    def __init__(self, client: RewardClient, *, policy: Policy = OnUndecided.ABSTAIN, answer_s: float = 600.0) -> None:
        self.client = client
        self._policy: Policy = policy
        self._answer_s = answer_s
        self._leaving: set[asyncio.Task[None]] = set()
        self._mean = RunningMean()
        self._rounds = GroupRounds()
        self._decided = asyncio.Event()
        self._step: int | None = None

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """End the withdrawals under way."""
        await cancel_all(list(self._leaving))

    def begin_step(self, number: int) -> None:
        """Say that generation of a step begins now; the same number again says nothing new. See `RewardClient.step`."""
        if number != self._step:
            self.client.step(number)
            self._step = number

    async def request(self, rollout: Rollout, *, needs_baseline: bool = False) -> JudgedReward:
        """Return the reward of `rollout`, and the wait for it in seconds.

        With `needs_baseline`, an undecided one waits, still within `answer_s`, until anything has been decided here;
        not where the policy gives it a number already, or an error.
        Raises InvalidInputError as `submit` does, and ClientClosedError. A cancellation withdraws the rollout.
        """
        rollout = msgspec.structs.replace(rollout, rollout_id=rollout.rollout_id or uuid.uuid4().hex)
        clock = asyncio.get_running_loop().time
        start = clock()
        ticket: Ticket | None = None
        try:
            async with asyncio.timeout(self._answer_s):
                ticket = await self.client.submit(self._rounds.place(rollout))
                reward = msgspec.structs.replace(await ticket, group_id=rollout.group_id)
        except TimeoutError:
            reward = Reward(
                rollout_id=rollout.rollout_id,
                value=None,
                status=Status.EXPIRED,
                source=Source.FALLBACK,
                reason=f"no reward within {self._answer_s:g} s",
                group_id=rollout.group_id,
            )
        finally:
            if ticket is not None and not ticket.done:
                self._withdraw(ticket)
        if reward.status is Status.OK and reward.value is not None:
            self._mean.add(rollout, reward.value)
            self._decided.set()
            return JudgedReward(reward=reward, waited_s=clock() - start)
        if needs_baseline and self._abstains(reward):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(start + self._answer_s):
                    await self._decided.wait()
        return JudgedReward(reward=reward, waited_s=clock() - start, baseline=self._mean.of(rollout))

    async def request_all(self, rollouts: list[Rollout], *, needs_baseline: bool = False) -> list[JudgedReward]:
        """Return the rewards of `rollouts`, in order, each as by `request`. A bad one is found before any is sent.

        Raises as `request` does; the first error or a cancellation withdraws the others.
        """
        for rollout in rollouts:
            validate_rollout(rollout)
        try:
            async with asyncio.TaskGroup() as tasks:
                requests = [
                    tasks.create_task(self.request(rollout, needs_baseline=needs_baseline), name="request")
                    for rollout in rollouts
                ]
        except ExceptionGroup as group:
            raise group.exceptions[0] from group
        return [task.result() for task in requests]

    def unasked(self, reward: Reward) -> JudgedReward:
        """Return the reward of what cannot be asked about, with the baseline value of any rollout."""
        return JudgedReward(reward=reward, waited_s=0.0, baseline=self._mean.of(None))

    def _abstains(self, reward: Reward) -> bool:
        """Tell whether the policy has neither a number nor an error for an undecided reward."""
        if self._policy is OnUndecided.RAISE:
            return False
        return JudgedReward(reward=reward, waited_s=0.0).value(self._policy, abstain_as="none") is None

    def _withdraw(self, ticket: Ticket) -> None:
        task = asyncio.get_running_loop().create_task(_withdrawn(ticket), name=f"withdraw {ticket.rollout_id}")
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


async def _withdrawn(ticket: Ticket) -> None:
    try:
        async with asyncio.timeout(_WITHDRAW_S):
            await ticket.cancel()
    except (BrokerError, TimeoutError):
        return  # it ends by its deadline
