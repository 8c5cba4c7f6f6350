"""A verifier's check: what is tried, what fails it, and when a passed one counts no longer."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from tinyv_stream.cli import app
from tinyv_stream.config import EngineConfig, FamilyConfig, TinyVConfig
from tinyv_stream.control.judging import CaseVerdict, JudgingDone, RoundDone
from tinyv_stream.errors import EngineStartError, InvalidInputError
from tinyv_stream.lab import attacks
from tinyv_stream.lab.check import record
from tinyv_stream.lab.check.cases import CheckCases, check_cases
from tinyv_stream.lab.check.report import CheckReport, report
from tinyv_stream.lab.check.text import in_words
from tinyv_stream.types import Outcome
from tinyv_stream.verifiers.in_process import grade

END = JudgingDone(about={"engine": "e", "version": "1", "model": "m@1"}, start_s=1.0, memory_mb=100.0)


@pytest.fixture(scope="module")
def cases() -> CheckCases:
    return check_cases(40)


def test_pairs_are_what_the_rules_refuse_half_of_them_right(cases: CheckCases) -> None:
    assert [pair.label for pair in cases.pairs] == [True, False] * 20
    assert len({(pair.ground_truth, pair.model_answer) for pair in cases.pairs}) == 40
    for pair in cases.pairs:
        verdict = grade(pair.model_answer, pair.ground_truth, pair.question or "What is the answer?")
        assert verdict.outcome is not Outcome.CORRECT
    assert check_cases(40).cases == cases.cases


def test_every_attack_family_is_tried_and_each_pair_in_three_orders(cases: CheckCases) -> None:
    assert set(cases.families) == {*attacks.STRUCTURAL, *attacks.SEMANTIC}
    turns = {turn.name: turn for turn in cases.rounds}
    assert len(turns["attacks"].cases) == sum(map(len, cases.families.values()))
    assert turns["attacks"].guard
    assert not turns["bare"].guard
    orders = [turns[name].cases for name in ("pairs", "order 1", "order 2")]
    assert len({frozenset(order) for order in orders}) == 1
    assert len(set(orders)) == 3


Says = Callable[[str, int, int], CaseVerdict]


def rounds_of(cases: CheckCases, says: Says, mass: float | None = 0.9) -> dict[str, RoundDone]:
    """Each round as a verifier would answer it that says `says(round, place, label)`."""
    first = next(turn for turn in cases.rounds if turn.name == "pairs").cases[0]
    labels = {first + n: int(pair.label) for n, pair in enumerate(cases.pairs)}
    done: dict[str, RoundDone] = {}
    for turn in cases.rounds:
        answers = tuple(says(turn.name, place, labels.get(place, -1)) for place in turn.cases)
        done[turn.name] = RoundDone(
            name=turn.name,
            answers=answers,
            wall_s=2.0,
            calls=len(answers),
            prompt_tokens=50 * len(answers),
            cached_tokens=10 * len(answers),
            reply_tokens=len(answers),
            mass=mass,
        )
    return done


def good(name: str, _place: int, label: int) -> CaseVerdict:
    p = 0.9 if name == "equal" or label == 1 else 0.1
    return CaseVerdict(outcome=Outcome.CORRECT if p > 0.5 else Outcome.INCORRECT, p_true=p)


def test_good_verifier_passes_and_its_figures_are_those_of_the_rounds(cases: CheckCases) -> None:
    found = report(cases, rounds_of(cases, good), END)
    assert found.passed, found.failures
    assert (found.pairs.precision.hits, found.pairs.precision.n) == (20, 20)
    assert found.pairs.auc == 1.0
    assert found.pairs.brier == pytest.approx(0.01)
    assert (found.cost.prompt_tokens, found.cost.cached_share, found.cost.verdicts_per_s) == (50, 0.2, 20)
    assert found.cost.ms_alone == pytest.approx(2000 / 24)
    assert in_words(found)[-1] == "passed: it may pay rewards"


YES, NO = CaseVerdict(outcome=Outcome.CORRECT, p_true=0.9), CaseVerdict(outcome=Outcome.INCORRECT, p_true=0.1)
BAD: dict[str, Says] = {
    "answers that are none were accepted": lambda name, place, label: (
        YES if (name, place) == ("attacks", 0) else good(name, place, label)
    ),
    "of attacks on meaning were accepted": lambda name, place, label: (
        YES if name == "attacks" and place >= 1_500 else good(name, place, label)
    ),
    "of equal answers were accepted": lambda name, place, label: NO if name == "equal" else good(name, place, label),
    "of wrong refused pairs were accepted": lambda name, place, label: YES if label == 0 else good(name, place, label),
    "verdicts changed with the batch": lambda name, place, label: (
        NO if name == "order 2" and label == 1 else good(name, place, label)
    ),
}


@pytest.mark.parametrize("words", BAD)
def test_each_limit_can_fail_a_verifier_by_itself(cases: CheckCases, words: str) -> None:
    found = report(cases, rounds_of(cases, BAD[words]), END)
    assert [words in failure for failure in found.failures] == [True]
    assert any(line.startswith("FAILED") and words in line for line in in_words(found))


@pytest.mark.parametrize(("mass", "is_noted"), [(0.1, True), (0.9, False), (None, False)])
def test_little_mass_is_noted_and_fails_nobody(cases: CheckCases, mass: float | None, *, is_noted: bool) -> None:
    """A model that was trained on the contrast of its words, as `train` does, gives them little of it."""
    found = report(cases, rounds_of(cases, good, mass=mass), END)
    assert found.passed
    assert any("another's format" in line for line in in_words(found)) is is_noted


@pytest.fixture
def passed(cases: CheckCases) -> CheckReport:
    return report(cases, rounds_of(cases, good), END)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model"
    path.mkdir()
    (path / "config.json").write_text("{}")
    (path / "model.safetensors").write_bytes(b"0" * 200_000)
    return path


def test_record_beside_the_model_counts_for_these_files_and_settings_only(model: Path, passed: CheckReport) -> None:
    config = TinyVConfig(model=str(model))
    assert record.objection(config) == "it was not checked on this machine"
    assert record.write(config, passed, "2026-01-01T00:00:00+00:00") == model / record.FILE
    assert record.objection(config) is None
    for other in ({"threshold": 0.7}, {"guard": False}, {"family": FamilyConfig(base="judge")}, {"prompt": "short"}):
        assert "other files or settings" in (record.objection(msgspec.structs.replace(config, **other)) or "")
    same = msgspec.structs.replace(config, workers=4, weight=0.5, require_check=True)
    assert record.objection(same) is None
    (model / "model.safetensors").write_bytes(b"0" * 199_999 + b"1")
    assert "other files or settings" in (record.objection(config) or "")


def test_failed_check_and_a_broken_record_are_told(model: Path, passed: CheckReport) -> None:
    config = TinyVConfig(model=str(model))
    record.write(config, msgspec.structs.replace(passed, failures=("it says yes to all",)), "")
    assert record.objection(config) == "its check failed: it says yes to all"
    (model / record.FILE).write_text("{")
    assert "cannot be read" in (record.objection(config) or "")


def test_record_of_a_hub_id_is_in_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passed: CheckReport
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    config = TinyVConfig(model="some/model")
    path = record.write(config, passed, "")
    assert path.is_relative_to(tmp_path / "cache")
    assert record.objection(config) is None
    assert record.objection(msgspec.structs.replace(config, revision="v2")) is not None
    assert record.path_of(TinyVConfig(model="some--model")) != path, "names that look alike have records of their own"


def settings(path: Path, text: str) -> Path:
    file = path / "tinyv.toml"
    file.write_text(text)
    return file


def test_up_refuses_an_unchecked_verifier_where_a_check_is_required(model: Path, tmp_path: Path) -> None:
    file = settings(tmp_path, "[tinyv]\nrequire_check = true")
    ran = CliRunner().invoke(app, ["up", "--config", str(file), "--model", str(model)])
    assert isinstance(ran.exception, InvalidInputError)
    assert ran.exception.field == "tinyv.model"
    assert "not checked on this machine: run `tinyv-stream verifier check" in ran.exception.remedy


def test_up_only_warns_where_none_is_required(
    model: Path, caplog: pytest.LogCaptureFixture, passed: CheckReport
) -> None:
    from tinyv_stream.cli.up import look_for_check
    from tinyv_stream.config import Config

    config = TinyVConfig(model=str(model))
    look_for_check(Config(tinyv=config))
    assert "it was not checked on this machine" in caplog.text
    caplog.clear()
    record.write(config, passed, "")
    look_for_check(Config(tinyv=msgspec.structs.replace(config, require_check=True)))
    look_for_check(Config(tinyv=TinyVConfig(workers=0, model="never/checked", require_check=True)))
    look_for_check(Config(tinyv=TinyVConfig(engine=EngineConfig(kind="scripted"), require_check=True)))
    assert not caplog.text


def check(*args: object) -> tuple[int, str]:
    ran = CliRunner().invoke(app, ["verifier", "check", *map(str, args)])
    if ran.exception and not isinstance(ran.exception, SystemExit):
        raise ran.exception
    return ran.exit_code, ran.output


def test_command_judges_in_a_process_of_its_own_and_keeps_the_result(model: Path, tmp_path: Path) -> None:
    """The scripted engine calls only equal texts correct: it resists everything, and is useless."""
    file = settings(tmp_path, "[tinyv.engine]\nkind = 'scripted'")
    code, said = check(model, "--config", file, "--pairs", 20, "--json", tmp_path / "out.json")
    assert code == 1
    assert "0 of 1322 accepted in 28 families" in said
    assert "FAILED: 39.6% (101 of 255) of equal answers were accepted" in said
    kept = msgspec.json.decode((model / record.FILE).read_bytes(), type=record.CheckRecord)
    assert kept.report.model == str(model)
    assert kept.report.equal.hits == 101
    assert json.loads((tmp_path / "out.json").read_text())["cost"]["batch"] > 0


def test_command_says_why_an_engine_does_not_start(tmp_path: Path) -> None:
    file = settings(tmp_path, "[tinyv.engine]\nkind = 'scripted'")
    with pytest.raises(EngineStartError, match=r"check tinyv\.model"):
        check("x-missing", "--config", file, "--pairs", 20)


def test_command_names_a_family_that_there_is_not(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="use one of compass"):
        check("embedded", "--family", "compas")


def test_families_are_listed_with_their_licence() -> None:
    said = CliRunner().invoke(app, ["verifier", "families"]).output
    assert "compass: opencompass/CompassVerifier-3B" in said
    assert "Apache-2.0" in said
