"""Evaluation of a verifier on labelled pairs, through the same stream that users get.

- Each pair travels as a completion that ends in its answer, boxed, or as the completion that the set has; the pool
  behind the URL decides.
- Undecided pairs are counted, and count as not accepted: nothing is guessed for them.
- Pairs keep their order in the result, whatever order the rewards come in.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from tinyv_stream.client.client import RewardClient
from tinyv_stream.config import Config, RouteConfig
from tinyv_stream.lab.classify import classify
from tinyv_stream.lab.pairs import Pair
from tinyv_stream.lab.rescues import Rescues, rescues
from tinyv_stream.lab.scores import Bin, CurvePoint, Rate, auc, brier, calibration, calibration_error, rate, sweep
from tinyv_stream.types import Outcome, Reward, Rollout, Setup, Status
from tinyv_stream.verifiers.taxonomy import KINDS, UNCLASSIFIED

DATA_SOURCE: Final = "lab_eval"
_PERCENTILE: Final = 0.99


class JudgedPair(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line of verdicts. `p_true` is TinyV's, where it was asked; `seconds` is submit to reward."""

    pair_id: str
    label: bool
    outcome: Outcome
    grader: str = ""
    reason: str = ""
    rule: Outcome | None = None
    p_true: float | None = None
    seconds: float | None = None
    busy_s: float = 0.0
    """Time inside the verifiers, without queues."""
    source: str = ""
    kind: str = ""
    ground_truth: str = ""
    model_answer: str = ""


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """How a group of pairs came out."""

    n: int
    recall: Rate
    fp_rate: Rate
    accuracy: Rate
    undecided: int


class EvaluationReport(msgspec.Struct, frozen=True, kw_only=True):
    """Everything measured; shares are of 1, times in seconds."""

    n: int
    recall: float | None
    fp_rate: float | None
    accuracy: float | None
    auc: float | None
    undecided: int
    intervals: dict[str, Rate]
    calibration_error: float | None
    """Expected, over ten bins of P(true); of the pairs that the model was asked about."""
    brier: float | None
    """Mean squared distance of P(true) from the truth, over the same pairs."""
    calibration: list[Bin]
    by_source: dict[str, Rates]
    by_kind: dict[str, Rates]
    busy_s_per_pair: dict[str, float]
    sweep: list[CurvePoint]
    rescues: Rescues | None = None
    """What the model gave back of what the rules refused; only for `pipeline`."""
    verifier: str = ""
    model: str = ""
    prompt: str = ""
    """Format that was asked for; empty: the model's own."""
    pairs: str = ""


def with_kinds(pairs: Iterable[Pair]) -> list[Pair]:
    """Name the kind of each right answer that has none, by program, so that rows by taxonomy need no labelled file.

    Takes about 20 ms of CPU per right pair.
    """

    def named(pair: Pair) -> Pair:
        if pair.kind or not pair.label:
            return pair
        kind = classify(pair.ground_truth, pair.model_answer)
        return msgspec.structs.replace(pair, kind=kind.id if kind else UNCLASSIFIED)

    return [named(pair) for pair in pairs]


def pool_config(base: Config, verifier: str) -> Config:
    """Return the settings of a pool in which `DATA_SOURCE` goes to one verifier, or through the whole pipeline."""
    rules_only = verifier not in {"tinyv", "pipeline"}
    grader = verifier if rules_only else "exact" if verifier == "tinyv" else "cascade"
    route = RouteConfig(contains=DATA_SOURCE, grader=grader, tinyv=not rules_only)
    setup = Setup.TINYV_ONLY if verifier == "tinyv" else Setup.ADDON
    tinyv = msgspec.structs.replace(
        base.tinyv, workers=0 if rules_only else max(1, base.tinyv.workers), setup=setup, weight=1.0
    )
    return msgspec.structs.replace(base, tinyv=tinyv, routes=(route, *base.routes))


async def judge(
    url: str,
    pairs: Sequence[Pair],
    *,
    pool: str = "main",
    run_id: str = "eval",
    deadline_s: float = 3600.0,
    on_reward: Callable[[Reward], None] = lambda _: None,
) -> list[JudgedPair]:
    """Send every pair through the pool and return its verdict, in order.

    Raises what RewardClient raises. A cancellation leaves nothing behind: the client cancels what is open.
    """
    client = RewardClient(url, run_id=run_id, pool=pool, deadline_s=deadline_s, watch_routing=False)
    async with client:

        async def one(number: int, pair: Pair) -> JudgedPair:
            reward = await (await client.submit(rollout_of(pair, number)))
            on_reward(reward)
            return judged(pair, reward)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(i, p), name=f"pair {i}") for i, p in enumerate(pairs)]
    return [task.result() for task in tasks]


def rollout_of(pair: Pair, number: int) -> Rollout:
    """Return the rollout that stands for a pair."""
    return Rollout(
        rollout_id=f"pair-{number}",
        question=pair.question or "What is the answer?",
        completion=pair.completion or f"The final answer is \\boxed{{{pair.model_answer}}}.",
        ground_truth=pair.ground_truth,
        data_source=DATA_SOURCE,
    )


def judged(pair: Pair, reward: Reward) -> JudgedPair:
    """Return what a reward says about a pair."""
    outcome = Outcome.UNDECIDED
    if reward.status is Status.OK and reward.value is not None:
        outcome = Outcome.CORRECT if reward.value >= 0.5 else Outcome.INCORRECT
    decisive = reward.tinyv or reward.rule
    times = reward.timings
    return JudgedPair(
        pair_id=pair.pair_id,
        label=pair.label,
        outcome=outcome,
        grader=decisive.grader if decisive else "",
        reason=(decisive.reason if decisive else "") or reward.reason,
        rule=reward.rule.outcome if reward.rule else None,
        p_true=reward.tinyv.p_true if reward.tinyv else None,
        seconds=times.total_s,
        busy_s=(times.rule_s or 0.0) + (times.tinyv_s or 0.0),
        source=pair.source,
        kind=pair.kind,
        ground_truth=pair.ground_truth,
        model_answer=pair.model_answer,
    )


def score_of(line: JudgedPair) -> float:
    """Return the score that a threshold is swept over: P(true) where there is one, else what was decided."""
    return line.p_true if line.p_true is not None else float(line.outcome is Outcome.CORRECT)


def report(
    lines: Sequence[JudgedPair], *, verifier: str = "", model: str = "", prompt: str = "", pairs: str = ""
) -> EvaluationReport:
    """Return the figures of a set of verdicts."""
    whole = rates(lines)
    scores, labels = [score_of(x) for x in lines], [x.label for x in lines]
    probable = [(x.p_true, x.label) for x in lines if x.p_true is not None]
    p_true, right = [p for p, _ in probable], [label for _, label in probable]
    busy = sorted(x.busy_s for x in lines)
    last = len(busy) - 1
    return EvaluationReport(
        n=whole.n,
        recall=whole.recall.value,
        fp_rate=whole.fp_rate.value,
        accuracy=whole.accuracy.value,
        auc=auc(scores, labels),
        undecided=whole.undecided,
        intervals={"recall": whole.recall, "fp_rate": whole.fp_rate, "accuracy": whole.accuracy},
        calibration_error=calibration_error(p_true, right),
        brier=brier(p_true, right),
        calibration=calibration(p_true, right),
        by_source=_by(lines, lambda x: x.source),
        by_kind=_by(lines, lambda x: _kind_name(x.kind)),
        busy_s_per_pair={"mean": sum(busy) / len(busy), "median": busy[last // 2], "p99": busy[int(last * _PERCENTILE)]}
        if busy
        else {},
        sweep=sweep(scores, labels),
        rescues=rescues(lines, lambda n: _kind_name(lines[n].kind)) if verifier == "pipeline" else None,
        verifier=verifier,
        model=model,
        prompt=prompt,
        pairs=pairs,
    )


def rates(lines: Iterable[JudgedPair]) -> Rates:
    """Return recall over right answers, false positives over wrong ones, and accuracy over all."""
    lines = list(lines)
    right = [x for x in lines if x.label]
    wrong = [x for x in lines if not x.label]
    hits = sum(x.outcome is Outcome.CORRECT for x in right)
    false = sum(x.outcome is Outcome.CORRECT for x in wrong)
    return Rates(
        n=len(lines),
        recall=rate(hits, len(right)),
        fp_rate=rate(false, len(wrong)),
        accuracy=rate(hits + len(wrong) - false, len(lines)),
        undecided=sum(x.outcome is Outcome.UNDECIDED for x in lines),
    )


def _by(lines: Sequence[JudgedPair], key: Callable[[JudgedPair], str]) -> dict[str, Rates]:
    names = sorted({key(x) for x in lines if key(x)})
    return {name: rates(x for x in lines if key(x) == name) for name in names}


def _kind_name(kind: str) -> str:
    known = KINDS.get(kind)
    return f"{known.id} {known.group}: {known.name}" if known else kind
