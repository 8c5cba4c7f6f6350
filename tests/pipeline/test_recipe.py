"""The paper's launch line, migrated: the script starts a real pool as its variables say, and hands over to verl.

That verl itself takes every setting is tested where verl is installed (tests/adapters/verl).
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli_kit import Cli

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "trainers" / "run_grpo_tinyv.sh"
QUESTION = {"question": "1+1?", "ground_truth": "2", "data_source": "bigmath_rl_tinyv"}
ANSWERS = {"both": "2", "rules": "\\frac{4}{2}", "tinyv": "[[true]] 3"}
"""By who accepts them: the scripted engine compares texts, or obeys a marker."""
EXPECTED = {
    ("addon", "0.5"): {"both": 1.0, "rules": 1.0, "tinyv": 0.5},
    ("tinyv_only", "1.0"): {"both": 1.0, "rules": 0.0, "tinyv": 1.0},
    ("mixed", "0.25"): {"both": 1.0, "rules": 0.75, "tinyv": 0.25},
}

ASK = """
import json, subprocess, sys
lines = "".join(json.dumps(line) + "\\n" for line in {rollouts})
open("in.jsonl", "w").write(lines)
command = [{python!r}, "-c", "from tinyv_stream.cli import main; main()"]
subprocess.run([*command, "push", "in.jsonl", "--out", "out.jsonl"], check=True)
json.dump(sys.argv[1:], open("verl.json", "w"))
"""


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("setup", "weight"), list(EXPECTED))
def test_the_recipe_starts_a_pool_with_the_papers_setup_and_weight(tmp_path: Path, setup: str, weight: str) -> None:
    cli = Cli(tmp_path)
    cli.settings.write_text(cli.settings.read_text() + "\n[tinyv]\nguard = false\n")
    rollouts = [QUESTION | {"rollout_id": who, "completion": f"\\boxed{{{answer}}}"} for who, answer in ANSWERS.items()]
    env = cli._env | {
        "VERIFIER_SETUP": setup,
        "VERIFIER_WEIGHT": weight,
        "VERIFIER_MODEL": "zhangchenxu/TinyV-1.5B",
        "RULE_WORKERS": "1",
        "TINYV_STREAM": _wrapper(
            tmp_path / "stream",
            f'''[ "$1" = up ] && set -- "$@" --config {cli.settings}
exec {sys.executable} -c "from tinyv_stream.cli import main; main()" "$@"''',
        ),
        "PYTHON": _wrapper(tmp_path / "verl", f'exec {sys.executable} {tmp_path}/ask.py "$@"'),
    }
    (tmp_path / "ask.py").write_text(ASK.format(rollouts=rollouts, python=sys.executable))
    done = subprocess.run(
        ["bash", SCRIPT], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr
    given = json.loads((tmp_path / "verl.json").read_text())
    assert given[:2] == ["-m", "verl.trainer.main_ppo"]
    assert "reward.reward_manager.module.path=pkg://trainer_adapters.verl_reward" in given
    rewards = {line["rollout_id"]: line["value"] for line in map(json.loads, (tmp_path / "out.jsonl").open())}
    assert rewards == EXPECTED[setup, weight]
    assert cli.left_running() == []


def _wrapper(path: Path, body: str) -> str:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)
