"""Test of batch invariance, `python -m bench engine --determinism`: the same prompts in three orders.

- First all at once; then, with an empty prefix cache, few at once; then all at once in an engine started again.
- Every verdict goes through the whole TinyV stage, its second asking included; no broker and no cache of verdicts.
- The margin within which a prompt is asked again alone is a measured number: beside it stands the largest difference
  between two readings of one prompt, all over and near the threshold, where alone it matters.
"""

import asyncio
import math
import random
from collections.abc import Callable
from typing import Final

import msgspec
from tinyv_stream_workers.tinyv.batch_gate import MARGIN

from bench.engine.load import refused, unique
from bench.engine.run import Bench, EngineSettings, opened
from tinyv_stream.broker.messages import Work
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.types import Outcome, Rollout
from tinyv_stream.verifiers.tinyv.models import EMBEDDED, OWN, ModelRow, resolve

_FEW: Final = 7
"""No divisor of any batch: neighbours differ from those of the other orders."""
_NEAR: Final = 1.0
"""Logits from the threshold that count as near it: four times the margin."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What three orders of the same prompts gave. Differences are between readings of one prompt, in logits."""

    prompt: str
    prompts: int
    verdicts: dict[str, int]
    flips: int
    asked_again: int
    largest_difference: float
    largest_near_threshold: float
    near_threshold: int
    margin: float

    @property
    def holds(self) -> bool:
        """No verdict turned, and no difference that could turn one is outside the margin."""
        return self.flips == 0 and self.largest_near_threshold < self.margin and len(self.verdicts) > 1


async def asked(settings: EngineSettings, count: int, say: Callable[[str], None]) -> list[Asked]:
    """Ask `count` prompts in three orders, by the model's own prompt and, for `embedded`, by TinyV's longer one too.

    Raises EngineStartError, or InvalidInputError if the questions do not give as many different prompts.
    """
    works = _works(settings, count)
    name, row = resolve(settings.model)
    own = msgspec.structs.replace(row, same_symbols=False)  # the engine is looked at, not what spares it calls
    rows = {"own": own} | ({"TinyV-1.5B": OWN} if name == EMBEDDED else {})
    return [await _three_orders(settings, works, label, row, say) for label, row in rows.items()]


def _works(settings: EngineSettings, count: int) -> list[Work]:
    # A group of eight leaves three different prompts and more.
    rollouts = unique(refused(max(8, count // 2), settings.group_size, settings.seed, settings.questions))[:count]
    if len(rollouts) < count:
        raise InvalidInputError("--determinism", count, f"these questions give {len(rollouts)} different prompts")
    return [_work(rollout) for rollout in rollouts]


def _work(rollout: Rollout) -> Work:
    return Work(
        run_id="bench",
        client_id="bench",
        rollout_id=rollout.rollout_id,
        question=rollout.question,
        ground_truth=rollout.ground_truth,
        model_answer=rollout.completion,
    )


async def _three_orders(
    settings: EngineSettings, works: list[Work], label: str, row: ModelRow, say: Callable[[str], None]
) -> Asked:
    orders = [random.Random(f"order {n}").sample(works, len(works)) for n in range(3)]  # noqa: S311 no secret
    seen: list[dict[str, Outcome]] = []
    readings: dict[str, list[float]] = {}
    again = 0
    for starts in (orders[:2], orders[2:]):
        async with opened(settings, say, row=row, threshold=row.threshold) as bench:
            for n, order in enumerate(starts):
                await bench.forget()
                seen.append(await _outcomes(bench, order, at_once=_FEW if n else len(order)))
                for prompt, p_true, is_alone in bench.engine.readings:
                    if p_true is not None and not is_alone:
                        readings.setdefault(prompt, []).append(_logit(p_true))
                say(f"{label} prompt, order {len(seen)}: {_count(seen[-1])}")
            again += bench.stage.asked_again
    threshold = _logit(row.threshold)
    spread = [(max(r) - min(r), min(abs(x - threshold) for x in r)) for r in readings.values()]
    return Asked(
        prompt=label,
        prompts=len(works),
        verdicts=_count(seen[0]),
        flips=sum(len({order[work.rollout_id] for order in seen}) > 1 for work in works),
        asked_again=again,
        largest_difference=max(width for width, _ in spread),
        largest_near_threshold=max((width for width, away in spread if away < _NEAR), default=0.0),
        near_threshold=sum(away < _NEAR for _, away in spread),
        margin=MARGIN,
    )


async def _outcomes(bench: Bench, works: list[Work], *, at_once: int) -> dict[str, Outcome]:
    room = asyncio.Semaphore(at_once)

    async def one(work: Work) -> Outcome:
        async with room:
            return (await bench.stage.verify(work)).verdict.outcome

    found = await asyncio.gather(*(one(work) for work in works))
    return {work.rollout_id: outcome for work, outcome in zip(works, found, strict=True)}


def _count(outcomes: dict[str, Outcome]) -> dict[str, int]:
    values = list(outcomes.values())
    return {outcome.value: values.count(outcome) for outcome in sorted(set(values))}


def _logit(p: float) -> float:
    least = math.ulp(1.0)  # a probability that rounds to 0 or 1 is as far away as can be told
    p = min(max(p, least), 1 - least)
    return math.log(p / (1 - p))
