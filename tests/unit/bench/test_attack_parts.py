"""Runs of the attack that are cut off and go on, and parts that are of another plan."""

import json
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from bench.attack_rules import command
from bench.attack_rules.graders import Ours
from bench.attack_rules.parts import OtherPlanError, Plan, Store, digest, run
from bench.attack_rules.tally import Tally, decoded, encoded

_PLAN: Final = Plan(count=45, each=3, seed=3, graders=("cascade",), rules=digest())
_MEASURED: Final = ("seconds", "cpu_s")


def _run(*more: str, file: Path) -> tuple[int, dict[str, Any]]:
    code = command.main(["--count", "45", "--mutants", "135", "--seed", "3", "--json", str(file), *more])
    return code, json.loads(file.read_text())


def test_a_run_in_slices_finds_what_a_whole_one_finds(tmp_path: Path) -> None:
    _, whole = _run(file=tmp_path / "whole.json")
    slices = ("--parts", str(tmp_path / "parts"), "--slice-s", "0")
    code, first = _run(*slices, file=tmp_path / "first.json")
    assert code == 3
    assert not first["complete"]
    assert 0 < first["truths"] < whole["truths"] == 45
    for _ in range(4):
        code, found = _run(*slices, file=tmp_path / "last.json")
    assert code == (1 if found["wrong_accepted"]["cascade"] else 0)
    assert {k: v for k, v in found.items() if k not in _MEASURED} == {
        k: v for k, v in whole.items() if k not in _MEASURED
    }


def test_two_processes_find_what_one_finds(tmp_path: Path) -> None:
    parts, _, done = run(_PLAN, Store(None, _PLAN), processes=2, slice_s=600)
    alone, _, _ = run(_PLAN, Store(None, _PLAN), processes=1, slice_s=600)
    assert done
    assert [part.kinds for part in parts] == [part.kinds for part in alone]
    assert [part.tallies["cascade"].seen for part in parts] == [part.tallies["cascade"].seen for part in alone]


def test_parts_of_other_rules_are_not_taken(tmp_path: Path) -> None:
    Store(tmp_path, _PLAN)
    Store(tmp_path, _PLAN)
    with pytest.raises(OtherPlanError, match="another rules"):
        Store(tmp_path, msgspec.structs.replace(_PLAN, rules="others"))
    with pytest.raises(OtherPlanError, match="another each, seed"):
        Store(tmp_path, msgspec.structs.replace(_PLAN, each=4, seed=4))


def test_tallies_add_up_and_travel() -> None:
    one, other = Tally(seen=2), Tally(seen=3, patient=1)
    one.accepted["sign"] += 2
    other.accepted.update({"sign": 1, "digit": 4})
    one.add(decoded(encoded(other), Tally))
    assert (one.seen, one.patient, one.accepted["sign"], one.accepted.total()) == (5, 1, 3, 7)


def test_ours_are_asked_with_patience_where_they_need_it() -> None:
    cascade = Ours("cascade")
    assert cascade("1", "1", "")
    assert cascade.patient == 0
    assert cascade(r"\int_0^1 x\,dx+y", r"y+\int_0^1 x\,dx", "Find it.")
    assert cascade.patient == 1
    assert not cascade("1" * 3_000, "1", "")
