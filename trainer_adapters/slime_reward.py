"""slime 0.3: `--custom-rm-path trainer_adapters.slime_reward.custom_rm --reward-key score`.

Called as each sample ends, or with `--group-rm` with a whole group; both work with the same path.

- A sample that nobody decided is taken out of the loss (`remove_sample`), as slime spells it, and has a number all
  the same, because slime needs one: the rule verdict, else 0.5.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from tinyv_stream import Rollout
from tinyv_stream.trainer_view import Judged, OnUndecided, figures, number_of, question_of, value_of
from trainer_adapters.shared import Settings, ask_all, settings

Record = dict[str, float]


async def custom_rm(args: Any, sample: Any, **_: Any) -> Record | list[Record]:  # noqa: ANN401, ARG001 slime's
    """Return `score` and figures for a sample, or a list of them for a list.

    Settings come from the environment. Raises InvalidInputError, BrokerError, by policy UndecidedError.
    """
    chosen = settings(on_undecided=OnUndecided.ABSTAIN)
    samples = cast("Sequence[Any]", sample) if isinstance(sample, list) else [sample]
    judged = await ask_all(chosen, [rollout_of(one, chosen, len(samples)) for one in samples])
    records = [_record(one, answer, chosen) for one, answer in zip(samples, judged, strict=True)]
    return records if isinstance(sample, list) else records[0]


def rollout_of(sample: Any, chosen: Settings, group_size: int) -> Rollout:  # noqa: ANN401 slime's Sample
    """Return the rollout of slime's sample; `metadata` may hold `question` and `data_source`."""
    metadata: Mapping[str, Any] = sample.metadata or {}
    prompt = question_of(sample.prompt)
    return Rollout(
        prompt=prompt,
        question=str(metadata.get("question") or prompt),
        completion=sample.response,
        ground_truth=str(sample.label) if sample.label is not None else "",
        data_source=str(metadata.get("data_source") or chosen.data_source),
        group_id="" if sample.group_index is None else f"g{sample.group_index}x{group_size}",
        group_size=group_size,
    )


def _record(sample: Any, judged: Judged, chosen: Settings) -> Record:  # noqa: ANN401 slime's Sample
    value = value_of(judged.reward, chosen.policy)
    if value is None:
        sample.remove_sample = True
        value = number_of(judged.reward, OnUndecided.RULE)
    return {"score": value, **figures(judged)}
