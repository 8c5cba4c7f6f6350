"""The analysis of a run counts what the judges agree on, and shows model text without obeying it."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.files.rewards import RewardLine, RuleLine
from tinyv_stream.lab.analysis import analyse, audit_sample, final_answer, read_run, with_names
from tinyv_stream.lab.analysis_report import markdown, web_page
from tinyv_stream.lab.named import Named
from tinyv_stream.lab.pairs import Pair
from tinyv_stream.types import Outcome, Rollout, Source, Status

HOSTILE = "</code><script>alert(1)</script> ``` | x"


def pair(name: str, answer: str = "1, 5") -> Pair:
    return Pair(ground_truth="5,1", model_answer=answer, label=False, pair_id=name)


def verdicts(**by_judge: str) -> dict[str, dict[str, Outcome]]:
    letters = {"c": Outcome.CORRECT, "i": Outcome.INCORRECT, "u": Outcome.UNDECIDED}
    return {j: {str(n): letters[x] for n, x in enumerate(word)} for j, word in by_judge.items()}


def test_both_judges_have_to_agree() -> None:
    result = analyse([pair(str(n)) for n in range(4)], [], verdicts(a="ccui", b="cicc"))
    assert [f.pair.pair_id for f in result.found] == ["0"]
    assert (result.false_negatives.hits, result.false_negatives.n) == (1, 4)
    assert result.found[0].kind == "6.1"


def test_an_accepted_answer_that_one_judge_refuses_is_doubtful() -> None:
    result = analyse([], [pair("0"), pair("1")], verdicts(a="cc", b="ci"))
    assert [p.pair_id for p in result.doubtful] == ["1"]
    assert "none looked at" in markdown(result)


def test_a_report_of_one_judge_says_that_nothing_was_confirmed() -> None:
    assert "ONE ONLY" in markdown(analyse([pair("0")], [], verdicts(a="c")))
    assert "ONE ONLY" not in markdown(analyse([pair("0")], [], verdicts(a="c", b="c")))


def test_the_whole_audit_sample_is_there_to_be_read() -> None:
    result = analyse([], [pair("0", "seen-7"), pair("1", "seen-8")], verdicts(a="cc", b="ci"))
    for text in (markdown(result), web_page(result)):
        assert text.count("seen-7") == 1
        assert text.count("seen-8") == 2


def test_models_name_only_what_no_program_names() -> None:
    result = analyse([pair("0"), pair("1", "something else")], [], verdicts(a="cc", b="cc"))
    assert [p.pair_id for p in result.unnamed] == ["1"]
    result = with_names(result, Named({"0": "7.1", "1": "5.3"}, asked=1, disagreed=0, silent=0))
    assert [(f.kind, f.named_by) for f in result.found] == [("6.1", "program"), ("5.3", "models")]
    assert "| 5.3 language: phrasing | 1 | 50.0% | 0 | 1 |" in markdown(result)


def test_model_text_is_shown_and_not_obeyed() -> None:
    result = analyse([pair("0", HOSTILE)], [pair("0", HOSTILE)], verdicts(a="c", b="c"))
    result = msgspec.structs.replace(result, doubtful=(pair("0", HOSTILE),))
    assert "<script>" not in web_page(result)
    assert "&lt;script&gt;" in web_page(result)
    assert f"```` {HOSTILE} ````" in markdown(result), "three back-ticks inside do not end the span"


def test_the_same_seed_audits_the_same_answers() -> None:
    accepted = [pair(str(n)) for n in range(50)]
    assert audit_sample(accepted, 10, 1) == audit_sample(accepted, 10, 1) != audit_sample(accepted, 10, 2)
    assert len(audit_sample(accepted, 100, 1)) == 50


@pytest.mark.parametrize(
    ("completion", "answer"),
    [("so \\boxed{1} or \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}"), ("none", None), ("\\boxed{1", None)],
)
def test_the_last_box_is_the_answer(completion: str, answer: str | None) -> None:
    assert final_answer(completion) == answer


def write(path: Path, rows: Sequence[msgspec.Struct]) -> Path:
    path.write_bytes(b"\n".join(msgspec.json.encode(row) for row in rows))
    return path


def test_a_run_is_read_back(tmp_path: Path) -> None:
    rollouts = [
        Rollout(question="q", completion=f"\\boxed{{{n}}}", ground_truth="5,1", rollout_id=str(n)) for n in range(4)
    ]
    rule = RuleLine(Outcome.INCORRECT, "prime")
    rewards = [
        RewardLine(rollout_id="0", value=1.0, status=Status.OK, source=Source.TINYV, rule=rule),
        RewardLine(rollout_id="1", value=0.0, status=Status.OK, source=Source.RULE, rule=rule),
        RewardLine(rollout_id="2", value=None, status=Status.FAILED, source=Source.FALLBACK),
    ]
    rejected, accepted = read_run(write(tmp_path / "in.jsonl", rollouts), write(tmp_path / "out.jsonl", rewards))
    assert [p.pair_id for p in rejected] == ["0", "1"]
    assert [p.pair_id for p in accepted] == ["0"]


def test_a_file_that_holds_no_rewards_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl", [Rollout(question="q", completion="c", ground_truth="1")])
    with pytest.raises(InvalidInputError, match=r"x\.jsonl:1"):
        read_run(path, path)
