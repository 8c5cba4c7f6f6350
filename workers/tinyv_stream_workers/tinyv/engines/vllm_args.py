"""The engine's settings for this machine: pure functions from configuration and hardware.

- On a GPU vLLM's own defaults hold, but for the memory share, because a trainer lives there too.
- On a CPU vLLM's defaults are wrong for this work, and each is replaced with its reason below.
- Whatever the user sets wins; whatever the environment already holds wins over what is put there.
"""

import json
import os
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil

from tinyv_stream.config import EngineConfig
from tinyv_stream.errors import EngineStartError
from tinyv_stream.verifiers.tinyv.models import gpu_found
from tinyv_stream_workers.tinyv.engines.parent_watchdog import CORES_ENV, cores_of

CPU_KV_CACHE_MB: Final = 512
"""Two full batches of TinyV prompts on SmolLM2 (23 kB a token); memory that rule workers keep."""
CPU_SEQS: Final = 64
"""Beyond it prefill, which is compute-bound on CPU, only waits longer (measured: no gain over 16)."""
GPU_SEQS: Final = 256
_CPU_BLOCK: Final = 32
"""vLLM's 128 on CPU is longer than the instruction that all prompts share: nothing would be reused (measured)."""
_RUNTIME_MB: Final = 1_500
"""Two processes with vLLM and torch loaded, without model and cache (measured 1,456)."""


class Hardware(msgspec.Struct, frozen=True):
    """What the engine can have."""

    gpu: bool
    cores: int
    free_mb: int


def detect() -> Hardware:
    """Look at this machine; loads no GPU library."""
    return Hardware(gpu_found(), len(os.sched_getaffinity(0)), psutil.virtual_memory().available // 2**20)


def environment(config: EngineConfig, hardware: Hardware, model: str) -> dict[str, str]:
    """Return what must be in the environment before vLLM is imported."""
    env = {"VLLM_LOGGING_LEVEL": "ERROR", "VLLM_NO_USAGE_STATS": "1"}
    if Path(model).is_dir():
        env["HF_HUB_OFFLINE"] = "1"  # no look at the hub for what is on disk
    if not hardware.gpu:
        # Without cores of its own an engine leaves one to rule workers and the broker.
        own = len(cores_of(config.device)) if config.device else max(1, hardware.cores - 1)
        threads = config.threads or own
        env["OMP_NUM_THREADS"] = str(threads)
        env["TORCH_COMPILE_DISABLE"] = "1"  # else the first verdict waits 20 s for a C++ compiler, for nothing here
        env["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"  # with `uni`: no busy-waiting process beside the computing one
        if config.device:
            env[CORES_ENV] = config.device  # vLLM binds its threads itself only where it starts a process for each
    return env


def sleep_mode(config: EngineConfig, hardware: Hardware) -> str:
    """Return what sleeping frees: `offload`, `end` or `keep`."""
    if config.sleep == "auto":
        return "offload" if hardware.gpu else "end"
    return config.sleep


def engine_args(config: EngineConfig, hardware: Hardware, model: str) -> dict[str, Any]:
    """Return vLLM's arguments for `model`, a directory or a hub id."""
    args: dict[str, Any] = {
        "model": model,
        "max_model_len": _context(config.max_model_len, model),
        "max_num_seqs": sequences(config, hardware),
        "enable_prefix_caching": True,
        "scheduling_policy": "priority",
        "disable_log_stats": True,
        "worker_extension_cls": "tinyv_stream_workers.tinyv.engines.parent_watchdog.ParentWatchdog",
    }
    if hardware.gpu:
        args["gpu_memory_utilization"] = config.gpu_memory_utilization
        args["enable_sleep_mode"] = sleep_mode(config, hardware) == "offload"
    else:
        args |= {
            "enforce_eager": True,  # compiling gains 10 % and costs 90 s of start
            "distributed_executor_backend": "uni",
            "dtype": "bfloat16",  # float32 is ten times slower
            "block_size": _CPU_BLOCK,
            "kv_cache_memory_bytes": kv_mb(config) * 2**20,  # unset, vLLM wants 92 % of all memory to be free
        }
    if config.block_size is not None:
        args["block_size"] = config.block_size
    if config.dtype is not None:
        args["dtype"] = config.dtype
    return args


def sequences(config: EngineConfig, hardware: Hardware) -> int:
    """Return how many prompts the engine runs together."""
    return config.max_num_seqs or (GPU_SEQS if hardware.gpu else CPU_SEQS)


def check(config: EngineConfig, hardware: Hardware, model: str) -> None:
    """Raise EngineStartError where a CPU engine cannot fit; vLLM itself would be killed without a word."""
    if hardware.gpu:
        return
    if config.sleep == "offload":
        raise EngineStartError("vLLM has no sleep mode on a CPU", 'set tinyv.engine.sleep to "end" or "keep"')
    weights_mb = sum(file.stat().st_size for file in Path(model).glob("*.safetensors")) // 2**20
    need_mb = weights_mb + kv_mb(config) + _RUNTIME_MB
    if need_mb > hardware.free_mb:
        raise EngineStartError(
            f"it needs about {need_mb} MB of memory and {hardware.free_mb} MB are free",
            f"lower tinyv.engine.kv_cache_mb (now {kv_mb(config)}) or choose a smaller tinyv.model",
        )


def kv_mb(config: EngineConfig) -> int:
    """Return the size of the KV cache on a CPU."""
    return config.kv_cache_mb or CPU_KV_CACHE_MB


def _context(wanted: int, model: str) -> int:
    """Cut `wanted` to what a local model can; a hub id is vLLM's to check."""
    file = Path(model) / "config.json"
    if not file.is_file():
        return wanted
    return min(wanted, int(json.loads(file.read_text()).get("max_position_embeddings", wanted)))
