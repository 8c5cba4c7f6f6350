"""One real engine for all engine tests: a start costs 15 to 30 seconds."""

import importlib.util
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier

from tinyv_stream.config import EngineConfig, TinyVConfig


@pytest.fixture(scope="session")
def build() -> Callable[..., Path]:
    """The builder of tiny models, loaded by path: tests are not a package."""
    spec = importlib.util.spec_from_file_location("tiny_model", Path(__file__).parents[1] / "tiny_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.build_tiny_model


@pytest.fixture(scope="session")
def tiny(build: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("vllm")
    return build(tmp_path_factory.mktemp("model") / "tiny")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(tiny: Path) -> AsyncIterator[TinyVVerifier]:
    """The whole TinyV stage on vLLM with the tiny model, with a watchdog quick enough to wait for."""
    engine = EngineConfig(kv_cache_mb=64, threads=1, max_num_seqs=32, watchdog_s=3.0)
    async with TinyVVerifier(TinyVConfig(model=str(tiny), engine=engine)) as running:
        running._supervisor._beat_every_s = 0.5
        yield running
