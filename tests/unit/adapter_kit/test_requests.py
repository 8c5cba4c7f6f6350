"""Requests of rewards and the clients behind them, without a broker: waits for a baseline, and failed openings."""

import asyncio
from collections.abc import AsyncIterator, Generator

import pytest

from tinyv_stream import Outcome, Reward, Rollout, Source, Status, Verdict
from tinyv_stream.adapter_kit import (
    AdapterSettings,
    OnUndecided,
    Policy,
    RewardRequester,
    close_requesters,
    loop_clients,
    open_requester,
)

UNDECIDED = Reward(
    rollout_id="r",
    value=None,
    status=Status.EXPIRED,
    source=Source.FALLBACK,
    rule=Verdict(outcome=Outcome.INCORRECT),
)
ROLLOUT = Rollout(question="q", completion="c", ground_truth="1", data_source="x_tinyv", rollout_id="r")
CHOSEN = AdapterSettings(redis_url="redis://127.0.0.1:1")


class RewardedTicket:
    done = True

    def __await__(self) -> Generator[None, None, Reward]:
        yield from ()
        return UNDECIDED


class StubClient:
    def __init__(self) -> None:
        self.is_closed = False

    async def submit(self, _rollout: Rollout) -> RewardedTicket:
        return RewardedTicket()

    async def __aexit__(self, *_: object) -> None:
        self.is_closed = True


@pytest.fixture(autouse=True)
async def _closed() -> AsyncIterator[None]:
    yield
    await close_requesters()


def requester(policy: Policy = OnUndecided.ABSTAIN, answer_s: float = 600.0) -> RewardRequester:
    return RewardRequester(StubClient(), policy=policy, answer_s=answer_s)  # type: ignore[arg-type]


@pytest.mark.parametrize("policy", [OnUndecided.RULE, OnUndecided.RAISE, 0.5])
async def test_a_policy_with_a_number_or_an_error_waits_for_no_baseline(policy: Policy) -> None:
    async with asyncio.timeout(5.0):
        judged = await requester(policy).request(ROLLOUT, needs_baseline=True)
    assert judged.reward == UNDECIDED


async def test_an_abstention_waits_for_a_baseline_within_its_time() -> None:
    judged = await requester(answer_s=0.05).request(ROLLOUT, needs_baseline=True)
    assert judged.baseline is None
    assert judged.waited_s >= 0.05


async def test_a_failed_opening_takes_no_later_one_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = 0

    async def opening(_: AdapterSettings) -> RewardRequester:
        nonlocal opened
        opened += 1
        await asyncio.sleep(0)
        if opened == 1:
            raise ConnectionError
        return requester()

    async def retrying() -> RewardRequester:
        try:
            return await open_requester(CHOSEN)
        except ConnectionError:
            return await open_requester(CHOSEN)

    monkeypatch.setattr(loop_clients, "_open", opening)
    first, second = await asyncio.gather(retrying(), retrying())
    assert first is second is await open_requester(CHOSEN)
    assert opened == 2


async def test_closing_passes_over_what_never_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    async def opening(chosen: AdapterSettings) -> RewardRequester:
        await asyncio.sleep(0.01)
        if chosen.run_id == "bad":
            raise ConnectionError
        return requester()

    monkeypatch.setattr(loop_clients, "_open", opening)
    bad = AdapterSettings(redis_url="redis://127.0.0.1:1", run_id="bad")
    abandoned = asyncio.create_task(open_requester(bad))
    good = await open_requester(CHOSEN)
    abandoned.cancel()
    await asyncio.wait([abandoned])
    await close_requesters()
    assert good.client.is_closed  # type: ignore[attr-defined]
