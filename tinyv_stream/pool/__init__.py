"""A pool on this machine: the embedded server and the worker processes, started, watched, restarted and drained."""

from tinyv_stream.pool.pool import COMMANDS, Pool, WorkerProcessInfo
from tinyv_stream.pool.supervisor import State

__all__ = ["COMMANDS", "Pool", "State", "WorkerProcessInfo"]
