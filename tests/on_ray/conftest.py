"""One real Ray cluster for all tests, of two nodes with a logical GPU each; `make test-ray` has the environment."""

import asyncio
import os
from collections.abc import Iterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

from tinyv_stream.testing import EmbeddedServer

collect_ignore = [] if find_spec("ray") else ["test_ray_pool.py", "test_beside_trainers.py"]

# Ray runs its workers at the lowest priority but four; on a machine of two busy cores they would hardly start.
os.environ |= {"RAY_worker_niceness": "0", "RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token"}
os.environ["RAY_AUTH_TOKEN"] = os.urandom(16).hex()
NODE = {"num_cpus": 3, "num_gpus": 1, "object_store_memory": 80_000_000, "include_dashboard": False}


@pytest.fixture(scope="session")
def nodes() -> Iterator["Cluster"]:
    """A cluster that this process is connected to, as a trainer is."""
    import ray
    from ray.cluster_utils import Cluster

    both = Cluster(initialize_head=True, head_node_args=NODE)
    try:
        both.add_node(num_cpus=3, num_gpus=1, object_store_memory=80_000_000)
        ray.init(address=both.address, namespace="trainer", log_to_driver=False)
        yield both
        ray.shutdown()
    finally:
        both.shutdown()


@pytest.fixture
def cluster(nodes: "Cluster") -> str:
    """Its address."""
    return nodes.address


@pytest.fixture(scope="session")
def broker() -> Iterator[EmbeddedServer]:
    server, loop = EmbeddedServer(tcp=True), asyncio.new_event_loop()
    try:
        loop.run_until_complete(server.start())
        yield server
        loop.run_until_complete(server.stop())
    finally:
        server.kill()
        loop.close()
