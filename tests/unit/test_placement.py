"""Which device and which share of it each TinyV worker of a machine gets."""

import pytest

from tinyv_stream.config import Config, EngineConfig, TinyVConfig, check
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.pool.placement import VISIBLE, device_environment, placed
from tinyv_stream.pool.worker_process import worker_environments


def engines(cores: int = 8, **tinyv: object) -> list[EngineConfig]:
    config = check(Config(tinyv=TinyVConfig(**tinyv)))  # type: ignore[arg-type]
    return [placed(config, number, cores).tinyv.engine for number in range(config.tinyv.workers)]


def test_workers_take_devices_in_turn_and_share_the_memory_of_one():
    found = engines(workers=3, devices=(0, 1), engine=EngineConfig(gpu_memory_utilization=0.2))
    assert [(e.device, e.gpu_memory_utilization) for e in found] == [("0", 0.1), ("1", 0.2), ("0", 0.1)]


def test_without_devices_all_share_what_one_would_use():
    found = engines(workers=3, cores=8)
    assert [(e.device, e.threads) for e in found] == [("", 2)] * 3
    assert [round(e.gpu_memory_utilization, 3) for e in found] == [0.05] * 3
    assert engines(workers=8, cores=2)[0].threads == 1


def test_one_worker_is_left_as_it_was_and_the_users_threads_win():
    assert engines(workers=1) == [EngineConfig()]
    assert engines(workers=2, engine=EngineConfig(threads=5))[1].threads == 5
    assert engines(workers=2, devices=("0-3", "4-7"))[1] == EngineConfig(device="4-7")


@pytest.mark.parametrize(
    ("device", "visible", "seen"),
    [
        ("1", None, {VISIBLE: "1"}),
        ("1", "4,5", {VISIBLE: "5"}),
        ("1", "GPU-aa,GPU-bb", {VISIBLE: "GPU-bb"}),
        ("GPU-cc", "4,5", {VISIBLE: "GPU-cc"}),
        ("0-3", "4,5", {}),
        ("0,1", None, {}),
        ("0", "", {}),
        ("", "4,5", {}),
    ],
)
def test_a_number_counts_among_the_visible_gpus(device: str, visible: str | None, seen: dict[str, str]):
    assert device_environment(device, {} if visible is None else {VISIBLE: visible}) == seen


def test_a_gpu_that_is_not_visible_is_refused():
    with pytest.raises(InvalidInputError, match="shows 2 GPUs"):
        device_environment("2", {VISIBLE: "4,5"})


@pytest.mark.parametrize("bad", ["", "a", "1-", "0;1", "-1"])
def test_a_device_that_names_nothing_is_refused(bad: str):
    with pytest.raises(InvalidInputError, match=r"tinyv\.devices"):
        check(Config(tinyv=TinyVConfig(devices=(bad,))))


def test_each_worker_process_is_told_its_own_device(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(VISIBLE, raising=False)
    config = Config(tinyv=TinyVConfig(workers=2, devices=(0, 1)))
    assert [env[VISIBLE] for env in worker_environments("tinyv", "redis://host", config)] == ["0", "1"]
    [rule] = worker_environments("rule", "redis://host", config)
    assert VISIBLE not in rule
