"""A user's own grader, by dotted path and by entry point, through the real verifier and its processes."""

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path

import psutil
import pytest
from tinyv_stream_workers.rule.sandbox import fork_server
from tinyv_stream_workers.rule.verifier import RuleVerifier

from tinyv_stream.broker.messages import Work
from tinyv_stream.config import RuleConfig
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.reward_policy import Route
from tinyv_stream.testing import wait_until
from tinyv_stream.types import Outcome, Verdict
from tinyv_stream.verifiers.rules.graders import check_name, load

CODE = """
from tinyv_stream.types import Outcome, Verdict

def reversed_text(check):
    return check.model_answer == check.ground_truth[::-1]

def with_reason(check):
    return Verdict(outcome=Outcome.CORRECT, grader="nobody", reason=check.question, taxonomy="language")

def faulty(check):
    raise KeyError(check.model_answer)
"""
ENTRY_POINTS = "[tinyv_stream.graders]\nbackwards = their_graders:reversed_text\n"
NAMES = ("their_graders:reversed_text", "backwards", "their_graders:with_reason", "their_graders:faulty")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a distribution on the path, as pip would leave it."""
    (tmp_path / "their_graders.py").write_text(CODE)
    info = tmp_path / "their_graders-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-graders\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])


@pytest.fixture
async def verifier(installed: None) -> AsyncIterator[RuleVerifier]:
    del installed
    routes = tuple((f"route{index}", Route(name, tinyv=False)) for index, name in enumerate(NAMES))
    async with RuleVerifier(RuleConfig(timeout_s=30.0), routes=routes) as opened:
        yield opened


@pytest.mark.parametrize("name", [*NAMES, "prime", "not_imported.to_look:f"])
def test_what_may_be_a_grader_is_told_by_its_name(installed: None, name: str) -> None:
    del installed
    sys.modules.pop("their_graders", None)
    check_name("routes[0].grader", name)
    assert "their_graders" not in sys.modules, "its code is not imported for that"


@pytest.mark.parametrize("name", ["backward", "Prime", ":f", "m:", "a b:c", "m:f()"])
def test_what_can_be_no_grader_is_refused_by_field_and_remedy(installed: None, name: str) -> None:
    del installed
    with pytest.raises(InvalidInputError, match=r"routes\[3\]\.grader: .* use one of cascade, exact, .*entry point"):
        check_name("routes[3].grader", name)


async def verdict(verifier: RuleVerifier, name: str, answer: str) -> Verdict:
    work = Work(
        run_id="run",
        client_id="client",
        rollout_id="1",
        question="Why?",
        ground_truth="abc",
        completion=rf"So \boxed{{{answer}}}",
        data_source=f"route{NAMES.index(name)}",
    )
    return (await verifier.verify(work)).verdict


@pytest.mark.parametrize("name", NAMES[:2])
async def test_a_dotted_path_and_an_entry_point_decide_under_their_own_name(verifier: RuleVerifier, name: str) -> None:
    right, wrong = await verdict(verifier, name, "cba"), await verdict(verifier, name, "abc")
    assert (right.outcome, right.grader) == (Outcome.CORRECT, name)
    assert (wrong.outcome, wrong.grader) == (Outcome.INCORRECT, name)


async def test_its_reason_and_class_are_kept_and_its_name_is_not(verifier: RuleVerifier) -> None:
    found = await verdict(verifier, NAMES[2], "x")
    assert (found.grader, found.reason, found.taxonomy) == (NAMES[2], "Why?", "language")


async def test_its_fault_is_undecided_and_costs_nobody_else(verifier: RuleVerifier) -> None:
    found = await verdict(verifier, NAMES[3], "x")
    assert (found.outcome, found.grader) == (Outcome.UNDECIDED, NAMES[3])
    assert "KeyError" in found.reason
    assert (await verdict(verifier, NAMES[1], "cba")).outcome is Outcome.CORRECT


async def test_its_code_is_never_imported_into_the_worker(verifier: RuleVerifier) -> None:
    await verdict(verifier, NAMES[0], "cba")
    assert "their_graders" not in sys.modules


BROKEN = {
    "gone": "import no_such_module\n",
    "unreadable": "def reversed_text(check\n",
    "raises": "raise RuntimeError('half an edit')\n",
    "ends": "raise SystemExit(3)\n",
}


@pytest.mark.parametrize(
    "fault", ["raises", *(pytest.param(f, marks=pytest.mark.long) for f in sorted({*BROKEN} - {"raises"}))]
)
async def test_a_grader_file_broken_meanwhile_is_undecided_until_fixed(
    verifier: RuleVerifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(fork_server, "_AGAIN_S", 0.0)
    file = tmp_path / "their_graders.py"
    file.write_text(BROKEN[fault])
    await lose_graders(verifier)
    for index in range(6):  # more than there are processes
        assert (await within(verdict(verifier, NAMES[0], f"{index}"))).reason == "the graders do not load"
    file.write_text(CODE)

    async def is_mended() -> bool:
        return (await within(verdict(verifier, NAMES[0], "cba"))).outcome is Outcome.CORRECT

    await wait_until(is_mended, 60, "the graders load again")


async def test_a_lost_environment_makes_checks_undecided_and_is_tried_rarely(
    verifier: RuleVerifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[object] = []

    async def no_python(*args: object, **_: object) -> None:
        tried.append(args)
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(fork_server, "_AGAIN_S", 3600.0)
    monkeypatch.setattr(asyncio, "create_subprocess_exec", no_python)
    await lose_graders(verifier)
    for index in range(6):
        assert (await within(verdict(verifier, NAMES[0], f"{index}"))).outcome is Outcome.UNDECIDED
    assert len(tried) == 1


@pytest.mark.parametrize("fault", ["gone", "unreadable", "raises"])
async def test_a_file_that_does_not_import_stops_the_start_and_is_named(
    installed: None, tmp_path: Path, fault: str
) -> None:
    del installed
    (tmp_path / "their_graders.py").write_text(BROKEN[fault])
    with pytest.raises(InvalidInputError, match="their_graders:faulty"):
        await RuleVerifier(RuleConfig(), routes=(("x", Route(NAMES[3], tinyv=False)),)).__aenter__()


async def within(asked: Coroutine[object, object, Verdict]) -> Verdict:
    async with asyncio.timeout(30):  # a check that nobody works on would wait for ever
        return await asked


async def lose_graders(verifier: RuleVerifier) -> None:
    """Kill the fork server, and return once that shows: a process of it may still answer a check or two."""
    for process in psutil.Process().children():
        if "tinyv_stream_workers.rule.sandbox.fork_server_child" in process.cmdline():
            process.kill()
    asked = 0

    async def shows() -> bool:
        nonlocal asked
        asked += 1
        found = await within(verdict(verifier, NAMES[0], f"early {asked}"))
        assert found.grader == NAMES[0]
        return (found.outcome, found.reason) == (Outcome.UNDECIDED, "the graders do not load")

    await wait_until(shows, 60, "the loss shows")


@pytest.mark.usefixtures("installed")
def test_a_name_that_is_nowhere_is_refused_with_what_there_is() -> None:
    with pytest.raises(InvalidInputError, match="cascade, exact, math_verify, prime"):
        load("forwards")
