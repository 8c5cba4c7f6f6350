"""Descriptors: what is needed is compared with what may be open and said; no file is read late for a connection."""

import importlib.metadata
import logging
import resource

import pytest

from tinyv_stream.broker.redis_client import connect
from tinyv_stream.cli.checks import check_files
from tinyv_stream.config import Config, RuleConfig
from tinyv_stream.gateway import GatewayConfig
from tinyv_stream.processes import descriptors
from tinyv_stream.processes.descriptors import CLIENT, gateway_files, pool_files, say_if_short
from tinyv_stream.testing import EmbeddedServer


@pytest.mark.parametrize(("hard", "level"), [(64, "wrong"), (gateway_files() - 1, "note"), (gateway_files(), "ok")])
def test_doctor_compares_the_limits_with_what_is_needed(hard: int, level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (32, hard))
    found = check_files(Config(rule=RuleConfig(workers=2)))
    assert (found.level, f"32 may be open, {hard} after our start" in found.found) == (level, True)
    assert str(gateway_files()) in found.found and str(CLIENT) in found.found
    assert (found.remedy == "") == (level == "ok")


def test_no_limit_at_all_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert check_files(Config()).level == "ok"
    assert pool_files(1000) < descriptors.limits()[0]


def test_the_needs_of_a_gateway_are_those_of_its_settings() -> None:
    config = GatewayConfig(redis_url="")
    assert gateway_files() == gateway_files(config.max_requests, config.max_waiting)


def test_what_is_lacking_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        say_if_short(100, 100, "a pool", "its workers")
        assert caplog.messages == []
        say_if_short(99, 100, "a pool", "its workers")
    (said,) = caplog.messages
    assert "99 files may be open, and a pool needs 100" in said and "ulimit -Hn" in said and "lower its workers" in said


async def test_a_connection_reads_no_metadata_of_packages(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(name: str) -> str:
        raise OSError(24, "Too many open files", f"{name}.dist-info/METADATA")

    monkeypatch.setattr(importlib.metadata, "version", gone)
    async with connect(server.url) as r:
        assert await r.ping()
