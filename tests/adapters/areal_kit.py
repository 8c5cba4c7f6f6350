# ruff: noqa: ANN401 trainers' objects have no types here
"""Our workflow in AReaL, over a scripted engine."""

from typing import Any

from areal.api import ModelResponse
from areal.api.cli_args import GenerationHyperparameters
from contract_kit import SOURCE, Case

from trainer_adapters.areal_reward import TinyVRLVRWorkflow


class Engine:
    """Fake inference engine: replies what the test says."""

    def __init__(self, tokenizer: Any, reply: str) -> None:
        self.ids = tokenizer(reply)["input_ids"]

    def get_version(self) -> int:
        return 3

    async def agenerate(self, request: Any) -> ModelResponse:
        count = len(self.ids)
        return ModelResponse(
            input_tokens=list(request.input_ids),
            output_tokens=self.ids,
            output_logprobs=[-0.1] * count,
            output_versions=[0] * count,
        )


def workflow(tokenizer: Any, **tinyv: object) -> TinyVRLVRWorkflow:
    return TinyVRLVRWorkflow(tinyv=tinyv, gconfig=GenerationHyperparameters(max_new_tokens=32), tokenizer=tokenizer)


async def play(flow: TinyVRLVRWorkflow, tokenizer: Any, case: Case) -> Any:
    row = {
        "messages": [{"role": "user", "content": case.question}],
        "answer": case.ground_truth,
        "data_source": SOURCE,
    }
    return await flow.arun_episode(Engine(tokenizer, case.completion), row)
