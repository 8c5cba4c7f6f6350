"""A shadow verifier counts where it differs, and nothing of it reaches a reward."""

from collections.abc import Mapping

import pytest
from tinyv_stream_workers.tinyv.engines.scripted import ScriptedEngine
from tinyv_stream_workers.tinyv.shadow import Shadow, compared, is_in_share
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier

from tinyv_stream.broker.messages import Work
from tinyv_stream.broker.operator import PoolStatus
from tinyv_stream.config import Config, EngineConfig, FamilyConfig, ShadowConfig, TinyVConfig, check
from tinyv_stream.errors import BrokerError, InvalidInputError
from tinyv_stream.gateway.metrics import pool_text
from tinyv_stream.intervals import shadow_disagreement
from tinyv_stream.testing import wait_until
from tinyv_stream.types import Outcome, Verdict


def work(answer: str, n: int = 0) -> Work:
    return Work(
        run_id="r", client_id="c", rollout_id=str(n), question=f"Is it {n}?", ground_truth="2", model_answer=answer
    )


def config(**fields: object) -> TinyVConfig:
    shadow = ShadowConfig(**{"model": "second", "kind": "scripted", "share": 1.0, **fields})  # type: ignore[arg-type]
    return TinyVConfig(engine=EngineConfig(kind="scripted"), shadow=shadow)


def one_sided(p_true: float) -> TinyVVerifier:
    return TinyVVerifier(TinyVConfig(engine=EngineConfig(kind="scripted")), engine=ScriptedEngine(lambda _: p_true))


async def test_every_live_verdict_is_compared_and_none_is_changed() -> None:
    async with TinyVVerifier(config()) as stage:
        assert stage._shadow is not None
        stage._shadow._verifier._supervisor.engine._rule = lambda _: 1.0  # type: ignore[attr-defined]
        found = [(await stage.verify(work(answer, n))).verdict for n, answer in enumerate(["2", "3", "2", "4"])]
        await wait_until(lambda: stage._shadow.counts.total() == 4, 30, "four compared")  # type: ignore[union-attr]
        assert stage._shadow.counts == {"shadow_agree": 2, "shadow_accepts": 2}
        assert stage.describe()["shadow"] == "second (ready), 2 of 4 differ"
    assert [verdict.outcome for verdict in found] == ["correct", "incorrect", "correct", "incorrect"]
    assert {verdict.model for verdict in found} == {"scripted"}


async def test_shadow_that_never_starts_keeps_nobody_waiting() -> None:
    async with TinyVVerifier(config(model="second-slow")) as stage:
        for n in range(400):
            assert (await stage.verify(work("2", n))).verdict.outcome is Outcome.CORRECT
        assert stage._shadow is not None
        assert stage._shadow.counts == {"shadow_dropped": 400 - 256}


async def test_shadow_that_fails_is_opened_again(caplog: pytest.LogCaptureFixture) -> None:
    verifier = TinyVVerifier(TinyVConfig(engine=EngineConfig(kind="scripted")), engine=ScriptedEngine(model="x-broken"))
    async with Shadow(verifier, share=1.0, most_waiting=8, again_s=0.01) as shadow:
        live = Verdict(outcome=Outcome.CORRECT)
        shadow.offer(work("2"), live)
        engine = verifier._supervisor.engine
        assert isinstance(engine, ScriptedEngine)
        await wait_until(lambda: "the shadow verifier is not there" in caplog.text, 30, "a start has failed")
        assert not shadow.counts
        engine._model = "mended"
        await wait_until(lambda: shadow.counts["shadow_agree"] == 1, 30, "it judges what had waited")


async def test_engine_that_dies_under_it_is_counted_and_survived() -> None:
    verifier = one_sided(1.0)
    async with Shadow(verifier, share=1.0, most_waiting=8) as shadow:
        live = Verdict(outcome=Outcome.CORRECT)
        shadow.offer(work("2", 0), live)
        await wait_until(lambda: shadow.counts["shadow_agree"] == 1, 30, "it judges")
        engine = verifier._supervisor.engine
        assert isinstance(engine, ScriptedEngine)
        engine._delay_s = 60.0
        shadow.offer(work("2", 1), live)
        await wait_until(lambda: len(engine.prompts) == 2, 30, "one is being read")
        engine.kill()
        await wait_until(lambda: shadow.counts["shadow_failed"] == 1, 30, "the death is counted")
        engine._delay_s = 0.0
        shadow.offer(work("2", 2), live)
        await wait_until(lambda: shadow.counts["shadow_agree"] == 2, 30, "it judges again")


async def test_counts_that_the_broker_does_not_take_are_given_again() -> None:
    taken: dict[str, int] = {}
    refusals = [BrokerError("redis://h", "away"), None]

    async def sink(more: Mapping[str, int]) -> None:
        refusal = refusals.pop(0) if refusals else None
        if refusal:
            raise refusal
        for name, by in more.items():
            taken[name] = taken.get(name, 0) + by

    async with Shadow(one_sided(0.0), share=1.0, most_waiting=8) as shadow:
        shadow.count_into(sink)
        shadow.offer(work("2"), Verdict(outcome=Outcome.CORRECT))
        await wait_until(lambda: taken == {"shadow_refuses": 1}, 30, "the count arrives once")


async def test_what_the_guard_refused_is_not_compared() -> None:
    async with TinyVVerifier(config()) as stage:
        assert (await stage.verify(work("Solution:"))).verdict.grader == "guard"
        await stage.verify(work("2"))
        assert stage._shadow is not None
        await wait_until(lambda: stage._shadow.counts.total() == 1, 30, "one compared")  # type: ignore[union-attr]
        assert stage._shadow.counts == {"shadow_agree": 1}


@pytest.mark.parametrize(
    ("live", "shadow", "name"),
    [
        ("correct", "correct", "shadow_agree"),
        ("incorrect", "incorrect", "shadow_agree"),
        ("incorrect", "correct", "shadow_accepts"),
        ("correct", "incorrect", "shadow_refuses"),
        ("undecided", "correct", "shadow_undecided"),
        ("correct", "undecided", "shadow_undecided"),
    ],
)
def test_pair_of_verdicts_has_one_name(live: str, shadow: str, name: str) -> None:
    assert compared(Verdict(outcome=Outcome(live)), Verdict(outcome=Outcome(shadow))) == name


def test_share_is_drawn_by_the_texts_alone() -> None:
    works = [work("2", n) for n in range(2_000)]
    chosen = [is_in_share(w, 0.1) for w in works]
    assert 140 < sum(chosen) < 260
    assert chosen == [is_in_share(w, 0.1) for w in works]
    assert all(is_in_share(w, 1.0) for w in works)
    assert not any(is_in_share(w, 0.0) for w in works)


def test_disagreement_has_its_interval() -> None:
    found = shadow_disagreement({"shadow_agree": 90, "shadow_accepts": 6, "shadow_refuses": 4, "shadow_undecided": 50})
    assert (found.hits, found.n) == (10, 100)
    assert str(found) == "10.0% [5.5%, 17.4%]"
    assert shadow_disagreement({}).value is None


@pytest.mark.parametrize(
    ("shadow", "field", "remedy"),
    [
        (ShadowConfig(model="m"), "tinyv.shadow.url", "give the server's /v1 URL"),
        (ShadowConfig(url="http://h/v1"), "tinyv.shadow.model", "name the model"),
        (ShadowConfig(model="m", url="u", share=1.5), "tinyv.shadow.share", "from 0 to 1"),
        (
            ShadowConfig(model="m", url="u", family=FamilyConfig(base="x")),
            "tinyv.shadow.family.base",
            "use one of compass",
        ),
        (
            ShadowConfig(model="m", url="u", family=FamilyConfig(base="judge")),
            "tinyv.shadow.model",
            "whole completions",
        ),
    ],
)
def test_shadow_that_makes_no_sense_is_refused_by_field(shadow: ShadowConfig, field: str, remedy: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check(Config(tinyv=TinyVConfig(model="embedded", shadow=shadow)))
    assert caught.value.field == field
    assert remedy in caught.value.remedy


def test_shadow_may_see_completions_where_the_live_one_does() -> None:
    shadow = ShadowConfig(model="m", url="u", family=FamilyConfig(base="judge"))
    check(Config(tinyv=TinyVConfig(model="opencompass/CompassVerifier-3B", shadow=shadow)))


@pytest.mark.parametrize(
    ("stats", "shown"), [({"shadow_agree": 90, "shadow_accepts": 10}, ["0.0552", "0.1", "0.174"]), ({"rescued": 3}, [])]
)
def test_disagreement_is_a_metric_with_its_bounds(stats: dict[str, int], shown: list[str]) -> None:
    status = PoolStatus(
        server="valkey",
        version="9",
        depth={},
        live=0,
        parked=0,
        oldest_s=None,
        dead=0,
        cached=0,
        stats=stats,
        workers=[],
    )
    lines = [line for line in pool_text(status).decode().splitlines() if line.startswith("tinyv_shadow_disagreement{")]
    assert [line.split("} ")[1].startswith(value) for line, value in zip(lines, shown, strict=True)] == [True] * len(
        shown
    )
