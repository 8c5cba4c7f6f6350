"""The bundled demo set holds what its page says; the class column is checked against the real Math-Verify."""

# pyright: reportMissingTypeStubs=false, reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# math_verify ships no types.

import importlib.resources
import re
from collections import Counter, defaultdict
from typing import Final, Literal, get_args

import msgspec
import pytest
from math_verify import parse, verify

from tinyv_stream.reward_policy import CASCADE, route_for
from tinyv_stream.types import Rollout, validate_rollout

Taxonomy = Literal["formatting", "notation", "expression", "numeric", "language", "set_list", "symbolic"]


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One completion of the set; every field is there in every line."""

    rollout_id: str
    group_id: str
    group_size: int
    question: str
    prompt: str
    completion: str
    ground_truth: str
    data_source: Literal["demo_tinyv"]
    label: bool
    taxonomy: Taxonomy | None
    end_s: float


RULE_FALSE_POSITIVES: Final = {"demo-10-1", "demo-10-6", "demo-15-7", "demo-25-5"}
"""Wrong answers that Math-Verify 0.9.0 accepts: a unit, a half of the day or a family of solutions is not compared."""

RESOURCE_BOMB: Final = "demo-35-2"
"""A tower of powers: graders that can be killed get it in their own tests; here it would only burn ten seconds."""

TEXT: Final = (importlib.resources.files("tinyv_stream.demo") / "demo.jsonl").read_text(encoding="utf-8")
LINES: Final = [msgspec.json.decode(line, type=Line) for line in TEXT.splitlines()]


def groups() -> dict[str, list[Line]]:
    found: dict[str, list[Line]] = defaultdict(list)
    for line in LINES:
        found[line.group_id].append(line)
    return found


def boxed(completion: str) -> str | None:
    return found[-1] if (found := re.findall(r"\\boxed\{(.*)\}", completion)) else None


def test_every_line_is_a_rollout_that_the_client_accepts() -> None:
    for raw in TEXT.splitlines():
        rollout = msgspec.json.decode(raw, type=Rollout)
        assert validate_rollout(rollout) is rollout
        assert rollout.completion.strip()


def test_every_line_takes_the_cascade() -> None:
    assert {route_for(line.data_source) for line in LINES} == {CASCADE}


def test_ids_are_unique() -> None:
    assert max(Counter(line.rollout_id for line in LINES).values()) == 1


def test_the_set_is_as_large_as_promised() -> None:
    assert len(groups()) >= 28
    assert len(LINES) >= 180
    assert len({line.completion for line in LINES}) == len(LINES)


def test_a_group_is_complete_and_asks_one_question() -> None:
    for group_id, lines in groups().items():
        assert {line.group_size for line in lines} == {len(lines)}, group_id
        assert 4 <= len(lines) <= 8, group_id
        assert len({(line.question, line.prompt, line.ground_truth) for line in lines}) == 1, group_id
        assert lines[0].prompt.startswith(lines[0].question), group_id


def test_every_group_has_both_labels() -> None:
    for group_id, lines in groups().items():
        assert {line.label for line in lines} == {True, False}, group_id


def test_equal_final_answers_have_equal_labels_and_are_common() -> None:
    repeated = 0
    for lines in groups().values():
        labels: dict[str, list[bool]] = defaultdict(list)
        for line in lines:
            if (final := boxed(line.completion)) is not None:
                labels[final].append(line.label)
        assert all(len(set(found)) == 1 for found in labels.values()), lines[0].group_id
        repeated += any(len(found) > 1 for found in labels.values())
    assert repeated >= len(groups()) / 2


def test_false_negatives_are_a_fifth_to_a_quarter_and_cover_every_class() -> None:
    classes = Counter(line.taxonomy for line in LINES if line.taxonomy is not None)
    assert set(classes) == set(get_args(Taxonomy))
    assert min(classes.values()) >= 3
    assert 0.20 <= classes.total() / len(LINES) <= 0.25
    assert all(line.label for line in LINES if line.taxonomy is not None)


def test_generation_ends_at_twenty_seconds_with_a_long_tail() -> None:
    ends = sorted(line.end_s for line in LINES)
    assert ends[0] >= 0.5
    assert ends[-1] == pytest.approx(20.0, abs=0.1)
    assert ends[len(ends) // 2] < ends[-1] / 2


def test_the_last_completion_needs_both_stages() -> None:
    assert max(LINES, key=lambda line: line.end_s).taxonomy is not None


def test_labels_and_classes_differ_from_math_verify_where_they_say_so() -> None:
    """A class stands at exactly the correct answers that it refuses; the wrong ones that it accepts are listed."""
    golds = {line.ground_truth: parse(f"${line.ground_truth}$") for line in LINES}
    wrongly_accepted: set[str] = set()
    for line in LINES:
        if line.rollout_id == RESOURCE_BOMB:
            continue
        gold, found = golds[line.ground_truth], parse(line.completion)
        accepted = verify(gold, found) or verify(found, gold)
        if line.label:
            assert accepted is (line.taxonomy is None), line.rollout_id
        elif accepted:
            wrongly_accepted.add(line.rollout_id)
    assert wrongly_accepted == RULE_FALSE_POSITIVES
