"""Asking for one reward with an answer for certain: what a caller needs that has a time-out of its own.

- `ask` returns within `answer_s`, also while the broker is away or credit is short: then the reward is `expired`.
- A reward that nobody decided comes with what decided ones were worth lately, for trainers that must have a number.
- Whoever stops waiting takes its rollout back, so that nobody works for nobody.
- It opens and closes no client.
"""

import asyncio
import contextlib
import uuid
from types import TracebackType
from typing import Final, Self

import msgspec

from tinyv_stream.adapter_kit.reward_values import Judged
from tinyv_stream.adapter_kit.running_mean import Usual
from tinyv_stream.aio.cancel import cancel_all
from tinyv_stream.client.client import RewardClient
from tinyv_stream.client.ticket import Ticket
from tinyv_stream.errors import BrokerError
from tinyv_stream.types import Reward, Rollout, Source, Status, validate_rollout

_WITHDRAW_S: Final = 5.0
"""How long a withdrawal may take; after that the rollout ends by its deadline."""


class Asker:
    """Asks one open client; leave it before the client."""

    def __init__(self, client: RewardClient, *, answer_s: float = 600.0) -> None:
        self.client = client
        self._answer_s = answer_s
        self._leaving: set[asyncio.Task[None]] = set()
        self._usual = Usual()
        self._decided = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """End the withdrawals under way."""
        await cancel_all(list(self._leaving))

    async def ask(self, rollout: Rollout, *, needs_number: bool = False) -> Judged:
        """Return the reward of `rollout`, and the wait for it in seconds.

        With `needs_number`, an undecided one waits, still within `answer_s`, until anything has been decided here.
        Raises InvalidInputError as `submit` does, and ClientClosedError. A cancellation withdraws the rollout.
        """
        rollout = msgspec.structs.replace(rollout, rollout_id=rollout.rollout_id or uuid.uuid4().hex)
        clock = asyncio.get_running_loop().time
        start = clock()
        ticket: Ticket | None = None
        try:
            async with asyncio.timeout(self._answer_s):
                ticket = await self.client.submit(rollout)
                reward = await ticket
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
            self._usual.add(rollout, reward.value)
            self._decided.set()
            return Judged(reward=reward, waited_s=clock() - start)
        if needs_number:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(start + self._answer_s):
                    await self._decided.wait()
        return Judged(reward=reward, waited_s=clock() - start, usual=self._usual.mean(rollout))

    async def ask_all(self, rollouts: list[Rollout], *, needs_number: bool = False) -> list[Judged]:
        """Return the rewards of `rollouts`, in order, each as by `ask`. A bad one is found before any is sent.

        Raises as `ask` does; the first error or a cancellation withdraws the others.
        """
        for rollout in rollouts:
            validate_rollout(rollout)
        try:
            async with asyncio.TaskGroup() as tasks:
                asked = [
                    tasks.create_task(self.ask(rollout, needs_number=needs_number), name="ask") for rollout in rollouts
                ]
        except ExceptionGroup as group:
            raise group.exceptions[0] from group
        return [task.result() for task in asked]

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
