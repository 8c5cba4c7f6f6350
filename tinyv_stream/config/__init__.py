"""Settings of a pool (`tinyv.toml`): one frozen Struct per part, each field with its bounds, unit and reason.

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
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.reward_policy import RewardPolicy, Route
from tinyv_stream.types import Setup

Natural = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(ge=0)]
PositiveSeconds = Annotated[float, Meta(gt=0)]
Share = Annotated[float, Meta(ge=0, le=1)]
NonEmpty = Annotated[str, Meta(min_length=1)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,64}\Z", description="a name of 1 to 64 of A-Z a-z 0-9 . _ -")]
CpuCores = Annotated[
    str,
    Meta(
        pattern=r"^(?:\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*|(?:GPU|MIG)-[0-9A-Za-z-]+)\Z",
        description='CPU cores such as "0-3" (or a GPU\'s UUID)',
    ),
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


class EngineConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The engine inside a TinyV worker. What is unset is chosen from the hardware."""

    kind: Literal["vllm", "openai", "scripted"] = "vllm"
    """`vllm` (in process), `openai` (any OpenAI-compatible server, its key in `OPENAI_API_KEY`) or `scripted` (no
    model: for tests and soaks)."""
    url: str = ""
    """Server for kind `openai`, such as http://127.0.0.1:8000/v1."""
    max_model_len: Positive = 4096
    """Most tokens of prompt and reply together."""
    max_num_seqs: Positive | None = None
    """Sequences that the engine runs together; also the worker's slots."""
    block_size: Positive | None = None
    """Tokens of one KV cache block."""
    dtype: NonEmpty | None = None
    """Number format of weights and activations, as vLLM names it: `bfloat16`, `float16`, `float32`, `auto`."""
    gpu_memory_utilization: Annotated[float, Meta(gt=0, le=1)] = 0.15
    """Share of a GPU's memory, divided among workers on one GPU. The reference's, which sits beside a trainer too."""
    kv_cache_mb: Positive | None = None
    """Memory of the KV cache on CPU."""
    threads: Positive | None = None
    """CPU threads of the engine."""
    request_timeout_s: PositiveSeconds = 120.0
    """Most time of one verdict inside the engine; then the rollout is undecided."""
    watchdog_s: Annotated[float, Meta(ge=1)] = 30.0
    """An engine that gives no sign of life for this long counts as frozen and is restarted. Longer than any step."""
    sleep: Literal["auto", "offload", "end", "keep"] = "auto"
    """What sleeping frees. `offload`: vLLM's sleep mode, weights to host memory (GPU only). `end`: all, the engine's
    process ends. `keep`: nothing, no work is taken. `auto`: offload on a GPU, end elsewhere."""
    device: str = ""
    """GPU, or CPU cores, of this one engine: a pool sets it from `tinyv.devices`."""


class TinyVConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The TinyV workers."""

    workers: Natural = 1
    """Worker processes that this machine starts, each with an engine; 0 where others of the pool do."""
    model: NonEmpty = "auto"
    """Hub id, local directory, `embedded`, or `auto`: zhangchenxu/TinyV-1.5B where a GPU is found, else embedded."""
    revision: str = ""
    """Branch, tag or commit of a hub id; empty: its main branch."""
    devices: tuple[Natural | CpuCores, ...] = ()
    """Where the workers' engines run, in turn: GPU numbers, or CPU cores such as "0-3". Empty: vLLM's choice."""
    prompt: Literal["", "short", "tinyv", "tinyv_qwen3"] = ""
    """Ask in this format instead of the model's own: what a fine-tune elsewhere was trained on."""
    threshold: Annotated[float, Meta(gt=0, lt=1)] | None = None
    """P(true) from which an answer is correct. Unset: the model's own, 0.5 unless its table row differs."""
    strip_patterns: tuple[str, ...] = ()
    """Regular expressions of RL instructions to cut off a question's end, before the built-in ones."""
    guard: bool = True
    """Refuse answers that are none by their structure (empty, instructions to the verifier, hedges) without a call."""
    setup: Setup = Setup.ADDON
    """How both verdicts become one reward. `addon`: TinyV is asked only about what the rules did not call correct.
    `tinyv_only`: TinyV alone. `mixed`: weight * tinyv + (1 - weight) * rule."""
    weight: Share = 1.0
    """Weight of TinyV's verdict in the reward, under `addon` and `mixed`."""
    engine: EngineConfig = EngineConfig()
    """The engine inside a worker."""


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
    try:
        plain = msgspec.toml.decode(path.read_bytes())
    except OSError as exc:
        raise InvalidInputError("--config", str(path), f"it cannot be read ({exc.strerror})") from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise InvalidInputError(path.name, str(exc), "write valid TOML, as UTF-8") from exc
    return check(convert(plain, Config, source=path.name))


def check(config: Config) -> Config:
    """Return `config` if every field is within its bounds and all make sense together; raise InvalidInputError else."""
    config = check_bounds(config)
    engine = config.tinyv.engine
    if engine.kind == "openai" and not engine.url:
        raise InvalidInputError("tinyv.engine.url", engine.url, "give the server's /v1 URL")
    for pattern in config.tinyv.strip_patterns:
        try:
            re.compile(pattern)
        except re.error as exc:
            remedy = f"write a valid regular expression ({exc})"
            raise InvalidInputError("tinyv.strip_patterns", pattern, remedy) from exc
    return config
