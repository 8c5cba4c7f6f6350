"""Figures of a running vLLM engine: how many requests wait inside it, and how much of their prompts its cache knew.

- vLLM hands them to a stat logger after each of its steps (`vllm.v1.metrics.loggers.StatLoggerBase`); this one keeps
  the last. vLLM calls those statistics no stable interface: what a release does not have counts as 0.
- How many requests run is not among them: it is taken after a step, and one-token requests have left by then.
"""

from typing import Any


class EngineFigures:
    """A stat logger of vLLM's, in shape. It never raises: it is called on the loop that reads verdicts."""

    def __init__(self) -> None:
        self._waiting = 0
        self._queried = 0
        self._hit = 0

    def describe(self) -> dict[str, str]:
        """Return what a worker says of its engine; tokens are counted since the engine's start."""
        return {
            "engine_waiting": str(self._waiting),
            "prefix_queried": str(self._queried),
            "prefix_hit": str(self._hit),
        }

    def record(self, scheduler_stats: Any = None, *_: object, **__: object) -> None:  # noqa: ANN401 vLLM's
        """Take in the statistics of one step of the engine; None where it had none."""
        if scheduler_stats is None:
            return
        waiting = (getattr(scheduler_stats, name, 0) for name in ("num_waiting_reqs", "num_skipped_waiting_reqs"))
        self._waiting = sum(waiting)
        cache = getattr(scheduler_stats, "prefix_cache_stats", None)
        self._queried += getattr(cache, "queries", 0)
        self._hit += getattr(cache, "hits", 0)

    def log(self) -> None:
        """Log nothing: `describe` is asked."""

    def log_engine_initialized(self) -> None:
        """Log nothing."""
