"""What the trainer's scripts answer, first time and again."""

from collections.abc import AsyncIterator

import pytest

from tinyv_stream.broker.messages import Work, decode_work, encode
from tinyv_stream.broker.trainer import ACCEPTED, FULL, OUTSTANDING, UNKNOWN, TrainerApi
from tinyv_stream.broker.worker import Delivery, Ending, WorkerApi
from tinyv_stream.config import BrokerConfig
from tinyv_stream.errors import BrokerError
from tinyv_stream.testing import EmbeddedServer, embedded_server
from tinyv_stream.types import Reward, Source, Status

LONG_MS = 60_000


def body(uid: str) -> bytes:
    return encode(Work(run_id="run", client_id="c", rollout_id=uid[4:], question="q", ground_truth="1"))


def item(uid: str, ttl_ms: int = LONG_MS) -> tuple[str, int, bytes]:
    return uid, ttl_ms, body(uid)


def reward(uid: str, value: float = 1.0) -> Reward:
    return Reward(rollout_id=uid[4:], value=value, status=Status.OK, source=Source.RULE)


@pytest.fixture
async def trainer(server: EmbeddedServer, pool_name: str) -> AsyncIterator[TrainerApi]:
    async with TrainerApi(server.url, BrokerConfig(pool=pool_name, max_outstanding=3)) as link:
        yield link


async def give(trainer: TrainerApi, reward: Reward) -> None:
    """Reward a rollout, as a worker does."""
    uid = f"run/{reward.rollout_id}"
    delivery = Delivery(entry="", uid=uid, work=decode_work(body(uid)))
    async with WorkerApi(trainer.url, trainer.config) as worker:
        await worker.finish("rule", [Ending(delivery=delivery, reward=reward, held=False)])


async def test_submit_stores_a_rollout_once(trainer: TrainerApi) -> None:
    assert await trainer.submit("run", [item("run/a")]) == [ACCEPTED]
    assert await trainer.submit("run", [item("run/a"), item("run/b")]) == [OUTSTANDING, ACCEPTED]
    assert await trainer.command("XLEN", trainer.keys.queue("rule")) == 2


async def test_submit_is_full_at_the_cap_and_stores_nothing_beyond_it(trainer: TrainerApi) -> None:
    uids = ["run/a", "run/b", "run/c", "run/d"]
    assert await trainer.submit("run", [item(u) for u in uids]) == [ACCEPTED] * 3 + [FULL]
    assert await trainer.check("run", uids) == [OUTSTANDING] * 3 + [UNKNOWN]


async def test_submit_answers_with_the_reward_of_what_is_done(trainer: TrainerApi) -> None:
    await trainer.submit("run", [item("run/a")])
    await give(trainer, reward("run/a"))
    assert await trainer.submit("run", [item("run/a")]) == [reward("run/a")]
    assert await trainer.check("run", ["run/a"]) == [reward("run/a")]


async def test_the_first_reward_stands(trainer: TrainerApi) -> None:
    await trainer.submit("run", [item("run/a")])
    await give(trainer, reward("run/a"))
    await give(trainer, reward("run/a", 0.0))
    _, rewards = await trainer.rewards("run", "c", block_s=0.01)
    assert rewards == [("run/a", reward("run/a"))]


async def test_a_commit_forgets_what_was_read_and_nothing_else(trainer: TrainerApi) -> None:
    await trainer.submit("run", [item("run/a"), item("run/b")])
    await give(trainer, reward("run/a"))
    last, _ = await trainer.rewards("run", "c", block_s=0.01)
    await give(trainer, reward("run/b"))
    for _ in range(2):
        await trainer.commit("run", "c", last, ["run/a"])
    assert await trainer.check("run", ["run/a", "run/b"]) == [UNKNOWN, reward("run/b")]
    assert (await trainer.rewards("run", "c", block_s=0.01))[1] == [("run/b", reward("run/b"))]


async def test_what_is_withdrawn_is_unknown_and_may_be_submitted_again(trainer: TrainerApi) -> None:
    await trainer.submit("run", [item("run/a")])
    for _ in range(2):
        await trainer.withdraw("run", ["run/a"])
        assert await trainer.check("run", ["run/a"]) == [UNKNOWN]
    assert await trainer.command("XLEN", trainer.keys.queue("rule")) == 0
    assert await trainer.submit("run", [item("run/a")]) == [ACCEPTED]


async def test_what_nobody_commits_has_an_end(trainer: TrainerApi) -> None:
    await trainer.submit("run", [item("run/a")])
    await give(trainer, reward("run/a"))
    for key in (trainer.keys.done("run"), trainer.keys.age("run"), trainer.keys.rewards("run", "c")):
        ttl_ms = await trainer.command("PTTL", key)
        assert isinstance(ttl_ms, int) and 0 < ttl_ms <= trainer.config.retention_s * 1000


async def test_what_nobody_commits_has_an_end_also_while_its_run_goes_on(trainer: TrainerApi) -> None:
    age, retention_ms = trainer.keys.age("run"), trainer.config.retention_s * 1000
    await trainer.submit("run", [item("run/a"), item("run/b"), item("run/c")])
    await give(trainer, reward("run/a"))
    now_s, _ = await trainer.redis.time()
    score = await trainer.redis.zscore(age, "run/a")
    assert score == pytest.approx(now_s * 1000 + retention_ms, abs=60_000)
    await trainer.command("ZADD", age, 1, "run/a")  # lapsed in 1970
    await give(trainer, reward("run/b"))
    assert await trainer.check("run", ["run/a", "run/b"]) == [UNKNOWN, reward("run/b")]
    assert await trainer.command("ZRANGE", age, 0, -1) == [b"run/b"]
    last, _ = await trainer.rewards("run", "c", block_s=0.01)
    await trainer.commit("run", "c", last, ["run/b"])
    await give(trainer, reward("run/c"))
    await trainer.withdraw("run", ["run/c"])
    assert await trainer.command("EXISTS", age, trainer.keys.done("run")) == 0


async def test_a_server_without_memory_refuses_work_and_takes_rewards(pool_name: str) -> None:
    async with embedded_server(maxmemory_mb=64) as server:
        config = BrokerConfig(pool=pool_name)
        async with TrainerApi(server.url, config) as trainer:
            await trainer.submit("run", [item("run/a")])
            await trainer.command("CONFIG", "SET", "maxmemory", 1)
            assert await trainer.submit("run", [item("run/b")]) == [FULL]
            await give(trainer, reward("run/a"))
            last, rewards = await trainer.rewards("run", "c", block_s=0.01)
            assert rewards == [("run/a", reward("run/a"))]
            await trainer.commit("run", "c", last, ["run/a"])
            # Whoever makes room must be able to come back meanwhile.
            async with TrainerApi(server.url, config) as another:
                assert await another.check("run", ["run/a"]) == [UNKNOWN]


async def test_a_script_the_server_forgot_is_loaded_again(trainer: TrainerApi) -> None:
    await trainer.submit("run", [item("run/a")])
    await trainer.command("SCRIPT", "FLUSH")
    assert await trainer.check("run", ["run/a"]) == [OUTSTANDING]


async def test_an_error_names_the_broker(trainer: TrainerApi) -> None:
    with pytest.raises(BrokerError, match="broker unix"):
        await trainer.command("HGET", trainer.keys.live)


@pytest.mark.parametrize("key", ["q:rule", "at"])
async def test_a_rollout_whose_entry_is_gone_is_unknown_and_taken_in_again(trainer: TrainerApi, key: str) -> None:
    await trainer.submit("run", [item("run/a"), item("run/b")])
    await trainer.command("UNLINK", f"{{tv:{trainer.config.pool}:0}}:{key}")
    assert await trainer.check("run", ["run/a"]) == [UNKNOWN]
    assert await trainer.submit("run", [item("run/a"), item("run/b")]) == [ACCEPTED] * 2
    assert await trainer.check("run", ["run/a", "run/b"]) == [OUTSTANDING] * 2


async def test_a_submit_that_failed_half_way_is_made_good_by_the_next(trainer: TrainerApi) -> None:
    await trainer.command("UNLINK", trainer.keys.queue("rule"))
    await trainer.command("SET", trainer.keys.queue("rule"), "another program's")
    for _ in range(2):  # a second attempt does not take the first one's half for the whole
        with pytest.raises(BrokerError, match="WRONGTYPE"):
            await trainer.submit("run", [item("run/a")])
    await trainer.command("UNLINK", trainer.keys.queue("rule"))
    assert await trainer.submit("run", [item("run/a")]) == [ACCEPTED]
    assert await trainer.command("XLEN", trainer.keys.queue("rule")) == 1
