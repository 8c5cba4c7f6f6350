"""The rule stage as the worker sees it: cut the answer out, try the fast path, else grade it in the sandbox.

- Which grader looks is decided by `cascade.route_for`; the verdict says which one it was.
- An answer over the length limit is `undecided` without a look.
- The model answer travels on to TinyV even where the rules could not decide.
- Equal pairs of answer and ground truth are graded once: completions of a group repeat one another. No text is kept.
"""

import collections
import hashlib
import time
from types import TracebackType
from typing import Final, Self

from tinyv_stream.broker.messages import Work
from tinyv_stream.config import RuleConfig
from tinyv_stream.reward_policy import CASCADE, DEFAULT_ROUTE, ROUTES, Route, route_for
from tinyv_stream.types import Outcome, Stage, Verdict
from tinyv_stream.verifiers.length import over_limit
from tinyv_stream.verifiers.rules.graders import Check, Grader, stand_in
from tinyv_stream_workers.rule.sandbox.sandbox import Sandbox
from tinyv_stream_workers.verifier import Finding

_REMEMBERED: Final = 4_096
"""Verdicts kept: some hundred groups, about 1 MB; the one that was asked for longest ago goes first."""


class RuleVerifier:
    """Implements `tinyv_stream_workers.verifier.Verifier` for stage `rule`."""

    def __init__(self, config: RuleConfig, *, routes: tuple[tuple[str, Route], ...] = ()) -> None:
        self._config = config
        self._routes = routes
        names = {route.grader for _, route in (*routes, *ROUTES)} | {CASCADE.grader, DEFAULT_ROUTE.grader}
        self._graders: dict[str, Grader] = {name: stand_in(name) for name in sorted(names)}
        self._sandbox = Sandbox(
            graders=tuple(self._graders),
            processes=config.processes,
            timeout_s=config.timeout_s,
            memory_mb=config.memory_mb,
        )
        self._known: collections.OrderedDict[bytes, Verdict] = collections.OrderedDict()

    @property
    def stage(self) -> Stage:
        """Which queue it reads."""
        return "rule"

    @property
    def slots(self) -> int:
        """How many rollouts it wants to hold at once."""
        return self._config.slots

    async def __aenter__(self) -> Self:
        """Start the sandbox; raise InvalidInputError if a grader does not load, EngineStartError if nothing starts."""
        await self._sandbox.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """Kill every grader process."""
        await self._sandbox.__aexit__(kind, exc, trace)

    async def ready(self) -> None:
        """Return at once: it can take work as soon as it is open."""

    async def verify(self, work: Work) -> Finding:
        """Return the finding for one work; a cancellation kills the process that works on it."""
        started = time.monotonic()
        grader = self._graders[route_for(work.data_source, self._routes).grader]
        answer = grader.extract(work.completion, work.ground_truth) if work.model_answer is None else work.model_answer
        most = self._config.max_answer_chars
        if len(answer) > most:
            verdict = over_limit(answer, work.ground_truth, grader.name)
            return Finding(verdict=verdict, model_answer=answer[-most:], elapsed_s=time.monotonic() - started)
        check = Check(answer, work.ground_truth, work.question)
        if verdict := grader.fast(check):
            return Finding(verdict=verdict, model_answer=answer, elapsed_s=time.monotonic() - started)
        key = _key(grader.name, check)
        if verdict := self._known.get(key):
            self._known.move_to_end(key)
            return Finding(verdict=verdict, model_answer=answer, elapsed_s=time.monotonic() - started)
        graded = await self._sandbox.grade(grader.name, check)
        if graded.verdict.outcome is not Outcome.UNDECIDED:
            self._remember(key, graded.verdict)
        return Finding(verdict=graded.verdict, model_answer=answer, elapsed_s=graded.elapsed_s)

    def describe(self) -> dict[str, str]:
        """Say what it is, for `status`."""
        return {
            "engine": "rules",
            "graders": ", ".join(self._graders),
            "killed": str(self._sandbox.killed),
            "state": "ready",
        }

    def _remember(self, key: bytes, verdict: Verdict) -> None:
        self._known[key] = verdict
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def _key(grader: str, check: Check) -> bytes:
    """Return 16 bytes for what is asked of a grader: question and ground truth may be of a quarter of a megabyte."""
    parts = (grader, check.model_answer, check.ground_truth, check.question)
    text = "".join(f"{len(part)}:{part}" for part in parts)  # the lengths keep apart what would be one text together
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
