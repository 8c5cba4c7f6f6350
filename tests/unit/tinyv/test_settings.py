"""Settings follow the hardware, the user's word wins, and a lack of memory is told before vLLM meets it."""

import json
from pathlib import Path

import pytest
from tinyv_stream_workers.tinyv.engines import vllm_args
from tinyv_stream_workers.tinyv.engines.vllm_args import Hardware

from tinyv_stream.config import EngineConfig
from tinyv_stream.errors import EngineStartError

CPU = Hardware(gpu=False, cores=4, free_mb=8_000)
GPU = Hardware(gpu=True, cores=32, free_mb=200_000)


def test_cpu_engine_leaves_a_core_to_others():
    env = vllm_args.environment(EngineConfig(), CPU, "hub/id")
    assert env["OMP_NUM_THREADS"] == "3"
    assert vllm_args.environment(EngineConfig(), Hardware(gpu=False, cores=1, free_mb=1), "x")["OMP_NUM_THREADS"] == "1"
    assert vllm_args.environment(EngineConfig(threads=2), CPU, "x")["OMP_NUM_THREADS"] == "2"


def test_gpu_engine_keeps_vllms_defaults_but_shares_the_memory():
    args = vllm_args.engine_args(EngineConfig(), GPU, "hub/id")
    assert args["gpu_memory_utilization"] == 0.15
    assert not {"dtype", "block_size", "enforce_eager", "distributed_executor_backend"} & set(args)
    assert "OMP_NUM_THREADS" not in vllm_args.environment(EngineConfig(), GPU, "hub/id")


def test_cpu_blocks_are_short_enough_to_share_an_instruction():
    args = vllm_args.engine_args(EngineConfig(), CPU, "hub/id")
    assert args["block_size"] == 32
    assert args["dtype"] == "bfloat16"


def test_users_settings_win():
    config = EngineConfig(block_size=64, dtype="float32", max_num_seqs=3, kv_cache_mb=7)
    args = vllm_args.engine_args(config, CPU, "hub/id")
    assert (args["block_size"], args["dtype"], args["max_num_seqs"]) == (64, "float32", 3)
    assert args["kv_cache_memory_bytes"] == 7 * 2**20


def test_sleeping_frees_what_the_platform_can():
    assert vllm_args.sleep_mode(EngineConfig(), GPU) == "offload"
    assert vllm_args.sleep_mode(EngineConfig(), CPU) == "end"
    assert vllm_args.sleep_mode(EngineConfig(sleep="keep"), GPU) == "keep"
    assert vllm_args.engine_args(EngineConfig(), GPU, "hub/id")["enable_sleep_mode"] is True
    assert vllm_args.engine_args(EngineConfig(sleep="end"), GPU, "hub/id")["enable_sleep_mode"] is False
    with pytest.raises(EngineStartError, match=r"tinyv\.engine\.sleep"):
        vllm_args.check(EngineConfig(sleep="offload"), CPU, "hub/id")


def test_cores_of_its_own_are_all_used_and_bound():
    env = vllm_args.environment(EngineConfig(device="4-6"), CPU, "hub/id")
    assert (env["OMP_NUM_THREADS"], env["TINYV_ENGINE_CORES"]) == ("3", "4-6")
    assert "TINYV_ENGINE_CORES" not in vllm_args.environment(EngineConfig(device="1"), GPU, "hub/id")
    assert "TINYV_ENGINE_CORES" not in vllm_args.environment(EngineConfig(), CPU, "hub/id")


def test_context_is_cut_to_what_a_local_model_can(tmp_path: Path):
    (tmp_path / "config.json").write_text(json.dumps({"max_position_embeddings": 512}))
    assert vllm_args.engine_args(EngineConfig(), CPU, str(tmp_path))["max_model_len"] == 512
    assert vllm_args.environment(EngineConfig(), CPU, str(tmp_path))["HF_HUB_OFFLINE"] == "1"
    assert "HF_HUB_OFFLINE" not in vllm_args.environment(EngineConfig(), CPU, "hub/id")


def test_lack_of_memory_names_the_setting_to_lower():
    with pytest.raises(EngineStartError, match=r"lower tinyv\.engine\.kv_cache_mb \(now 9000\)"):
        vllm_args.check(EngineConfig(kv_cache_mb=9_000), CPU, "hub/id")
    vllm_args.check(EngineConfig(), CPU, "hub/id")
