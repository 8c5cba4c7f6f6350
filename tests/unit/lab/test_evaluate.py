"""The evaluation's figures, and the command itself on a real pool with a real rule worker."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tinyv_stream.config import Config
from tinyv_stream.lab.evaluate import JudgedPair, pool_config, report, with_kinds
from tinyv_stream.lab.pairs import Pair, write_pairs
from tinyv_stream.lab.picture import page, png, stairs
from tinyv_stream.lab.rescues import in_words
from tinyv_stream.types import Outcome, Setup

YES, NO, OPEN = Outcome.CORRECT, Outcome.INCORRECT, Outcome.UNDECIDED


def right(outcome: Outcome, p_true: float | None = None, **more: Any) -> JudgedPair:  # noqa: ANN401 - fields of a JudgedPair
    return JudgedPair(pair_id="x", label=True, outcome=outcome, p_true=p_true, **more)


def wrong(outcome: Outcome, p_true: float | None = None, **more: Any) -> JudgedPair:  # noqa: ANN401 - fields of a JudgedPair
    return JudgedPair(pair_id="x", label=False, outcome=outcome, p_true=p_true, **more)


def test_figures_of_a_small_set() -> None:
    lines = [right(YES), right(OPEN), wrong(YES), wrong(NO), wrong(NO)]
    found = report(lines)
    assert (found.n, found.recall, found.fp_rate, found.accuracy, found.undecided) == (5, 0.5, 1 / 3, 0.6, 1)
    assert found.intervals["recall"].low is not None


def test_probabilities_decide_the_order_and_the_calibration() -> None:
    lines = [right(YES, 0.9), right(NO, 0.4), wrong(NO, 0.2), wrong(NO, 0.5)]
    found = report(lines)
    assert found.auc == 0.75
    assert found.calibration_error == pytest.approx((0.1 + 0.6 + 0.2 + 0.5) / 4)


def test_rows_by_source_and_by_kind() -> None:
    found = report([right(YES, source="s", kind="6.1"), wrong(NO, source="t", kind="digit")])
    assert set(found.by_source) == {"s", "t"}
    assert set(found.by_kind) == {"6.1 set_list: order", "digit"}


def test_rescues_are_what_the_model_gave_back_of_what_the_rules_refused() -> None:
    refused = {"rule": NO}
    lines = [
        right(YES, rule=YES, kind="6.1"),
        wrong(YES, rule=YES, kind="digit"),
        right(YES, 0.9, kind="6.1", **refused),
        right(NO, 0.2, kind="6.1", **refused),
        right(YES, 0.9, rule=OPEN),
        wrong(YES, 0.8, kind="digit", **refused),
        wrong(NO, 0.1, kind="digit", **refused),
        wrong(OPEN, kind="sign", **refused),
    ]
    found = report(lines, verifier="pipeline").rescues
    assert found is not None
    assert (found.refused, found.given_back) == (6, 3)
    assert (found.precision.hits, found.precision.n) == (2, 3)
    assert (found.recall.hits, found.recall.n) == (2, 3)
    assert (found.fp_rate.hits, found.fp_rate.n) == (1, 3)
    digit = found.by_kind["digit"]
    assert (digit.refused, digit.given_back, digit.rightly) == (2, 1, 0)
    assert found.by_kind["none"].rightly == 1
    said = in_words(found)
    assert said[0] == "rescues    3 of 6 that the rules refused"
    assert "  digit: 0 right of 1, 2 refused" in said
    assert not any("sign" in line for line in said), "a kind of which nothing was given back is not listed"
    assert report(lines, verifier="tinyv").rescues is None


@pytest.mark.parametrize(
    ("verifier", "grader", "asks", "setup"),
    [
        ("prime", "prime", False, Setup.ADDON),
        ("my.module:grade", "my.module:grade", False, Setup.ADDON),
        ("tinyv", "exact", True, Setup.TINYV_ONLY),
        ("pipeline", "cascade", True, Setup.ADDON),
    ],
)
def test_a_verifier_is_a_route_through_the_pool(verifier: str, grader: str, asks: bool, setup: Setup) -> None:  # noqa: FBT001
    config = pool_config(Config(), verifier)
    assert (config.routes[0].grader, config.routes[0].tinyv, config.tinyv.setup) == (grader, asks, setup)
    assert (config.tinyv.workers > 0) == asks


def test_the_page_shows_hostile_text_without_obeying_it() -> None:
    bad = "<script>alert(1)</script>"
    lines = [wrong(YES, 0.9, ground_truth=bad, model_answer=bad, source=bad), right(YES, 0.8)]
    shown = page(report(lines, model=bad), lines)
    assert bad not in shown and "&lt;script&gt;" in shown
    assert "polyline" in shown


def test_the_curves_are_drawn_as_a_picture_whatever_the_names_hold(tmp_path: Path) -> None:
    image = pytest.importorskip("matplotlib.image")
    lines = [wrong(YES, 0.9), right(YES, 0.8), right(NO, 0.3)]
    for number, name in enumerate(("plain", "$\\frac{", "<b>\x1b[31m\u202e" * 99)):
        path = tmp_path / f"{number}.png"
        png(report(lines, model=name, pairs=name), path)
        pixels = image.imread(path)
        assert pixels.shape[1] > 2.5 * pixels.shape[0], "three panels beside each other"
        assert pixels[:, :, :3].std() > 0.05, "and something on them"
    assert not list(tmp_path.glob("*.part"))


def test_between_two_scores_the_curve_is_level() -> None:
    lines = [right(YES, 0.8), right(NO, 0.4), wrong(NO, 0.2)]
    recall = stairs([(p.threshold, p.recall) for p in report(lines).sweep], 0.0)
    assert recall == [(0, 1), (0.2, 1), (0.2, 1), (0.4, 1), (0.4, 0.5), (0.8, 0.5), (0.8, 0), (1, 0)]
    assert stairs([(1.0, 0.7)], 0.0) == [(0, 0.7), (1, 0.7)]


def test_right_answers_without_a_kind_get_one_by_program() -> None:
    pairs = [
        Pair(ground_truth="5,1", model_answer="1, 5", label=True),
        Pair(ground_truth="5,1", model_answer="a riddle", label=True),
        Pair(ground_truth="5,1", model_answer="5,2", label=False),
        Pair(ground_truth="5,1", model_answer="1, 5", label=True, kind="7.4"),
    ]
    assert [p.kind for p in with_kinds(pairs)] == ["6.1", "unclassified", "", "7.4"]


def test_the_brier_score_is_the_mean_squared_miss() -> None:
    found = report([right(YES, 0.9), wrong(NO, 0.3), wrong(YES)])
    assert found.brier == pytest.approx((0.1**2 + 0.3**2) / 2)
    assert report([right(YES)]).brier is None


@pytest.mark.timeout(900)
def test_the_command_measures_a_grader_in_a_real_pool(tmp_path: Path) -> None:
    pairs = [
        Pair(question="q", ground_truth="\\frac{1}{2}", model_answer="\\dfrac{1}{2}", label=True, kind="1.3"),
        Pair(question="q", ground_truth="\\frac{1}{2}", model_answer="\\frac{1}{3}", label=False, kind="digit"),
        Pair(question="q", ground_truth="7", model_answer="7", label=True),
        Pair(question="q", ground_truth="the set of all lines", model_answer="all of the lines", label=True),
    ]
    write_pairs(tmp_path / "pairs.jsonl", pairs)
    command = [
        sys.executable,
        "-c",
        "from tinyv_stream.cli import main; main()",
        "eval",
        "pairs.jsonl",
        "--verifier",
        "math_verify",
    ]
    command += ["--json", "f.json", "--out", "v.jsonl", "--sweep", "s.html"]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    figures = json.loads((tmp_path / "f.json").read_text())
    assert (figures["n"], figures["fp_rate"]) == (4, 0.0)
    assert {"1.3 formatting: markup", "digit", "unclassified"} <= set(figures["by_kind"])
    assert figures["recall"] == pytest.approx(2 / 3)
    verdicts = [json.loads(row) for row in (tmp_path / "v.jsonl").read_text().splitlines()]
    assert [v["outcome"] for v in verdicts] == ["correct", "incorrect", "correct", "incorrect"]
    assert {v["grader"] for v in verdicts} == {"math_verify"}
    shown = (tmp_path / "s.html").read_text()
    assert "there is no threshold to choose" in shown and "threshold on P(true)" not in shown  # a rule has none
