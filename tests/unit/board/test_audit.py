"""The audit of a run: noise that was put in is found, in the whole, per stage, source and part; labels count once."""

import random
from collections.abc import Mapping
from pathlib import Path

import pytest
from board_kit import began, refused, rescued, reward, write
from typer.testing import CliRunner

from tinyv_stream import InvalidInputError
from tinyv_stream.board.audit import Seen, agreed, drawn, report
from tinyv_stream.board.cells import cell_of
from tinyv_stream.board.index import Index
from tinyv_stream.board.ingest import Indexer
from tinyv_stream.board.quality import quality
from tinyv_stream.board.rates import Noise
from tinyv_stream.board.recorded import read_newest, spans_of
from tinyv_stream.cli import app
from tinyv_stream.reward_policy import CASCADE, RewardPolicy, after_rule, after_tinyv
from tinyv_stream.types import Outcome, Setup, Verdict

RULES = (0.02, 0.35)
"""rho0 and rho1 of the rules alone, then of TinyV on what they refuse."""
TINYV = (0.10, 0.20)


def noisy_run(seed: int) -> tuple[list[Seen], dict[str, bool]]:
    """4,000 rewards of 60 steps and two sources; in the second half of the run rho0 of TinyV is three times as high."""
    rng = random.Random(seed)
    seen, truth = [], {}
    for n in range(4000):
        step, is_right = n // 67, rng.random() < 0.45
        pair = f"{n:032x}"
        truth[pair] = is_right
        rho0 = TINYV[0] * (3 if step >= 30 else 1)
        if rng.random() < (1 - RULES[1] if is_right else RULES[0]):
            cell = "rule"
        elif n % 7 == 0:
            cell = "refused"  # a source that TinyV is not asked about
        else:
            cell = "tinyv" if rng.random() < (1 - TINYV[1] if is_right else rho0) else "refused_by_tinyv"
        seen.append(Seen(pair, cell, step, "a_tinyv" if n % 2 else "b_tinyv", rng.choice([1, 1, 1, 2])))
    return seen, truth


def true_noise(seen: list[Seen], truth: dict[str, bool], *, accepted: set[str]) -> tuple[float, float, float]:
    paid = {is_right: sum(one.n for one in seen if truth[one.pair] is is_right and one.cell in accepted)
            for is_right in (False, True)}  # fmt: skip
    of = {is_right: sum(one.n for one in seen if truth[one.pair] is is_right) for is_right in (False, True)}
    rho0, rho1 = paid[False] / of[False], 1 - paid[True] / of[True]
    return rho0, rho1, 1 - rho0 - rho1


def covers(noise: Noise | None, true: tuple[float, float, float]) -> bool:
    assert noise is not None
    said = (noise.rho0, noise.rho1, noise.youden)
    return all(low <= value <= high for (_, low, high), value in zip(said, true, strict=True))


def test_noise_that_was_put_in_is_found_in_the_whole_per_stage_source_and_part() -> None:
    hits = dict.fromkeys(("whole", "rules", "tinyv", "source", "part"), 0)
    for seed in range(40):
        seen, truth = noisy_run(seed)
        chosen = drawn(seen, 250, seed)
        assert len(chosen) <= 1000
        found = report("r", seen, {pair: truth[pair] for pair in chosen}, judges=["j"], unsure=0)
        both = {"rule", "tinyv"}
        asked = [one for one in seen if one.cell in {"tinyv", "refused_by_tinyv"}]
        source = [one for one in seen if one.data_source == "a_tinyv"]
        last = found.course[-1]
        part = [one for one in seen if last.since <= one.step <= last.until]
        hits["whole"] += covers(found.whole.noise, true_noise(seen, truth, accepted=both))
        hits["rules"] += covers(found.whole.stages["the rules alone"], true_noise(seen, truth, accepted={"rule"}))
        hits["tinyv"] += covers(found.whole.stages["TinyV, where asked"], true_noise(asked, truth, accepted={"tinyv"}))
        hits["source"] += covers(found.by_source["a_tinyv"].noise, true_noise(source, truth, accepted=both))
        hits["part"] += covers(last.noise, true_noise(part, truth, accepted=both))
        assert len(found.course) == 5
        first_noise, last_noise = found.course[0].noise, last.noise
        assert first_noise and last_noise and last_noise.rho0[0] > first_noise.rho0[0]
    # Three intervals of 95 % at once: about 88 % of the runs, when they err independently.
    assert min(hits.values()) >= 33, hits


def test_a_sample_is_the_same_for_the_same_seed_and_takes_of_every_cell() -> None:
    seen, _ = noisy_run(1)
    assert drawn(seen, 5, 3) == drawn(seen, 5, 3) != drawn(seen, 5, 4)
    cells = {one.pair: one.cell for one in seen}
    assert sorted({cells[pair] for pair in drawn(seen, 5, 3)}) == ["refused", "refused_by_tinyv", "rule", "tinyv"]


def test_a_cell_that_nobody_audited_gives_no_noise() -> None:
    seen = [Seen("a", "rule", 1, ""), Seen("b", "refused", 1, "")]
    assert report("r", seen, {"a": True}, judges=[], unsure=1).whole.noise is None
    whole = report("r", seen, {"a": True, "b": False}, judges=[], unsure=0).whole
    assert whole.noise is not None and whole.noise.youden[0] == pytest.approx(1.0)


@pytest.mark.parametrize("weight", [0.25, 0.75, 1.0])
@pytest.mark.parametrize(
    ("setup", "ruled", "said", "cell"),
    [
        (Setup.ADDON, False, True, "tinyv"),
        (Setup.ADDON, False, False, "refused_by_tinyv"),
        (Setup.ADDON, True, None, "rule"),
        (Setup.MIXED, False, True, "tinyv"),
        (Setup.MIXED, False, False, "refused_by_tinyv"),
        (Setup.MIXED, True, True, "rule"),
        (Setup.TINYV_ONLY, True, False, "refused_by_tinyv"),
        (Setup.TINYV_ONLY, False, True, "tinyv"),
    ],
)
def test_a_reward_of_any_weight_is_in_the_cell_of_its_verdicts(
    setup: Setup, weight: float, cell: str, *, ruled: bool, said: bool | None
) -> None:
    policy = RewardPolicy(setup, weight)
    rule, tinyv = verdict(is_right=ruled), None if said is None else verdict(is_right=said)
    decision = after_rule(policy, CASCADE, rule) if tinyv is None else after_tinyv(policy, rule, tinyv)
    assert decision is not None
    assert cell_of(reward(0, value=decision.value, rule=rule, tinyv=tinyv)) == cell


@pytest.mark.parametrize(("weight", "cell"), [(0.25, "rule"), (0.75, "rule"), (1.0, "refused_by_tinyv")])
def test_what_tinyv_refuses_under_mixed_is_the_rules_as_long_as_they_give_anything(weight: float, cell: str) -> None:
    rule, tinyv = verdict(is_right=True), verdict(is_right=False)
    value = after_tinyv(RewardPolicy(Setup.MIXED, weight), rule, tinyv).value
    assert cell_of(reward(0, value=value, rule=rule, tinyv=tinyv)) == cell


def verdict(*, is_right: bool) -> Verdict:
    return Verdict(outcome=Outcome.CORRECT if is_right else Outcome.INCORRECT)


def test_stages_are_told_where_tinyv_was_asked_only_what_the_rules_refused(tmp_path: Path) -> None:
    addon = [began(1, 1.0), reward(0), rescued(1), refused(2)]
    write(tmp_path, addon)
    whole, again = _stages(tmp_path)
    assert set(whole) == set(again) == {"the rules alone", "TinyV, where asked"}
    write(tmp_path, [reward(3, tinyv=verdict(is_right=True))], "d-00000.jsonl")
    assert _stages(tmp_path) == ({}, {})


def _stages(runs: Path) -> tuple[Mapping[str, Noise | None], Mapping[str, Noise | None]]:
    """What the audit and the quality page tell by stage."""
    found = read_newest(runs / "run")
    told = report("run", found.seen, {}, judges=[], unsure=0, with_stages=found.is_addon)
    indexer = Indexer(index := Index(runs))
    indexer.take_in()
    indexer.close()
    with index.reading() as base:
        return told.whole.stages, quality(base, 1)["whole"].stages


def test_judges_have_to_agree() -> None:
    one = {"a": Outcome.CORRECT, "b": Outcome.CORRECT, "c": Outcome.UNDECIDED, "d": Outcome.INCORRECT}
    other = {"a": Outcome.CORRECT, "b": Outcome.INCORRECT, "c": Outcome.CORRECT, "d": Outcome.INCORRECT}
    assert agreed([one, other]) == {"a": True, "d": False}
    assert agreed([one]) == {"a": True, "b": True, "d": False}


def test_the_newest_try_of_a_run_is_read_with_its_texts(tmp_path: Path) -> None:
    write(tmp_path, [began(1, 1.0), reward(0), rescued(1, pair="p"), rescued(2, pair="p"), refused(3)])
    write(tmp_path, [reward(4, try_=900)], "d-00000.jsonl")
    found = read_newest(tmp_path / "run")
    assert (found.run, found.runs, found.try_) == ("run", tmp_path, 1000)
    assert {(one.pair, one.cell, one.n) for one in found.seen if one.pair == "p"} == {("p", "tinyv", 2)}
    assert sorted(one.cell for one in found.seen) == ["refused_by_tinyv", "rule", "tinyv"]
    (pair,) = found.pairs_of(["p"])
    assert (pair.question, pair.ground_truth, pair.model_answer, pair.label) == ("What is 1?", "1", "1", True)
    with pytest.raises(InvalidInputError, match="run"):
        read_newest(tmp_path)


def test_a_recorded_run_is_drawn_as_a_timeline_of_its_newest_try(tmp_path: Path) -> None:
    write(tmp_path, [began(4, 100.0, try_=900), reward(9, try_=900, step=4)])
    write(tmp_path, [began(1, 1.0), reward(0, ended=2.0, rewarded=2.5), began(2, 3.0), reward(1, step=2, ended=5.0)])
    spans = spans_of(tmp_path / "run")
    assert [(one.step, one.ended_s, one.rollout_id) for one in spans] == [(1, 1.0, "r0"), (2, 4.0, "r1")]
    assert spans[0].rewarded_s == 1.5 and spans[0].rule_s == 0.01
    ran = CliRunner().invoke(app, ["timeline", str(tmp_path / "run"), "--trace", str(tmp_path / "t.json"),
                                   "--html", str(tmp_path / "t.html")])  # fmt: skip
    assert ran.exit_code == 0 and "step 1: 1 rewards, exposed 0.500 s" in ran.stdout
    assert "6.500 s in step 2, the longest" in (tmp_path / "t.html").read_text()
    assert b'"name":"exposed"' in (tmp_path / "t.json").read_bytes()
