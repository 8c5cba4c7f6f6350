"""Whether a stage is left without a host by a drain: who takes nothing any more relieves nobody."""

import msgspec
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


def test_a_worker_between_two_starts_counts_for_its_host_and_relieves_no_other() -> None:
    book = msgspec.structs.replace(BOOK, left={"a": {"rule"}})
    assert stages_left_alone("a", book, []) == ["rule"]
    other = WorkerInfo(name="b", stage="rule", pid=1, host="b", state="ready")
    assert stages_left_alone("a", book, [other]) == []
    assert stages_left_alone("b", book, [other]) == ["rule"]
