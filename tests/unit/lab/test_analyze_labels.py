"""`analyze --labels`: what people labelled is taken from them; with all of it labelled no judge is started."""

import json
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from tinyv_stream.board.labels import Labels, Said, label_of
from tinyv_stream.broker.messages import pair_of
from tinyv_stream.cli import analyze as command
from tinyv_stream.cli import app
from tinyv_stream.files.rewards import RewardLine, RuleLine
from tinyv_stream.types import Outcome, Rollout, Source, Status

ANSWERS = ["8", "eight", "9", "8 apples"]
SAID: list[Said] = ["right", "wrong", "right", "wrong"]
"""Of the rewards: the second and fourth were refused though they are right."""


def test_labels_take_the_judges_place_and_no_pool_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labels = Labels(tmp_path)
    rollouts: list[Rollout] = []
    rewards: list[RewardLine] = []
    for number, (answer, said) in enumerate(zip(ANSWERS, SAID, strict=True)):
        texts, accepted = ("q", "8", answer), number == 0
        labels.add(label_of(said, accepted=accepted, pair_id=pair_of(*texts), texts=texts, source="", via="audit"))
        rollouts.append(
            Rollout(question="q", completion=f"\\boxed{{{answer}}}", ground_truth="8", rollout_id=str(number))
        )
        rule = RuleLine(Outcome.CORRECT if accepted else Outcome.INCORRECT, "cascade")
        value = float(accepted)
        rewards.append(RewardLine(rollout_id=str(number), value=value, status=Status.OK, source=Source.RULE, rule=rule))
    (tmp_path / "in.jsonl").write_bytes(b"\n".join(msgspec.json.encode(one) for one in rollouts))
    (tmp_path / "out.jsonl").write_bytes(b"\n".join(msgspec.json.encode(one) for one in rewards))

    def no_pool(*_: object) -> None:
        raise AssertionError("a judge was asked about what is labelled")

    monkeypatch.setattr(command, "own_pool", no_pool)
    named = [str(tmp_path / name) for name in ("in.jsonl", "out.jsonl", "r.md", "r.html", "r.json")]
    asked = ["analyze", *named[:2], "--judge", "a", "--judge", "b", "--labels", str(labels.path)]
    ran = CliRunner().invoke(app, [*asked, "--out", named[2], "--html", named[3], "--json", named[4]])
    assert ran.exit_code == 0, ran.output
    assert "2 of 3 rejected answers are false negatives" in ran.output
    found = json.loads(Path(named[4]).read_bytes())
    assert [one["pair"]["model_answer"] for one in found["found"]] == ["eight", "8 apples"]
    assert found["audited"]["n"] == 1 and found["audited"]["value"] == 0.0
    assert "P(true)" not in Path(named[3]).read_text()
