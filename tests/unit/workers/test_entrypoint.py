"""Settings that a pool hands to a worker in its environment: read whole, or refused by the variable's name."""

import sys

import msgspec
import pytest
from tinyv_stream_workers.entrypoint import _settings

from tinyv_stream.config import BrokerConfig, Config
from tinyv_stream.config.pool_settings import pool_settings
from tinyv_stream.errors import InvalidInputError


@pytest.fixture(autouse=True)
def arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["worker", "--redis", "redis://here"])


def test_what_a_pool_sets_is_read_as_it_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config(broker=BrokerConfig(pool="other", lease_s=2.5, shards=4))
    monkeypatch.setenv("TINYV_CONFIG", msgspec.json.encode(config).decode())
    url, settings, names = _settings("worker", "")
    assert (url, settings) == ("redis://here", config)
    assert names == set(pool_settings(config)), "a worker by hand stands by what it is given"
    monkeypatch.setenv("TINYV_SETTINGS", "pool")
    assert _settings("worker", "") == ("redis://here", config, set())


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("{", ["TINYV_CONFIG", "truncated"]),
        ("[]", ["TINYV_CONFIG"]),
        ('{"broker": {"lease_s": 0}}', ["TINYV_CONFIG", "broker.lease_s", "0"]),
        ('{"broker": {"shards": "two"}}', ["TINYV_CONFIG", "broker.shards", "two"]),
        ('{"tinyv": {"engine": {"kind": "none"}}}', ["TINYV_CONFIG", "tinyv.engine.kind", "none"]),
    ],
)
def test_a_wrong_setting_is_refused_by_variable_field_and_value(
    text: str, parts: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TINYV_CONFIG", text)
    with pytest.raises(InvalidInputError) as caught:
        _settings("worker", "")
    assert [part for part in parts if part not in str(caught.value)] == []
