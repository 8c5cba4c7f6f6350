"""What the trainer reads: the order of a run, masked labels, digits one by one."""

import random
from pathlib import Path

import pytest

from tinyv_stream.lab.pairs import Pair

torch = pytest.importorskip("torch")
pytest.importorskip("datasets")

from tinyv_stream.lab.tune import rows  # noqa: E402 they import torch
from tinyv_stream.lab.tune.judge import Judge  # noqa: E402
from tinyv_stream.lab.tune.plan import Method, TuningPlan, accumulation  # noqa: E402

PAIRS = [Pair(ground_truth="1", model_answer="1" * (i % 30 + 1), label=i % 2 == 0) for i in range(300)]


@pytest.fixture(scope="module")
def judge(tiny_base: Path) -> Judge:
    return Judge.load(tiny_base, "short")


def test_every_pair_is_seen_once_an_epoch_and_like_lengths_share_a_batch() -> None:
    lengths = [len(p.model_answer) for p in PAIRS]
    order = rows.lay_out(PAIRS, lengths, epochs=2, batch=10, seed=3, curriculum=False)
    assert sorted(order[:300]) == sorted(order[300:]) == list(range(300))
    assert order[:300] != order[300:]
    spread = [max(lengths[i] for i in b) - min(lengths[i] for i in b) for b in (order[k : k + 10] for k in (0, 50))]
    assert max(spread) < 10
    assert order == rows.lay_out(PAIRS, lengths, epochs=2, batch=10, seed=3, curriculum=False)


def test_a_curriculum_begins_with_what_needs_no_close_look() -> None:
    kinds = [("1.2", True), ("unrelated", False), ("3.1", True), ("digit", False), ("", True)]
    pairs = [Pair(ground_truth="1", model_answer="1", label=label, kind=kind) for kind, label in kinds * 20]
    random.Random(0).shuffle(pairs)
    order = rows.lay_out(pairs, [5] * 100, epochs=2, batch=8, seed=0, curriculum=True)
    easy = [rows.is_easy(pairs[i]) for i in order]
    assert all(easy[:40])
    assert not any(easy[40:100])
    assert sorted(order[:100]) == list(range(100))


@pytest.mark.parametrize(("method", "tail"), [("one_token", ["True"]), ("sft", ["True", "<|im_end|>"])])
def test_only_the_reply_is_learnt(judge: Judge, method: Method, tail: list[str]) -> None:
    row = rows.dataset(judge, PAIRS[:1], method)[0]
    learnt = [label for label in row["labels"] if label != rows.IGNORED]
    assert judge.tokenizer.convert_ids_to_tokens(learnt) == tail
    assert row["input_ids"][-len(tail) :] == learnt
    assert judge.tokenizer.decode(row["input_ids"][: -len(tail)]).endswith("<|im_start|>assistant\n")


def test_a_tokenizer_is_made_to_read_digit_by_digit_and_stays_so(judge: Judge, tmp_path: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    core = Tokenizer(models.BPE())
    core.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    core.train_from_iterator(["20718 207 18"] * 50, trainers.BpeTrainer(vocab_size=300, special_tokens=["<eos>"]))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=core, eos_token="<eos>")
    assert len(tokenizer("20718")["input_ids"]) < 5
    assert rows.split_digits(tokenizer)
    assert not rows.split_digits(tokenizer), "a second time there is nothing to change"
    tokenizer.save_pretrained(tmp_path)
    assert len(AutoTokenizer.from_pretrained(tmp_path)("20718")["input_ids"]) == 5


@pytest.mark.parametrize(
    ("batch", "micro", "devices", "found"),
    [(512, 8, 1, (8, 64)), (512, 8, 4, (8, 16)), (32, 32, 1, (32, 1)), (30, 8, 1, (6, 5)), (7, 4, 1, (1, 7))],
)
def test_a_batch_is_whole_on_any_number_of_devices(
    batch: int, micro: int, devices: int, found: tuple[int, int]
) -> None:
    got = accumulation(TuningPlan(batch=batch, micro_batch=micro), devices)
    assert got == found
    assert got[0] * got[1] * devices == batch
