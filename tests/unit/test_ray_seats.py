"""Which seats a start on Ray waits for: per stage those that it wants, whatever else is still there."""

from tinyv_stream.scale.keeper import RayStatus, SeatStatus, wanted_seats
from tinyv_stream.scale.plan import seat_name
from tinyv_stream.types import Stage


def status(*seats: tuple[Stage, int]) -> RayStatus:
    found = [SeatStatus(name=seat_name("p:1", stage, n), stage=stage, silent_s=0.0) for stage, n in seats]
    return RayStatus(pool="p:1", wanted={}, seats=found, blocked={}, events=[])


def test_a_seat_that_is_to_go_does_not_stand_for_one_that_is_missing() -> None:
    found = status(("rule", 1), ("tinyv", 1), ("tinyv", 2))
    seats = wanted_seats(found, {"rule": (2, 2), "tinyv": (1, 4)})
    assert {name: seat is not None for name, seat in seats.items()} == {
        "tinyv:p:1:rule-1": True,
        "tinyv:p:1:rule-2": False,
        "tinyv:p:1:tinyv-1": True,
    }


def test_of_a_stage_without_seats_none_is_waited_for() -> None:
    assert wanted_seats(status(("rule", 1)), {"rule": (0, 0), "tinyv": (0, 2)}) == {}
