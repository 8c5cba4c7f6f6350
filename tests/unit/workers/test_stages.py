"""A stage that is opened again when its verifier has become another model."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from scripted_verifier import ScriptedVerifier
from tinyv_stream_workers.stages import CurrentStage

from tinyv_stream.broker.messages import Work
from tinyv_stream.broker.worker import Delivery, Ending
from tinyv_stream.config import Config
from tinyv_stream.types import Stage

WORK = Work(run_id="r", client_id="c", rollout_id="1", question="q", ground_truth="1", model_answer="tinyv:correct")
DELIVERY = Delivery(entry="1-0", uid="1", work=WORK, ckey="key")


class Restarted(ScriptedVerifier):
    """Its engine may come up with another model."""

    model = "first"

    def describe(self) -> dict[str, str]:
        return {"model": self.model}


class Kit:
    """A current stage, and what it asked, ended and announced."""

    def __init__(self, stage: Stage) -> None:
        self.verifier = Restarted(stage)
        self.fields: list[str] = []
        self.endings: list[Ending] = []
        self.announced: list[str] = []
        batcher = cast("Any", SimpleNamespace(lookup=self.lookup, finish=self.finish))
        self.current = CurrentStage(batcher, Config(), self.verifier, (), self.announce)

    async def lookup(self, delivery: Delivery, field: str) -> None:
        self.fields.append(field)

    async def finish(self, ending: Ending) -> bool:
        self.endings.append(ending)
        return True

    async def announce(self, version: str) -> None:
        await asyncio.sleep(0)
        self.announced.append(version)


async def test_another_model_has_its_verdicts_under_another_name() -> None:
    kit = Kit("tinyv")
    await kit.current.open()
    await kit.current.handle(DELIVERY)
    kit.verifier.model = "second"
    await asyncio.gather(*(kit.current.handle(DELIVERY) for _ in range(3)))
    first, second = kit.announced
    assert first != second, "announced once per model, however many notice it"
    assert kit.fields == [f"key:{first}", *[f"key:{second}"] * 3]
    assert [ending.cache_field for ending in kit.endings] == kit.fields


async def test_the_rule_stage_announces_no_version() -> None:
    kit = Kit("rule")
    await kit.current.open()
    kit.verifier.model = "second"
    await kit.current.handle(DELIVERY)
    assert kit.announced == []
    assert len(kit.endings) == 1
