"""Pool settings: equal hashes if and only if the settings are equal, whatever hosts add of their own."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinyv_stream.config import Config, check
from tinyv_stream.config.pool_settings import (
    HOST_SETTINGS,
    chosen,
    differences,
    digest,
    pool_settings,
    with_pool_settings,
    written,
)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "tinyv.weight": st.floats(0, 1),
    "tinyv.setup": st.sampled_from(["addon", "tinyv_only", "mixed"]),
    "tinyv.threshold": st.none() | st.floats(0.01, 0.99),
    "tinyv.guard": st.booleans(),
    "tinyv.model": st.sampled_from(["embedded", "auto", "a/b"]),
    "tinyv.strip_patterns": st.lists(st.sampled_from(["a", "b", "a|b", ""]), max_size=2),
    "tinyv.engine.max_model_len": st.integers(1, 9999),
    "rule.timeout_s": st.floats(0.1, 100),
    "rule.max_answer_chars": st.integers(1, 9999),
    "fallback.tinyv": st.sampled_from(["wait", "rule_only", "sample"]),
    "fallback.sample_share": st.floats(0, 1),
    "broker.lease_s": st.floats(1, 100),
    "broker.cache_ttl_s": st.floats(0, 100),
    "routes": st.lists(
        st.fixed_dictionaries({"contains": st.sampled_from(["a", "é", ""]), "grader": st.just("prime")}), max_size=2
    ),
}
OWN: dict[str, st.SearchStrategy[Any]] = {
    "broker.pool": st.sampled_from(["main", "other"]),
    "broker.max_outstanding": st.integers(1, 99),
    "rule.workers": st.integers(0, 9),
    "rule.slots": st.integers(1, 9),
    "tinyv.workers": st.integers(0, 9),
    "tinyv.require_check": st.booleans(),
    "tinyv.engine.threads": st.none() | st.integers(1, 9),
    "tinyv.engine.gpu_memory_utilization": st.floats(0.1, 1),
}


Values = dict[str, Any]


def tables(values: dict[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for name, value in values.items():
        *path, last = name.split(".")
        table = plain
        for step in path:
            table = table.setdefault(step, {})
        table[last] = value
    return plain


def config_of(values: dict[str, Any]) -> Config:
    return check(msgspec.convert(tables(values), Config))


drawn = st.fixed_dictionaries({}, optional=VALUES)
own = st.fixed_dictionaries({}, optional=OWN)


pairs = drawn.flatmap(lambda one: st.tuples(st.just(one), st.just(one) | drawn))


@given(pairs, own, own)
def test_hashes_are_equal_if_and_only_if_the_settings_are(
    pair: tuple[Values, Values], here: Values, there: Values
) -> None:
    one, other = pair
    first, second = config_of(one | here), config_of(other | there)
    same = all(getattr_path(first, n) == getattr_path(second, n) for n in VALUES)
    assert (digest(pool_settings(first)) == digest(pool_settings(second))) is same


@given(drawn, own)
def test_a_host_that_takes_the_settings_has_them_and_keeps_its_own(values: Values, here: Values) -> None:
    settings = pool_settings(config_of(values))
    taken = with_pool_settings(config_of(here), settings)
    assert digest(pool_settings(taken)) == digest(settings)
    assert all(getattr_path(taken, n) == getattr_path(config_of(here), n) for n in OWN)
    travelled = msgspec.json.decode(msgspec.json.encode(settings))
    assert digest(travelled) == digest(settings)


@given(drawn, own)
def test_what_a_file_writes_is_known_by_name(values: Values, here: Values) -> None:
    assert written(tables(values | here)) == set(values)
    assert chosen(config_of(values | here)) <= set(values)


def test_every_setting_is_a_hosts_own_or_the_pools() -> None:
    found = set(pool_settings(Config()))
    assert not found & HOST_SETTINGS
    assert set(VALUES) <= found
    assert not set(OWN) & found
    for name in HOST_SETTINGS:
        getattr_path(Config(), name)  # each names a setting that there is


@pytest.mark.parametrize(
    ("name", "here", "pool", "differs"),
    [
        ("tinyv.weight", 1.0, 0.5, True),
        ("tinyv.weight", 1.0, 1.0, False),
        ("tinyv.weight", 0.0, -0.0, False),
        ("tinyv.model", "auto", "a/b", False),
        ("tinyv.model", "a/b", "auto", True),
        ("tinyv.guard", True, 1, True),
    ],
)
def test_a_difference_is_named(name: str, here: object, pool: object, *, differs: bool) -> None:
    found = differences({name: here}, {name: pool})
    assert [one.name for one in found] == [name] * differs


def test_a_name_that_one_release_lacks_is_no_difference() -> None:
    newer = pool_settings(Config()) | {"tinyv.newer": 3}
    assert differences(pool_settings(Config()), newer) == []
    assert with_pool_settings(Config(), newer) == Config()


def getattr_path(config: Config, name: str) -> object:
    value: Any = config
    for step in name.split("."):
        value = getattr(value, step)
    return value
