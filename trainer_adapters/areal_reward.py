# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false
# AReaL is not installed where the types are checked.
"""AReaL 1.0: AReaL's own single-turn workflow with the pool as its reward.

    trainer.train(workflow="trainer_adapters.areal_reward.TinyVRLVRWorkflow", workflow_kwargs={...})

AReaL's `reward_fn` is synchronous, runs in a small process pool, and turns a time-out into 0; a workflow may await.

- A rollout that nobody decided is None: AReaL rejects the trajectory.
"""

from contextvars import ContextVar
from typing import Any, Final

from areal import workflow_context
from areal.utils import stats_tracker
from areal.workflow.rlvr import RLVRWorkflow

from tinyv_stream import Rollout, UndecidedError
from tinyv_stream.adapter_kit import (
    AdapterSettings,
    OnUndecided,
    begin_step,
    figures,
    question_of,
    read_settings,
    request_reward,
)
from trainer_adapters.shared import field

_VERSION: Final[ContextVar[int | None]] = ContextVar("tinyv_policy_version", default=None)
"""Of the policy that generates this task's episode."""
_TRUTH = ("ground_truth", "answer", "solution")


class TinyVRLVRWorkflow(RLVRWorkflow):
    """`tinyv` holds the keywords of `adapter_kit.AdapterSettings`; all else is AReaL's, but for `reward_fn`."""

    def __init__(self, *, tinyv: dict[str, object] | None = None, **given: Any) -> None:  # noqa: ANN401 AReaL's
        # A path is looked up by AReaL at the first episode; none comes to that, as `reward_fn` is replaced below.
        super().__init__(reward_fn="trainer_adapters.areal_reward", **given)
        self._settings = read_settings(tinyv)
        self.reward_fn = self.async_reward_fn = self._tinyv_reward

    async def arun_episode(self, engine: Any, data: dict[str, Any]) -> dict[str, Any] | None:  # noqa: ANN401 AReaL's
        """Generate one sample and await its reward; None where nobody decided. Raises BrokerError."""
        version = int(engine.get_version())
        _VERSION.set(version)
        await begin_step(self._settings, version)  # a new policy version's first episode begins its step
        try:
            return await super().arun_episode(engine, data)
        except UndecidedError:
            if self._settings.policy is OnUndecided.RAISE:
                raise
            return None

    async def _tinyv_reward(self, prompt: str, completion: str, _: Any, __: Any, **row: Any) -> float:  # noqa: ANN401 AReaL's
        judged = await request_reward(self._settings, rollout_of(prompt, completion, row, self._settings))
        shown = {f"tinyv/{name}": number for name, number in figures(judged).items()}
        stats_tracker.get(workflow_context.stat_scope()).scalar(**shown)
        return judged.value(self._settings.policy, abstain_as="error")


def rollout_of(prompt: str, completion: str, row: dict[str, Any], chosen: AdapterSettings) -> Rollout:
    """Return the rollout of one sample; the question is the last user message of `messages`, else the prompt."""
    return Rollout(
        prompt=prompt,
        question=str(row.get("question") or question_of(row.get("messages")) or prompt),
        completion=completion,
        ground_truth=str(field(row, *_TRUTH)),
        data_source=str(row.get("data_source") or chosen.data_source),
        step=_VERSION.get(),
    )
