"""Bounds of settings: files and configurations built in code pass the same checks, and errors name the remedy."""

import subprocess
import sys
from pathlib import Path

import pytest

from tinyv_stream.config import BrokerConfig, Config, EngineConfig, RouteConfig, RuleConfig, TinyVConfig, check, load
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.gateway.settings import GatewayConfig
from tinyv_stream.gateway.settings import check as check_gateway
from tinyv_stream.types import Setup


def engine(**fields: object) -> Config:
    return Config(tinyv=TinyVConfig(engine=EngineConfig(**fields)))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("config", "field", "value", "remedy"),
    [
        (engine(max_num_seqs=0), "tinyv.engine.max_num_seqs", 0, "use a whole number of at least 1"),
        (engine(kind="vlm"), "tinyv.engine.kind", "vlm", "use openai, scripted or vllm"),
        (engine(kind="openai"), "tinyv.engine.url", "", "give the server's /v1 URL"),
        (engine(gpu_memory_utilization=15), "tinyv.engine.gpu_memory_utilization", 15, "above 0 and at most 1"),
        (Config(tinyv=TinyVConfig(threshold=1.0)), "tinyv.threshold", 1.0, "use a number above 0 and below 1"),
        (Config(tinyv=TinyVConfig(model="")), "tinyv.model", "", "use text that is not empty"),
        (Config(tinyv=TinyVConfig(model=Path("m"))), "tinyv.model", None, "use text"),  # type: ignore[arg-type]
        (Config(tinyv=TinyVConfig(devices=(0, "x"))), "tinyv.devices[1]", "x", 'CPU cores such as "0-3"'),
        (Config(tinyv=TinyVConfig(strip_patterns=("(",))), "tinyv.strip_patterns", "(", "regular expression"),
        (Config(broker=BrokerConfig(shards=257)), "broker.shards", 257, "use a whole number from 0 to 256"),
        (Config(broker=BrokerConfig(pool="a b")), "broker.pool", "a b", "1 to 64 of A-Z"),
        (Config(broker=BrokerConfig(lease_s=float("nan"))), "broker.lease_s", None, "use a number of at least 1"),
        (Config(rule=RuleConfig(slots=1.5)), "rule.slots", 1.5, "use a whole number"),  # type: ignore[arg-type]
        (Config(routes=(RouteConfig(contains="", grader=""),)), "routes[0].grader", "", "use text that is not empty"),
    ],
)
def test_a_configuration_built_in_code_is_checked(config: Config, field: str, value: object, remedy: str):
    with pytest.raises(InvalidInputError) as caught:
        check(config)
    assert caught.value.field == field
    assert remedy in caught.value.remedy
    assert value is None or caught.value.value == value


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[tinyv.engine]\nmax_num_seqs = 0", "tinyv.toml: tinyv.engine.max_num_seqs: 0 cannot be used; use a whole"),
        ("[tinyv.engine]\nkind = 'vlm'", "tinyv.engine.kind: 'vlm' cannot be used; use openai, scripted or vllm"),
        ("[rule]\nwrkers = 3", "tinyv.toml: rule.wrkers: 3 cannot be used; there is no such setting: use workers, "),
        ("rules = 3", "tinyv.toml: rules: 3 cannot be used; there is no such setting: use broker, rule, tinyv,"),
        ("rule = 3", "tinyv.toml: rule: 3 cannot be used; use a table of settings"),
        ("[rule]\nslots = '5'", "rule.slots: '5' cannot be used; use a whole number of at least 1"),
        ("[rule]\nslots = 2026-01-01", "rule.slots: datetime.date"),
        ("[tinyv]\nsetup = 'both'", "tinyv.setup: 'both' cannot be used; use addon, tinyv_only or mixed"),
        ("[tinyv]\nguard = 1", "tinyv.guard: 1 cannot be used; use true or false"),
        ("[[routes]]\ncontains = 'x'", "routes[0].grader: None cannot be used; set it to text that is not empty"),
    ],
)
def test_a_file_is_refused_with_field_value_and_remedy(tmp_path: Path, text: str, named: str):
    (tmp_path / "tinyv.toml").write_text(text)
    with pytest.raises(InvalidInputError) as caught:
        load(tmp_path / "tinyv.toml")
    assert named in str(caught.value)


def test_a_good_configuration_comes_back_equal():
    config = Config(
        broker=BrokerConfig(cache_ttl_s=0),
        tinyv=TinyVConfig(devices=(0, "0-3,5", "GPU-3f-a"), setup=Setup.MIXED, threshold=0.4),
        routes=(RouteConfig(contains="x", grader="exact"),),
    )
    assert check(config) == config
    assert check(Config()) == Config()


@pytest.mark.parametrize(
    ("field", "value", "remedy"),
    [
        ("port", 65_536, "use a whole number from 0 to 65535"),
        ("answer_s", 0.0, "use a number above 0"),
        ("credit", 0, "use a whole number of at least 1"),
        ("on_undecided", "zero", "use abstain, rule, raise or a number"),
    ],
)
def test_a_gateway_s_settings_are_checked_the_same_way(field: str, value: object, remedy: str):
    with pytest.raises(InvalidInputError) as caught:
        check_gateway(GatewayConfig(redis_url="redis://h", **{field: value}))  # type: ignore[arg-type]
    assert (caught.value.field, caught.value.value, caught.value.remedy) == (field, value, remedy)


def test_the_page_of_settings_is_that_of_the_code():
    page = Path(__file__).parents[1] / "settings_page.py"
    done = subprocess.run([sys.executable, page, "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
