"""What `train` writes is what vLLM loads, asked as it was trained, with the probabilities that training measured."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier

from tinyv_stream.broker.messages import Work
from tinyv_stream.config import EngineConfig, TinyVConfig
from tinyv_stream.lab.pairs import Pair, write_pairs
from tinyv_stream.lab.tune.plan import TrainingJob, TuningPlan
from tinyv_stream.verifiers.tinyv.models import EMBEDDED_TEMPLATE, resolve

pytest.importorskip("vllm")
pytest.importorskip("trl")


@pytest.mark.vllm
@pytest.mark.long
@pytest.mark.timeout(900)
async def test_vllm_gives_the_probabilities_of_the_merged_weights(
    tiny_base: Path, tmp_path: Path, same_digit: Callable[[int, int], list[Pair]]
) -> None:
    from tinyv_stream.lab.tune.judge import Judge
    from tinyv_stream.lab.tune.run import run

    for name, count in (("train", 320), ("held", 40)):
        write_pairs(tmp_path / f"{name}.jsonl", same_digit(count, len(name)))
    plan = TuningPlan(batch=32, lr=2e-3, evaluate_every=10)
    files = {"data": tmp_path / "train.jsonl", "held_out": tmp_path / "held.jsonl", "out": tmp_path / "run"}
    assert run(TrainingJob(base=str(tiny_base), rank=32, alpha=64, threads=1, plan=plan, **files))
    merged = tmp_path / "run" / "merged"
    _, row = resolve(str(merged))
    assert row.template == EMBEDDED_TEMPLATE
    pairs = same_digit(12, 9)
    expected = Judge.load(merged, "short").p_true(pairs)
    assert max(expected) - min(expected) > 0.01, "equal probabilities would prove nothing"
    engine = EngineConfig(kv_cache_mb=64, threads=1, max_num_seqs=8)
    async with TinyVVerifier(TinyVConfig(model=str(merged), engine=engine, guard=False)) as stage:
        await stage.ready()
        found = [await stage.verify(work(pair)) for pair in pairs]
    assert [f.verdict.p_true for f in found] == pytest.approx(expected, abs=0.03)


def work(pair: Pair) -> Work:
    who = {"run_id": "r", "client_id": "c", "rollout_id": f"{pair.ground_truth}-{pair.model_answer}"}
    return Work(**who, question="q", ground_truth=pair.ground_truth, model_answer=pair.model_answer)
