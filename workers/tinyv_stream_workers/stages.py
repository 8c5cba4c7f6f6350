"""The two stages, and what each does with one delivery: ask its verifier, let the policy decide, tell the broker.

- A verifier that fails in a way nobody foresaw is `undecided`, never a score.
- EngineDiedError passes through: the worker gives the delivery back.
- A reward and the end of its delivery are one script, so a kill between two lines here loses nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, cast

import msgspec

from tinyv_stream.broker.messages import Work, pair_of
from tinyv_stream.broker.worker import Delivery, Ending, WorkerApi
from tinyv_stream.config import Config, FallbackConfig
from tinyv_stream.errors import EngineDiedError
from tinyv_stream.reward_policy import Decision, after_rule, after_tinyv, route_for, rule_stands
from tinyv_stream.types import Outcome, Reward, Source, Status, Verdict
from tinyv_stream_workers.cache_version import cache_version
from tinyv_stream_workers.overload_policy import OverloadPolicy
from tinyv_stream_workers.verifier import Counting, Finding, Verifier
from tinyv_stream_workers.write_batcher import WriteBatcher

_log = logging.getLogger(__name__)
_DECIDED: Final = (Outcome.CORRECT, Outcome.INCORRECT)


class StageHandler(Protocol):
    """Sees deliveries through."""

    async def handle(self, delivery: Delivery) -> None:
        """End or forward one delivery; raise EngineDiedError if it has to be given back."""
        ...


class RuleStage:
    """Rule verdict, then a reward, or on to TinyV."""

    def __init__(
        self, batcher: WriteBatcher, config: Config, verifier: Verifier, overload_policy: OverloadPolicy
    ) -> None:
        self._batcher = batcher
        self._overload_policy = overload_policy
        self._config = config
        self._verifier = verifier
        self._keeps_completion = config.tinyv.shows_completion

    async def handle(self, delivery: Delivery) -> None:
        """See `StageHandler`."""
        finding = await _ask(self._verifier, delivery.work)
        work = _after_rules(delivery, finding, keeps_completion=self._keeps_completion)
        decision = after_rule(
            self._config.policy, route_for(work.data_source, self._config.route_rows), finding.verdict
        )
        cached: Verdict | None = None
        if decision is None and (reason := await self._overload_policy.reason(work)):
            decision = rule_stands(work.rule, reason)
        if decision is None:
            # Without an extracted answer there is no question that another rollout could have asked.
            # A model that is shown the completion may judge equal answers differently.
            has_key = work.model_answer is not None and not self._keeps_completion
            shares = self._config.broker.cache_ttl_s > 0 and has_key
            answer = await self._batcher.forward(delivery, work, ckey_of(work) if shares else "")
            if not isinstance(answer, Verdict):
                return
            cached = answer
            decision = after_tinyv(self._config.policy, work.rule, cached, cached=True)
        await self._batcher.finish(Ending(delivery=delivery, reward=reward_of(work, decision, tinyv=cached)))


class TinyVStage:
    """TinyV's verdict, from the cache where an equal question was decided, then a reward."""

    def __init__(self, batcher: WriteBatcher, config: Config, verifier: Verifier, version: str) -> None:
        self._batcher = batcher
        self._config = config
        self._verifier = verifier
        self._version = version

    async def handle(self, delivery: Delivery) -> None:
        """See `StageHandler`."""
        work = delivery.work
        field = f"{delivery.ckey}:{self._version}" if delivery.ckey else ""
        if delivery.parked_s is not None:
            timings = msgspec.structs.replace(work.timings, parked_s=delivery.parked_s)
            work = msgspec.structs.replace(work, timings=timings)
        verdict = await self._batcher.lookup(delivery, field) if field else None
        cached = verdict is not None
        if verdict is None:
            finding = await _ask(self._verifier, work)
            verdict = finding.verdict
            timings = msgspec.structs.replace(work.timings, tinyv_queue_s=delivery.queued_s, tinyv_s=finding.elapsed_s)
            work = msgspec.structs.replace(work, timings=timings)
        decision = after_tinyv(self._config.policy, work.rule, verdict, cached=cached)
        keep = verdict if not cached and verdict.outcome in _DECIDED else None
        ending = Ending(
            delivery=delivery,
            reward=reward_of(work, decision, tinyv=verdict),
            cache_field=field if keep else "",
            verdict=keep,
        )
        await self._batcher.finish(ending)


class CurrentStage:
    """The stage with the verifier as it is now; `announce` sets the version of the cached verdicts to look up."""

    def __init__(
        self,
        batcher: WriteBatcher,
        config: Config,
        verifier: Verifier,
        links: Sequence[WorkerApi],
        announce: Callable[[str], Awaitable[None]],
    ) -> None:
        self._batcher = batcher
        self._config = config
        self._verifier = verifier
        self._links = links
        self._announce = announce
        self._handler: StageHandler | None = None
        self._model = ""
        """Whose verdicts the handler gives, with its revision."""
        self._noticing = asyncio.Lock()

    async def open(self) -> None:
        """Use the verifier as it is from here on: its verdicts may have another name in the cache."""
        if self._verifier.stage == "rule":
            overload_policy = OverloadPolicy(self._links, self._config)
            self._handler = RuleStage(self._batcher, self._config, self._verifier, overload_policy)
            return
        if self._links and isinstance(self._verifier, Counting):
            self._verifier.count_into(self._links[0].count)
        model = self._model_now()
        version = cache_version(self._config.tinyv, model)
        await self._announce(version)
        self._model = model
        self._handler = TinyVStage(self._batcher, self._config, self._verifier, version)

    async def handle(self, delivery: Delivery) -> None:
        """See `StageHandler`; it is opened by then."""
        await self._notice_model()
        await cast("StageHandler", self._handler).handle(delivery)

    async def _notice_model(self) -> None:
        """Open again where a restarted engine is another model: the cache must tell their verdicts apart."""
        async with self._noticing:
            if self._verifier.stage == "tinyv" and self._model_now() != self._model:
                await self.open()

    def _model_now(self) -> str:
        return self._verifier.describe().get("model", "")


def reward_of(work: Work, decision: Decision, *, tinyv: Verdict | None = None, forwarded: bool = False) -> Reward:
    """Return the reward that a decision about `work` means."""
    return Reward(
        rollout_id=work.rollout_id,
        value=decision.value,
        status=decision.status,
        source=decision.source,
        rule=work.rule,
        tinyv=tinyv,
        reason=decision.reason,
        group_id=work.group_id,
        timings=work.timings,
        model_answer=work.model_answer,
        forwarded=forwarded or tinyv is not None,
    )


def undecided_reward(work: Work, status: Status, reason: str) -> Reward:
    """Return the reward of a rollout that nobody decided, with what was found so far."""
    # What the rules have seen and not ended was forwarded: it waited for TinyV, or for an equal rollout.
    return reward_of(work, Decision(None, status, Source.FALLBACK, reason), forwarded=work.rule is not None)


def dead_reward(delivery: Delivery) -> Reward:
    """Return the reward of a rollout that is given up as a dead letter."""
    reason = f"handed out {delivery.delivery_count - 1} times without an end"
    return undecided_reward(delivery.work, Status.FAILED, reason)


def expired_reward(work: Work, config: FallbackConfig) -> Reward:
    """Return the reward of a rollout whose deadline has passed: by policy that of its rule verdict."""
    reason = "deadline passed"
    stands = rule_stands(work.rule, f"{reason}: the rule verdict stands") if config.deadline == "rule" else None
    return reward_of(work, stands, forwarded=True) if stands else undecided_reward(work, Status.EXPIRED, reason)


def ckey_of(work: Work) -> str:
    """Name all rollouts that ask TinyV the same: equal question, ground truth and answer."""
    return pair_of(work.question, work.ground_truth, work.model_answer)


def _after_rules(delivery: Delivery, finding: Finding, *, keeps_completion: bool) -> Work:
    """Return the work as TinyV needs it: with the rule verdict, and the answer in place of the completion."""
    completion = delivery.work.completion if keeps_completion else ""
    timings = msgspec.structs.replace(delivery.work.timings, rule_queue_s=delivery.queued_s, rule_s=finding.elapsed_s)
    return msgspec.structs.replace(
        delivery.work,
        completion=completion,
        rule=finding.verdict,
        model_answer=finding.model_answer,
        timings=timings,
        forwarded_ms=int(_entered_ms(delivery) + 1000 * (delivery.queued_s + finding.elapsed_s)),
    )


async def _ask(verifier: Verifier, work: Work) -> Finding:
    if verifier.stage == "tinyv" and work.model_answer is None:
        # The rule stage failed before it found the answer; an empty answer would be judged as the model's own.
        return Finding(verdict=Verdict(outcome=Outcome.UNDECIDED, reason="no answer was extracted"))
    try:
        return await verifier.verify(work)
    except EngineDiedError:
        raise
    except Exception as exc:  # noqa: BLE001 the one place where a fault of a verifier becomes a verdict
        _log.exception("verifier failed", extra={"rollout_id": work.uid})
        reason = f"verifier failed: {type(exc).__name__}"
        return Finding(verdict=Verdict(outcome=Outcome.UNDECIDED, reason=reason), model_answer=work.model_answer)


def _entered_ms(delivery: Delivery) -> int:
    """Return when the server queued it, by its clock."""
    return int(delivery.entry.partition("-")[0] or 0)
