# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false, reportUnknownParameterType=false, reportPrivateUsage=false
# TRL is not installed where the types are checked.
"""TRL 1.16, `AsyncGRPOTrainer`: every completion is verified as soon as it ends.

TRL's own loop scores one group at a time. Here each rollout awaits its own reward while others are generated and
verified; its slot stays taken meanwhile, so raise `max_inflight_tasks` by what is verified at once.

- A rollout that nobody decided is None: TRL leaves it out of its group's baseline.
- Leans on names of TRL that begin with `_`: made for trl 1.16, and held to it by its test.
"""

from collections.abc import Iterator
from typing import Any

from trl.experimental.async_grpo.async_rollout_worker import AsyncRolloutWorker, _AsyncRolloutLoop

from tinyv_stream.adapter_kit import begin_step, close_requesters, figures, read_settings, request_reward
from trainer_adapters.trl_reward import rollout_of


class _TinyVLoop(_AsyncRolloutLoop):
    """TRL's loop with a reward at the end of every rollout."""

    _provides_rollout_reward = True

    def __init__(self, *, tinyv: dict[str, object] | None = None, **given: Any) -> None:  # noqa: ANN401 TRL's
        super().__init__(**given)
        self.reward_func_names.append("tinyv_stream")
        self._tinyv = read_settings(tinyv)
        self._row_of: dict[int, dict[str, Any]] = {}

    async def _run_loops(self, stop_event: Any) -> None:  # noqa: ANN401 TRL's
        try:
            await super()._run_loops(stop_event)
        finally:
            await close_requesters()

    def _repeat_iterator(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Remember each group's row: TRL does not hand it on."""
        for group_id, row in super()._repeat_iterator():
            self._row_of[group_id] = row
            # No more than this many rollouts begin before the first of them runs and takes its row.
            self._row_of.pop(group_id - self.max_inflight_tasks - 1, None)
            yield group_id, row

    async def _generate_one(self, prompt: Any, tool_dict: Any, tools: Any, group_id: int = 0) -> Any:  # noqa: ANN401 TRL's
        row, step = self._row_of[group_id], self.model_version
        await begin_step(self._tinyv, step)  # a new policy version's first rollout begins its step
        *rest, _ = await super()._generate_one(prompt, tool_dict, tools, group_id)
        rollout = rollout_of(
            prompt,
            rest[0],
            row,
            self._tinyv,
            group_size=self.num_generations,
            step=step,
        )
        judged = await request_reward(self._tinyv, rollout)
        for name, value in figures(judged).items():
            rate = self._rates[f"tinyv/{name}"]
            rate[0] += value
            rate[1] += 1
        return (*rest, judged.value(self._tinyv.policy, abstain_as="none"))


class TinyVRolloutWorker(AsyncRolloutWorker):
    """`AsyncGRPOTrainer(reward_funcs=[], rollout_worker=TinyVRolloutWorker(tinyv={"redis_url": ...}, ...))`.

    `tinyv` holds the keywords of `adapter_kit.AdapterSettings`; every other argument is TRL's.
    """

    _loop_cls = _TinyVLoop
