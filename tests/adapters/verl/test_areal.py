# ruff: noqa: ANN401 trainers' objects have no types here
"""AReaL's real single-turn workflow with our reward in it, over a scripted engine; it lives beside verl's suite
because it needs torch too, and what AReaL pins cannot be had together on a CPU.
"""

import asyncio
from typing import Any

import pytest
from areal.api import ModelResponse
from areal.api.cli_args import GenerationHyperparameters
from contract_kit import SOURCE, Case, cases
from tiny_policy import make
from transformers import AutoTokenizer

from tinyv_stream import UndecidedError
from trainer_adapters.areal_reward import TinyVRLVRWorkflow


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return AutoTokenizer.from_pretrained(make(tmp_path_factory.mktemp("tokenizer"), with_model=False))


class Engine:
    """Fake inference engine: replies what the test says."""

    def __init__(self, tokenizer: Any, reply: str) -> None:
        self.ids = tokenizer(reply)["input_ids"]

    async def agenerate(self, request: Any) -> ModelResponse:
        count = len(self.ids)
        return ModelResponse(
            input_tokens=list(request.input_ids),
            output_tokens=self.ids,
            output_logprobs=[-0.1] * count,
            output_versions=[0] * count,
        )


def workflow(tokenizer: Any, url: str, **tinyv: str) -> TinyVRLVRWorkflow:
    given: dict[str, object] = {"redis_url": url, "run_id": "areal"}
    return TinyVRLVRWorkflow(
        tinyv=given | tinyv, gconfig=GenerationHyperparameters(max_new_tokens=32), tokenizer=tokenizer
    )


async def play(flow: TinyVRLVRWorkflow, tokenizer: Any, case: Case) -> Any:
    row = {
        "messages": [{"role": "user", "content": case.question}],
        "answer": case.ground_truth,
        "data_source": SOURCE,
    }
    return await flow.arun_episode(Engine(tokenizer, case.completion), row)


async def test_all_contract_rollouts_get_their_reward_and_undecided_is_rejected(tokenizer: Any, pool_url: str) -> None:
    flow, chosen = workflow(tokenizer, pool_url), cases()
    got = await asyncio.gather(*(play(flow, tokenizer, case) for case in chosen))
    assert [None if g is None else float(g["rewards"][0]) for g in got] == [c.value for c in chosen]
    kept = next(g for g in got if g is not None)
    assert kept["loss_mask"].sum() > 0


async def test_it_can_raise_instead(tokenizer: Any, pool_url: str) -> None:
    undecided = next(case for case in cases() if case.value is None)
    with pytest.raises(UndecidedError):
        await play(workflow(tokenizer, pool_url, on_undecided="raise"), tokenizer, undecided)
