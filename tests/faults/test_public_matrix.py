"""Every operation of the public client meets every class of error at the broker, and ends as it should after it.

Rows are read off the classes that a trainer holds; what an operation is called with follows from its annotations, so
that a new one gets its row, or a test that says what is missing.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from fault_kit import ANY, Fault, families, injected
from scripted_verifier import ScriptedVerifier
from stream_kit import Serve, is_empty, rollout

from tinyv_stream import Reward, RewardClient, Rollout, Status
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.client import hold, session
from tinyv_stream.client.reward_stream import RewardStream
from tinyv_stream.client.ticket import Ticket
from tinyv_stream.config import BrokerConfig
from tinyv_stream.testing import EmbeddedServer, wait_until

FAMILIES = families()
ERRORS = [(family, what) for family, found in FAMILIES.items() for what in found]
AWAITED = ("__aexit__", "__await__", "__anext__")
"""Beside methods by name; `__aenter__`, which may say what is wrong, has tests of its own."""


def is_operation(kind: type, name: str) -> bool:
    method = getattr(kind, name)
    return name in AWAITED or (name[0] != "_" and inspect.iscoroutinefunction(method))


ROWS = [
    (kind, name) for kind in (RewardClient, Ticket, RewardStream) for name in vars(kind) if is_operation(kind, name)
]
SHARE = 1
"""Errors per row in `make test`; over all rows they differ."""


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("cells", ["some", pytest.param("all", marks=pytest.mark.long)])
@pytest.mark.parametrize("row", range(len(ROWS)), ids=[f"{kind.__name__}.{name}" for kind, name in ROWS])
async def test_an_operation_ends_as_it_should_after_any_error(
    row: int,
    cells: str,
    serve: Serve,
    client: Callable[..., RewardClient],
    server: EmbeddedServer,
    pool_name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "RECONCILE_S", 0.1)
    monkeypatch.setattr(hold, "RENEW_S", 0.1)
    kind, name = ROWS[row]
    rule = ScriptedVerifier("rule", delay_s=0.05)
    some = ERRORS if cells == "all" else ERRORS[row * SHARE * 7 % len(ERRORS) :][: SHARE * 7 : 7]
    config = BrokerConfig(pool=pool_name)
    async with injected(monkeypatch) as fault, serve(rule), OperatorApi(server.url, config) as operator:
        for n, (_, what) in enumerate(some):
            async with asyncio.timeout(60), held(kind, name, client, n) as (it, c):
                fault.arm(ANY, what, times=4)
                await use(it, name)
                if name != "__aexit__":
                    await wait_until(lambda c=c: c.failing()[1] == "", 30, "everything to work again")
            assert fault.fired, f"{what!r} never came"
            fault.left = 0
        await wait_until(lambda: is_empty(operator), 40, "nothing to be left in the pool")
    left = [t.get_name() for t in asyncio.all_tasks() if t.get_name().startswith("tinyv-client")]
    assert left == []


@asynccontextmanager
async def held(
    kind: type, name: str, client: Callable[..., RewardClient], n: int
) -> AsyncIterator[tuple[object, RewardClient]]:
    """An object to call, of a client with two rollouts under way; afterwards each has its reward."""
    made = client(client_id=None if name == "__aexit__" else "trainer")
    c = await made.__aenter__()
    stream = c.rewards()
    tickets = [await c.submit(rollout("rule:correct", 10 * n + i, group_id=f"g{n}", group_size=2)) for i in range(2)]
    its = {RewardClient: c, Ticket: tickets[0], RewardStream: stream}
    try:
        yield its[kind], c
        if name == "__aexit__":
            return
        rewards = [await t for t in tickets]
        fine = {Status.OK, Status.CANCELLED} if name == "cancel" else {Status.OK}
        assert {r.status for r in rewards} <= fine
        c.end()
        assert len([r async for r in stream]) == len(tickets) + (name == "submit") - (name == "__anext__")
        assert c.outstanding == 0
    finally:
        if name != "__aexit__":
            await made.__aexit__(None, None, None)


async def use(it: object, name: str) -> None:
    """Call the operation, and wait for what it promises."""
    method: Callable[..., Awaitable[object]] = getattr(it, name)
    if name == "__await__":
        found: object = await it  # type: ignore[misc]
    else:
        found = await method(*[argument(p, it) for p in inspect.signature(method).parameters.values()])
    if isinstance(found, Ticket):
        found = await found
    for reward in found if isinstance(found, list) else [found]:
        assert reward is None or (isinstance(reward, Reward) and reward.status in {Status.OK, Status.CANCELLED})


def argument(parameter: inspect.Parameter, it: object) -> object:
    """Return what an operation is called with, by the annotation of its parameter."""
    if parameter.annotation is Rollout:
        return rollout("rule:correct", 10_000)
    if parameter.name == "group_id":
        assert isinstance(it, RewardClient)
        return it._session.ledger.entries()[0].ticket.group_id
    assert "None" in str(parameter.annotation), f"say here what a test gives for {parameter}"
    return None


@pytest.mark.slow
@pytest.mark.parametrize("cells", ["some", pytest.param("all", marks=pytest.mark.long)])
async def test_a_killed_trainer_resumes_through_any_error(
    cells: str, serve: Serve, client: Callable[..., RewardClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was decided while it was away is given to its next life, though the way back fails at first."""
    fault: Fault
    async with injected(monkeypatch) as fault, serve(ScriptedVerifier("rule")):
        for n, (_, what) in enumerate(ERRORS if cells == "all" else ERRORS[::50]):
            async with client(client_id="trainer") as before:
                for i in range(3):
                    await before.submit(rollout("rule:correct", 10 * n + i))
            async with asyncio.timeout(60), client(client_id="trainer") as after:
                fault.arm(ANY, what, times=4)
                tickets = [await after.submit(rollout("rule:correct", 10 * n + i)) for i in range(3)]
                assert [(await t).value for t in tickets] == [1.0] * 3
                fault.left = 0
