"""Real training of a real, tiny model: it learns a rule, and an interrupt changes nothing."""

import importlib.util
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.lab.pairs import Pair, write_pairs

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")

from tinyv_stream.lab.tune import loop, lora  # noqa: E402 they import torch
from tinyv_stream.lab.tune.judge import Judge, single_token  # noqa: E402
from tinyv_stream.lab.tune.run import Job, run  # noqa: E402


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = importlib.util.spec_from_file_location("tiny_model", Path(__file__).parents[2] / "tiny_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.build_tiny_model(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def same_digit(count: int, seed: int) -> Iterator[Pair]:
    """The toy rule: the answer is the reference."""
    rng = random.Random(seed)
    for i in range(count):
        reference = rng.randrange(10)
        answer = reference if i % 2 == 0 else rng.choice([k for k in range(10) if k != reference])
        yield Pair(ground_truth=str(reference), model_answer=str(answer), label=i % 2 == 0, kind="digit")


@pytest.fixture
def job(base: Path, tmp_path: Path) -> Job:
    write_pairs(tmp_path / "train.jsonl", same_digit(4_000, 0))
    write_pairs(tmp_path / "held.jsonl", same_digit(200, 1))
    return Job(
        base=str(base),
        data=tmp_path / "train.jsonl",
        held_out=tmp_path / "held.jsonl",
        out=tmp_path / "out",
        rank=0,
        plan=loop.Plan(epochs=10, batch=32, lr=2e-3, evaluate_every=200),
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_tiny_model_learns_to_compare(job: Job) -> None:
    assert run(job)
    held_out = list(same_digit(200, 1))
    accuracy, area = loop.evaluate(Judge.load(job.out / "merged", "short"), held_out)
    assert accuracy > 0.95
    assert area is not None
    assert area > 0.98
    assert "recommended" in (job.out / "CARD.md").read_text()
    assert len((job.out / "log.jsonl").read_text().splitlines()) >= 4


def test_an_interrupted_run_ends_where_an_unbroken_one_does(job: Job, tmp_path: Path) -> None:
    plan = loop.Plan(epochs=0.06, batch=16, lr=2e-3, evaluate_every=100)
    results: list[list[float]] = []
    for name, breaks in (("unbroken", []), ("broken", [4, 9])):
        this = Job(base=job.base, data=job.data, held_out=job.held_out, out=tmp_path / name, rank=4, plan=plan)
        for at in breaks:
            calls = iter(range(100))
            assert not run(this, lambda calls=calls, at=at: next(calls) >= at)  # type: ignore[misc]
        assert run(this)
        judge = Judge.load(this.out / "merged", "short")
        results.append(judge.p_true(list(same_digit(20, 2))))
    assert results[0] == results[1]


def test_an_adapter_starts_as_nothing_and_merges_to_what_it_was(base: Path, tmp_path: Path) -> None:
    pairs = list(same_digit(8, 3))
    judge = Judge.load(base, "short", dtype="float32")
    plain = judge.p_true(pairs)
    layers = lora.attach(judge.model, rank=4, alpha=8)
    assert judge.p_true(pairs) == pytest.approx(plain, abs=1e-6)
    for layer in layers.values():
        torch.nn.init.normal_(layer.lora_b, std=0.2)
    lora.save(layers, tmp_path / "a.safetensors")
    adapted = judge.p_true(pairs)
    assert adapted != pytest.approx(plain, abs=1e-3)
    lora.load(layers, tmp_path / "a.safetensors")  # as saved, in bfloat16
    rounded = judge.p_true(pairs)
    lora.merge(judge.model, layers)
    assert judge.p_true(pairs) == pytest.approx(rounded, abs=1e-4)


def test_a_directory_holds_one_run(job: Job, tmp_path: Path) -> None:
    job.out.mkdir()
    (job.out / "job.json").write_text("{}")
    with pytest.raises(InvalidInputError, match="another run"):
        run(job)


def test_a_model_without_the_two_words_is_refused(base: Path) -> None:
    tokenizer = Judge.load(base, "short").tokenizer
    with pytest.raises(InvalidInputError, match="single tokens"):
        single_token(tokenizer, "Falsehood")
