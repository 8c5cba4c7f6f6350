"""Where a model is, and the name of its content."""

from pathlib import Path

import pytest
from tinyv_stream_workers.tinyv.engines.model_files import locate
from tinyv_stream_workers.tinyv.engines.parent_watchdog import cores_of

from tinyv_stream.errors import EngineStartError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model"
    path.mkdir()
    (path / "config.json").write_text("{}")
    (path / "model.safetensors").write_bytes(b"weights")
    return path


async def test_a_directory_is_named_by_its_content(model: Path):
    first = await locate(str(model))
    assert first.path == str(model)
    assert len(first.revision) == 12
    (model / "notes").write_text("not a part of the model")
    assert await locate(str(model)) == first
    (model / "model.safetensors").write_bytes(b"trained")
    assert (await locate(str(model))).revision != first.revision


async def test_a_directory_without_a_model_or_with_a_revision_is_refused(model: Path):
    with pytest.raises(EngineStartError, match="hub id only"):
        await locate(str(model), "main")
    (model / "config.json").unlink()
    with pytest.raises(EngineStartError, match=r"no config\.json"):
        await locate(str(model))


@pytest.mark.parametrize("name", ["x" * 300, "/" + "y" * 5_000, "a\0b"])
async def test_a_name_that_no_file_can_have_is_refused_and_raises_nothing_else(name: str):
    with pytest.raises(EngineStartError):
        await locate(name)


async def test_weights_that_cannot_be_read_are_refused(model: Path):
    (model / "model.safetensors").unlink()
    (model / "model.safetensors").mkdir()
    with pytest.raises(EngineStartError, match="cannot be read"):
        await locate(str(model))


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A hub's cache on this disk with two commits of one model; the hub itself is not asked."""
    pytest.importorskip("huggingface_hub")
    commits = {"main": "a" * 40, "v2": "b" * 40}
    folder = tmp_path / "hub" / "models--me--tiny"
    for branch, commit in commits.items():
        snapshot = folder / "snapshots" / commit
        snapshot.mkdir(parents=True)
        (snapshot / "config.json").write_text("{}")
        (snapshot / "model.safetensors").write_text(branch)
        (folder / "refs").mkdir(exist_ok=True)
        (folder / "refs" / branch).write_text(commit)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    monkeypatch.setattr("tinyv_stream_workers.tinyv.engines.model_files._GIVEN", "1")
    return commits


async def test_a_hub_id_is_found_in_the_revision_that_was_asked_for(hub: dict[str, str]):
    for asked, branch in (("", "main"), ("v2", "v2"), ("b" * 40, "v2")):
        found = await locate("me/tiny", asked)
        assert found.revision == hub[branch][:12]
        assert (Path(found.path) / "model.safetensors").read_text() == branch
    with pytest.raises(EngineStartError, match="no me/tiny in revision v3"):
        await locate("me/tiny", "v3")
    with pytest.raises(EngineStartError, match="no me/other"):
        await locate("me/other")


def test_cores_are_read_as_they_are_written():
    assert cores_of("0-3,8") == {0, 1, 2, 3, 8}
    assert cores_of("5") == {5}
