"""Kinds asked of a real vLLM server: a model that knows nothing can still say only what may be said."""

from pathlib import Path

import pytest

from tinyv_stream.config import EngineConfig, TinyVConfig
from tinyv_stream.lab.analysis import analyse, with_names
from tinyv_stream.lab.analysis_report import markdown
from tinyv_stream.lab.chat import Chat
from tinyv_stream.lab.named import name_kinds
from tinyv_stream.lab.pairs import Pair
from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.taxonomy import KINDS

pytest.importorskip("vllm")


@pytest.mark.vllm
@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(900)
async def test_a_real_model_names_kinds_and_nothing_else(tiny_base: Path, tmp_path: Path) -> None:
    from bench.overlap.openai_server import openai_server

    pairs = [
        Pair(question="q", ground_truth="5,1", model_answer=f"a riddle {i}", label=True, pair_id=str(i))
        for i in range(6)
    ]
    says_yes = {p.pair_id: Outcome.CORRECT for p in pairs}
    found = analyse(pairs, [], {"a": says_yes, "b": says_yes})
    assert len(found.unnamed) == 6
    config = TinyVConfig(model=str(tiny_base), engine=EngineConfig(kv_cache_mb=64, threads=1, max_num_seqs=8))
    async with openai_server(config, tmp_path / "server.log") as ready:
        server = await ready()
        url = f"http://127.0.0.1:{server.port}/v1"
        async with Chat(url, server.model) as one, Chat(url, server.model) as two, Chat(url, "unknown") as lost:
            named = await name_kinds(found.unnamed, [one, two])
            lonely = await name_kinds(found.unnamed[:1], [one, lost])
    assert (named.asked, named.silent) == (6, 0), "every reply of an ignorant model is an identifier"
    assert len(named.kinds) + named.disagreed == 6, "and what two replies agree on is the kind"
    assert set(named.kinds.values()) <= set(KINDS)
    assert (lonely.kinds, lonely.silent) == ({}, 1)
    assert "by models" in markdown(with_names(found, named))
