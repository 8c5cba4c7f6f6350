"""Figures of a stage: the workers' own rates, and how long what is there takes at them."""

from collections.abc import Callable

import msgspec
from scripted_verifier import ScriptedVerifier
from stream_kit import Serve, rollout

from tinyv_stream import RewardClient
from tinyv_stream.aio.recent_rate import RecentRate
from tinyv_stream.broker.desired_state import DesiredState
from tinyv_stream.broker.figures import WorkerInfo, stage_figures
from tinyv_stream.broker.operator import OperatorApi, PoolStatus
from tinyv_stream.config import BrokerConfig
from tinyv_stream.control.scaling import load_of
from tinyv_stream.testing import EmbeddedServer, wait_until
from tinyv_stream.types import Stage


def worker(stage: Stage, state: str, rate: float, slots: int = 64) -> WorkerInfo:
    return WorkerInfo(name="w", stage=stage, pid=1, host="h", state=state, done_per_s=rate, slots=slots)


def test_a_backlog_is_the_depth_over_the_rate_of_those_that_are_heard_of() -> None:
    workers = [
        worker("tinyv", "ready", 30.0),
        worker("tinyv", "draining", 10.0),
        worker("tinyv", "starting", 0.0, slots=0),
        worker("tinyv", "lost", 500.0),
        worker("rule", "ready", 0.0),
    ]
    found = stage_figures({"rule": 7, "tinyv": 200}, {"tinyv": 4.5}, workers)
    tinyv, rule = found["tinyv"], found["rule"]
    assert (tinyv.verdicts_per_s, tinyv.backlog_s, tinyv.slots) == (40.0, 5.0, 64)
    assert (tinyv.ready, tinyv.workers, tinyv.oldest_s) == (1, 3, 4.5)
    assert (rule.backlog_s, rule.oldest_s) == (None, 0.0), "there is work, and no verdict came"
    assert stage_figures({}, {}, [])["rule"].backlog_s == 0.0


def test_a_worker_of_an_older_release_counts_as_none() -> None:
    old = b'{"name":"w","stage":"rule","pid":1,"host":"h","state":"ready","held":3,"done":9,"about":{}}'
    figures = stage_figures({"rule": 3}, {}, [msgspec.json.decode(old, type=WorkerInfo)])["rule"]
    assert (figures.ready, figures.slots, figures.backlog_s) == (1, 0, None)


def test_a_rate_is_that_of_the_last_ten_seconds_and_a_counter_may_begin_anew() -> None:
    rate = RecentRate()
    assert rate.read(100, 0.0) is None
    assert rate.read(150, 5.0) == 10.0
    assert rate.read(150, 15.0) == 0.0
    assert rate.read(3, 16.0) == 0.0


def test_a_stage_is_paused_while_the_pool_sleeps_or_changes_its_model() -> None:
    def load(state: str, **desired: object) -> bool:
        workers = [worker("tinyv", state, 1.0), worker("rule", "ready", 1.0)]
        status = PoolStatus(
            server="valkey", version="9", depth={}, live=0, parked=0, oldest_s=None, dead=0, cached=0, stats={},
            workers=workers, stages=stage_figures({"tinyv": 3}, {}, workers),
        )  # fmt: skip
        wanted = DesiredState(**desired)  # type: ignore[arg-type]
        assert not load_of(status, "rule", wanted, 1.0).is_paused
        return load_of(status, "tinyv", wanted, 1.0).is_paused

    assert not load("ready")
    assert load("ready", asleep_s=5.0)
    assert load("ready", model="m", is_proven=False)
    assert load("fetching") and load("waking")


async def test_one_look_tells_the_rate_and_the_slots_of_working_workers(
    serve: Serve, client: Callable[..., RewardClient], server: EmbeddedServer, pool_name: str
) -> None:
    async with (
        serve(ScriptedVerifier("rule", slots=40), ScriptedVerifier("tinyv", slots=8)),
        client() as one,
        OperatorApi(server.url, BrokerConfig(pool=pool_name)) as operator,
    ):
        sent = 0

        async def is_told() -> bool:
            nonlocal sent
            tickets = [await one.submit(rollout(f"tinyv:correct {n}", n)) for n in range(sent, sent + 20)]
            sent += 20
            for ticket in tickets:
                await ticket
            stages = (await operator.status()).stages
            return all(stages[stage].verdicts_per_s > 0 and stages[stage].backlog_s is not None for stage in stages)

        await wait_until(is_told, 20, "both stages tell a rate")
        stages = (await operator.status()).stages
    assert {stage: (f.slots, f.ready, f.workers) for stage, f in stages.items()} == {
        "rule": (40, 1, 1),
        "tinyv": (8, 1, 1),
    }
