"""A pool beside a trainer that owns every GPU of the cluster: who comes first, what happens, and the way out."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import ray
from ray.util.placement_group import PlacementGroup, placement_group, placement_group_table, remove_placement_group
from ray_kit import assert_each_was_rescued, pool_on, ready, rewards, views

from tinyv_stream.scale.plan import PlacementError
from tinyv_stream.scale.ray_pool import RayPool
from tinyv_stream.testing import EmbeddedServer, wait_until_sync

pytestmark = pytest.mark.timeout(300)


@contextmanager
def trainer(name: str) -> Iterator[PlacementGroup]:
    """A placement group of every GPU, whole ones, as trainers take them."""
    group = placement_group([{"GPU": 1, "CPU": 1}] * 2, name=name)
    try:
        yield group
    finally:
        remove_placement_group(group)


def is_ready(group: PlacementGroup) -> bool:
    return placement_group_table(group)["state"] == "CREATED"


def test_after_a_trainer_a_share_is_refused_with_a_remedy(cluster: str, broker: EmbeddedServer, pool_name: str) -> None:
    with trainer("first") as group:
        wait_until_sync(lambda: is_ready(group), 60, "the trainer has its GPUs")
        with pytest.raises(PlacementError) as caught, pool_on(broker, pool_name, wait_s=45.0):
            pass
        for part in ("tinyv-1", "0.15 GPU", "0 of 2 GPU", "--placement-group", "--gpus share:0"):
            assert part in str(caught.value)
        assert not RayPool(pool_name).exists()
        assert is_ready(group), "the trainer lost nothing"


async def test_after_a_trainer_its_bundles_take_a_seat(cluster: str, broker: EmbeddedServer, pool_name: str) -> None:
    with trainer("bundles") as group:
        wait_until_sync(lambda: is_ready(group), 60, "the trainer has its GPUs")
        with pool_on(broker, pool_name, placement_group="bundles") as pool:
            await ready(broker, pool_name, 2)
            assert_each_was_rescued(await rewards(broker, pool_name, 10), 10)
            assert views(pool.look())["tinyv-1"].cuda in {"0", "1"}


async def test_after_a_trainer_its_gpu_can_be_shared(cluster: str, broker: EmbeddedServer, pool_name: str) -> None:
    with trainer("shared") as group:
        wait_until_sync(lambda: is_ready(group), 60, "the trainer has its GPUs")
        with pool_on(broker, pool_name, gpus="share:0", tinyv_workers=(2, 2)) as pool:
            await ready(broker, pool_name, 3)
            seats = views(pool.look())
            assert {seats[name].cuda for name in ("tinyv-1", "tinyv-2")} == {"0"}
            assert ray.available_resources().get("GPU", 0.0) == 0.0
            assert_each_was_rescued(await rewards(broker, pool_name, 10), 10)


def test_before_a_trainer_shares_are_named_as_what_it_waits_for(
    cluster: str, broker: EmbeddedServer, pool_name: str
) -> None:
    with pool_on(broker, pool_name) as pool, trainer("last") as group:
        wait_until_sync(lambda: "last" in pool.look().blocked, 60, "the keeper sees who waits")
        assert "--gpus share:0" in pool.look().blocked["last"]
        assert not is_ready(group)
        pool.end()
        wait_until_sync(lambda: is_ready(group), 60, "the trainer has its GPUs")


def test_a_group_of_no_name_is_refused_by_those_there_are(cluster: str, broker: EmbeddedServer) -> None:
    with trainer("there"), pytest.raises(PlacementError, match="there"), pool_on(broker, "x", placement_group="none"):
        pass
