# pyright: reportMissingImports=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUntypedFunctionDecorator=false
# Ray is not installed where the types are checked; this file gives its answers types, so that no other has to.
"""Ray cluster as a pool sees it: the only importer of ray.

- Actors are detached and named, in a namespace of their own: they outlive the driver that made them, and are found by
  whoever comes later.
- Seats are restarted by Ray without end, on another node if theirs is gone. Whoever lets one go says so.
"""

import asyncio
import logging
from typing import Any, Final, cast

import msgspec
import ray
from ray.util import list_named_actors
from ray.util.placement_group import PlacementGroup, placement_group_table
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy, PlacementGroupSchedulingStrategy

from tinyv_stream.scale.actors import KeeperActor, SeatActor
from tinyv_stream.scale.plan import PlacementError, RayPlan, SeatPlace, keeper_name, seat_name, seat_of
from tinyv_stream.scale.reach import check_answers
from tinyv_stream.types import Stage

SPACE: Final = "tinyv-stream"
"""Ray's namespace of all our actors."""
_CALLS: Final = 8
"""Calls that an actor answers at once: a drain must not keep it from saying how it is."""


class RayCluster:
    """The cluster that this process is connected to."""

    def seats(self, pool: str) -> set[str]:
        """Return the names of a pool's seats, also of those that wait for room."""
        named = cast("list[dict[str, str]]", list_named_actors(all_namespaces=True))
        return {one["name"] for one in named if one["namespace"] == SPACE and seat_of(pool, one["name"])}

    def start(self, plan: RayPlan, stage: Stage, number: int, place: SeatPlace) -> None:
        """Ask for a seat; it is there once Ray has room."""
        strategy: object = "SPREAD"
        if place.node:
            strategy = NodeAffinitySchedulingStrategy(place.node, soft=True)
        if place.bundle is not None:
            strategy = PlacementGroupSchedulingStrategy(_group(plan.gpus.group), place.bundle)
        actor = ray.remote(max_restarts=-1, max_task_retries=0)(SeatActor)
        actor.options(
            name=seat_name(plan.pool, stage, number),
            namespace=SPACE,
            lifetime="detached",
            get_if_exists=True,
            max_concurrency=_CALLS,
            num_cpus=place.num_cpus,
            num_gpus=place.num_gpus,
            scheduling_strategy=strategy,
        ).remote(msgspec.json.encode(plan), stage, number, place.device)

    async def ask(self, name: str, method: str, *args: object, patience_s: float) -> object:
        """Call a method of an actor; raise PlacementError if it does not answer, is not there, or fails."""
        try:
            handle = cast("Any", ray.get_actor(name, SPACE))
            async with asyncio.timeout(patience_s):
                return await getattr(handle, method).remote(*args)
        except (TimeoutError, ValueError, ray.exceptions.RayError) as exc:
            raise PlacementError(f"{name} does not answer ({type(exc).__name__})") from exc

    def let_go(self, name: str) -> None:
        """End an actor for good, at once."""
        try:
            ray.kill(cast("Any", ray.get_actor(name, SPACE)), no_restart=True)
        except ValueError:
            return

    def keep(self, plan: RayPlan) -> bool:
        """Start the keeper of a pool; return False if there is one."""
        name = keeper_name(plan.pool)
        if has_actor(name):
            return False
        actor = ray.remote(max_restarts=-1, max_task_retries=0)(KeeperActor)
        actor.options(
            name=name, namespace=SPACE, lifetime="detached", get_if_exists=True, max_concurrency=_CALLS, num_cpus=0
        ).remote(msgspec.json.encode(plan))
        return True

    def gpu_nodes(self) -> list[str]:
        """Return the ids of live nodes that have a GPU, in a fixed order."""
        nodes = cast("list[dict[str, Any]]", ray.nodes())
        return sorted(node["NodeID"] for node in nodes if node["Alive"] and node["Resources"].get("GPU"))

    def bundles(self, group: str) -> int:
        """Return how many bundles a placement group has."""
        return len(placement_group_table(_group(group))["bundles"]) if group else 0

    def waiting_groups(self) -> list[str]:
        """Return the placement groups that wait, with names where they have some, and want a GPU."""
        table = cast("dict[str, dict[str, Any]]", placement_group_table())
        waiting = [one for one in table.values() if one["state"] in {"PENDING", "RESCHEDULING"}]
        return [
            str(one["name"] or one["placement_group_id"])
            for one in waiting
            if any(bundle.get("GPU") for bundle in one["bundles"].values())
        ]

    def free(self) -> dict[str, float]:
        """Return what nobody holds, by resource."""
        return cast("dict[str, float]", ray.available_resources())

    def total(self) -> dict[str, float]:
        """Return what there is, by resource."""
        return cast("dict[str, float]", ray.cluster_resources())


def connect(address: str | None) -> RayCluster:
    """Use this process's cluster, or connect to one; raise PlacementError saying how to have one.

    What does not answer at `address` is given up within 30 s.
    """
    if ray.is_initialized():
        return RayCluster()
    try:
        check_answers(address or "auto")
        ray.init(address=address or "auto", namespace=SPACE, log_to_driver=False, logging_level=logging.ERROR)
    except (OSError, RuntimeError, ValueError) as exc:
        said = str(exc).strip().splitlines() or [type(exc).__name__]
        raise PlacementError(
            f"no connection to a Ray cluster at {address or 'auto'}: {said[0][:200]}; give its --address, or start one"
            " with `ray start --head`, and use the cluster's own version of Ray and Python"
        ) from exc
    return RayCluster()


def own_node() -> str:
    """Return the id of the node that this actor is on."""
    return str(ray.get_runtime_context().get_node_id())


def has_actor(name: str) -> bool:
    """Tell whether an actor of ours has this name."""
    try:
        ray.get_actor(name, SPACE)
    except ValueError:
        return False
    return True


def find_group(name: str) -> str:
    """Return the id of a placement group, by its name in any namespace; raise PlacementError naming those there."""
    table = cast("dict[str, dict[str, Any]]", placement_group_table())
    alive = {key: str(one["name"]) for key, one in table.items() if one["state"] != "REMOVED"}
    found = [key for key, its_name in alive.items() if name in {key, its_name}]
    if len(found) != 1:
        named = ", ".join(sorted(filter(None, alive.values()))) or "none has a name"
        many = "several have" if found else "none has"
        raise PlacementError(f"--placement-group {name}: {many} that name; there are: {named}")
    return found[0]


def _group(key: str) -> Any:  # noqa: ANN401 Ray's
    return PlacementGroup(ray.PlacementGroupID(bytes.fromhex(key)))
