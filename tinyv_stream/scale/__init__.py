"""Pools beyond one machine: placed, counted and drained by a cluster that is there already.

    from tinyv_stream.scale import ray_pool

    with ray_pool(redis_url, tinyv_workers=(1, 4), gpus="share:0"):
        train()

A cluster places and restarts worker processes. Rollouts pass through the broker alone.
"""

from tinyv_stream.scale.ray_pool import RayPool, ray_pool

__all__ = ["RayPool", "ray_pool"]
