"""A cell is found again for what it was run with, and for nothing else; a damaged file is set aside and made again."""

from pathlib import Path

import pytest

pytest.importorskip("torch")
pytest.importorskip("transformers")

import msgspec

from bench.learn.cell import Setting, TaughtFamily
from bench.learn.command import identified
from bench.learn.grpo import Training
from bench.learn.policy import Teaching
from bench.learn.rewards import TINYV, Oracle
from bench.learn.settings import parse

TINY = Setting(questions=8, teaching=Teaching(steps=2, batch=4), training=Training(steps=2, groups=2, size=2))


def model(directory: Path, weights: bytes, threshold: float = 0.5) -> Path:
    directory.mkdir()
    (directory / "config.json").write_text("{}")
    (directory / "model.safetensors").write_bytes(weights)
    (directory / "verifier.json").write_text(f'{{"prompt":"tinyv","threshold":{threshold}}}')
    return directory


def cells(directory: Path, *options: str) -> dict[str, str]:
    """Where the cells of a call lie, by reward."""
    settings = identified(parse(["--families", "amounts", *options]))
    bench = TaughtFamily("amounts", settings.setting, directory)
    return {r: bench.path(r, 0, settings.setting.training).name for r in settings.rewards}


def test_another_verifier_has_other_cells_where_it_is_asked_and_the_same_ones_elsewhere(tmp_path: Path) -> None:
    models = [
        model(tmp_path / "a", b"one"),
        model(tmp_path / "b", b"two"),
        model(tmp_path / "c", b"one", threshold=0.9),
    ]
    found = [cells(tmp_path), *(cells(tmp_path, "--model", str(one)) for one in models)]
    assert len({one[TINYV] for one in found}) == 4
    assert len({one["cascade"] for one in found}) == len({one["oracle"] for one in found}) == 1
    before = cells(tmp_path, "--model", str(models[0]))
    assert before == cells(tmp_path, "--model", str(models[0]))
    (models[0] / "model.safetensors").write_bytes(b"trained on")
    assert before[TINYV] != cells(tmp_path, "--model", str(models[0]))[TINYV]


def test_another_difficulty_has_other_cells_of_its_family_alone(tmp_path: Path) -> None:
    plain, spread, other = (cells(tmp_path, "--rewards", "oracle", *s) for s in ((), ("--spread", "amounts=3"),
                                                                                ("--spread", "roots=3")))  # fmt: skip
    assert plain == other != spread


def test_a_damaged_cell_or_policy_is_named_set_aside_and_made_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = TaughtFamily("amounts", TINY, tmp_path)
    assert bench.found("oracle", 0, TINY.training) is None
    told = bench.run("oracle", 0, Oracle(0), TINY.training)
    assert bench.found("oracle", 0, TINY.training) == told
    assert capsys.readouterr().err == ""
    cell, policy = bench.path("oracle", 0, TINY.training), next(tmp_path.glob("policy-*.pt"))
    whole, weights = cell.read_bytes(), policy.read_bytes()
    for bad in (b"", whole[: len(whole) // 2], b"{}", whole.replace(b'"seed":0', b'"seed":1')):
        cell.write_bytes(bad)
        assert bench.found("oracle", 0, TINY.training) is None
        assert str(cell) in capsys.readouterr().err
        assert not cell.exists() and cell.with_name(f"{cell.name}.bad").read_bytes() == bad
    for bad in (b"", weights[: len(weights) // 2], b"not weights"):
        policy.write_bytes(bad)
        again = bench.run("oracle", 0, Oracle(0), TINY.training)
        assert [s.accuracy for s in again.steps] == [s.accuracy for s in told.steps]
        assert str(policy) in capsys.readouterr().err
        assert policy.stat().st_size == len(weights)
    assert not list(tmp_path.glob("*.part"))


def test_a_cell_of_another_count_of_steps_is_not_taken_for_this_one(tmp_path: Path) -> None:
    bench = TaughtFamily("amounts", TINY, tmp_path)
    told = bench.run("oracle", 0, Oracle(0), TINY.training)
    short = msgspec.structs.replace(told, steps=told.steps[:1])
    bench.path("oracle", 0, TINY.training).write_bytes(msgspec.json.encode(short))
    assert bench.found("oracle", 0, TINY.training) is None
