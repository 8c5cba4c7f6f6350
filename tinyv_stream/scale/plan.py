"""Plan of a pool on a Ray cluster: how many seats, what each takes of its node, what its worker is told. Pure.

- A seat is one worker process. Rule seats take a CPU each; TinyV seats take a share of a GPU, which is also the share
  of its memory that their engine gets: one number, said once.
- `own`: Ray accounts for the share. `share`: GPUs that a trainer accounts for, by number; Ray sees nothing of it.
  `group`: a share inside the bundles of a placement group.
- A seat's environment is the node's without Ray's and Python's variables, so that the worker's own interpreter runs by
  its own packages.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import msgspec

from tinyv_stream.config import Config
from tinyv_stream.errors import InvalidInputError, TinyVError
from tinyv_stream.pool.placement import VISIBLE
from tinyv_stream.pool.worker_process import worker_environment
from tinyv_stream.types import STAGES, Stage

SHARE: Final = 0.15
"""Of one GPU: the reference's, which sits beside a trainer."""
_RANGE: Final = re.compile(r"(\d+)(?::(\d+))?")
_DEVICES: Final = re.compile(r"share:(\d+(?:,\d+)*)")
_PASSED: Final = ("TINYV_", "HF_", "VLLM_", "OPENAI_")
"""Variables of whoever starts the pool that its workers get, on whatever node."""


class PlacementError(TinyVError):
    """The cluster does not place what was asked for; its text says what to do."""


class GpuPlan(msgspec.Struct, frozen=True, kw_only=True):
    """Where TinyV seats have their share of a GPU from."""

    mode: Literal["own", "share", "group"] = "own"
    share: float = SHARE
    """Of one GPU; 0: none, the engine runs on a CPU."""
    devices: tuple[str, ...] = ()
    """Of `share`: numbers of GPUs on each node that has some."""
    group: str = ""
    """Of `group`: the placement group's id."""


class SeatPlace(msgspec.Struct, frozen=True, kw_only=True):
    """What one seat takes of the cluster."""

    num_cpus: float
    num_gpus: float = 0.0
    node: str = ""
    """Id of the node that it should be on; empty: any."""
    bundle: int | None = None
    """Of the placement group."""
    device: str | None = None
    """GPU that its worker is told; None: the one that Ray gives it."""


class RayPlan(msgspec.Struct, frozen=True, kw_only=True):
    """All that a cluster has to know of a pool. Holds the broker's password: whoever may read the cluster reads it."""

    url: str
    python: str
    """Interpreter of the workers, at the same path on all nodes."""
    config: Config
    counts: dict[Stage, tuple[int, int]]
    """Fewest and most seats of a stage."""
    gpus: GpuPlan = GpuPlan()
    env: dict[str, str] = {}

    @property
    def pool(self) -> str:
        """Name of the pool."""
        return self.config.broker.pool

    @property
    def place(self) -> str:
        """Name under which the broker keeps the wanted counts."""
        return f"ray:{self.pool}"


def parse_counts(option: str, text: str) -> tuple[int, int]:
    """Return fewest and most of `N` or `MIN:MAX`; raise InvalidInputError naming the option."""
    found = _RANGE.fullmatch(text)
    least, most = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
    if not found or least > most:
        raise InvalidInputError(option, text, "give a count such as 2, or fewest and most such as 1:4")
    return least, most


def parse_gpus(text: str, share: float, group: str = "") -> GpuPlan:
    """Return the plan of `own` or `share:0,1`, or of a placement group's id; raise InvalidInputError."""
    if not 0 <= share <= 1:
        raise InvalidInputError("--gpu-share", share, "give a part of one GPU from 0 (none) to 1")
    if group:
        if text != "own":
            raise InvalidInputError("--gpus", text, "a placement group says where: leave it out")
        return GpuPlan(mode="group", share=share, group=group)
    if text == "own":
        return GpuPlan(share=share)
    found = _DEVICES.fullmatch(text)
    if not found:
        raise InvalidInputError("--gpus", text, "give own, or the numbers of GPUs to share, such as share:0,1")
    return GpuPlan(mode="share", share=share, devices=tuple(found[1].split(",")))


def passed_on(environ: Mapping[str, str]) -> dict[str, str]:
    """Return what of a starter's environment its workers get. The broker's URL travels apart."""
    own = {"TINYV_REDIS_URL", "TINYV_CONFIG", "TINYV_STATE", "TINYV_STATE_FILE"}
    return {name: value for name, value in environ.items() if name.startswith(_PASSED) and name not in own}


def seat_place(plan: RayPlan, stage: Stage, number: int, *, gpu_nodes: Sequence[str], bundles: int) -> SeatPlace:
    """Return what seat `number`, from 1 on, takes; `gpu_nodes` are the ids of nodes with a GPU."""
    if stage == "rule":
        return SeatPlace(num_cpus=1)
    gpus = plan.gpus
    if gpus.mode == "group":
        return SeatPlace(num_cpus=0, num_gpus=gpus.share, bundle=(number - 1) % max(1, bundles))
    if gpus.mode == "share":
        # The nodes in turn, then the next device of each.
        nodes = list(gpu_nodes) or [""]
        turn, node = divmod(number - 1, len(nodes))
        return SeatPlace(num_cpus=0, node=nodes[node], device=gpus.devices[turn % len(gpus.devices)])
    # A CPU beside the GPU would keep a seat from a node whose CPUs are all a trainer's.
    return SeatPlace(num_cpus=0 if gpus.share else 1, num_gpus=gpus.share)


def seat_environment(plan: RayPlan, stage: Stage, device: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what a seat's worker is started with; `environ` is that of Ray's process."""
    kept = {name: value for name, value in environ.items() if not name.startswith(("RAY_", "PYTHON"))}
    engine = plan.config.tinyv.engine
    if plan.gpus.share:
        engine = msgspec.structs.replace(engine, gpu_memory_utilization=plan.gpus.share)
    tinyv = msgspec.structs.replace(plan.config.tinyv, workers=int(stage == "tinyv"), devices=[], engine=engine)
    rule = msgspec.structs.replace(plan.config.rule, workers=int(stage == "rule"))
    config = msgspec.structs.replace(plan.config, tinyv=tinyv, rule=rule)
    shown = {VISIBLE: device} if device is not None and stage == "tinyv" else {}
    return worker_environment(plan.url, config, environ=kept | plan.env) | shown


def seat_name(pool: str, stage: Stage, number: int) -> str:
    """Return the name of a seat's actor."""
    return f"tinyv:{pool}:{stage}-{number}"


def keeper_name(pool: str) -> str:
    """Return the name of the keeper's actor."""
    return f"tinyv:{pool}"


def seat_of(pool: str, name: str) -> tuple[Stage, int] | None:
    """Return stage and number of an actor's name; None if it is no seat of this pool."""
    stage, _, number = name.removeprefix(f"tinyv:{pool}:").partition("-")
    found: list[Stage] = [one for one in STAGES if one == stage]
    return (found[0], int(number)) if name.startswith(f"tinyv:{pool}:") and found and number.isdecimal() else None


def difference(pool: str, wanted: Mapping[Stage, int], present: set[str]) -> tuple[list[tuple[Stage, int]], list[str]]:
    """Return which seats are to be started, and the names of those that are beyond what is wanted."""
    lacking: list[tuple[Stage, int]] = [
        (stage, number)
        for stage in STAGES
        for number in range(1, wanted.get(stage, 0) + 1)
        if seat_name(pool, stage, number) not in present
    ]
    seats = {name: seat for name in sorted(present) if (seat := seat_of(pool, name))}
    return lacking, [name for name, (stage, number) in seats.items() if number > wanted.get(stage, 0)]


def remedy(plan: RayPlan, stage: Stage, free: Mapping[str, float], total: Mapping[str, float]) -> str:
    """Say why Ray does not start a seat, and what to do; `free` and `total` are the cluster's CPU and GPU."""
    if stage == "rule":
        return f"it waits for 1 CPU, and {_of('CPU', free, total)} are free: lower --rule-workers, or add a node"
    share = plan.gpus.share
    if not share:
        return f"it waits for 1 CPU, and {_of('CPU', free, total)} are free: lower --tinyv-workers, or add a node"
    if plan.gpus.mode == "group":
        return (
            f"it waits for {share:g} GPU of the placement group: its bundles have to leave that much to others; make"
            " them larger than what the trainer's actors take, or use --gpus share:0"
        )
    return (
        f"it waits for {share:g} GPU, and {_of('GPU', free, total)} are free: somebody, such as a trainer's placement"
        " group, holds whole GPUs. Use --placement-group NAME for a share of theirs, or --gpus share:0 for a GPU that"
        " Ray counts as taken"
    )


def find_python(given: str | None, own: str) -> str:
    """Return the workers' interpreter: what was given, else `own`; raise InvalidInputError if it is no full path."""
    python = given or own
    if not Path(python).is_absolute():
        raise InvalidInputError("--python", python, "give a full path, which is the same on all nodes")
    return python


def _of(name: str, free: Mapping[str, float], total: Mapping[str, float]) -> str:
    return f"{free.get(name, 0.0):g} of {total.get(name, 0.0):g} {name}"
