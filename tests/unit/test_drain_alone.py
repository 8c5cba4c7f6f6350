"""Whether a stage is left without a host by a drain: who takes nothing any more relieves nobody."""

import pytest

from tinyv_stream.broker.figures import WorkerInfo
from tinyv_stream.broker.hosts import HostBook
from tinyv_stream.control.drain import stages_left_alone

BOOK = HostBook(now_ms=0, changes=0, marks={}, wanted={})


@pytest.mark.parametrize(
    ("other", "alone"),
    [("ready", []), ("starting", []), ("draining", ["rule"]), ("drained", ["rule"]), ("lost", ["rule"])],
)
def test_a_worker_that_leaves_is_no_relief(other: str, alone: list[str]) -> None:
    workers = [
        WorkerInfo(name=host, stage="rule", pid=1, host=host, state=state)
        for host, state in (("a", "ready"), ("b", other))
    ]
    assert stages_left_alone("a", BOOK, workers) == alone
