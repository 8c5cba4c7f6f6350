"""Where a check is required, no worker opens a verifier without it, and no pool is switched to one."""

from pathlib import Path

import msgspec
import pytest
from tinyv_stream_workers.tinyv.checked import CheckedVerifier
from tinyv_stream_workers.tinyv.engines.scripted import ScriptedEngine
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier

from tinyv_stream.config import EngineConfig, TinyVConfig
from tinyv_stream.errors import EngineStartError, InvalidInputError
from tinyv_stream.lab.check import record
from tinyv_stream.lab.check.report import CheckReport, Cost, RefusedFigures, Steady
from tinyv_stream.lab.scores import rate
from tinyv_stream.verifiers.tinyv.models import OWN

PASSED = CheckReport(
    model="m",
    engine="e",
    attacks=(),
    equal=rate(9, 9),
    pairs=RefusedFigures(
        n=9,
        precision=rate(9, 9),
        recall=rate(9, 9),
        wrong_accepted=rate(0, 9),
        undecided=0,
        auc=1.0,
        calibration_error=0.0,
        brier=0.0,
    ),
    steady=Steady(pairs=9, orders=3, flips=0, largest_difference=0.0),
    mass=1.0,
    cost=Cost(
        prompt_tokens=1,
        reply_tokens=1,
        cached_share=0,
        ms_alone=1,
        verdicts_per_s=1,
        batch=1,
        memory_mb=1,
        gpu_mb=None,
        start_s=1,
    ),
    failures=(),
)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model"
    path.mkdir()
    (path / "config.json").write_text("{}")
    return path


def checked(model: str | Path, *, required: bool = True, kind: str = "vllm") -> CheckedVerifier:
    engine = EngineConfig(kind=kind)  # type: ignore[arg-type]
    return CheckedVerifier(
        TinyVConfig(model=str(model), require_check=required, engine=engine), engine=ScriptedEngine(), row=OWN
    )


async def opens(verifier: CheckedVerifier) -> bool:
    async with verifier:
        return True


async def test_worker_that_starts_with_an_unchecked_model_ends_as_for_a_wrong_setting(model: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"tinyv\.model.*may not pay rewards: it was not checked"):
        await opens(checked(model))


async def test_worker_opens_with_a_checked_one_and_where_none_is_required(model: Path) -> None:
    assert await opens(checked(model, required=False))
    assert await opens(checked(model, kind="scripted"))
    record.write(TinyVConfig(model=str(model)), PASSED, "")
    assert await opens(checked(model))


async def test_failed_check_is_no_check(model: Path) -> None:
    record.write(TinyVConfig(model=str(model)), msgspec.structs.replace(PASSED, failures=("it says yes",)), "")
    with pytest.raises(InvalidInputError, match="it says yes"):
        await opens(checked(model))


async def test_pool_is_not_switched_to_an_unchecked_model(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []

    async def fetch(_self: TinyVVerifier, name: str, _revision: str) -> bool:
        fetched.append(name)
        return True

    monkeypatch.setattr(TinyVVerifier, "fetch", fetch)
    with pytest.raises(EngineStartError, match="may not pay rewards"):
        await checked("other/one").fetch(str(model), "")
    assert not fetched
    record.write(TinyVConfig(model=str(model)), PASSED, "")
    assert await checked("other/one").fetch(str(model), "")
    assert fetched == [str(model)]


async def test_worker_that_joins_a_switched_pool_refuses_its_model_not_its_settings(model: Path) -> None:
    """The follower of the desired state sets the pool back on this error, and ends the worker on the other."""
    record.write(TinyVConfig(model=str(model)), PASSED, "")
    joining = checked(model)
    joining.choose("other/one", "")
    with pytest.raises(EngineStartError, match="other/one may not pay"):
        await opens(joining)
