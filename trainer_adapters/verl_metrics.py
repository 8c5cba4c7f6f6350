# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedBaseClass=false
# verl is not installed where the types are checked.
"""verl 0.9, V1 trainers: our figures among the metrics that verl itself logs of each training step.

    export VERL_USE_EXTERNAL_MODULES=trainer_adapters.verl_metrics

- verl imports the module wherever it is imported itself; here it only adds to what a registered trainer logs.
- A step's rows are read from verl's TransferQueue, as its own metrics are: means of the figures as `tinyv/...`, flat
  groups over whole groups, whichever workers rewarded them.
- Samples that nobody decided are not in a step's batch: verl loses them, and `verl_reward` prints how many.
- Whatever goes wrong here costs the figures of a step, and is logged once; the step goes on.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, cast

import transfer_queue
from verl.trainer.ppo.v1.trainer_base import TRAINER_REGISTRY

from tinyv_stream.adapter_kit import flat_groups, means
from tinyv_stream.adapter_kit.trainer_logs import enable_logs

_log = logging.getLogger(__name__)
_OWN = ("score", "acc")
"""Keys of `reward_extra_info` that are rewards, not figures."""


def step_figures(rows: Iterable[tuple[str, Mapping[str, float]]]) -> dict[str, float]:
    """Return the metrics of one training step; a row is a group's name and a sample's `reward_extra_info`.

    Rows of another reward manager are left out; empty without any of ours.
    """
    kept = [(group, info) for group, info in rows if "rule_correct" in info and "wait_s" in info]
    groups: dict[str, list[tuple[float | None, bool]]] = {}
    for group, info in kept:
        groups.setdefault(group, []).append((float(info["score"]), info["rule_correct"] > 0))
    told = means({name: float(n) for name, n in info.items() if name not in _OWN} for _, info in kept)
    return {f"tinyv/{name}": value for name, value in {**told, **flat_groups(groups.values())}.items()}


def rows_of(batch: Any) -> list[tuple[str, Mapping[str, float]]]:  # noqa: ANN401 verl's KVBatchMeta
    """Return the rows of a step's batch, without what it was padded with."""
    found = transfer_queue.kv_batch_get(
        keys=batch.keys, partition_id=batch.partition_id, select_fields=["uid", "extra_fields"]
    )
    groups, extras = _listed(found["uid"]), _listed(found["extra_fields"])
    rows: list[tuple[str, Mapping[str, float]]] = []
    for tag, group, extra in zip(batch.tags, groups, extras, strict=True):
        info = extra.get("reward_extra_info") if isinstance(extra, dict) else None
        if info and not tag.get("is_padding", False):
            rows.append((str(group), cast("Mapping[str, float]", info)))
    return rows


def _listed(column: Any) -> list[Any]:  # noqa: ANN401 a tensordict's column of Python values: its own list, or a stack
    return column.tolist() if hasattr(column, "tolist") else list(column)


def with_figures(trainer: type[Any]) -> type[Any]:
    """Return a trainer that logs our figures too, and is `trainer` in all else."""

    class WithFigures(trainer):
        """A trainer of verl's whose step metrics have our figures."""

        _tells_figures = True

        def _compute_metrics(self, batch: Any, metrics: dict[str, Any], *rest: Any, **named: Any) -> None:  # noqa: ANN401 verl's
            super()._compute_metrics(batch, metrics, *rest, **named)
            if not self._tells_figures:
                return
            try:
                metrics.update(step_figures(rows_of(batch)))
            except Exception:  # noqa: BLE001 whatever verl's queue raises, a step is worth more than its figures
                self._tells_figures = False
                enable_logs()
                _log.exception("the figures of tinyv-stream are left out of verl's metrics from now on")

    WithFigures.__name__ = WithFigures.__qualname__ = trainer.__name__
    return WithFigures


def register() -> None:
    """Let each trainer that verl knows log our figures."""
    for name, trainer in list(TRAINER_REGISTRY.items()):
        if not hasattr(trainer, "_tells_figures"):
            TRAINER_REGISTRY[name] = with_figures(trainer)


register()
