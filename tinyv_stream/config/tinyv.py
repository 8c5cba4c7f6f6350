"""Settings of the TinyV workers: the engine, the model, how it is asked, and what judges beside it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tinyv_stream.config.kinds import (
    CpuCores,
    Natural,
    NonEmpty,
    Positive,
    PositiveSeconds,
    Share,
    VerdictWords,
)
from tinyv_stream.errors import EngineStartError, InvalidInputError
from tinyv_stream.types import Setup
from tinyv_stream.verifiers.tinyv.family import ModelRow, changed_row, own_row, row_of_family


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


class FamilyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the verifier model is asked and read, where no shipped family does it; see docs/models.md."""

    base: str = ""
    """A shipped family that the fields below change: `compass`, `judge` ... Empty: they stand alone."""
    template: str | None = None
    """The user turn, with `{{QUESTION}}`, `{{GROUND_TRUTH_ANSWER}}` and `{{MODEL_ANSWER}}` or `{{COMPLETION}}`."""
    system: str | None = None
    """The system turn."""
    chat: bool | None = None
    """Whether the model's chat template goes round it. false: the template is the whole prompt."""
    prefill: str | None = None
    """What the model is made to have said before its verdict."""
    read_out: Literal["one_token", "text", "last_word"] | None = None
    """`one_token`: P(true) from the first token. `text`: a reply that says one verdict. `last_word`: its last."""
    correct: VerdictWords | None = None
    """What the reply says for correct, such as ["A", "CORRECT"]. One letter is taken in its own case only."""
    incorrect: VerdictWords | None = None
    """What it says for incorrect."""
    undecided: tuple[NonEmpty, ...] | None = None
    """What it says where it will not judge: no verdict."""
    min_mass: Share | None = None
    """One token: least probability of all the words together; below it the rollout is undecided."""
    verdict_after: str | None = None
    """Text: the verdict stands after the last of these."""
    max_tokens: Annotated[int, Meta(ge=1, le=16_384)] | None = None
    """Longest reply of a text read-out."""
    stop: tuple[NonEmpty, ...] | None = None
    """Text that ends a reply."""
    threshold: Annotated[float, Meta(gt=0, lt=1)] | None = None
    """P(true) from which an answer is correct; `tinyv.threshold` comes before it."""
    same_symbols: bool | None = None
    """For a small model: what differs from the reference in more than words and layout is incorrect without a call."""
    max_answer_chars: Positive | None = None
    """Longer references and answers are undecided."""
    max_completion_chars: Positive | None = None
    """Longer completions are shown from their end, where the answer is."""

    @property
    def changes(self) -> dict[str, object]:
        """The fields that were set, but for `base`."""
        fields = msgspec.structs.asdict(self)
        return {name: value for name, value in fields.items() if name != "base" and value is not None}


class ShadowConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A second verifier that judges a share of what the first one does, to be compared: no reward depends on it."""

    model: str = ""
    """Its name on the server; empty: there is none."""
    url: str = ""
    """Its server, OpenAI-compatible, such as http://127.0.0.1:8001/v1."""
    share: Share = 0.05
    """Share of the questions with answers that it judges too."""
    threshold: Annotated[float, Meta(gt=0, lt=1)] | None = None
    """P(true) from which it calls an answer correct. Unset: its family's own."""
    most_waiting: Positive = 256
    """Rollouts that wait for it in each worker; more are left out, and counted as `shadow_dropped`."""
    kind: Literal["openai", "scripted"] = "openai"
    """`scripted`: no model, for tests."""
    family: FamilyConfig = FamilyConfig()
    """How it is asked and read, where no shipped family does it."""


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
    require_check: bool = False
    """Whether `up`, a TinyV worker and `model switch` refuse a verifier that has not passed `verifier check` on that
    machine; else `up` warns."""
    setup: Setup = Setup.ADDON
    """How both verdicts become one reward. `addon`: TinyV is asked only about what the rules did not call correct.
    `tinyv_only`: TinyV alone. `mixed`: weight * tinyv + (1 - weight) * rule."""
    weight: Share = 1.0
    """Weight of TinyV's verdict in the reward, under `addon` and `mixed`."""
    family: FamilyConfig = FamilyConfig()
    """How the model is asked and read, where no shipped family does it."""
    engine: EngineConfig = EngineConfig()
    """The engine inside a worker."""
    shadow: ShadowConfig = ShadowConfig()
    """A second verifier, to be compared."""

    def row(self, model: str = "") -> tuple[str, ModelRow]:
        """Return what `model`, else the configured one, is called on this machine, and how it is asked.

        Raises EngineStartError for a directory whose `verifier.json` cannot be read, InvalidInputError for a family
        that makes no sense.
        """
        from tinyv_stream.verifiers.tinyv.models import resolve  # reads the shipped families: not a trainer's business

        return resolve(model or self.model, self.prompt, base=self.family.base, changes=self.family.changes)

    @property
    def shows_completion(self) -> bool:
        """Whether the configured model is shown whole completions, which the rule workers then pass on."""
        try:
            return self.row()[1].shows_completion
        except EngineStartError:  # a directory that cannot be read: its own worker says so
            return False

    @property
    def for_shadow(self) -> "TinyVConfig":
        """The settings of the shadow verifier: its own model, family, threshold and server, all else as here."""
        shadow = self.shadow
        return msgspec.structs.replace(
            self,
            model=shadow.model,
            revision="",
            prompt="",
            threshold=shadow.threshold,
            family=shadow.family,
            engine=msgspec.structs.replace(self.engine, kind=shadow.kind, url=shadow.url, max_num_seqs=None),
            shadow=ShadowConfig(),
        )


def check_shadow(config: TinyVConfig) -> None:
    """Raise InvalidInputError for a shadow that cannot be asked."""
    shadow = config.shadow
    if shadow.model and shadow.kind == "openai" and not shadow.url:
        raise InvalidInputError("tinyv.shadow.url", shadow.url, "serve the model and give the server's /v1 URL")
    if shadow.url and not shadow.model:
        raise InvalidInputError("tinyv.shadow.model", shadow.model, "name the model that the server is to be asked for")
    if not shadow.model:
        return
    own = config.for_shadow
    check_family(own, where="tinyv.shadow")
    if own.shows_completion and not config.shows_completion:
        raise InvalidInputError(
            "tinyv.shadow.model", shadow.model, "it is shown whole completions, which the live verifier's pool drops"
        )


def check_family(config: TinyVConfig, *, where: str = "tinyv") -> None:
    """Raise InvalidInputError naming the first field of `[tinyv.family]` that makes no sense."""
    family = config.family
    if config.prompt and (family.base or family.changes):
        raise InvalidInputError(
            "tinyv.prompt", config.prompt, "leave it out: [tinyv.family] says how the model is asked"
        )
    if family.base:
        base = row_of_family(family.base, where=f"{where}.family")
        changed_row(base, family.changes, where=f"{where}.family")
    elif family.changes:
        own_row(family.changes, where=f"{where}.family")
