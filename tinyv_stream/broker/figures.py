"""Figures of a pool's stages: what each worker says of itself, and what follows for a stage. Pure.

They are what a decision about more or fewer workers needs, and one look gives them: rates are the workers' own, over
the last ten seconds. A worker of an older release tells no rate and no slots: it counts as none.
"""

from collections.abc import Mapping, Sequence

import msgspec

from tinyv_stream.types import STAGES, Stage


class WorkerInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker says of itself, each second."""

    name: str
    stage: Stage
    pid: int
    host: str
    state: str
    held: int = 0
    """Rollouts that it holds now."""
    done: int = 0
    """Rollouts that it ended or forwarded since its start."""
    done_per_s: float = 0.0
    """The same per second, over the last ten seconds."""
    slots: int = 0
    """How many rollouts it takes at once."""
    about: dict[str, str] = {}


class StageFigures(msgspec.Struct, frozen=True, kw_only=True):
    """One stage at one moment."""

    depth: int
    """Rollouts waiting and running."""
    oldest_s: float
    """Age of the oldest of them; 0 where there is none."""
    verdicts_per_s: float
    """Over the last ten seconds, by workers that are heard of."""
    backlog_s: float | None
    """How long what is there takes at that rate: its waiting time. None: there is work, and no verdict came."""
    slots: int
    """Rollouts that the ready workers take at once."""
    ready: int
    workers: int
    """All that are heard of: starting, asleep and draining ones too."""


def stage_figures(
    depth: Mapping[str, int], oldest: Mapping[str, float], workers: Sequence[WorkerInfo]
) -> dict[str, StageFigures]:
    """Return the figures of each stage."""
    return {stage: _figures(depth.get(stage, 0), oldest.get(stage, 0.0), _of(stage, workers)) for stage in STAGES}


def _of(stage: Stage, workers: Sequence[WorkerInfo]) -> list[WorkerInfo]:
    return [worker for worker in workers if worker.stage == stage and worker.state != "lost"]


def _figures(depth: int, oldest_s: float, workers: Sequence[WorkerInfo]) -> StageFigures:
    ready = [worker for worker in workers if worker.state == "ready"]
    rate = sum(worker.done_per_s for worker in workers)
    return StageFigures(
        depth=depth,
        oldest_s=oldest_s,
        verdicts_per_s=rate,
        backlog_s=depth / rate if rate else None if depth else 0.0,
        slots=sum(worker.slots for worker in ready),
        ready=len(ready),
        workers=len(workers),
    )
