"""A pool's figures for the metrics, from its status."""

from tinyv_stream.broker.operator import PoolStatus
from tinyv_stream.gateway.metrics import PoolFigures


def figures_of(status: PoolStatus) -> PoolFigures:
    """Return what the metrics show of `status`."""
    workers: dict[tuple[str, str], int] = {}
    for worker in status.workers:
        workers[worker.stage, worker.state] = workers.get((worker.stage, worker.state), 0) + 1
    return PoolFigures(
        depth=status.depth,
        live=status.live,
        parked=status.parked,
        dead=status.dead,
        oldest_s=status.oldest_s or 0.0,
        workers=workers,
        stats=status.stats,
    )
