"""`tinyv.toml`: one frozen Struct per part, every field with its unit and reason. No I/O but `load`.

Unknown keys are refused, so a typing error is found at start and not after a week.
"""

import re
from pathlib import Path
from typing import Final, Literal

import msgspec

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.reward_policy import Policy, Route
from tinyv_stream.types import Setup

ENGINE_KINDS: Final = frozenset({"vllm", "openai", "scripted"})
_DEVICE: Final = re.compile(r"\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*|(?:GPU|MIG)-[0-9A-Za-z-]+")


class BrokerConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How rollouts are kept and handed out."""

    pool: str = "main"
    """Name of the pool: pools on one server share nothing."""
    shards: int = 0
    """Parts of the pool, spread over a cluster's nodes. 0: two per node there, one elsewhere. It is settled by whoever
    opens the pool first, and kept."""
    max_outstanding: int = 40_000
    """Most rollouts submitted and not rewarded; a submit beyond it waits. Server memory: payload + 0.5 kB each."""
    lease_s: float = 15.0
    """A worker that does not renew for this long loses its rollouts to another. Longer than a healthy host's pauses."""
    max_deliveries: int = 4
    """A rollout handed out more often than this without an end is a dead letter."""
    alone_from: int = 3
    """From this delivery on a rollout runs alone in its process, so that it cannot take neighbours with it."""
    retention_s: float = 7 * 86_400.0
    """How long uncommitted rewards and an idle run's keys are kept: longer than a weekend's outage of a trainer."""
    cache_ttl_s: float = 86_400.0
    """How long a TinyV verdict answers equal questions; 0 turns coalescing and cache off."""
    cache_size: int = 200_000
    """Most cached verdicts (about 300 B each)."""


class RuleConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rule workers."""

    workers: int = 1
    processes: int = 1
    """Killable grader children per worker."""
    timeout_s: float = 2.0
    """Most wall time of one comparison, from its start; then its process is killed and the verdict is undecided."""
    memory_mb: int = 2048
    """Address space of one grader child."""
    max_answer_chars: int = 2_000
    """Longer answers are undecided without a look: they cost seconds and are never a final answer."""
    slots: int = 64
    """Rollouts that one worker holds at a time."""


class EngineConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The engine inside a TinyV worker. None: chosen from the hardware that is found."""

    kind: str = "vllm"
    """`vllm` (in process), `openai` (any OpenAI-compatible server) or `scripted` (no model: for tests and soaks)."""
    url: str = ""
    """Server for kind `openai`, such as http://127.0.0.1:8000/v1."""
    max_model_len: int = 4096
    max_num_seqs: int | None = None
    """Sequences that the engine runs together; also the worker's slots."""
    block_size: int | None = None
    dtype: str | None = None
    gpu_memory_utilization: float = 0.15
    """Share of a GPU's memory, divided among workers on one GPU; the reference's, who sits beside a trainer too."""
    kv_cache_mb: int | None = None
    """KV cache on CPU."""
    threads: int | None = None
    """CPU threads of the engine."""
    request_timeout_s: float = 120.0
    """Most time of one verdict inside the engine; then the rollout is undecided."""
    watchdog_s: float = 30.0
    """An engine that gives no sign of life for this long counts as frozen and is restarted. Longer than any step."""
    sleep: Literal["auto", "offload", "end", "keep"] = "auto"
    """What sleeping frees. `offload`: vLLM's sleep mode, weights to host memory (GPU only). `end`: all, the engine's
    process ends. `keep`: nothing, no work is taken. `auto`: offload on a GPU, end elsewhere."""
    device: str = ""
    """GPU, or CPU cores, of this one engine: a pool sets it from `tinyv.devices`."""


class TinyVConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The TinyV workers."""

    workers: int = 1
    model: str = "auto"
    """Hub id, local directory, `embedded`, or `auto`: zhangchenxu/TinyV-1.5B where a GPU is found, else embedded."""
    revision: str = ""
    """Branch, tag or commit of a hub id; empty: its main branch."""
    devices: tuple[int | str, ...] = ()
    """Where the workers' engines run, in turn: GPU numbers, or CPU cores such as "0-3". Empty: vLLM's choice."""
    prompt: Literal["", "short", "tinyv", "tinyv_qwen3"] = ""
    """Ask in this format instead of the model's own: what a fine-tune elsewhere was trained on."""
    threshold: float | None = None
    """P(true) from which an answer is correct. None: the model's own, 0.5 unless its table row says otherwise."""
    strip_patterns: tuple[str, ...] = ()
    """Regular expressions of RL instructions to cut off a question's end, before the built-in ones."""
    guard: bool = True
    """Refuse answers that are none by their structure (empty, instructions to the verifier, hedges) without a call."""
    setup: Setup = Setup.ADDON
    weight: float = 1.0
    engine: EngineConfig = EngineConfig()


class FallbackConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a trainer gets when TinyV is not there or time is up. Such a reward has source `fallback` and a reason."""

    tinyv: Literal["wait", "rule_only", "sample"] = "wait"
    """While TinyV is down or swamped: wait for it, let the rule verdict stand, or do so for all but a sample."""
    tinyv_backlog: int = 4_000
    """Swamped: this many rollouts or more are at TinyV. More than a step's, or every step begins swamped."""
    tinyv_silent_s: float = 30.0
    """Down: no TinyV worker that is ready was heard of for this long. Longer than a worker needs to come back."""
    tinyv_start_s: float = 180.0
    """Not yet down: the pool's own TinyV workers have this long for their first start, model and all."""
    sample_share: float = 0.1
    """Share of rollouts that still go to TinyV under `sample`."""
    deadline: Literal["expired", "rule"] = "expired"
    """At the deadline: no value, or that of the rule verdict where there is one."""


class RouteConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row before the built-in routing table."""

    contains: str
    grader: str
    tinyv: bool = False


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole pool."""

    broker: BrokerConfig = BrokerConfig()
    rule: RuleConfig = RuleConfig()
    tinyv: TinyVConfig = TinyVConfig()
    fallback: FallbackConfig = FallbackConfig()
    routes: tuple[RouteConfig, ...] = ()

    @property
    def policy(self) -> Policy:
        """Setup and weight, as the cascade takes them."""
        return Policy(self.tinyv.setup, self.tinyv.weight)

    @property
    def route_rows(self) -> tuple[tuple[str, Route], ...]:
        """The user's routing rows, as the cascade takes them."""
        return tuple((r.contains, Route(r.grader, tinyv=r.tinyv)) for r in self.routes)


def load(path: Path) -> Config:
    """Read a `tinyv.toml`; raise InvalidInputError naming the file and the key that is wrong."""
    try:
        return check(msgspec.toml.decode(path.read_bytes(), type=Config))
    except OSError as exc:
        raise InvalidInputError("--config", str(path), f"it cannot be read ({exc.strerror})") from exc
    except msgspec.ValidationError as exc:
        where = re.search(r"`\$\.?([^`]*)`", str(exc))
        field = f"{path.name}: {where[1]}" if where and where[1] else path.name
        raise InvalidInputError(field, str(exc), "see docs/configuration.md for the keys and their types") from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise InvalidInputError(path.name, str(exc), "write valid TOML, as UTF-8") from exc


def check(config: Config) -> Config:
    """Return `config` if its numbers make sense together; raise InvalidInputError naming the first that does not."""
    b, t = config.broker, config.tinyv
    bounds = (
        ("broker.lease_s", b.lease_s, b.lease_s >= 1, "use 1 second or more"),
        ("broker.shards", b.shards, 0 <= b.shards <= 256, "use 1 to 256, or 0 for a choice by the server's kind"),
        ("broker.max_outstanding", b.max_outstanding, b.max_outstanding >= 1, "use 1 or more"),
        ("broker.max_deliveries", b.max_deliveries, b.max_deliveries >= 1, "use 1 or more"),
        ("broker.cache_ttl_s", b.cache_ttl_s, b.cache_ttl_s >= 0, "use seconds, or 0 for no cache"),
        ("broker.cache_size", b.cache_size, b.cache_size >= 1, "use 1 or more"),
        ("broker.alone_from", b.alone_from, b.alone_from >= 2, "use 2 or more"),
        ("broker.retention_s", b.retention_s, b.retention_s >= 60, "use 60 seconds or more"),
        ("rule.workers", config.rule.workers, config.rule.workers >= 0, "use 0 or more"),
        ("rule.processes", config.rule.processes, config.rule.processes >= 1, "use 1 or more"),
        (
            "rule.timeout_s",
            config.rule.timeout_s,
            config.rule.timeout_s > 0,
            "use a positive number of seconds",
        ),
        ("rule.memory_mb", config.rule.memory_mb, config.rule.memory_mb >= 256, "use 256 or more"),
        ("rule.max_answer_chars", config.rule.max_answer_chars, config.rule.max_answer_chars >= 1, "use 1 or more"),
        ("rule.slots", config.rule.slots, config.rule.slots >= 1, "use 1 or more"),
        ("tinyv.workers", t.workers, t.workers >= 0, "use 0 or more"),
        (
            "tinyv.threshold",
            t.threshold,
            t.threshold is None or 0 < t.threshold < 1,
            "use a probability between 0 and 1",
        ),
        ("tinyv.weight", t.weight, 0 <= t.weight <= 1, "use a number from 0 to 1"),
        ("fallback.tinyv_backlog", config.fallback.tinyv_backlog, config.fallback.tinyv_backlog >= 1, "use 1 or more"),
        (
            "fallback.tinyv_silent_s",
            config.fallback.tinyv_silent_s,
            config.fallback.tinyv_silent_s >= 3,
            "use 3 or more",
        ),
        ("fallback.tinyv_start_s", config.fallback.tinyv_start_s, config.fallback.tinyv_start_s >= 0, "use 0 or more"),
        ("fallback.sample_share", config.fallback.sample_share, 0 <= config.fallback.sample_share <= 1, "use 0 to 1"),
        ("tinyv.model", t.model, bool(t.model), "use a hub id, a directory, `embedded` or `auto`"),
        (
            "tinyv.engine.gpu_memory_utilization",
            t.engine.gpu_memory_utilization,
            0 < t.engine.gpu_memory_utilization <= 1,
            "use a share between 0 and 1",
        ),
        ("tinyv.engine.kind", t.engine.kind, t.engine.kind in ENGINE_KINDS, "use vllm, openai or scripted"),
        (
            "tinyv.engine.url",
            t.engine.url,
            t.engine.kind != "openai" or bool(t.engine.url),
            "give the server's /v1 URL",
        ),
        ("tinyv.engine.request_timeout_s", t.engine.request_timeout_s, t.engine.request_timeout_s > 0, "use > 0"),
        ("tinyv.engine.watchdog_s", t.engine.watchdog_s, t.engine.watchdog_s >= 1, "use 1 second or more"),
    )
    for field, value, good, remedy in bounds:
        if not good:
            raise InvalidInputError(field, value, remedy)
    for device in t.devices:
        if not _DEVICE.fullmatch(str(device)):
            raise InvalidInputError("tinyv.devices", device, 'use GPU numbers, or CPU cores such as "0-3"')
    for pattern in t.strip_patterns:
        _check_pattern("tinyv.strip_patterns", pattern)
    return config


def _check_pattern(field: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as exc:
        raise InvalidInputError(field, pattern, f"write a valid regular expression ({exc})") from exc
