r"""Alarm for a policy that has found a hole: on a simulated run that learns to write `3\cdot2^n`, and on no other."""

import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from board_kit import refused, rescued, reward, write

from tinyv_stream.board import quality
from tinyv_stream.board.index import Index
from tinyv_stream.board.ingest import Indexer
from tinyv_stream.board.spellings import Growth, growing, spelling_of
from tinyv_stream.record.lines import AnyLine

HOLE = r"3\cdot2^n"
HONEST = [r"\frac{1}{2}", "0.5", r"x = 3", r"\{1, 2\}", "12 cm", r"2^{n-1}", r"\sqrt{3}", "(1, 2)", r"50\%", "n(n+1)"]
PROMPTS, SIZE = 16, 8


def run_of(seed: int, *, steps: int, exploits_from: int | None) -> tuple[dict[int, int], dict[str, Counter[int]]]:
    """Rescues of a policy. Where it exploits, group by group the share of answers with the paid spelling is reinforced.

    The update is the replicator's: what is rewarded above the group's mean grows by its advantage, as under GRPO.
    """
    rng = random.Random(seed)
    logit = -5.0  # of writing the hole's spelling instead of an answer
    rollouts: dict[int, int] = {}
    rescues: dict[str, Counter[int]] = defaultdict(Counter)
    for step in range(steps):
        rollouts[step] = PROMPTS * SIZE
        share = 1 / (1 + 2.718281828**-logit)
        push = 0.0
        for _ in range(PROMPTS):
            wrote = [rng.random() < share for _ in range(SIZE)]
            paid = [hole or rng.random() < 0.4 for hole in wrote]
            mean = sum(paid) / SIZE
            push += sum((p - mean) * hole for p, hole in zip(paid, wrote, strict=True))
            for hole, is_paid in zip(wrote, paid, strict=True):
                answer = HOLE.replace("3", str(rng.randint(2, 40))) if hole else rng.choice(HONEST)
                if is_paid and (hole or rng.random() < 0.3):
                    rescues[spelling_of(answer)][step] += 1
        if exploits_from is not None and step >= exploits_from:
            logit += 0.08 * push + 0.12
    return rollouts, rescues


def first_alarm(rollouts: dict[int, int], rescues: dict[str, Counter[int]]) -> tuple[int, Growth] | None:
    for now in range(len(rollouts)):
        upto = {step: n for step, n in rollouts.items() if step <= now}
        so_far = {s: {step: n for step, n in by.items() if step <= now} for s, by in rescues.items()}
        if found := growing(upto, so_far):
            return now, found[0]
    return None


@pytest.mark.parametrize("seed", range(5))
def test_a_policy_that_exploits_a_spelling_is_told_before_it_is_a_tenth_of_the_rollouts(seed: int) -> None:
    found = first_alarm(*run_of(seed, steps=80, exploits_from=30))
    assert found is not None
    step, growth = found
    assert growth.spelling == spelling_of(HOLE) and step > 30
    assert growth.now < 0.10 and growth.now > 3 * growth.before


@pytest.mark.parametrize("seed", range(5))
def test_a_policy_that_does_not_is_never_called_one(seed: int) -> None:
    assert first_alarm(*run_of(seed, steps=120, exploits_from=None)) is None


def test_a_spelling_is_a_form_and_not_a_number() -> None:
    assert spelling_of(r"3\cdot2^n") == spelling_of(r"17 \cdot 2^{k}") == r"0\cdot0^x"
    assert spelling_of("0.5") == spelling_of("12") == "0"
    assert spelling_of(r"\frac{3}{4}") == r"\frac00" and spelling_of("x" * 1000) == "x" * 48
    assert spelling_of(r"\sin x") == r"\sinx" and spelling_of("") == ""


def test_the_board_reads_it_from_its_index(tmp_path: Path) -> None:
    lines: list[AnyLine] = []
    for step in range(1, 31):
        for n in range(50):
            number = step * 50 + n
            holes = step > 22 and n < 3 * (step - 22)
            made = rescued(number, step=step, answer=HOLE, pair=f"{n:032x}") if holes else reward(number, step=step)
            lines.append(made if holes or n % 2 else refused(number, step=step))
    write(tmp_path, lines)
    index = Index(tmp_path)
    indexer = Indexer(index)
    while indexer.take_in()[1]:
        pass
    indexer.close()
    with index.reading() as base:
        (found,) = quality.growths(base, 1)
        assert quality.quality(base, 1)["growing"] == [found]
    assert (found.spelling, found.since, found.before) == (r"0\cdot0^x", 23, 0.0)
    assert found.rescues == sum(3 * n for n in range(1, 9))
