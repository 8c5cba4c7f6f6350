"""The released models' formats are an interface: these tests hold every byte of it."""

import hashlib
from pathlib import Path

import pytest

from tinyv_stream.errors import EngineStartError
from tinyv_stream.verifiers.tinyv import models

RELEASED = {
    "zhangchenxu/TinyV-1.5B": ("one_token", "", ""),
    "zhangchenxu/TinyV-1.5B-Think": ("text", "Answer:", ""),
    "zhangchenxu/TinyV-Qwen3-1.7B": ("one_token", "", "<think>\n\n</think>\n\n"),
    "zhangchenxu/TinyV-Qwen3-1.7B-Think": ("text", "</think>", ""),
}


@pytest.mark.parametrize("name", RELEASED)
def test_released_model_is_read_as_it_was_trained(name: str):
    found, row = models.resolve(name)
    assert found == name
    assert (row.read_out, row.verdict_after, row.prefill) == RELEASED[name]
    assert row.max_tokens == (512 if name.endswith("Think") else 8)
    assert row.threshold == 0.5


def test_templates_are_the_released_ones_to_the_byte():
    digests = {
        hashlib.sha256(t.encode()).hexdigest()[:16] for t in (models.TINYV_TEMPLATE, models.TINYV_QWEN3_TEMPLATE)
    }
    assert digests == {"0c51a8fbd778e85a", "15882768e219e41e"}


def test_own_model_is_asked_in_tinyvs_format(tmp_path: Path):
    assert models.resolve(str(tmp_path)) == (str(tmp_path), models.OWN)
    assert models.OWN.template == models.TINYV_TEMPLATE


def test_a_trained_directory_says_how_it_is_asked(tmp_path: Path):
    (tmp_path / models.ASKED).write_text('{"prompt": "short", "threshold": 0.75}')
    _, row = models.resolve(str(tmp_path))
    assert (row.template, row.cut_answer_chars, row.threshold) == (models.EMBEDDED_TEMPLATE, 120, 0.75)
    _, row = models.resolve(str(tmp_path), "tinyv_qwen3")
    assert (row.template, row.prefill, row.cut_answer_chars) == (
        models.TINYV_QWEN3_TEMPLATE,
        "<think>\n\n</think>\n\n",
        None,
    )
    assert row.threshold == 0.75


NONSENSE = ["", "{}", '{"prompt": "loud", "threshold": 0.5}', '{"prompt": "short", "threshold": 7}']


@pytest.mark.parametrize("text", NONSENSE)
def test_a_directory_that_says_nonsense_is_not_guessed_about(tmp_path: Path, text: str):
    (tmp_path / models.ASKED).write_text(text)
    with pytest.raises(EngineStartError, match=models.ASKED):
        models.resolve(str(tmp_path))


def test_a_name_that_no_file_can_have_is_refused():
    with pytest.raises(EngineStartError, match="cannot be read"):
        models.resolve("x" * 300)


@pytest.mark.parametrize(("gpu", "name"), [(True, "zhangchenxu/TinyV-1.5B"), (False, "embedded")])
def test_auto_follows_the_hardware(monkeypatch: pytest.MonkeyPatch, *, gpu: bool, name: str):
    monkeypatch.setattr(models, "gpu_found", lambda: gpu)
    assert models.resolve("auto")[0] == name


def test_hidden_gpu_counts_as_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert not models.gpu_found()
