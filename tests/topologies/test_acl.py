"""Least rights: what a trainer, a worker and an operator of one pool may do on a shared server, and what not."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from load import assert_nothing_stays, streaming, workers
from redis.exceptions import NoPermissionError
from servers import Node, free_ports, running

from tinyv_stream import RewardClient
from tinyv_stream.broker.acl import ROLES, Role, acl_rules, scripts_of, watcher_rules
from tinyv_stream.broker.messages import Work, encode
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.broker.redis_client import connect
from tinyv_stream.broker.trainer import ACCEPTED, TrainerApi
from tinyv_stream.broker.worker import Ending, WorkerApi
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerError, BrokerUnavailableError
from tinyv_stream.testing import wait_until
from tinyv_stream.types import Reward, Source, Status

BROKER = BrokerConfig(pool="mine", lease_s=5.0)
REFUSED = r"(?i)permission|NOPERM|ACL"
FOREIGN = BrokerConfig(pool="theirs")


class Guarded:
    """A server on which nobody may do anything, but for the users of one pool."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def url(self, user: str) -> str:
        return f"redis://{user}:secret@{self.node.place}/0"

    async def admit(self, user: str, rules: list[str]) -> None:
        await self.node.tell("ACL", "SETUSER", user, "on", ">secret", *rules)


@pytest.fixture
async def guarded(tmp_path) -> AsyncIterator[Guarded]:  # type: ignore[no-untyped-def]  # noqa: ANN001
    node = Node(tmp_path, free_ports(1)[0])
    async with running([node]):
        found = Guarded(node)
        for role in ROLES:
            await found.admit(role, acl_rules(role, BROKER.pool))
        yield found


async def test_an_autoscaler_sees_the_length_of_queues_and_nothing_else(guarded: Guarded) -> None:
    await guarded.admit("watcher", watcher_rules(BROKER.pool))
    async with connect(guarded.url("watcher")) as link:
        assert await link.xlen("{tv:mine:0}:q:tinyv") == 0
        for command in (("XLEN", "{tv:theirs:0}:q:tinyv"), ("XRANGE", "{tv:mine:0}:q:tinyv", "-", "+"), ("KEYS", "*")):
            with pytest.raises(NoPermissionError):
                await link.execute_command(*command)


async def test_each_role_can_do_its_part_of_the_whole_path(guarded: Guarded) -> None:
    trainer, worker = guarded.url("trainer"), guarded.url("worker")
    async with workers(worker, BROKER), RewardClient(trainer, run_id="run", pool=BROKER.pool) as client:
        async with streaming(client) as account:
            await account.until(200, "rewards")
        account.assert_each_has_its_one_reward()
        await assert_nothing_stays(f"redis://{guarded.node.place}", BROKER)
    for role in ROLES:  # each may look
        async with OperatorApi(guarded.url(role), BROKER) as operator:
            assert (await operator.status()).stats["submitted"] == len(account.wanted)


async def test_a_worker_without_rights_for_a_while_says_so_once_and_loses_nothing(
    guarded: Guarded, caplog: pytest.LogCaptureFixture
) -> None:
    trainer, worker = guarded.url("trainer"), guarded.url("worker")
    quick = BrokerConfig(pool=BROKER.pool, lease_s=1.5, max_deliveries=50, isolate_from_delivery=50)
    async with workers(worker, quick), RewardClient(trainer, run_id="run", pool=BROKER.pool) as client:
        async with streaming(client) as account:
            await account.until(100, "rewards")
            await guarded.node.tell("ACL", "SETUSER", "worker", "-evalsha")
            await wait_until(lambda: "cannot end a delivery" in caplog.text, 60, "the workers are refused")
            await asyncio.sleep(3 * quick.lease_s)  # what is measured is what is said in a while
            await guarded.node.tell("ACL", "SETUSER", "worker", "+evalsha")
            await account.until(200, "rewards with the rights again")
        account.assert_each_has_its_one_reward()
    said = [record.getMessage() for record in caplog.records]
    assert sum("leases not renewed" in line for line in said) <= 4, "once a minute for each of four workers"
    assert sum("cannot end a delivery" in line for line in said) <= 4
    assert not [record for record in caplog.records if record.exc_info]


async def test_an_operator_can_retry_a_dead_letter(guarded: Guarded) -> None:
    work = Work(run_id="run", client_id="c", rollout_id="r", question="q", ground_truth="1")
    given_up = Reward(rollout_id="r", value=None, status=Status.FAILED, source=Source.FALLBACK, reason="poison")
    async with (
        TrainerApi(guarded.url("trainer"), BROKER) as trainer,
        WorkerApi(guarded.url("worker"), BROKER) as worker,
        OperatorApi(guarded.url("operator"), BROKER) as operator,
    ):
        assert await trainer.submit("run", [(work.uid, 60_000, encode(work))]) == [ACCEPTED]
        (delivery,) = await worker.claim("rule", "w", count=1, block_s=5)
        assert await worker.dead_letter("rule", "w", delivery, given_up)
        (letter,) = await operator.dead_letters()
        assert await operator.revive(letter, client_id="again", deadline_s=60)
        (delivery,) = await worker.claim("rule", "w", count=1, block_s=5)
        done = Reward(rollout_id="r", value=1.0, status=Status.OK, source=Source.RULE)
        assert await worker.finish("rule", [Ending(delivery=delivery, reward=done)]) == [True]
        async with TrainerApi(guarded.url("operator"), BROKER) as reader:
            _, rewards = await reader.rewards("run", "again", block_s=5)
            assert rewards == [(work.uid, done)]
            await reader.leave("run", "again")


TAG = "{tv:mine:0}"
NOT_FOR_ANYONE = [
    ("FLUSHALL",),
    ("FLUSHDB",),
    ("CONFIG", "SET", "maxmemory-policy", "allkeys-lru"),
    ("KEYS", "*"),
    ("SCAN", "0"),
    ("DEL", f"{TAG}:live"),
    ("SHUTDOWN",),
    ("ACL", "LIST"),
    ("CLIENT", "KILL", "TYPE", "normal"),
    ("SCRIPT", "FLUSH"),
    ("MONITOR",),
    ("EVAL", "return redis.call('FLUSHALL')", "0"),
    ("XADD", "{tv:theirs:0}:q:rule", "*", "u", "x"),
    ("HGETALL", "{tv:theirs:0}:stats"),
]
NOT_FOR: dict[Role, list[tuple[str, ...]]] = {
    "trainer": [
        ("XREADGROUP", "GROUP", "w", "me", "STREAMS", f"{TAG}:q:rule", ">"),
        ("XAUTOCLAIM", f"{TAG}:q:rule", "w", "me", "0", "0-0"),
        ("XGROUP", "DESTROY", f"{TAG}:q:rule", "w"),
        ("HSET", f"{TAG}:workers", "rule-x", "{}"),
        ("ZADD", f"{TAG}:hb", "1", "rule-x"),
    ],
    "worker": [
        ("XREAD", "STREAMS", f"{TAG}:res:run:c", "0"),
        ("XTRIM", f"{TAG}:res:run:c", "MAXLEN", "0"),
        ("UNLINK", f"{TAG}:res:run:c"),
        ("XGROUP", "DESTROY", f"{TAG}:q:rule", "w"),
    ],
    "operator": [("XGROUP", "DESTROY", f"{TAG}:q:rule", "w")],
}


@pytest.mark.parametrize("role", ROLES)
async def test_no_role_can_do_more_than_its_part(guarded: Guarded, role: Role) -> None:
    async with connect(guarded.url(role)) as r:
        assert await r.ping()
        for command in NOT_FOR_ANYONE + NOT_FOR[role]:
            with pytest.raises(NoPermissionError):
                await r.execute_command(*command)


async def test_a_pool_is_closed_to_the_users_of_another(guarded: Guarded) -> None:
    for role in ROLES:
        with pytest.raises(BrokerError, match=REFUSED):
            async with WorkerApi(guarded.url(role), FOREIGN):
                pass


async def test_a_trainer_can_be_confined_to_its_run(guarded: Guarded) -> None:
    await guarded.admit("trainer7", acl_rules("trainer", BROKER.pool, run="run-7"))
    async with TrainerApi(guarded.url("trainer7"), BROKER) as trainer:
        assert await trainer.rewards("run-7", "c", block_s=0.01) == ("", [])
        for other in ("run-8", "run-77"):
            with pytest.raises(BrokerError, match=REFUSED):
                await trainer.rewards(other, "c", block_s=0.01)
            with pytest.raises(BrokerError, match=REFUSED):
                await trainer.check(other, [f"{other}/r"])


async def test_a_wrong_password_is_named_and_not_shown(guarded: Guarded) -> None:
    url = guarded.url("trainer").replace("secret", "hunter2")
    with pytest.raises(BrokerUnavailableError, match="check user, password and ACL") as caught:
        async with TrainerApi(url, BROKER):
            pass
    assert "hunter2" not in str(caught.value)


def test_every_script_is_somebodys_and_a_worker_ends_no_stream() -> None:
    every = scripts_of("operator")
    assert scripts_of("trainer") | scripts_of("worker") | {"revive"} == every
    assert not {"submit", "commit", "withdraw", "check", "revive"} & scripts_of("worker")
    assert not {"finish", "revive"} & scripts_of("trainer")
