"""What the workers' scripts answer, first time and again, in order and out of it."""

from collections.abc import AsyncIterator

import msgspec
import pytest

from tinyv_stream.broker.messages import Work, encode
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.broker.trainer import ACCEPTED, OUTSTANDING, UNKNOWN, TrainerApi
from tinyv_stream.broker.worker import PARKED, QUEUED, REJECTED, Delivery, Ending, WorkerApi
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerError
from tinyv_stream.testing import EmbeddedServer, embedded_server
from tinyv_stream.types import Outcome, Reward, Source, Stage, Status, Verdict

DECIDED = Verdict(outcome=Outcome.CORRECT)


def work(rollout_id: str) -> Work:
    return Work(run_id="run", client_id="c", rollout_id=rollout_id, question="q", ground_truth="1")


def ending(delivery: Delivery, field: str = "") -> Ending:
    reward = Reward(rollout_id=delivery.work.rollout_id, value=1.0, status=Status.OK, source=Source.RULE)
    return Ending(delivery=delivery, reward=reward, cache_field=field, verdict=DECIDED if field else None)


class Kit:
    """A trainer's and a worker's view of one pool whose leases lapse at once."""

    def __init__(self, trainer: TrainerApi, worker: WorkerApi) -> None:
        self.trainer, self.worker = trainer, worker

    async def submit(self, *ids: str, ttl_ms: int = 60_000) -> None:
        items = [(f"run/{i}", ttl_ms, encode(work(i))) for i in ids]
        assert await self.trainer.submit("run", items) == [ACCEPTED] * len(ids)

    async def claim(self, stage: Stage = "rule", consumer: str = "w", count: int = 10) -> list[Delivery]:
        return await self.worker.claim(stage, consumer, count=count, block_s=0.01)

    async def reclaim(self, consumer: str) -> list[Delivery]:
        return (await self.worker.reclaim("rule", consumer, "0-0", count=10))[1]


@pytest.fixture
async def kit(server: EmbeddedServer, pool_name: str) -> AsyncIterator[Kit]:
    config = BrokerConfig(pool=pool_name, lease_s=0.0)
    async with TrainerApi(server.url, config) as trainer, WorkerApi(server.url, config) as worker:
        yield Kit(trainer, worker)


async def test_finish_rewards_once(kit: Kit) -> None:
    await kit.submit("a")
    [delivery] = await kit.claim()
    assert await kit.worker.finish("rule", [ending(delivery)]) == [True]
    assert await kit.worker.finish("rule", [ending(delivery)]) == [False]
    assert await kit.worker.command("XLEN", kit.worker.keys.queue("rule")) == 0


async def test_forward_moves_once_parks_equals_and_answers_from_the_cache(kit: Kit) -> None:
    await kit.submit("a", "b", "c")
    a, b, c = await kit.claim()
    forward = kit.worker.forward
    assert await forward([(a, a.work, "k"), (b, b.work, "k")]) == [QUEUED, PARKED]
    assert await forward([(a, a.work, "k"), (b, b.work, "k")]) == [REJECTED, REJECTED]
    [led] = await kit.claim("tinyv")
    assert led.ckey == "k"
    await kit.worker.finish("tinyv", [ending(led, "k:")])
    assert await forward([(c, c.work, "k")]) == [DECIDED]
    assert await kit.worker.lookup(["k:", "other:"]) == [DECIDED, None]
    assert [d.uid for d in await kit.claim("tinyv")] == ["run/b"], "the parked one goes on by itself"


async def test_another_verifier_does_not_see_the_cached_verdict(kit: Kit) -> None:
    await kit.submit("a", "b")
    a, b = await kit.claim()
    await kit.worker.forward([(a, a.work, "k")])
    [led] = await kit.claim("tinyv")
    await kit.worker.finish("tinyv", [ending(led, "k:")])
    await kit.worker.announce_verifier("v2")
    assert await kit.worker.forward([(b, b.work, "k")]) == [QUEUED]


async def test_a_reward_after_the_deadline_is_void_and_counted(kit: Kit) -> None:
    await kit.submit("a", ttl_ms=0)
    [delivery] = await kit.claim()
    [overdue] = await kit.worker.overdue("w")
    late = Ending(delivery=overdue, reward=ending(delivery).reward, held=False)
    assert await kit.worker.finish("rule", [late]) == [True]
    assert await kit.worker.overdue("w") == []
    assert await kit.worker.finish("rule", [ending(delivery)]) == [False]
    assert await kit.worker.command("HGET", kit.worker.keys.stats, "late") == b"1"


async def test_renew_keeps_what_is_mine_counts_nothing_and_names_what_is_lost(kit: Kit) -> None:
    await kit.submit("a", "b")
    a, b = await kit.claim()
    await kit.worker.finish("rule", [ending(b)])
    assert await kit.worker.renew("rule", "w", [a.entry, b.entry]) == [b.entry]
    assert [d.delivery_count for d in await kit.reclaim("other")] == [2]
    assert await kit.worker.renew("rule", "w", [a.entry]) == [a.entry]


async def test_a_quarantined_delivery_counts_when_it_starts_not_while_it_waits(kit: Kit) -> None:
    await kit.submit("a")
    await kit.claim()
    counts: list[int] = []
    for consumer in ("w1", "w2", "w3", "w4"):
        [delivery] = await kit.reclaim(consumer)
        counts.append(delivery.delivery_count)
    assert counts == [2, 3, 3, 3], "from the third on it waits its turn"
    for _ in range(2):  # the answer may be lost and the call repeated
        assert await kit.worker.start("rule", "w4", delivery)
    assert not await kit.worker.start("rule", "w1", delivery)
    assert [d.delivery_count for d in await kit.reclaim("w5")] == [4]


@pytest.mark.parametrize("is_started", [False, True])
async def test_a_quarantined_delivery_is_given_back_into_quarantine(kit: Kit, *, is_started: bool) -> None:
    await kit.submit("a")
    await kit.claim()
    await kit.reclaim("w1")
    [delivery] = await kit.reclaim("w2")
    if is_started:
        assert await kit.worker.start("rule", "w2", delivery)
    assert await kit.worker.give_back("rule", "w2", [delivery]) == 1
    assert [d.delivery_count for d in await kit.claim()] == [delivery.delivery_count] == [3]


async def test_give_back_counts_no_delivery_and_only_the_owner_may(kit: Kit) -> None:
    await kit.submit("a")
    [delivery] = await kit.claim()
    assert await kit.worker.give_back("rule", "other", [delivery]) == 0
    assert await kit.worker.give_back("rule", "w", [delivery]) == 1
    assert await kit.worker.give_back("rule", "w", [delivery]) == 0
    assert [d.delivery_count for d in await kit.claim(consumer="other")] == [1]


async def test_fields_of_an_entry_are_found_by_name_whatever_their_order(kit: Kit) -> None:
    await kit.submit("a")
    [delivery] = await kit.claim()
    queue, uid = kit.worker.keys.queue("rule"), delivery.uid
    await kit.worker.command("XDEL", queue, delivery.entry)
    fields = ("later", "?", "d", 1, "n", 1, "c", "", "p", encode(delivery.work), "u", uid)
    entry = await kit.worker.command("XADD", queue, "*", *fields)
    assert isinstance(entry, bytes)
    await kit.worker.command("HSET", kit.worker.keys.at, uid, b"rule " + entry)
    assert [d.delivery_count for d in await kit.claim()] == [2]
    [taken] = await kit.reclaim("w1")
    assert (taken.uid, taken.before, taken.delivery_count) == (uid, 1, 3)
    await kit.worker.start("rule", "w1", taken)
    assert await kit.worker.give_back("rule", "w1", [taken], engine_died=True) == 1
    [again] = await kit.claim()
    assert (again.uid, again.work, again.before) == (uid, delivery.work, 3), "a second engine death is counted"


async def test_an_entry_without_the_fields_of_work_holds_up_no_take_over(kit: Kit) -> None:
    queue = kit.worker.keys.queue("rule")
    await kit.worker.command("XADD", queue, "*", "a", 1, "b", 2, "c", 3, "d", 4)
    await kit.submit("a")
    await kit.worker.read_group("rule", "w", count=10, block_s=0.01)
    assert [d.uid for d in await kit.reclaim("other")] == ["run/a"]
    assert await kit.worker.command("XLEN", kit.worker.keys.dead) == 1


async def test_bury_leaves_a_letter_and_the_one_reward(kit: Kit, server: EmbeddedServer) -> None:
    await kit.submit("a")
    [delivery] = await kit.claim()
    failed = Reward(
        rollout_id="a", value=None, status=Status.FAILED, source=Source.FALLBACK, reason="it kills its workers"
    )
    assert await kit.worker.dead_letter("rule", "w", delivery, failed)
    assert not await kit.worker.dead_letter("rule", "w", delivery, failed)
    assert (await kit.trainer.rewards("run", "c", block_s=0.01))[1][0][1] == failed
    async with OperatorApi(server.url, kit.worker.config) as operator:
        [letter] = await operator.dead_letters()
        assert (letter.uid, letter.reason) == ("run/a", "it kills its workers")
        assert await operator.revive(letter, client_id="me", deadline_s=60)
        assert not await operator.revive(letter, client_id="me", deadline_s=60)
    assert [d.work.client_id for d in await kit.claim()] == ["me"]


async def test_work_that_cannot_be_read_is_a_dead_letter_and_unknown_to_the_pool(kit: Kit) -> None:
    assert await kit.trainer.submit("run", [("run/a", 60_000, b"\xff")]) == [ACCEPTED]
    assert await kit.claim() == []
    assert await kit.trainer.check("run", ["run/a"]) == [UNKNOWN]
    assert await kit.worker.command("XLEN", kit.worker.keys.dead) == 1


@pytest.mark.parametrize("where", ["queued", "leased", "parked"])
async def test_unreadable_overdue_work_ends_once_and_delays_no_deadline(kit: Kit, where: str) -> None:
    unread = b"\xff"
    if where == "parked":
        await kit.submit("a", "b", ttl_ms=60_000)
        leads, parked = await kit.claim()
        await kit.worker.forward([(leads, leads.work, "k"), (parked, parked.work, "k")])
        await kit.worker.command("HSET", kit.worker.keys.parked, parked.uid, unread)
        await kit.worker.command("ZADD", kit.worker.keys.live, 1, parked.uid)  # overdue since 1970
    else:
        assert await kit.trainer.submit("run", [("run/b", 0, unread)]) == [ACCEPTED]
        if where == "leased":  # by a worker of another version, which reads it
            await kit.worker.read_group("rule", "newer", count=1, block_s=0.01)
    assert await kit.trainer.submit("run", [("run/c", 0, encode(work("c")))]) == [ACCEPTED]
    rows = await kit.worker.script("overdue", [100])
    found = [await kit.worker.overdue("w", count=1) for _ in range(2)]
    assert [[d.uid for d in some] for some in found] == [[], ["run/c"]]
    assert await kit.trainer.check("run", ["run/b"]) == [UNKNOWN]
    for _, body, place, what in (row for row in rows if row[0] == b"run/b"):  # another worker saw it as well
        await kit.worker.script("discard", [place, "unreadable", "late", 10, what, "run/b", body])
    [[_, fields]] = (await kit.worker.redis.xrange(kit.worker.keys.dead)) or [[]]
    stage = b"tinyv" if where == "parked" else b"rule"
    assert (fields[b"u"], fields[b"p"], fields[b"stage"], fields[b"worker"]) == (b"run/b", unread, stage, b"w")
    assert await kit.worker.redis.hlen(kit.worker.keys.parked) == 0
    assert await kit.worker.command("HGET", kit.worker.keys.stats, "dead") == b"1"


async def test_a_consumer_that_holds_something_is_not_forgotten(kit: Kit) -> None:
    await kit.submit("a")
    [delivery] = await kit.claim()
    assert not await kit.worker.depart("rule", "w")
    await kit.worker.finish("rule", [ending(delivery)])
    assert await kit.worker.depart("rule", "w")


async def test_killed_workers_leave_no_consumers_behind(kit: Kit) -> None:
    await kit.submit("a")
    await kit.claim(consumer="killed")
    await kit.worker.beat("killed", b"{}")
    kit_key = kit.worker.keys.heartbeat
    await kit.worker.command("ZADD", kit_key, 1, "killed")  # silent since 1970
    await kit.worker.beat("w", b"{}")
    assert await kit.worker.command("ZSCORE", kit_key, "killed") is not None, "it still holds a rollout"
    await kit.reclaim("w")
    await kit.worker.beat("w", b"{}")
    assert await kit.worker.command("ZSCORE", kit_key, "killed") is None
    groups = await kit.worker.redis.xinfo_consumers(kit.worker.keys.queue("rule"), "w")
    assert [c["name"] for c in groups] == [b"w"]


async def test_queues_that_vanished_are_made_again(kit: Kit) -> None:
    await kit.worker.command("DEL", kit.worker.keys.queue("rule"))
    with pytest.raises(BrokerError, match="consumer group"):
        await kit.claim()
    await kit.submit("a")
    got = await kit.worker.retry(kit.claim)
    assert [d.uid for d in got] == ["run/a"]


@pytest.mark.parametrize("key", ["leaders", "parked", "q:tinyv", "at"])
async def test_what_waits_for_an_equal_one_is_not_left_behind_by_a_lost_key(kit: Kit, key: str) -> None:
    await kit.submit("a", "b")
    a, b = await kit.claim()
    assert await kit.worker.forward([(a, a.work, "k"), (b, b.work, "k")]) == [QUEUED, PARKED]
    await kit.worker.command("UNLINK", f"{kit.worker.keys.tag}:{key}")
    answers = [(await kit.trainer.check("run", [uid]))[0] for uid in (a.uid, b.uid)]
    assert UNKNOWN in answers
    await kit.submit(*(uid[4:] for uid, answer in zip((a.uid, b.uid), answers, strict=True) if answer == UNKNOWN))
    taken = [await kit.worker.retry(lambda: kit.claim("rule")), await kit.worker.retry(lambda: kit.claim("tinyv"))]
    assert {delivery.uid for some in taken for delivery in some} == {a.uid, b.uid}


async def test_the_cache_is_bounded(server: EmbeddedServer, pool_name: str) -> None:
    async with WorkerApi(server.url, BrokerConfig(pool=pool_name, cache_size=3)) as worker:
        for n in range(6):
            delivery = Delivery(entry="", uid=f"run/{n}", work=work(str(n)))
            await worker.finish("tinyv", [msgspec.structs.replace(ending(delivery, f"k{n}:"), held=False)])
        assert await worker.command("HLEN", worker.keys.cache) == 3


async def test_a_worker_starts_and_works_on_a_server_without_memory(pool_name: str) -> None:
    config = BrokerConfig(pool=pool_name, lease_s=0.0)
    async with embedded_server(maxmemory_mb=64) as server, TrainerApi(server.url, config) as trainer:
        await trainer.submit("run", [("run/a", 60_000, encode(work("a"))), ("run/b", 60_000, encode(work("b")))])
        await trainer.command("CONFIG", "SET", "maxmemory", 1)
        async with WorkerApi(server.url, config) as worker:
            await worker.announce_verifier("v")
            kit = Kit(trainer, worker)
            a, b = await kit.claim()
            assert await worker.forward([(a, a.work, "k")]) == [QUEUED]
            [led] = await kit.claim("tinyv")
            assert await worker.finish("tinyv", [ending(led, "k:v")]) == [True]
            assert [d.uid for d in await kit.reclaim("other")] == [b.uid]
            await worker.beat("other", b"{}")
            assert await worker.dead_letter("rule", "other", b, ending(b).reward)
        assert await trainer.check("run", ["run/c"]) == [UNKNOWN] != [OUTSTANDING]
