"""`audit` as a user gives it: a recorded run with noise of known rates, and a real pool whose scripted engine, told
what is right by the answers, stands for a judge that never errs.
"""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from board_kit import refused, rescued, reward, write

from tinyv_stream.board.labels import Labels, label_of
from tinyv_stream.lab.pairs import read_pairs
from tinyv_stream.record.lines import AnyLine

pytestmark = pytest.mark.long
RHO0, RHO1 = 0.08, 0.25


def noisy(count: int) -> tuple[list[AnyLine], dict[str, bool]]:
    rng = random.Random(7)
    lines: list[AnyLine] = []
    truth: dict[str, bool] = {}
    for n in range(count):
        is_right, source = rng.random() < 0.4, f"{'ab'[n % 2]}_tinyv"
        pair = f"{n:032x}"
        truth[pair] = is_right
        answer = f"[[{str(is_right).lower()}]] {n}"
        made = reward if rng.random() < 0.5 else rescued
        if rng.random() >= (1 - RHO1 if is_right else RHO0):
            made = refused
        lines.append(made(n, step=n // 50, pair=pair, answer=answer, ground_truth=f"ref {n}", data_source=source))
    return lines, truth


def test_noise_that_was_put_in_is_found_and_the_labels_are_what_eval_reads(tmp_path: Path) -> None:
    lines, truth = noisy(2000)
    write(tmp_path / "runs", lines)
    (tmp_path / "tinyv.toml").write_text('[tinyv.engine]\nkind = "scripted"\n')
    by_person = label_of(
        "unsure", accepted=True, pair_id=f"{0:032x}", texts=("q", "1", "1"), source="", via="", by="ada"
    )
    Labels(tmp_path / "runs").add(by_person)
    command = ["audit", "runs/run", "--judge", "scripted-a", "--judge", "scripted-b", "--sample", "300"]
    ran = subprocess.run(
        [sys.executable, "-c", "from tinyv_stream.cli import main; main()", *command, "--json", "a.json", "--config",
         "tinyv.toml"], cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    found = json.loads((tmp_path / "a.json").read_text())
    noise = found["whole"]["noise"]
    for name, true in (("rho0", RHO0), ("rho1", RHO1), ("youden", 1 - RHO0 - RHO1)):
        value, low, high = noise[name]
        assert low <= true <= high and low < value < high, (name, noise[name])
    assert set(found["by_source"]) == {"a_tinyv", "b_tinyv"} and len(found["course"]) == 5
    assert "the reward" in ran.stdout and "TinyV, where asked" in ran.stdout and "steps 0 to 7" in ran.stdout
    pairs = read_pairs(tmp_path / "runs" / "labels.jsonl")
    assert len(pairs) == found["labelled"] >= 800
    assert all(pair.label is truth[pair.pair_id] for pair in pairs)
