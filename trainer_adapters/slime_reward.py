"""slime 0.3: `--custom-rm-path trainer_adapters.slime_reward.custom_rm --reward-key score`.

Called as each sample ends, or with `--group-rm` with a whole group; both work with the same path.

- A sample that nobody decided is taken out of the loss (`remove_sample`), as slime spells it. slime needs a number for
  its group's mean all the same: the mean of those of its group that were decided, so that it changes nothing, or
  without `--group-rm` the baseline value, the running mean of its question's rewards.
- `--custom-rollout-log-function-path trainer_adapters.slime_reward.log_rollout` puts the figures into slime's own logs.
- `--dynamic-sampling-filter-path trainer_adapters.slime_reward.keep_decided` drops such groups whole; slime refills.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast

from tinyv_stream import Rollout
from tinyv_stream.adapter_kit import (
    AdapterSettings,
    figures,
    flat_groups,
    means,
    question_of,
    read_settings,
    request_rewards,
)

Record = dict[str, float]


async def custom_rm(args: Any, sample: Any, **_: Any) -> Record | list[Record]:  # noqa: ANN401, ARG001 slime's
    """Return `score` and figures for a sample, or a list of them for a list.

    Settings come from the environment. Raises InvalidInputError, BrokerError, and UndecidedError by policy or where
    nothing at all was decided within `answer_s`.
    """
    chosen = read_settings()
    samples = cast("Sequence[Any]", sample) if isinstance(sample, list) else [sample]
    rollouts = [rollout_of(one, chosen, len(samples)) for one in samples]
    judged = await request_rewards(chosen, rollouts, needs_baseline=True)
    values = [one.value(chosen.policy, abstain_as="none") for one in judged]
    known = [value for value in values if value is not None]
    mean = sum(known) / len(known) if known else None
    records: list[Record] = []
    for one, got, value in zip(samples, judged, values, strict=True):
        score = value
        if score is None:
            one.remove_sample = True
            score = got.value(chosen.policy, abstain_as="baseline") if mean is None else mean
        records.append({"score": score, **figures(got)})
    return records if isinstance(sample, list) else records[0]


def keep_decided(args: Any, samples: Sequence[Any], **_: Any) -> bool:  # noqa: ANN401 slime's
    """Keep a group that was decided whole, and not all alike; for `--dynamic-sampling-filter-path`."""
    scores = {sample.get_reward_value(args) for sample in samples}
    return len(scores) > 1 and not any(sample.remove_sample for sample in samples)


def log_rollout(
    rollout_id: int,  # noqa: ARG001 slime's
    args: Any,  # noqa: ANN401 slime's
    samples: Sequence[Any],
    rollout_extra_metrics: dict[str, Any] | None,
    rollout_time: float,  # noqa: ARG001 slime's
) -> bool:
    """Add the figures to what slime logs; for `--custom-rollout-log-function-path`. False: slime logs its own."""
    records = [cast("Mapping[str, float] | None", one.reward) for one in samples]
    scored = [(one, record) for one, record in zip(samples, records, strict=True) if record and "wait_s" in record]
    if rollout_extra_metrics is None or not scored:
        return False
    groups: dict[object, list[tuple[float | None, bool]]] = {}
    for one, record in scored:
        value = None if one.remove_sample else float(one.get_reward_value(args))
        groups.setdefault(one.group_index, []).append((value, record["rule_correct"] > 0))
    rows = [{name: number for name, number in record.items() if name != "score"} for _, record in scored]
    told = {**means(rows), **flat_groups(groups.values())}
    rollout_extra_metrics.update({f"tinyv/{name}": number for name, number in told.items()})
    return False


def _step() -> int | None:
    """Return the rollout that slime is at, where its release tells."""
    hooks = sys.modules.get("slime.rollout.sample_hooks")
    number = getattr(hooks, "_current_rollout_id", None)
    return number if isinstance(number, int) and number >= 0 else None


def rollout_of(sample: Any, chosen: AdapterSettings, group_size: int) -> Rollout:  # noqa: ANN401 slime's Sample
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
        step=_step(),
    )
