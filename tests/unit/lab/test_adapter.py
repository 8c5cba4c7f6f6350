"""Adapters are the ones that PEFT, the embedded verifier and the shipped file agree on."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tinyv_stream_workers.tinyv.engines import embedded_model

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.pairs import Pair

torch = pytest.importorskip("torch")
pytest.importorskip("peft")

from tinyv_stream.lab.tune import adapter, difference  # noqa: E402 they import torch
from tinyv_stream.lab.tune.judge import Judge  # noqa: E402

RANK, ALPHA = 32, 64.0
Pairs = Callable[[int, int], list[Pair]]


def test_an_adapter_starts_as_nothing_and_merges_as_the_embedded_one_does(
    tiny_base: Path, tmp_path: Path, same_digit: Pairs
) -> None:
    pairs = same_digit(8, 3)
    judge = Judge.load(tiny_base, "short", dtype="float32")
    plain = judge.p_true(pairs)
    judge.model = adapter.attach(judge.model, RANK, ALPHA)
    assert judge.p_true(pairs) == pytest.approx(plain, abs=1e-6)
    torch.manual_seed(1)
    for name, part in judge.model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(part, std=0.05)
    adapter.save(judge.model, tmp_path)
    merged = adapter.merge(judge.model, tmp_path)
    judge.model = merged
    adapted = judge.p_true(pairs)
    assert adapted != pytest.approx(plain, abs=1e-3)
    other = Judge.load(tiny_base, "short", dtype="float32")
    embedded_model.merge(other.model, tmp_path / adapter.FILE)
    assert other.p_true(pairs) == pytest.approx(adapted, abs=1e-5)


def test_the_shipped_adapter_fits_what_train_makes() -> None:
    from safetensors import safe_open
    from transformers import LlamaConfig, LlamaForCausalLM

    smollm2 = LlamaConfig(
        hidden_size=576,
        intermediate_size=1536,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        vocab_size=49152,
        tie_word_embeddings=True,
    )
    with torch.device("meta"):
        made = adapter.shapes(adapter.attach(LlamaForCausalLM(smollm2), RANK, ALPHA))
    with safe_open(embedded_model.adapter_file(), "pt") as file:
        shipped = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - its own API
    assert shipped == made


@pytest.mark.parametrize("rank", [4, 8])
def test_an_adapter_of_another_shape_is_refused(tiny_base: Path, tmp_path: Path, rank: int) -> None:
    adapter.save(adapter.attach(Judge.load(tiny_base, "short").model, 8, 16), tmp_path)
    model = adapter.attach(Judge.load(tiny_base, "short").model, rank, 16)
    if rank == 8:
        adapter.fill(model, tmp_path)
    else:
        with pytest.raises(InvalidInputError, match="rank"):
            adapter.fill(model, tmp_path)


def test_a_file_that_is_no_adapter_is_named(tiny_base: Path, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("no")
    with pytest.raises(InvalidInputError, match="safetensors"):
        adapter.fill(adapter.attach(Judge.load(tiny_base, "short").model, 4, 8), tmp_path / "x")


def test_a_full_tuning_is_carried_by_an_adapter_of_enough_rank(
    tiny_base: Path, tmp_path: Path, same_digit: Pairs
) -> None:
    before, tuned = (Judge.load(tiny_base, "short", dtype="float32") for _ in range(2))
    torch.manual_seed(2)
    with torch.no_grad():
        for name, weight in tuned.model.named_parameters():
            if difference.is_carried(name, weight):
                weight.add_(0.05 * torch.randn(weight.shape[0], 3) @ torch.randn(3, weight.shape[1]))
    carried = {}
    for rank in (1, 2, 3, 32):
        parts, carried[rank] = difference.low_rank(before.model.state_dict(), tuned.model.state_dict(), rank)
        adapter.write(parts, tmp_path)
    assert 0.2 < carried[1] < carried[2] < carried[3]
    assert carried[3] == pytest.approx(1, abs=1e-4)
    pairs = same_digit(8, 4)
    assert before.p_true(pairs) != pytest.approx(tuned.p_true(pairs), abs=0.05)
    embedded_model.merge(before.model, tmp_path / adapter.FILE)  # rank 32, as shipped
    assert before.p_true(pairs) == pytest.approx(tuned.p_true(pairs), abs=0.02)


def test_an_exported_difference_is_an_adapter_to_peft(tiny_base: Path, tmp_path: Path, same_digit: Pairs) -> None:
    import peft

    before, tuned = (Judge.load(tiny_base, "short", dtype="float32") for _ in range(2))
    with torch.no_grad():
        tuned.model.model.layers[0].self_attn.q_proj.weight.add_(0.3)
    parts, carried = difference.low_rank(before.model.state_dict(), tuned.model.state_dict(), 2)
    assert carried == pytest.approx(1, abs=1e-4)
    adapter.write(parts, tmp_path)
    adapter.configuration(2, 2 * difference.ALPHA_OVER_RANK).save_pretrained(str(tmp_path))
    plain, pairs = before.p_true(same_digit(8, 5)), same_digit(8, 5)
    before.model = peft.PeftModel.from_pretrained(before.model, str(tmp_path))
    assert before.p_true(pairs) == pytest.approx(tuned.p_true(pairs), abs=0.02)
    assert before.p_true(pairs) != pytest.approx(plain, abs=0.03)


def test_a_change_that_no_adapter_can_carry_is_counted_as_lost(tiny_base: Path) -> None:
    state = Judge.load(tiny_base, "short", dtype="float32").model.state_dict()
    changed = {name: part + 1 if "norm" in name else part for name, part in state.items()}
    assert difference.low_rank(state, changed, 4)[1] == 0.0
