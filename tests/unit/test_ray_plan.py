"""A pool's plan on a Ray cluster: what is typed, what a seat takes of its node, what its worker is told."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyv_stream.config import BrokerConfig, Config
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.scale.plan import (
    RayPlan,
    difference,
    find_python,
    parse_counts,
    parse_gpus,
    passed_on,
    remedy,
    seat_environment,
    seat_name,
    seat_of,
    seat_place,
)
from tinyv_stream.types import STAGES

URL = "redis://:secret@broker:6379/0"


def plan(gpus: str = "own", share: float = 0.15, group: str = "") -> RayPlan:
    config = Config(broker=BrokerConfig(pool="main"))
    counts = {"rule": (1, 1), "tinyv": (1, 4)}
    return RayPlan(url=URL, python="/p", config=config, counts=counts, gpus=parse_gpus(gpus, share, group))  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "counts"), [("2", (2, 2)), ("1:4", (1, 4)), ("0:0", (0, 0)), ("0:2", (0, 2))])
def test_counts_are_one_number_or_fewest_and_most(text: str, counts: tuple[int, int]) -> None:
    assert parse_counts("--tinyv-workers", text) == counts


@pytest.mark.parametrize("text", ["", "x", "4:1", "-1", "1:", ":2", "1:2:3", "1.5"])
def test_other_counts_are_refused_by_option(text: str) -> None:
    with pytest.raises(InvalidInputError, match="--tinyv-workers"):
        parse_counts("--tinyv-workers", text)


@pytest.mark.parametrize(
    ("gpus", "share", "group", "named"),
    [
        ("shared", 0.1, "", "--gpus"),
        ("share:", 0.1, "", "--gpus"),
        ("share:a", 0.1, "", "--gpus"),
        ("own", 1.5, "", "--gpu-share"),
        ("share:0", 0.1, "ab", "--gpus"),
    ],
)
def test_wrong_gpus_are_refused_by_option(gpus: str, share: float, group: str, named: str) -> None:
    with pytest.raises(InvalidInputError, match=named):
        parse_gpus(gpus, share, group)


def test_a_plan_survives_the_wire() -> None:
    one = plan("share:0,1")
    assert msgspec.json.decode(msgspec.json.encode(one), type=RayPlan) == one


def test_a_share_is_counted_once_and_no_cpu_beside_it() -> None:
    place = seat_place(plan(), "tinyv", 1, gpu_nodes=["n"], bundles=0)
    assert (place.num_cpus, place.num_gpus, place.device) == (0, 0.15, None)
    assert seat_place(plan(share=0.0), "tinyv", 1, gpu_nodes=[], bundles=0).num_cpus == 1
    assert seat_place(plan(), "rule", 1, gpu_nodes=[], bundles=0).num_cpus == 1


def test_shared_gpus_are_taken_in_turn_over_the_nodes() -> None:
    places = [seat_place(plan("share:0,3"), "tinyv", n, gpu_nodes=["a", "b"], bundles=0) for n in range(1, 6)]
    assert [(one.node, one.device) for one in places] == [("a", "0"), ("b", "0"), ("a", "3"), ("b", "3"), ("a", "0")]
    assert {one.num_gpus for one in places} == {0.0}


def test_bundles_are_taken_in_turn() -> None:
    places = [seat_place(plan(group="ab"), "tinyv", n, gpu_nodes=[], bundles=2) for n in (1, 2, 3)]
    assert [(one.bundle, one.num_gpus) for one in places] == [(0, 0.15), (1, 0.15), (0, 0.15)]


def test_a_worker_is_told_its_share_and_nothing_of_ray() -> None:
    ray = {
        "RAY_ADDRESS": "x",
        "PYTHONPATH": "/trainer",
        "CUDA_VISIBLE_DEVICES": "3",
        "LANG": "C",
        "TINYV_STATE_FILE": "/x",
    }
    env = seat_environment(plan(share=0.25), "tinyv", None, ray)
    assert (env["CUDA_VISIBLE_DEVICES"], env["LANG"], env["TINYV_REDIS_URL"]) == ("3", "C", URL)
    assert "RAY_ADDRESS" not in env and "/trainer" not in env.get("PYTHONPATH", "") and "TINYV_STATE_FILE" not in env
    config = msgspec.json.decode(env["TINYV_CONFIG"], type=Config)
    assert config.tinyv.engine.gpu_memory_utilization == 0.25
    assert seat_environment(plan("share:1"), "tinyv", "1", ray)["CUDA_VISIBLE_DEVICES"] == "1"


def test_a_starters_secrets_of_other_things_stay_with_it() -> None:
    own = {"TINYV_LOG": "DEBUG", "HF_HOME": "/m", "AWS_SECRET": "s", "TINYV_STATE": "/s", "TINYV_REDIS_URL": URL}
    assert passed_on(own) == {"TINYV_LOG": "DEBUG", "HF_HOME": "/m"}


@given(
    st.dictionaries(st.sampled_from(STAGES), st.integers(0, 5)),
    st.sets(st.tuples(st.sampled_from(STAGES), st.integers(1, 6))),
)
def test_what_is_started_and_let_go_comes_to_what_is_wanted(wanted, seats) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    present = {seat_name("p", stage, number) for stage, number in seats}
    lacking, beyond = difference("p", wanted, present | {"tinyv:p", "tinyv:other:rule-1"})
    after = (present - set(beyond)) | {seat_name("p", stage, number) for stage, number in lacking}
    assert after == {seat_name("p", stage, n) for stage in STAGES for n in range(1, wanted.get(stage, 0) + 1)}


@pytest.mark.parametrize(
    "name", ["tinyv:p", "tinyv:pp:rule-1", "tinyv:p:rule", "tinyv:p:rule-x", "tinyv:p:poem-1", "rule-1"]
)
def test_an_actor_of_somebody_else_is_no_seat(name: str) -> None:
    assert seat_of("p", name) is None


@pytest.mark.parametrize(
    ("gpus", "group", "named"),
    [("own", "", "--placement-group"), ("own", "", "--gpus share:0"), ("own", "ab", "bundles")],
)
def test_a_seat_that_waits_has_a_remedy(gpus: str, group: str, named: str) -> None:
    assert named in remedy(plan(gpus, group=group), "tinyv", {}, {"GPU": 8.0})
    assert "0 of 4 CPU" in remedy(plan(), "rule", {}, {"CPU": 4.0})


def test_a_relative_interpreter_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="--python"):
        find_python("python3", "/own")
    assert find_python(None, "/own") == "/own"
