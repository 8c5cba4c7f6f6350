# ruff: noqa: ANN401 trainers' objects have no types here
"""Figures among verl's own metrics of a training step: its real trainer class, and rows in its real TransferQueue."""

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
import torch
import transfer_queue
from omegaconf import OmegaConf
from transfer_queue import KVBatchMeta
from verl.trainer.ppo.v1.trainer_sync import PPOTrainerSync
from verl.utils.tensordict_utils import list_of_dict_to_tensordict
from verl_kit import start_ray

from trainer_adapters import verl_metrics
from trainer_adapters.verl_metrics import rows_of, step_figures, with_figures

pytestmark = pytest.mark.timeout(600)
"""Ray's actors import torch before they answer, which takes a minute on a busy machine of two cores."""

ROOT = Path(__file__).resolve().parents[3]
PARTITION = "train"


def info(*, score: float, rule: float, tinyv: float = 0.0, both: float = 0.0, agreed: float = 0.0) -> dict[str, float]:
    return {"score": score, "acc": score, "rule_correct": rule, "tinyv_correct": tinyv, "rescued": tinyv,
            "undecided": 0.0, "from_rule": rule, "from_tinyv": tinyv, "from_cache": 0.0, "both": both,
            "agreed": agreed, "wait_s": 0.5}  # fmt: skip


ROWS = [
    ("a", info(score=1, rule=1)),
    ("a", info(score=0, rule=0, both=1, agreed=1)),
    ("b", info(score=1, rule=0, tinyv=1, both=1)),
    ("b", info(score=0, rule=0, both=1, agreed=1)),
    ("c", info(score=0, rule=0)),
    ("c", info(score=0, rule=0)),
]


def test_means_agreement_and_flat_groups_are_told_of_a_step() -> None:
    told = step_figures(ROWS)
    assert told["tinyv/rescued"] == pytest.approx(1 / 6) and told["tinyv/agreement"] == pytest.approx(2 / 3)
    assert told["tinyv/flat_groups"] == pytest.approx(1 / 3)  # c
    assert told["tinyv/flat_by_rules"] == pytest.approx(2 / 3)  # b and c
    assert told["tinyv/wait_max_s"] == 0.5 and "tinyv/score" not in told
    assert step_figures([("a", {"score": 1.0})]) == {}  # another manager's


def test_verl_knows_the_trainers_once_the_variable_is_set() -> None:
    code = (
        "from verl.trainer.ppo.v1 import get_trainer_cls, trainer_sync as s\n"
        "c, own = get_trainer_cls('sync'), s.PPOTrainerSync\n"
        "print(c._tells_figures, c is not own, issubclass(c, own))"
    )
    env = {**os.environ, "VERL_USE_EXTERNAL_MODULES": "trainer_adapters.verl_metrics", "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert ran.stdout.split()[-3:] == ["True", "True", "True"], ran.stderr[-2000:]


@pytest.fixture(scope="module")
def queue() -> Iterator[None]:
    start_ray(cpus=4)
    one = {"SimpleStorage": {"num_data_storage_units": 1}}  # each is a process that imports torch
    transfer_queue.init(OmegaConf.create({"enable": True, "backend": one}))
    yield
    transfer_queue.close()
    ray.shutdown()


class StepTrainer(PPOTrainerSync):
    """verl's trainer without its workers: of its own metrics one."""

    def __init__(self) -> None:
        """Start nothing."""

    def _compute_metrics(self, batch: Any, metrics: dict[str, Any], timing_raw: Any, global_steps: int) -> None:
        metrics["training/global_step"] = global_steps


@pytest.mark.usefixtures("queue")
def test_a_steps_rows_are_read_from_verls_queue_without_its_padding() -> None:
    keys = [f"{group}_{number}_0" for number, (group, _) in enumerate(ROWS)] + ["pad"]
    rows = [*ROWS, ("a", info(score=1, rule=1))]
    fields = list_of_dict_to_tensordict(  # as verl's agent loop puts them
        [
            {
                "uid": group,
                "extra_fields": {"reward_extra_info": said, "turns": 1},
                "rm_scores": torch.zeros(3, dtype=torch.float32),
            }
            for group, said in rows
        ]
    )
    tags = [{"is_padding": key == "pad"} for key in keys]
    transfer_queue.kv_batch_put(keys=keys, partition_id=PARTITION, fields=fields, tags=tags)
    batch = KVBatchMeta(partition_id=PARTITION, keys=keys, tags=tags)
    assert rows_of(batch) == ROWS
    trainer, metrics = with_figures(StepTrainer)(), dict[str, Any]()
    trainer._compute_metrics(batch, metrics, {}, global_steps=7)
    assert metrics["training/global_step"] == 7 and metrics["tinyv/flat_groups"] == pytest.approx(1 / 3)


def test_what_cannot_be_read_costs_the_figures_and_not_the_step(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(batch: Any) -> Any:
        raise RuntimeError(f"no rows of {batch}")

    monkeypatch.setattr(verl_metrics, "rows_of", broken)
    log = logging.getLogger(verl_metrics.__name__)
    monkeypatch.setattr(log, "handlers", [caplog.handler])  # another trainer's package may have taken the root's
    monkeypatch.setattr(log, "propagate", False)
    trainer, metrics = with_figures(StepTrainer)(), dict[str, Any]()
    for step in (1, 2):
        trainer._compute_metrics(step, metrics, {}, global_steps=step)
    assert metrics == {"training/global_step": 2}
    assert caplog.text.count("left out of verl's metrics") == 1
