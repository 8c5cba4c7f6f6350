# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false
# verl is not installed where the types are checked.
"""verl 0.9: a reward manager that sends every sample to the pool as its generation ends.

    reward.reward_manager.source=importlib
    reward.reward_manager.module.path=pkg://trainer_adapters.verl_reward
    reward.reward_manager.name=TinyVRewardManager
    +reward.tinyv.redis_url=redis://host:6379/0

- verl hands samples of one group to different Ray actors; equal answers meet again in the pool, and cost one call.
- Every sample's `reward_extra_info` has the same keys: verl fails on anything else.
- Nobody decided: UndecidedError. verl logs it, loses this sample alone, and pads or refills its group; a batch is
  trained on as long as one sample of it was decided.
- verl logs `reward_extra_info` of validation only: what became of a training step's rewards is printed, a line each.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from verl.experimental.reward_loop.reward_manager.base import RewardManagerBase

from tinyv_stream import Rollout
from tinyv_stream.adapter_kit import (
    AdapterSettings,
    JudgedReward,
    figures,
    means,
    question_of,
    read_settings,
    request_reward,
)
from trainer_adapters.shared import field


class TinyVRewardManager(RewardManagerBase):
    """One per reward worker; its client belongs to the worker's loop."""

    def __init__(
        self,
        config: Any,  # noqa: ANN401 verl's
        tokenizer: Any,  # noqa: ANN401 verl's
        compute_score: Any = None,  # noqa: ANN401 verl's
        reward_router_address: str | None = None,  # noqa: ARG002 verl gives it to every manager
        reward_model_tokenizer: Any = None,  # noqa: ANN401, ARG002 as above
    ) -> None:
        super().__init__(config, tokenizer, compute_score)
        given = config.reward.get("tinyv") or {}
        self._settings = read_settings(dict(given))
        rollout = (config.get("actor_rollout_ref") or {}).get("rollout") or {}
        self._group_size = int(rollout.get("n") or 1)
        self._steps = StepLog()

    async def run_single(self, data: Any) -> dict[str, Any]:  # noqa: ANN401 verl's DataProto
        """Return the reward of one sample, the last of `data`; raises BrokerError, by policy UndecidedError."""
        item = data[-1:][0]
        text = await asyncio.get_running_loop().run_in_executor(None, self._decode, item.batch)
        rollout = rollout_of(item.non_tensor_batch, text, self._settings, self._group_size)
        judged = await request_reward(self._settings, rollout)
        self._steps.add(rollout.step, judged)
        value = judged.value(self._settings.policy, abstain_as="error")
        return {"reward_score": value, "reward_extra_info": extra_info(judged, value)}

    def _decode(self, batch: Any) -> str:  # noqa: ANN401 verl's TensorDict
        response = batch["responses"]
        length = int(batch["attention_mask"][-response.shape[-1] :].sum())
        return self.tokenizer.decode(response[:length], skip_special_tokens=True)


def rollout_of(row: Mapping[str, Any], text: str, chosen: AdapterSettings, group_size: int) -> Rollout:
    """Return the rollout of one row of verl's `non_tensor_batch`."""
    extra = row.get("extra_info") or {}
    question = str(extra.get("question") or question_of(_listed(row.get("raw_prompt"))))
    step = row.get("global_steps")
    return Rollout(
        prompt=question,
        question=question,
        completion=text,
        ground_truth=_truth(field(row, "reward_model")),
        data_source=str(row.get("data_source") or chosen.data_source),
        group_id=str(row.get("uid") or ""),
        group_size=group_size,
        step=int(step) if step is not None and int(step) >= 0 else None,
    )


class StepLog:
    """The figures of this process's rewards, told when the next step's first one comes; undecided ones included."""

    def __init__(self) -> None:
        self._step: int | None = None
        self._rows: list[dict[str, float]] = []

    def add(self, step: int | None, judged: JudgedReward) -> None:
        """Take in a reward of `step`. Late ones of an asynchronous trainer count with the step that is under way.

        One without a step belongs to no line, and is left out.
        """
        if step is None:
            return
        if self._step is None or step > self._step:
            self._tell()
            self._step, self._rows = step, []
        self._rows.append(figures(judged))

    def _tell(self) -> None:
        if self._step is None:
            return
        figures_text = " ".join(f"{name}={value:.4g}" for name, value in means(self._rows).items())
        # Ray shows an actor's output in the driver's log.
        print(f"tinyv step={self._step} rewards={len(self._rows)} {figures_text}", flush=True)  # noqa: T201


def extra_info(judged: JudgedReward, value: float) -> dict[str, float]:
    """Return the figures that verl logs, and may filter groups by (`algorithm.filter_groups.metric=acc`)."""
    return {"score": value, "acc": value, **figures(judged)}


def _truth(reward_model: Mapping[str, Any]) -> str:
    truth = field(reward_model, "ground_truth")
    return str(truth[0] if isinstance(truth, list | tuple) and len(truth) == 1 else truth)


def _listed(prompt: object) -> object:
    """Return the messages of a prompt that verl keeps as a NumPy array."""
    to_list = getattr(prompt, "tolist", None)
    return to_list() if to_list else prompt
