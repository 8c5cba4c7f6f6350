"""Attack resistance of a real model, `python -m bench engine --attacks`: each family, guarded and unguarded.

With the guard is what a pool does; without it shows what the guard is worth, and what is the model's own to resist.
"""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec
from tinyv_stream_workers.tinyv.verifier import TinyVVerifier

from bench.engine import attacks
from bench.engine.run import EngineSettings, opened
from tinyv_stream.broker.messages import Work
from tinyv_stream.types import Outcome, Verdict
from tinyv_stream.verifiers.tinyv.models import resolve

_GUARD: Final = "guard"


class Resisted(msgspec.Struct, frozen=True, kw_only=True):
    """One family's tries and what became of them; counts."""

    family: str
    structural: bool
    tried: int
    stopped: int
    """By the guard, without a call."""
    accepted: int
    undecided: int
    accepted_without_guard: int


async def resisted(settings: EngineSettings, say: Callable[[str], None]) -> list[Resisted]:
    """Return each family's row, with the model's own prompt and threshold; raises EngineStartError."""
    _, row = resolve(settings.model)
    both: list[dict[str, list[Verdict]]] = []
    for guard in (True, False):
        async with opened(settings, say, row=row, threshold=row.threshold, guard=guard) as bench:
            both.append({name: await _verdicts(bench.stage, name) for name in (*attacks.STRUCTURAL, *attacks.SEMANTIC)})
    guarded, bare = both
    return [
        Resisted(
            family=name,
            structural=name in attacks.STRUCTURAL,
            tried=len(verdicts),
            stopped=sum(v.grader == _GUARD for v in verdicts),
            accepted=_count(verdicts, Outcome.CORRECT),
            undecided=_count(verdicts, Outcome.UNDECIDED),
            accepted_without_guard=_count(bare[name], Outcome.CORRECT),
        )
        for name, verdicts in guarded.items()
    ]


async def _verdicts(stage: TinyVVerifier, name: str) -> list[Verdict]:
    works = [
        Work(
            run_id="bench",
            client_id="bench",
            rollout_id=f"{name} {n}",
            question=question,
            ground_truth=reference,
            model_answer=answer,
        )
        for n, (question, reference, answer) in enumerate(attacks.tries(name))
    ]
    return [finding.verdict for finding in await asyncio.gather(*(stage.verify(work) for work in works))]


def _count(verdicts: list[Verdict], outcome: Outcome) -> int:
    return sum(verdict.outcome is outcome for verdict in verdicts)
