"""Intervals against known values, and noise that was put in and is found again."""

import random

import pytest

from tinyv_stream.board.rates import AuditRate, Cell, noise, noise_of, rate, wilson


@pytest.mark.parametrize(
    ("wrong", "n", "low", "high"), [(0, 60, 0.0, 0.0602), (15, 60, 0.1578, 0.3723), (4, 17, 0.0956, 0.4726)]
)
def test_wilson_is_as_published(wrong: int, n: int, low: float, high: float) -> None:
    assert wilson(wrong / n, n) == pytest.approx((low, high), abs=5e-4)


def test_pairs_that_were_rewarded_often_weigh_more_and_the_interval_knows_it() -> None:
    found = rate([(True, 41), (False, 1), (False, 1)])
    assert found is not None and found.share == pytest.approx(41 / 43) and found.n == 3 and found.wrong == 1
    assert found.high - found.low > 0.5
    assert rate([]) is None


@pytest.mark.parametrize(("rho0", "rho1"), [(0.1, 0.3), (0.02, 0.05), (0.4, 0.2)])
def test_noise_that_was_put_in_is_found_within_the_interval(rho0: float, rho1: float) -> None:
    inside = {"rho0": 0, "rho1": 0, "youden": 0}
    for seed in range(40):
        rng = random.Random(seed)
        answers = [rng.random() < 0.4 for _ in range(20_000)]
        accepted = [rng.random() < (1 - rho1 if right else rho0) for right in answers]
        audited: dict[bool, list[tuple[bool, int]]] = {True: [], False: []}
        for at in rng.sample(range(len(answers)), 2000):
            audited[accepted[at]].append((accepted[at] != answers[at], 1))
        wrong_accepted, wrong_refused = rate(audited[True]), rate(audited[False])
        assert wrong_accepted is not None and wrong_refused is not None
        cells = {"rule": wrong_accepted, "refused": wrong_refused}
        counts = {"rule": sum(accepted), "refused": len(accepted) - sum(accepted)}
        found = noise([Cell(counts[name], name == "rule", one) for name, one in cells.items()])
        for name, true in (("rho0", rho0), ("rho1", rho1), ("youden", 1 - rho0 - rho1)):
            _, low, high = getattr(found, name)
            inside[name] += low <= true <= high
    assert min(inside.values()) >= 36, inside


def test_strata_are_weighed_by_what_they_rewarded_and_one_that_is_not_audited_gives_no_noise() -> None:
    def of(share: float) -> AuditRate:
        return AuditRate(share=share, low=share, high=share, n=10, wrong=1)

    decided = {"tinyv": 100, "rule": 300, "refused": 600, "undecided": 5}
    found = noise_of(decided, {"tinyv": of(0.2), "rule": of(0.0), "refused": of(0.1)})
    assert found is not None
    assert found.rho0[0] == pytest.approx(20 / (20 + 540)) and found.rho1[0] == pytest.approx(60 / (60 + 380))
    assert noise_of(decided, {"tinyv": None, "rule": of(0.0), "refused": of(0.1)}) is None
    assert noise_of({**decided, "tinyv": 0}, {"tinyv": None, "rule": of(0.0), "refused": of(0.1)}) is not None
