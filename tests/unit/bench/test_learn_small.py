"""The learning benchmark runs end to end: taught, trained under three rewards, one of them through a real pool."""

import json
from pathlib import Path

import pytest

from bench.learn import main

pytest.importorskip("torch")


@pytest.mark.long
@pytest.mark.vllm
@pytest.mark.timeout(600)
def test_the_small_run_measures_three_rewards_with_a_real_engine(tmp_path: Path) -> None:
    out, pictures = tmp_path / "learn.json", tmp_path / "pictures"
    call = ["--small", "--json", str(out), "--pictures", str(pictures), "--dir", str(tmp_path / "cells")]
    assert main(call) == 0
    told = json.loads(out.read_bytes())
    assert main(call) == 0, "a second call reads every cell from its file, without a pool"
    assert json.loads(out.read_bytes())["auc"] == told["auc"]
    assert {"gap_rules_to_addon", "gap_addon_to_oracle", "intervals", "flat", "hacked_at", "minutes"} <= told.keys()
    assert list(told["auc"]) == ["amounts/cascade", "amounts/cascade_tinyv", "amounts/oracle"]
    assert 0.01 <= told["curves"]["amounts/oracle"][0]["accuracy"] <= 0.15
    # Who is asked second refuses less of what is right, and nothing is left without a verdict.
    assert 0 < told["refused_start"]["amounts/cascade"][0] < 1
    assert told["refused_start"]["amounts/cascade_tinyv"][0] < told["refused_start"]["amounts/cascade"][0]
    assert told["refused_start"]["amounts/oracle"] == [0.0]
    assert told["undecided"]["amounts/cascade_tinyv"] == [0]
    assert told["accuracy_end"]["amounts/oracle"][0] > told["accuracy_start"]["amounts/oracle"][0]
    assert (pictures / "learning_amounts.svg").read_text().startswith("<svg")
