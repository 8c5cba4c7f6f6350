# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false
# OpenRLHF is not installed where the types are checked.
"""OpenRLHF 0.11: `--train.agent_func_path .../trainer_adapters/openrlhf_reward.py`; settings by environment.

OpenRLHF generates, and each sample's reward is requested as soon as it ends, on the vLLM actor's own loop.

- OpenRLHF crashes later on a reward of None, and knows no "undecided": it is given the baseline value, the running
  mean of decided rewards, and `undecided` in its logs says so. It is always answered, within `answer_s`.
- A data set's column for the data source does not reach us: set TINYV_DATA_SOURCE.
"""

from typing import Any

from openrlhf.utils.agent import SingleTurnAgentExecutor

from tinyv_stream import Rollout
from tinyv_stream.adapter_kit import AdapterSettings, figures, plain_question, read_settings, request_reward


class AgentExecutor(SingleTurnAgentExecutor):
    """OpenRLHF's single-turn executor with the pool as its reward; the name is OpenRLHF's demand."""

    def __init__(self) -> None:
        super().__init__()
        self._settings = read_settings()

    async def execute(  # noqa: PLR0917 the order is OpenRLHF's
        self,
        prompt: str,
        label: Any,  # noqa: ANN401 OpenRLHF's
        sampling_params: Any,  # noqa: ANN401 OpenRLHF's
        max_length: int,
        hf_tokenizer: Any,  # noqa: ANN401 OpenRLHF's
        llm_engine: Any,  # noqa: ANN401 OpenRLHF's
        images: Any = None,  # noqa: ANN401 OpenRLHF's
    ) -> dict[str, Any]:
        """Generate one completion, and fill in its `reward`, `scores` and `extra_logs`.

        Raises InvalidInputError for a sample without a label, BrokerError, and UndecidedError by policy or where
        nothing at all was decided within `answer_s`.
        """
        output = await super().execute(prompt, label, sampling_params, max_length, hf_tokenizer, llm_engine, images)
        text = hf_tokenizer.decode(_response_tokens(output), skip_special_tokens=True)
        rollout = rollout_of(prompt, text, label, self._settings)
        judged = await request_reward(self._settings, rollout, needs_baseline=True)
        value = judged.value(self._settings.policy, abstain_as="baseline")
        output.update(reward=value, scores=value, extra_logs=figures(judged))
        return output


def rollout_of(prompt: str, text: str, label: object, chosen: AdapterSettings) -> Rollout:
    """Return the rollout of one sample; the question is the last user turn of the templated prompt."""
    return Rollout(
        prompt=prompt,
        question=plain_question(prompt),
        completion=text,
        ground_truth="" if label is None else str(label),
        data_source=chosen.data_source,
    )


def _response_tokens(output: dict[str, Any]) -> list[int]:
    tokens: list[int] = output["observation_tokens"]
    return [token for start, end in output["action_ranges"] for token in tokens[start:end]]
