"""The TinyV stage's verifier: question, reference and answer in, one verdict with its P(true) out.

- Many `verify` calls run at once; the engine batches them.
- What is no answer by its structure is incorrect without a call (guard).
- Undecided, never incorrect: a timeout, an abort, an unreadable reply, a text that may not be put to the model.
- The same input gets the same verdict: one near the threshold is asked again alone (gate).
- EngineDiedError leaves `verify` as it is: the worker gives the work back, and no delivery is counted.
- Nothing here is retried, cached or coalesced: that is the broker's.
"""

import asyncio
import logging
import time
from types import TracebackType
from typing import Final, Self

import msgspec

from tinyv_stream.broker.messages import Work
from tinyv_stream.config import TinyVConfig
from tinyv_stream.errors import EngineStartError
from tinyv_stream.types import Outcome, Stage, Verdict
from tinyv_stream.verifiers.length import over_limit
from tinyv_stream.verifiers.tinyv.guard import FORGED, objection
from tinyv_stream.verifiers.tinyv.models import AUTO_GPU, EMBEDDED, OWN, ModelRow
from tinyv_stream.verifiers.tinyv.prompts import QUESTION_CHARS, PromptBuilder, Refused
from tinyv_stream.verifiers.tinyv.question import QuestionRule
from tinyv_stream.verifiers.tinyv.read_out import Reading, decide
from tinyv_stream.verifiers.tinyv.same_symbols import one_sided
from tinyv_stream_workers.tinyv.batch_gate import BatchGate, is_near
from tinyv_stream_workers.tinyv.concurrency import Pace
from tinyv_stream_workers.tinyv.costs import Costs
from tinyv_stream_workers.tinyv.engine_supervisor import EngineSupervisor
from tinyv_stream_workers.tinyv.engines import parent_watchdog as _watchdog
from tinyv_stream_workers.tinyv.engines.api import Engine, PromptTooLongError
from tinyv_stream_workers.tinyv.priority import PriorityQueue
from tinyv_stream_workers.tinyv.shadow import Shadow, Sink
from tinyv_stream_workers.verifier import Finding

_log: Final = logging.getLogger(__name__)

__all__ = ["TinyVVerifier", "make_engine"]
_ = _watchdog  # imported for the engine's own process, which loads the worker's main module, and so this one, first

GUARD: Final = "guard"
_SHOWN: Final = 40
"""Characters of an answer that a reason repeats."""
_SHORTEST_QUESTION: Final = 200
"""Characters of a question below which shortening it further would judge something else."""


class TinyVVerifier:
    """Implements Switchable for stage `tinyv`; `engine` and `row` replace what the configuration would choose."""

    def __init__(self, config: TinyVConfig, *, engine: Engine | None = None, row: ModelRow | None = None) -> None:
        self._config = config
        made, known = _engine_for(config, config.model, config.revision)
        self._supervisor = EngineSupervisor(engine or made, watchdog_s=config.engine.watchdog_s)
        self._next: tuple[Engine, ModelRow] | None = None
        self._question = QuestionRule(config.strip_patterns)
        self._follow(row or known)
        self._lineup = PriorityQueue()
        self._gate = BatchGate()
        capacity = self._supervisor.engine.capacity
        self._pace = Pace(min(16, capacity), 4 * capacity)
        self.asked_again = 0
        """Verdicts that were near the threshold."""
        self.guard = config.guard
        """Whether answers that are none by their structure are refused without a call."""
        self.costs = Costs()
        shadow = config.shadow
        self._shadow = (
            Shadow(TinyVVerifier(config.for_shadow), share=shadow.share, most_waiting=shadow.most_waiting)
            if shadow.model
            else None
        )

    @property
    def stage(self) -> Stage:
        """Always `tinyv`."""
        return "tinyv"

    @property
    def slots(self) -> int:
        """As many as keep the engine busy, found by measuring."""
        return self._pace.limit

    async def __aenter__(self) -> Self:
        """Start the engine; raise EngineStartError naming the setting to change if it does not."""
        await self._supervisor.__aenter__()
        self._follow(self._row)
        if self._shadow:
            await self._shadow.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        if self._shadow:
            await self._shadow.__aexit__(kind, exc, trace)
        await self._supervisor.__aexit__(kind, exc, trace)

    @property
    def capacity(self) -> int:
        """Prompts that its engine works on together."""
        return self._supervisor.engine.capacity

    async def ready(self) -> None:
        """Return once the engine is up; raise EngineStartError once it was given up."""
        await self._supervisor.ready()

    def choose(self, model: str, revision: str) -> None:
        """Be opened with this model; see Switchable."""
        self._supervisor.engine, self._row = _engine_for(self._config, model, revision)

    async def fetch(self, model: str, revision: str) -> bool:
        """Bring the model here; see Switchable."""
        served = self._config.engine.kind == "openai"
        if revision and served:
            raise EngineStartError(f"revision {revision!r} is not ours to choose", "load it on the server")
        engine, row = _engine_for(self._config, model, revision)
        if not (served and model == self._config.model):  # as configured it is asked for whatever the server has
            await engine.fetch()
        self._next = engine, row
        return engine.describe()["model"] != self._label

    async def switch(self) -> None:
        """Serve what was fetched; see Switchable."""
        if self._next is None:
            raise RuntimeError("fetch comes before switch")
        (engine, row), self._next = self._next, None
        await self._supervisor.swap(engine)
        self._follow(row)

    async def sleep(self) -> None:
        """Let the engine sleep; see Switchable."""
        await self._supervisor.sleep()

    async def wake(self) -> None:
        """Wake the engine; see Switchable."""
        await self._supervisor.wake()

    async def forget(self) -> None:
        """Empty the engine's prefix cache: for measurements that must not profit from one another."""
        await self._supervisor.engine.forget()

    def describe(self) -> dict[str, str]:
        """Engine, version, model, what it counted, and state: new, starting, ready, restarting, failed, closed."""
        counts = {"restarts": str(self._supervisor.restarts), "asked_again": str(self.asked_again)}
        about = {**self._supervisor.engine.describe(), **counts, "state": self._supervisor.state}
        return about | {"shadow": self._shadow.describe()} if self._shadow else about

    def count_into(self, sink: Sink) -> None:
        """Give the shadow's counts to `sink`; see Counting."""
        if self._shadow:
            self._shadow.count_into(sink)

    async def verify(self, work: Work) -> Finding:
        """Return TinyV's finding; see Verifier.verify. A cancellation aborts the request inside the engine."""
        began = time.monotonic()
        self._pace.began(began)
        try:
            verdict = await self._judge(work)
        finally:
            self._pace.ended(time.monotonic())
        if self._shadow and verdict.grader != GUARD:
            self._shadow.offer(work, verdict)
        return Finding(verdict=verdict, model_answer=work.model_answer, elapsed_s=time.monotonic() - began)

    def _follow(self, row: ModelRow) -> None:
        """Ask and read as the supervisor's engine wants it."""
        self._row = row
        self._threshold = row.threshold if self._config.threshold is None else self._config.threshold
        self._prompts = PromptBuilder(row, self._supervisor.engine.markers)

    @property
    def _label(self) -> str:
        """The engine's model as it is now: one that was started again may have found other weights."""
        return self._supervisor.engine.describe()["model"]

    async def _judge(self, work: Work) -> Verdict:
        question, answer = self._question.strip(work.question), work.model_answer or ""
        if self.guard and (rule := self._objection(question, work.ground_truth, answer)):
            return Verdict(outcome=Outcome.INCORRECT, grader=GUARD, reason=rule, model=self._label)
        timeout_s = self._config.engine.request_timeout_s
        try:
            async with asyncio.timeout(timeout_s):
                reading = await self._ask(work, question, answer)
        except TimeoutError:
            _log.warning("no verdict in %.0f s", timeout_s, extra={"rollout_id": work.rollout_id})
            return self._undecided(f"no verdict in {timeout_s:g} s")
        if isinstance(reading, Refused):
            if reading.long_answer:
                found = over_limit(answer, work.ground_truth, "tinyv")
                return msgspec.structs.replace(found, model=self._label)
            return self._undecided(reading.reason)
        outcome, reason = decide(reading, self._row, self._threshold)
        threshold = None if reading.p_true is None else self._threshold
        return Verdict(
            outcome=outcome,
            grader="tinyv",
            reason=reason,
            p_true=reading.p_true,
            model=self._label,
            threshold=threshold,
        )

    def _objection(self, question: str, ground_truth: str, answer: str) -> str:
        """Return the rule by which the model need not be asked; empty if it is to be."""
        if rule := objection(question, ground_truth, answer):
            return rule
        if self._prompts.forges(answer) and not self._prompts.forges(ground_truth):
            return FORGED
        found = one_sided(question, ground_truth, answer) if self._row.same_symbols else ""
        return f"{found[:_SHOWN]!r} is not in both" if found else ""

    async def _ask(self, work: Work, question: str, answer: str) -> Reading | Refused:
        """Read the prompt; a question that is too long loses its beginning until the rest fits."""
        chars = QUESTION_CHARS
        while True:
            prompt = self._prompts.build(
                question, work.ground_truth, answer, completion=work.completion, question_chars=chars
            )
            if isinstance(prompt, Refused):
                return prompt
            try:
                return await self._read(prompt, self._lineup.place(question))
            except PromptTooLongError as exc:
                chars = min(chars, len(question)) * 3 // 4
                if chars < _SHORTEST_QUESTION:
                    return Refused(f"prompt of {exc.tokens} tokens, {exc.limit} fit")

    async def _read(self, prompt: str, priority: int) -> Reading:
        """Read in the batch, and once more alone where the batch could have decided."""
        async with self._gate.shared():
            reading = await self._supervisor.read(prompt, priority=priority)
        self.costs.add(reading)
        if reading.p_true is None or not (is_near(reading.p_true, self._threshold) or is_near(reading.p_none, 0.5)):
            return reading
        self.asked_again += 1
        async with self._gate.alone():
            reading = await self._supervisor.read(prompt, priority=priority, fresh=True)
        self.costs.add(reading)
        return reading

    def _undecided(self, reason: str) -> Verdict:
        return Verdict(outcome=Outcome.UNDECIDED, grader="tinyv", reason=reason, model=self._label)


def _engine_for(config: TinyVConfig, model: str, revision: str) -> tuple[Engine, ModelRow]:
    name, row = config.row(model)
    row = OWN if config.engine.kind == "scripted" else row
    if row.shows_completion and not config.shows_completion:
        raise EngineStartError(
            f"{name} is shown whole completions, which the pool with {config.model} does not pass on",
            "set it as tinyv.model and start the pool again, or give a [tinyv.family] without {{COMPLETION}}",
        )
    return make_engine(config, name, row, revision=revision), row


def make_engine(config: TinyVConfig, model: str, row: ModelRow, *, revision: str = "") -> Engine:
    """Return the engine that the configuration names, not started."""
    if config.engine.kind == "scripted":
        from tinyv_stream_workers.tinyv.engines.scripted import ScriptedEngine

        label = "scripted" if model in {EMBEDDED, AUTO_GPU} else model  # what `auto` means where no model is wanted
        label = f"{label}@{revision}" if revision else label
        return ScriptedEngine(capacity=config.engine.max_num_seqs or 64, model=label)
    if config.engine.kind == "openai":
        from tinyv_stream_workers.tinyv.engines.openai import OpenAIEngine

        return OpenAIEngine(model, row, config.engine)
    from tinyv_stream_workers.tinyv.engines.vllm import VllmEngine

    return VllmEngine(model, row, config.engine, revision=revision)
