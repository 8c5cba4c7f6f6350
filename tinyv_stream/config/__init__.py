"""Settings of a pool (`tinyv.toml`): one frozen Struct per part, each field with its bounds, unit and reason.

- The parts under `[tinyv]` are in `tinyv`, the types with bounds in `kinds`.
- A field's bounds stand in its type, and nowhere else; `check` adds what they cannot say. A configuration built in code
  passes the same checks as a file.
- Unknown keys are refused, so a typing error is found at start and not after a week.
- The attribute docstrings are the table in docs/configuration.md (`make docs`).
- No I/O but `load`.
"""

import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tinyv_stream.config.bounds import check_bounds, convert
from tinyv_stream.config.kinds import Name, Natural, NonEmpty, Positive, PositiveSeconds, Seconds, Share
from tinyv_stream.config.tinyv import EngineConfig, FamilyConfig, ShadowConfig, TinyVConfig, check_family, check_shadow
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.reward_policy import RewardPolicy, Route

__all__ = [
    "BrokerConfig",
    "Config",
    "EngineConfig",
    "FallbackConfig",
    "FamilyConfig",
    "RouteConfig",
    "RuleConfig",
    "ShadowConfig",
    "TinyVConfig",
    "check",
    "decode_toml",
    "load",
]


class BrokerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How rollouts are kept and handed out."""

    pool: Name = "main"
    """Name of the pool: pools on one server share nothing."""
    shards: Annotated[int, Meta(ge=0, le=256)] = 0
    """Parts of the pool, spread over a cluster's nodes. 0: two per node there, one elsewhere. Settled when the pool is
    first opened, and kept."""
    max_outstanding: Positive = 40_000
    """Most rollouts submitted and not rewarded; a submit beyond it waits. Server memory: payload + 0.5 kB each."""
    lease_s: Annotated[float, Meta(ge=1)] = 15.0
    """A worker that does not renew for this long loses its rollouts to another. Longer than a healthy host's pauses."""
    max_deliveries: Positive = 4
    """A rollout handed out more often than this without an end is a dead letter: its reward is `failed`."""
    isolate_from_delivery: Annotated[int, Meta(ge=2)] = 3
    """From this delivery on a rollout runs alone in its process, so that it cannot take neighbours with it."""
    retention_s: Annotated[float, Meta(ge=60)] = 7 * 86_400.0
    """How long uncommitted rewards and an idle run's keys are kept: longer than a weekend's outage of a trainer."""
    cache_ttl_s: Seconds = 86_400.0
    """How long a TinyV verdict answers equal questions; 0 turns coalescing and cache off."""
    cache_size: Positive = 200_000
    """Most cached verdicts (about 300 B each)."""


class RuleConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rule workers."""

    workers: Natural = 1
    """Worker processes that this machine starts; 0 where others of the pool do."""
    processes: Positive = 1
    """Killable grader children per worker."""
    timeout_s: PositiveSeconds = 2.0
    """Most wall time of one comparison, from its start; then its process is killed and the verdict is undecided."""
    memory_mb: Annotated[int, Meta(ge=256)] = 2048
    """Address space of one grader child."""
    max_answer_chars: Positive = 2_000
    """Longer answers are incorrect without a look; undecided where the ground truth is long itself."""
    slots: Positive = 64
    """Rollouts that one worker holds at a time."""


class FallbackConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a trainer gets when TinyV is not there or time is up. Such a reward has source `fallback` and a reason."""

    tinyv: Literal["wait", "rule_only", "sample"] = "wait"
    """While TinyV is down or overloaded: wait for it, let the rule verdict stand, or do so for all but a sample."""
    tinyv_backlog: Positive = 4_000
    """Overloaded: this many rollouts or more are at TinyV. More than a step's, or every step begins overloaded."""
    tinyv_silent_s: Annotated[float, Meta(ge=3)] = 30.0
    """Down: no sign of a TinyV worker, ready or paused, for this long. Longer than a worker needs to come back."""
    tinyv_start_s: Seconds = 180.0
    """Not yet down: the pool's own TinyV workers have this long for their first start, model and all."""
    sample_share: Share = 0.1
    """Share of rollouts that still go to TinyV under `sample`."""
    deadline: Literal["expired", "rule"] = "expired"
    """At the deadline: no value, or that of the rule verdict where there is one."""


class RouteConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row before the built-in routing table."""

    contains: str
    """Part of a `data_source`; the first row that matches wins."""
    grader: NonEmpty
    """The rule grader that looks first."""
    tinyv: bool = False
    """Whether TinyV is asked after it."""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole pool."""

    broker: BrokerConfig = BrokerConfig()
    """How rollouts are kept and handed out."""
    rule: RuleConfig = RuleConfig()
    """The rule workers."""
    tinyv: TinyVConfig = TinyVConfig()
    """The TinyV workers."""
    fallback: FallbackConfig = FallbackConfig()
    """What a trainer gets when TinyV is not there or time is up."""
    routes: tuple[RouteConfig, ...] = ()
    """Rows before the built-in routing table."""

    @property
    def policy(self) -> RewardPolicy:
        """Setup and weight, as the cascade takes them."""
        return RewardPolicy(self.tinyv.setup, self.tinyv.weight)

    @property
    def route_rows(self) -> tuple[tuple[str, Route], ...]:
        """The user's routing rows, as the cascade takes them."""
        return tuple((r.contains, Route(r.grader, tinyv=r.tinyv)) for r in self.routes)


def load(path: Path) -> Config:
    """Read a `tinyv.toml`; raise InvalidInputError naming the file and the key that is wrong."""
    return check(convert(decode_toml(path), Config, source=path.name))


def decode_toml(path: Path) -> dict[str, object]:
    """Return a file's tables as they stand there; raise InvalidInputError where it cannot be read."""
    try:
        return msgspec.toml.decode(path.read_bytes(), type=dict[str, object])
    except OSError as exc:
        raise InvalidInputError("--config", str(path), f"it cannot be read ({exc.strerror})") from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise InvalidInputError(path.name, str(exc), "write valid TOML, as UTF-8") from exc


def check(config: Config) -> Config:
    """Return `config` if every field is within its bounds and all make sense together; raise InvalidInputError else."""
    config = check_bounds(config)
    engine = config.tinyv.engine
    if engine.kind == "openai" and not engine.url:
        raise InvalidInputError("tinyv.engine.url", engine.url, "give the server's /v1 URL")
    check_family(config.tinyv)
    check_shadow(config.tinyv)
    for pattern in config.tinyv.strip_patterns:
        try:
            re.compile(pattern)
        except re.error as exc:
            remedy = f"write a valid regular expression ({exc})"
            raise InvalidInputError("tinyv.strip_patterns", pattern, remedy) from exc
    return config
