"""An engine that does not start names the setting to change, by vLLM's own sentences."""

from pathlib import Path

import pytest
from tinyv_stream_workers.tinyv.engines.start_errors import explain

from tinyv_stream.config import EngineConfig

GENERIC = RuntimeError("Engine core initialization failed. See root cause above. Failed core proc(s): {}")
FREE = (
    "Free memory on device cuda:0 (3.1/79.2 GiB) on startup is less than desired GPU memory utilization (0.15, 11.88 "
    "GiB). Decrease GPU memory utilization or reduce GPU memory used by other processes."
)
BLOCKS = (
    "No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine"
)
LARGER = (
    "To serve at least one request with the model's max seq len (4096), (0.44 GiB KV cache is needed, which is larger "
    "than the available KV cache memory (0.1 GiB). Try increasing `gpu_memory_utilization` or decreasing `max_model_len"
)
NODE = (
    "Available memory on node 0 (4.0/24.0 GiB) on kv cache allocation is less than requested memory for kv (9.0 GiB). "
    "Decrease --kv-cache-memory-bytes, VLLM_CPU_KVCACHE_SPACE, or reduce CPU memory used by other processes."
)


@pytest.mark.parametrize(
    ("words", "gpu", "remedy"),
    [
        (f"ValueError: {FREE}", True, "lower tinyv.engine.gpu_memory_utilization (now 0.15)"),
        ("OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB", True, "lower tinyv.engine.gpu_memory_util"),
        (
            "RuntimeError: CUDA out of memory occurred when warming up sampler with 256",
            True,
            "lower tinyv.engine.max_num",
        ),
        (f"ValueError: {BLOCKS}", True, "raise tinyv.engine.gpu_memory_utilization (now 0.15)"),
        (
            f"ValueError: {LARGER}",
            True,
            "raise tinyv.engine.gpu_memory_utilization (now 0.15), lower tinyv.engine.max_mod",
        ),
        (f"ValueError: {LARGER}", False, "raise tinyv.engine.kv_cache_mb (now 512)"),
        (f"ValueError: {NODE}", False, "lower tinyv.engine.kv_cache_mb (now 512)"),
        (
            "RuntimeError: [enforce fail] DefaultCPUAllocator: can't allocate memory: you tried",
            False,
            "lower tinyv.engine.kv",
        ),
        ("RuntimeError: Expandable segments are not compatible with memory pool", True, "PYTORCH_CUDA_ALLOC_CONF"),
    ],
)
def test_the_engines_own_words_name_the_setting(tmp_path: Path, words: str, gpu: bool, remedy: str):  # noqa: FBT001
    last_words = tmp_path / "words"
    last_words.write_text(words)
    report = explain(GENERIC, EngineConfig(), last_words, gpu=gpu, cache_mb=512)
    assert report.remedy.startswith(remedy) or remedy in report.remedy
    assert report.reason.startswith(words[:40])


def test_an_engine_process_that_was_killed_is_told_apart(tmp_path: Path):
    killed = RuntimeError("Engine core initialization failed. Failed core proc(s): {'EngineCore_DP0': -9}")
    report = explain(killed, EngineConfig(), tmp_path / "none", gpu=False, cache_mb=512)
    assert "killed" in report.remedy
    assert "kv_cache_mb (now 512)" in report.remedy


def test_what_nobody_knows_still_names_where_to_look(tmp_path: Path):
    report = explain(GENERIC, EngineConfig(), tmp_path / "none", gpu=True, cache_mb=512)
    assert "gpu_memory_utilization (now 0.15)" in report.remedy
    missing = explain(ModuleNotFoundError("vllm"), EngineConfig(), tmp_path / "none", gpu=False, cache_mb=1)
    assert "pip install" in missing.remedy
