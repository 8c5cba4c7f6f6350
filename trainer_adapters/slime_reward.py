"""slime 0.3: `--custom-rm-path trainer_adapters.slime_reward.custom_rm --reward-key score`.

Called as each sample ends, or with `--group-rm` with a whole group; both work with the same path.

- A sample that nobody decided is taken out of the loss (`remove_sample`), as slime spells it. slime needs a number for
  its group's mean all the same: the mean of those of its group that were decided, so that it changes nothing, or
  without `--group-rm` what rewards of its question were worth lately.
- `--dynamic-sampling-filter-path trainer_adapters.slime_reward.keep_decided` drops such groups whole; slime refills.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from tinyv_stream import Rollout
from tinyv_stream.adapter_kit.reward_values import Judged, decided, figures, question_of, value_of
from trainer_adapters.shared import Settings, ask_all, settings

Record = dict[str, float]


async def custom_rm(args: Any, sample: Any, **_: Any) -> Record | list[Record]:  # noqa: ANN401, ARG001 slime's
    """Return `score` and figures for a sample, or a list of them for a list.

    Settings come from the environment. Raises InvalidInputError, BrokerError, and UndecidedError by policy or where
    nothing at all was decided within `answer_s`.
    """
    chosen = settings()
    samples = cast("Sequence[Any]", sample) if isinstance(sample, list) else [sample]
    judged = await ask_all(chosen, [rollout_of(one, chosen, len(samples)) for one in samples], needs_number=True)
    values = [value_of(one.reward, chosen.policy) for one in judged]
    known = [value for value in values if value is not None]
    mean = sum(known) / len(known) if known else None
    records = [_record(*one, mean) for one in zip(samples, judged, values, strict=True)]
    return records if isinstance(sample, list) else records[0]


def keep_decided(args: Any, samples: Sequence[Any], **_: Any) -> bool:  # noqa: ANN401 slime's
    """Keep a group that was decided whole, and not all alike; for `--dynamic-sampling-filter-path`."""
    scores = {sample.get_reward_value(args) for sample in samples}
    return len(scores) > 1 and not any(sample.remove_sample for sample in samples)


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


def _record(sample: Any, judged: Judged, value: float | None, mean: float | None) -> Record:  # noqa: ANN401 slime's
    if value is None:
        sample.remove_sample = True
        value = decided(judged.reward, judged.usual if mean is None else mean)
    return {"score": value, **figures(judged)}
