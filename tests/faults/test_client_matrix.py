"""Every operation of the client meets every class of error: it goes on, each rollout has one reward, nothing stays."""

import asyncio
from collections import Counter
from collections.abc import Callable

import pytest
from fault_kit import OPERATIONS, Fault, families, injected
from scripted_verifier import ScriptedVerifier
from stream_kit import Serve, is_empty, rollout

from tinyv_stream import RewardClient, Status
from tinyv_stream.broker.messages import shard_of
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.client import hold, session
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerError
from tinyv_stream.testing import EmbeddedServer, wait_until

FAMILIES = families()
MAX_INFLIGHT = 16


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("cells", ["some", pytest.param("all", marks=pytest.mark.long)])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("operation", OPERATIONS)
async def test_it_goes_on_after_any_error(
    operation: str,
    family: str,
    cells: str,
    serve: Serve,
    client: Callable[..., RewardClient],
    server: EmbeddedServer,
    pool_name: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "RECONCILE_S", 0.1)
    monkeypatch.setattr(hold, "RENEW_S", 0.1)
    # Only what is slow is asked about.
    rule = ScriptedVerifier("rule", delay_s=0.4 if operation == "check" else 0.02)
    config = BrokerConfig(pool=pool_name)
    async with injected(monkeypatch) as fault, serve(rule), OperatorApi(server.url, config) as operator:
        async with client(max_inflight=MAX_INFLIGHT, client_id="trainer") as c:
            stream = c.rewards()
            given = 0
            for n, what in enumerate(picked(operation, family, cells)):
                fault.arm(operation, what, times=2)
                async with asyncio.timeout(60):
                    given += await life(c, client, operator, fault, n)
                assert fault.fired, f"{what!r} never came in place of an answer to {operation}"
                assert (c.outstanding, c.failing()) == (0, (0.0, "")), what
            c.end()
            counts = Counter([reward.rollout_id async for reward in stream])
            assert len(counts) == given
            assert set(counts.values()) == {1}
            assert c._credits._value == MAX_INFLIGHT
        await wait_until(lambda: is_empty(operator), 30, "nothing to be left in the pool")
    left = [t.get_name() for t in asyncio.all_tasks() if t.get_name().startswith("tinyv-client")]
    assert left == []


def picked(operation: str, family: str, cells: str) -> list[object]:
    """All errors of a family, or of `some` this operation's share: over all operations, each error is met once."""
    errors = FAMILIES[family]
    return errors if cells == "all" or len(errors) < 4 else errors[OPERATIONS.index(operation) :: len(OPERATIONS)]


async def life(c: RewardClient, other: Callable[..., RewardClient], operator: OperatorApi, fault: Fault, n: int) -> int:
    """All that a trainer does, until the fault has come and gone; return how many rewards that gave."""
    given = 0
    for turn in range(100):
        first, second, third, fourth = (1_000 * n + 10 * turn + i for i in range(4))
        ticket = await c.submit(rollout("rule:correct", first))
        withdrawn = await c.submit(rollout("rule:correct", second))
        await withdrawn.cancel()
        junk = await c.submit(rollout("rule:correct", third))
        await spoil(c, operator, f"r{third}")
        slow = await c.submit(rollout("rule:correct", fourth))
        rewards = [await t for t in (ticket, withdrawn, junk, slow)]
        given += 4
        assert [r.status for r in rewards[:2]] == [Status.OK, Status.CANCELLED], rewards
        assert rewards[2].status is Status.FAILED or rewards[2].value == 1.0, rewards  # junk came first, or the verdict
        assert rewards[3].value == 1.0
        if fault.operation == "leave" or turn == 0:
            async with other(run_id="brief") as brief:
                await brief.submit(rollout("rule:correct", turn))
        # A call under way when the fault was armed is not struck by it; the next one is.
        await wait_until(lambda: c.failing()[1] == "", 30, "everything to work again")
        if not fault.left:
            break
        await asyncio.sleep(0.05)
    return given


async def spoil(c: RewardClient, operator: OperatorApi, rollout_id: str) -> None:
    """Put junk where the reward of a rollout comes."""
    entry = c._session.ledger.get(rollout_id)
    if entry:
        side = operator.sides[shard_of(entry.uid, operator.shards)]
        key = side.keys.rewards(c.run_id, c.client_id)
        await side.command("XADD", key, "*", "u", entry.uid, "r", b"\xc1 junk")


@pytest.mark.parametrize("family", FAMILIES)
async def test_entering_says_what_is_wrong_and_works_afterwards(
    family: str, client: Callable[..., RewardClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    async with injected(monkeypatch) as fault:
        for what in FAMILIES[family]:
            fault.arm("", what, times=1)
            try:
                async with client():
                    pass
            except BrokerError as exc:
                said.append(str(exc))
            except asyncio.CancelledError:
                assert family == "cancelled"
            fault.left = 0
            async with client() as c:
                assert c.outstanding == 0
    left = [t.get_name() for t in asyncio.all_tasks() if t.get_name().startswith("tinyv-client")]
    assert left == []
