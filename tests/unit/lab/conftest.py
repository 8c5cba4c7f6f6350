"""A tiny base model and a toy rule, for tests that really train."""

import importlib.util
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tinyv_stream.lab.pairs import Pair


@pytest.fixture(scope="session")
def tiny_base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    spec = importlib.util.spec_from_file_location("tiny_model", Path(__file__).parents[2] / "tiny_model.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.build_tiny_model(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(scope="session")
def same_digit() -> Callable[[int, int], list[Pair]]:
    """Pairs of the toy rule: an answer is right if it is the reference."""

    def pairs(count: int, seed: int) -> Iterator[Pair]:
        rng = random.Random(seed)
        for i in range(count):
            reference, is_right = rng.randrange(10), i % 2 == 0
            answer = reference if is_right else rng.choice([k for k in range(10) if k != reference])
            kind = "" if is_right else "digit"
            yield Pair(ground_truth=str(reference), model_answer=str(answer), label=is_right, kind=kind)

    return lambda count, seed: list(pairs(count, seed))
