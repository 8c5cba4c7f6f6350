"""Engine benchmark load: a GRPO step's refused answers and prompts. See bench.workload for how a step is made."""

import re
from pathlib import Path
from typing import Final

import msgspec

from bench.workload import bundled, from_file, make
from tinyv_stream.types import Rollout

_BOXED: Final = re.compile(r"\\boxed\{(.*)\}\$?\.?\s*\Z", re.DOTALL)
_ASKED: Final = ("wrong", "false_negative")


def refused(prompts: int, group_size: int, seed: int, file: Path | None) -> list[Rollout]:
    """Return the rollouts of one step that rules refuse, group by group; the completion is the answer alone."""
    questions = from_file(file, prompts, seed) if file else bundled(prompts, seed)
    step = make(questions, group_size, wall_s=1.0, seed=seed)
    lines = sorted((line for line in step.lines if line.kind in _ASKED), key=lambda line: line.rollout.rollout_id)
    return [msgspec.structs.replace(line.rollout, completion=_answer(line.rollout.completion)) for line in lines]


def unique(rollouts: list[Rollout]) -> list[Rollout]:
    """Return one rollout of each kind: those that cost a call."""
    return list({(r.question, r.ground_truth, r.completion): r for r in rollouts}.values())


def _answer(completion: str) -> str:
    found = _BOXED.search(completion)
    return found[1] if found else completion[-60:]
