"""Figures of an engine: the last step's queue, all steps' prefix tokens, and 0 for what a release does not have."""

from types import SimpleNamespace

from tinyv_stream_workers.tinyv.engines.engine_figures import EngineFigures


def stats(waiting: int, queries: int, hits: int) -> SimpleNamespace:
    cache = SimpleNamespace(queries=queries, hits=hits)
    return SimpleNamespace(num_waiting_reqs=waiting, num_skipped_waiting_reqs=1, prefix_cache_stats=cache)


def test_the_last_queue_and_the_sum_of_tokens_are_told() -> None:
    figures = EngineFigures()
    figures.record(stats(9, 100, 0), None, mm_cache_stats=None, engine_idx=0)
    figures.record(None, None)
    figures.record(scheduler_stats=stats(2, 50, 32))
    assert figures.describe() == {"engine_waiting": "3", "prefix_queried": "150", "prefix_hit": "32"}


def test_statistics_of_another_release_count_as_nothing_and_raise_nothing() -> None:
    figures = EngineFigures()
    figures.record(SimpleNamespace())
    assert set(figures.describe().values()) == {"0"}
