"""The adapters' kit, and slime's adapter, with a real server and workers; trainers' suites are in tests/adapters."""

import asyncio
import math
import pickle
import sys
import types
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from gateway_kit import workers
from scripted_verifier import ScriptedVerifier
from tinyv_stream_workers.worker import Worker

from tinyv_stream import InvalidInputError, Rollout, Status, UndecidedError
from tinyv_stream.adapter_kit import (
    AdapterSettings,
    background,
    begin_step,
    close_requesters,
    fitted,
    loop_clients,
    open_requester,
    read_settings,
    request_reward,
)
from tinyv_stream.broker.operator import OperatorApi
from tinyv_stream.config import BrokerConfig, Config
from tinyv_stream.record import segments
from tinyv_stream.record.lines import Began, Rewarded, decoder
from tinyv_stream.testing import EmbeddedServer, wait_until
from tinyv_stream.types import validate_rollout
from trainer_adapters.slime_reward import custom_rm, keep_decided, log_rollout
from trainer_adapters.trl_reward import TinyVReward


@pytest.fixture
def chosen(server: EmbeddedServer, pool_name: str) -> AdapterSettings:
    return read_settings({"redis_url": server.url, "pool": pool_name, "deadline_s": 30.0})


@pytest.fixture(autouse=True)
async def _closed() -> AsyncIterator[None]:
    yield
    await close_requesters()
    await asyncio.wrap_future(background.start(close_requesters()))


def rollout(text: str, **more: object) -> Rollout:
    return Rollout(question="q", completion=text, ground_truth="1", data_source="x_tinyv", **more)  # type: ignore[arg-type]


def test_errors_travel_between_processes_with_their_fields() -> None:
    for error in (UndecidedError("r", "failed", "why"), InvalidInputError("field", 1, "use 2")):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


def test_too_long_a_completion_keeps_its_end_and_no_trainer_dies_of_it() -> None:
    for letter in ("x", "é", "\U0001f600"):
        long = rollout(letter * 400_000 + "rule:correct")
        sent = msgspec.structs.replace(fitted(long), rollout_id="r" * 32)
        assert validate_rollout(sent).completion.endswith(letter + "rule:correct")
    assert fitted(rollout("short")) == rollout("short")


def test_keywords_come_before_the_environment_and_that_before_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TINYV_RUN_ID", "from-env")
    monkeypatch.setenv("TINYV_DEADLINE_S", "7.5")
    made = read_settings({"run_id": "given", "pool": None}, deadline_s=1.0, max_inflight=3)
    assert (made.run_id, made.deadline_s, made.max_inflight, made.pool) == ("given", 7.5, 3, "main")
    for wrong in (
        {"on_undecided": "zero"},
        {"on_undecided": "nan"},
        {"on_undecided": math.inf},
        {"deadline_s": "soon"},
        {"redis": "x"},
    ):
        with pytest.raises(InvalidInputError):
            read_settings(wrong)


async def test_a_loop_has_one_client_and_another_loop_another(server: EmbeddedServer, chosen: AdapterSettings) -> None:
    mine = await asyncio.gather(*(open_requester(chosen) for _ in range(10)))
    assert len({id(a.client) for a in mine}) == 1

    async def elsewhere() -> str:
        found = await open_requester(chosen)
        client_id = found.client.client_id
        await close_requesters()
        return client_id

    assert await asyncio.to_thread(asyncio.run, elsewhere()) != mine[0].client.client_id


async def test_a_broker_that_was_away_is_tried_again(server: EmbeddedServer, chosen: AdapterSettings) -> None:
    from tinyv_stream import BrokerError

    away = read_settings({"redis_url": "redis://127.0.0.1:1/0"})
    for _ in range(2):
        with pytest.raises(BrokerError):
            await open_requester(away)
    assert away not in loop_clients._requesters[asyncio.get_running_loop()]


async def test_no_answer_within_answer_s_is_no_score_and_is_withdrawn(
    server: EmbeddedServer, pool_name: str, chosen: AdapterSettings
) -> None:
    short = read_settings({"redis_url": server.url, "pool": pool_name, "answer_s": 0.3})
    judged = await request_reward(short, rollout("rule:correct"))
    assert (judged.reward.status, judged.reward.value) == (Status.EXPIRED, None)
    await _until_empty(server, pool_name)


async def test_a_cancelled_trainer_leaves_no_work_behind(
    server: EmbeddedServer, pool_name: str, chosen: AdapterSettings
) -> None:
    request = asyncio.create_task(request_reward(chosen, rollout("rule:correct")))
    async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
        await wait_until(lambda: _live(operator, 1), 30, "the rollout to be submitted")
    request.cancel()
    await asyncio.gather(request, return_exceptions=True)
    await _until_empty(server, pool_name)


async def test_requests_of_a_killed_trainers_thread_end_by_their_deadline(
    server: EmbeddedServer, pool_name: str
) -> None:
    given = f"redis_url={server.url!r}, pool={pool_name!r}, deadline_s=3.0"
    code = (
        "from tinyv_stream import Rollout; from tinyv_stream.adapter_kit import *;"
        f"chosen = read_settings(dict({given}));"
        "requested = [background.start(request_reward(chosen, Rollout(question='q', completion=f'rule:correct {n}',"
        " ground_truth='1', data_source='x_tinyv'))) for n in range(20)]; requested[0].result()"
    )
    trainer = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
        await wait_until(lambda: _live(operator, 20), 60, "the trainer to have sent its requests")
        trainer.kill()
        await trainer.wait()
        rule = ScriptedVerifier("rule", delay_s=600.0)  # nobody answers; the deadline is what ends them
        stop = asyncio.Event()
        worker = Worker(server.url, Config(broker=BrokerConfig(pool=pool_name, lease_s=1.0)), rule, grace_s=0.1)
        run = asyncio.create_task(worker.run(stop))
        await wait_until(lambda: _live(operator, 0), 60, "its rollouts to end")
        stop.set()
        await run


async def test_synchronous_code_requests_by_a_loop_in_the_background(
    server: EmbeddedServer, pool_name: str, chosen: AdapterSettings
) -> None:
    async with workers(server.url, pool_name):
        requested = [background.start(request_reward(chosen, rollout("rule:correct"))) for _ in range(5)]
        values = [(await asyncio.wrap_future(one)).reward.value for one in requested]
    assert values == [1.0] * 5


async def test_slime_gets_records_and_undecided_samples_leave_the_loss(
    server: EmbeddedServer, pool_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYV_REDIS_URL", server.url)
    monkeypatch.setenv("TINYV_POOL", pool_name)
    texts = [
        "rule:correct",
        "tinyv:correct",
        "tinyv:incorrect",
        "tinyv:raise",
        "rule:raise tinyv:raise",
        "rule:correct 2",
    ]
    samples = [fake_slime_sample(text, i) for i, text in enumerate(texts)]
    async with workers(server.url, pool_name, ScriptedVerifier("rule"), ScriptedVerifier("tinyv")):
        records = await custom_rm(types.SimpleNamespace(), samples)
        alone = await custom_rm(types.SimpleNamespace(), fake_slime_sample("rule:correct", 9))
    assert isinstance(records, list)
    assert isinstance(alone, dict)
    assert [r["score"] for r in records] == [
        1.0,
        1.0,
        0.0,
        0.75,
        0.75,
        1.0,
    ]  # undecided: the mean of its group's others
    assert [s.remove_sample for s in samples] == [False, False, False, True, True, False]
    assert alone["score"] == 1.0
    for sample, record in zip(samples, records, strict=True):
        sample.reward = record
    args = types.SimpleNamespace(reward_key="score")
    assert not keep_decided(args, samples)
    assert keep_decided(args, samples[:3])
    assert not keep_decided(args, samples[:2])


async def test_slime_logs_the_figures_beside_its_own_and_names_the_rollout_where_it_tells(
    server: EmbeddedServer, pool_name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("TINYV_REDIS_URL", server.url)
    monkeypatch.setenv("TINYV_POOL", pool_name)
    monkeypatch.setenv("TINYV_RECORD", str(tmp_path))
    hooks = types.SimpleNamespace(_current_rollout_id=7)
    monkeypatch.setitem(sys.modules, "slime.rollout.sample_hooks", hooks)  # type: ignore[arg-type]
    texts = ["rule:correct", "tinyv:correct", "tinyv:incorrect", "tinyv:incorrect 2"]
    samples = [fake_slime_sample(text, i) for i, text in enumerate(texts)]
    for sample in samples[2:]:
        sample.group_index = 1
    args = types.SimpleNamespace(reward_key="score")
    async with workers(server.url, pool_name, ScriptedVerifier("rule"), ScriptedVerifier("tinyv")):
        for sample in samples:
            sample.reward = await custom_rm(args, sample)
        await close_requesters()
    told: dict[str, float] = {"slime/own": 1.0}
    assert log_rollout(7, args, samples, told, 1.0) is False  # slime goes on with its own
    assert told["slime/own"] == 1.0 and told["tinyv/rescued"] == 0.25
    assert told["tinyv/agreement"] == pytest.approx(2 / 3)
    assert (told["tinyv/flat_groups"], told["tinyv/flat_by_rules"]) == (1.0, 0.5)
    assert log_rollout(7, args, samples, None, 1.0) is False
    found = [decoder.decode(raw) for path in segments.listed(tmp_path) for raw in path.read_bytes().splitlines()]
    assert {line.step for line in found if isinstance(line, Rewarded)} == {7}


async def test_a_step_begins_once_however_often_it_is_said(chosen: AdapterSettings, tmp_path: Path) -> None:
    recording = msgspec.structs.replace(chosen, record=str(tmp_path))
    for number in (1, 1, 2, 2, 2):
        await begin_step(recording, number)
    await close_requesters()
    found = [decoder.decode(raw) for path in segments.listed(tmp_path) for raw in path.read_bytes().splitlines()]
    assert [line.step for line in found if isinstance(line, Began)] == [1, 2]


async def test_slime_alone_gets_the_running_mean_of_its_question(
    server: EmbeddedServer, pool_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYV_REDIS_URL", server.url)
    monkeypatch.setenv("TINYV_POOL", pool_name)
    undecided = fake_slime_sample("tinyv:raise", 1)
    async with workers(server.url, pool_name):
        await custom_rm(None, fake_slime_sample("rule:correct", 1))
        record = await custom_rm(None, undecided)
    assert isinstance(record, dict)
    assert (record["score"], record["undecided"], undecided.remove_sample) == (1.0, 1.0, True)


async def test_with_the_engine_down_trl_gets_none_and_not_zero(server: EmbeddedServer, pool_name: str) -> None:
    tinyv = ScriptedVerifier("tinyv")
    tinyv.engine_is_up.clear()
    given = {"redis_url": server.url, "pool": pool_name, "deadline_s": 1.0}
    requested = {
        "prompts": ["q1", "q2"],
        "completions": ["rule:correct", "rule:incorrect"],
        "ground_truth": ["1", "1"],
    }
    async with workers(server.url, pool_name, ScriptedVerifier("rule"), tinyv):
        assert await TinyVReward(**given)(**requested) == [1.0, None]
        assert await TinyVReward(**given, on_undecided="rule")(**requested) == [1.0, 0.0]
        tinyv.engine_is_up.set()


def fake_slime_sample(text: str, index: int) -> types.SimpleNamespace:
    """The fields of slime 0.3's `Sample` that an RM reads or writes; slime is not on PyPI."""
    sample = types.SimpleNamespace(
        prompt=[{"role": "user", "content": f"q{index}"}],
        response=text,
        label="1",
        metadata={},
        group_index=0,
        index=index,
        remove_sample=False,
        reward=None,
    )
    sample.get_reward_value = lambda args: sample.reward[args.reward_key]
    return sample


async def _live(operator: OperatorApi, count: int) -> bool:
    return (await operator.status()).live == count


async def _until_empty(server: EmbeddedServer, pool_name: str) -> None:
    async with OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator:
        await wait_until(lambda: _live(operator, 0), 30, "the rollout to be withdrawn")
