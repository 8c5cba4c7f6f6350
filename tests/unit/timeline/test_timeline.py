"""A recorded run comes back as it was, and its pictures hold nothing that a browser would run."""

import importlib.util
import itertools
import json
import struct
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from tinyv_stream import Reward, Source, Status
from tinyv_stream.charts.png import png, stacked
from tinyv_stream.cli import app
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.timeline import Span, SpanWriter, read
from tinyv_stream.timeline.picture import WIDTH, counted, state_intervals, step_svg, svg
from tinyv_stream.timeline.spans import counted_from, span_of
from tinyv_stream.timeline.trace import chrome_trace
from tinyv_stream.types import Timings

HOSTILE = "</text><script>alert(1)</script>"


def reward(rollout_id: str = "r") -> Reward:
    spent = Timings(rule_queue_s=0.1, rule_s=0.2, tinyv_queue_s=0.3, tinyv_s=0.4, total_s=1.5)
    return Reward(rollout_id=rollout_id, value=1.0, status=Status.OK, source=Source.TINYV, timings=spent)


def test_a_record_is_read_back_without_its_torn_last_line(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with SpanWriter(path) as run:
        run.add(reward("a"), step=1)
        run.add(reward("b"), step=2)
    with path.open("ab") as file:
        file.write(b'{"rollout_id":"c","ended')
    assert [(s.rollout_id, s.step, s.source, s.wait_s) for s in read(path)] == [
        ("a", 1, Source.TINYV, pytest.approx(1.5)),
        ("b", 2, Source.TINYV, pytest.approx(1.5)),
    ]


def test_a_record_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("mine\n")
    with pytest.raises(InvalidInputError, match="new file"), SpanWriter(path):
        pass
    assert path.read_text() == "mine\n"


@pytest.mark.parametrize("text", ["", "{}\n", "not json\n"])
def test_what_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text(text)
    with pytest.raises(InvalidInputError, match="RUN"):
        read(path)


def test_lanes_follow_one_another_and_end_with_the_reward() -> None:
    found = state_intervals([span_of(reward(), rewarded_s=10.0)])
    assert found["generation"] == [(0.0, 8.5)]
    assert found["rules"] == [(8.5, pytest.approx(8.8))]
    assert found["TinyV queue"] == [(pytest.approx(8.8), pytest.approx(9.6))]
    assert found["TinyV"] == [(pytest.approx(9.6), 10.0)]


def test_counting_sees_intervals_shorter_than_a_sample() -> None:
    assert max(counted([(5.0, 5.0001), (5.0, 5.0002)], 100.0)) == 2
    assert sum(counted([(1.0, 1.0)], 100.0)) == 0


def test_pictures_and_traces_are_well_formed_whatever_the_ids_say() -> None:
    spans = [
        Span(rollout_id=HOSTILE, group_id=HOSTILE, ended_s=1.0, rewarded_s=1.2),
        span_of(reward(HOSTILE), rewarded_s=3.0, step=0),
        Span(rollout_id="expired", ended_s=0.0, rewarded_s=0.0, status=Status.EXPIRED, source=Source.FALLBACK),
    ]
    picture = step_svg(spans, HOSTILE)
    ET.fromstring(picture)
    assert "<script" not in picture
    events = json.loads(chrome_trace(spans))["traceEvents"]
    exposed = next(e for e in events if e["name"] == "exposed")
    assert (exposed["ts"], exposed["dur"]) == (1_500_000, 1_500_000)
    assert all(e["dur"] >= 0 for e in events if e["ph"] == "X")


def test_rows_of_a_trace_hold_one_rollout_at_a_time() -> None:
    spans = [Span(rollout_id=f"r{n}", ended_s=float(n), rewarded_s=n + 1.5) for n in range(6)]
    events = json.loads(chrome_trace(spans))["traceEvents"]
    rows: dict[int, list[tuple[float, float]]] = {}
    for e in events:
        if e["name"].startswith("r") and e["name"] != "rules":
            rows.setdefault(e["tid"], []).append((e["ts"], e["ts"] + e["dur"]))
    assert len(rows) == 2
    for row in rows.values():
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(row))


def test_the_command_tells_each_step_and_writes_both_files(tmp_path: Path) -> None:
    run, svg, trace = tmp_path / "run.jsonl", tmp_path / "s.svg", tmp_path / "t.json"
    with SpanWriter(run) as recorder:
        recorder.write(Span(rollout_id="a", step=4, ended_s=2.0, rewarded_s=2.25))
    done = CliRunner().invoke(app, ["timeline", str(run), "--svg", str(svg), "--trace", str(trace)])
    assert done.exit_code == 0, done.output
    assert "step 4: 1 rewards, exposed 0.250 s" in done.output
    ET.fromstring(svg.read_text())
    assert json.loads(trace.read_text())["traceEvents"]
    refused = CliRunner().invoke(app, ["timeline", str(run), "--step", "5"])
    assert isinstance(refused.exception, InvalidInputError)


def test_pictures_become_pngs_of_their_size_and_stand_below_one_another() -> None:
    picture = step_svg([span_of(reward(), rewarded_s=10.0)], HOSTILE)
    both = stacked([picture, picture])
    one, two = (struct.unpack(">II", png(each)[16:24]) for each in (picture, both))
    assert one[0] == two[0] == 2 * WIDTH
    assert two[1] == 2 * one[1]


def test_text_is_drawn_with_the_font_that_comes_along() -> None:
    def drawn(text: str) -> bytes:
        return png(svg(100, 20, f'<text x="2" y="15">{text}</text>'))

    assert drawn("exposed") != drawn("") != drawn("hidden") != drawn("exposed")


def test_the_command_writes_a_png(tmp_path: Path) -> None:
    run, file = tmp_path / "run.jsonl", tmp_path / "step.png"
    with SpanWriter(run) as record:
        record.add(reward())
    done = CliRunner().invoke(app, ["timeline", str(run), "--png", str(file)])
    assert done.exit_code == 0, done.output
    assert file.read_bytes().startswith(b"\x89PNG")


def test_a_verdict_that_waited_for_the_batch_is_drawn_when_it_was_made() -> None:
    late = replace(span_of(reward(), rewarded_s=20.0, ended_s=1.0), began_s=10.0, answered_s=11.0)
    found = state_intervals([late])
    assert (found["rules"], found["TinyV"]) == ([(10.0, pytest.approx(10.3))], [(pytest.approx(10.6), 11.0)])
    assert counted_from([late], 0.5)[0].answered_s == 10.5


def test_a_step_is_drawn_from_the_end_of_the_one_before_it() -> None:
    spans = [span_of(reward(str(n)), rewarded_s=100.0 + n) for n in range(3)]
    assert [s.ended_s for s in counted_from(spans, 90.0)] == [8.5, 9.5, 10.5]
    assert [s.ended_s for s in counted_from(spans, 99.0)] == [0.0, 1.0, 2.0]
    assert [s.wait_s for s in counted_from(spans, 99.0)] == pytest.approx([1.5] * 3)
    assert counted_from(spans) == spans


def test_without_the_extra_a_png_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InvalidInputError, match="report"):
        png(svg(10, 10, ""))
