"""The result says what was measured: paired ratios, every difference explained, a missed goal named as missed."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from bench.overlap.definition import measure
from bench.overlap.pools import config_of
from bench.overlap.replay import ReplayedStep
from bench.overlap.report import html, pictures
from bench.overlap.result import result, spread
from bench.overlap.run import Measured, Repeat
from bench.overlap.settings import parse
from bench.workload import Step, bundled, make
from bench.workload.steps import DATA_SOURCE
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.reward_policy import route_for
from tinyv_stream.timeline import Span

STEPS = [make(bundled(2, n), 4, wall_s=10, seed=n) for n in range(2)]
SETTINGS = parse(["--modes", "stream,blocking", "--prompts", "2", "--group-size", "4", "--repeats", "2"])


def repeat(mode: str, step: Step, number: int, tail_s: float, **found: object) -> Repeat:
    ids = [line.rollout.rollout_id for line in step.lines]
    spans = [
        Span(rollout_id=line.rollout.rollout_id, ended_s=line.end_s, rewarded_s=line.end_s + tail_s)
        for line in step.lines
    ]
    fields: dict[str, object] = {"values": dict.fromkeys(ids, 1.0), "notes": {}, "calls": 4, "failed": 0} | found
    return Repeat(
        mode=mode,
        number=number,
        position=0,
        exposure=measure(spans),
        calls=4,
        failed=0,
        load_before=1.0,
        load_after=1.0,
        found=ReplayedStep(spans=spans, **fields),  # type: ignore[arg-type]
    )


def measured(*, stream_s: float = 0.01, **ours: object) -> Measured:
    rows = [repeat("blocking", step, n, 2.0 * (n + 1)) for n, step in enumerate(STEPS)]
    rows += [repeat("stream", step, n, stream_s, **ours) for n, step in enumerate(STEPS)]
    return Measured(repeats=rows, steps=STEPS, verdict_s=0.1, trainers={})


def test_ratios_are_paired_by_step() -> None:
    summary = result(SETTINGS, measured())
    assert summary["x_blocking"] == pytest.approx(300, rel=0.01)
    assert summary["paired"]["blocking / stream"].min == pytest.approx(200, rel=0.01)
    assert summary["exposed_fraction"] == pytest.approx(0.001, rel=0.01)
    assert summary["agreement"] == 1.0
    assert all(goal["holds"] for goal in summary["goals"])


def test_what_the_chosen_modes_cannot_tell_is_not_made_up() -> None:
    summary = result(SETTINGS, measured())
    assert summary["calls_avoided"] is None
    assert not any("avoided" in goal["goal"] for goal in summary["goals"])


def test_a_missed_goal_is_named() -> None:
    summary = result(SETTINGS, measured(stream_s=1.0))
    missed = [goal["goal"] for goal in summary["goals"] if not goal["holds"]]
    assert [text.partition(",")[0] for text in missed] == [
        "exposed fraction",
        "blocking / stream",
        "last completion to last reward",
    ]


@pytest.mark.parametrize(
    ("value", "note", "why"),
    [
        (0.0, "tinyv incorrect p_true=0.4990", "beside the threshold"),
        (0.0, "tinyv incorrect p_true=0.1000", "not explained"),
        (0.0, "guard incorrect empty answer", "guard"),
        (None, "tinyv undecided no verdict in 120 s", "undecided"),
    ],
)
def test_a_difference_counts_and_gets_its_cause(value: float | None, note: str, why: str) -> None:
    one = STEPS[0].lines[0].rollout.rollout_id
    ids = [line.rollout.rollout_id for line in STEPS[0].lines]
    theirs = repeat("blocking", STEPS[0], 0, 2.0, notes={one: "reply 'True'"})
    ours = repeat("stream", STEPS[0], 0, 0.01, values=dict.fromkeys(ids, 1.0) | {one: value}, notes={one: note})
    only = Measured(repeats=[theirs, ours], steps=STEPS[:1], verdict_s=0.1, trainers={})
    summary = result(SETTINGS, only)
    assert summary["agreement"] == pytest.approx(1 - 1 / len(ids))
    assert [(d["rollout_id"], why in d["why"]) for d in summary["differences"]] == [(one, True)]


def test_a_spread_bounds_its_median() -> None:
    found = spread([1.0, 2.0, 3.0, 4.0, 100.0])
    assert (found.min, found.median, found.max) == (1.0, 3.0, 100.0)
    assert found.min <= found.low <= found.median <= found.high <= found.max


def test_the_report_is_whole_and_runs_nothing(tmp_path: Path) -> None:
    hostile = "<script>alert(1)</script>"
    made = measured(
        values={STEPS[0].lines[0].rollout.rollout_id: 0.0}, notes={STEPS[0].lines[0].rollout.rollout_id: hostile}
    )
    summary = result(SETTINGS, made)
    page = html(pictures(made), summary, made)
    assert hostile not in page
    assert "the rules of the two modes differ" in page
    assert "&lt;script&gt;" in page
    for picture in pictures(made).values():
        ET.fromstring(picture)
    json.loads(msgspec.json.encode(summary))


def test_streaming_modes_differ_only_in_what_they_are_named_after() -> None:
    base = SETTINGS.config
    alone, ours, every = (config_of(mode, base) for mode in ("rule_only", "stream", "stream_no_coalesce"))
    assert (alone.tinyv.workers, ours.tinyv, every.tinyv) == (0, base.tinyv, base.tinyv)
    route = route_for(DATA_SOURCE, alone.route_rows)
    assert (route.tinyv, route.grader) == (False, route_for(DATA_SOURCE).grader)
    assert (ours.broker.cache_ttl_s, every.broker.cache_ttl_s) == (base.broker.cache_ttl_s, 0)
    assert config_of("stream", base).broker.pool != ours.broker.pool


@pytest.mark.parametrize("argv", [["--modes", "stream,vrl"], ["--repeats", "0"], ["--prompts", "-1"]])
def test_a_bad_value_is_refused(argv: list[str]) -> None:
    with pytest.raises(InvalidInputError):
        parse(argv)


def test_a_trainer_without_environment_is_left_out_unless_named(tmp_path: Path) -> None:
    (tmp_path / "trl" / "bin").mkdir(parents=True)
    (tmp_path / "trl" / "bin" / "python").touch()
    by_default = parse(["--venvs", str(tmp_path)])
    assert "trl" in by_default.modes
    assert "verl" not in by_default.modes
    assert "run.py --only verl" in by_default.left_out["verl"]
    with pytest.raises(InvalidInputError, match="--only verl"):
        parse(["--venvs", str(tmp_path), "--modes", "stream,verl"])


def test_what_was_left_out_is_in_the_result_and_on_the_page(tmp_path: Path) -> None:
    made = measured()
    summary = result(msgspec.structs.replace(SETTINGS, left_out={"verl": "no <b>environment</b>"}), made)
    assert summary["left_out"] == {"verl": "no <b>environment</b>"}
    assert "no &lt;b&gt;environment" in html(pictures(made), summary, made)
