"""Analysis of a run's rule errors: false negatives by kind, and an audit of what was accepted.

- A rejected answer is a false negative only if every judge calls it correct.
- An accepted one that any judge refuses is doubtful: a false positive teaches the policy to cheat, so it weighs more.
- Judging is somebody else's: this module takes verdicts in and gives figures out; `analysis_report` shows them.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from tinyv_stream.broker.messages import pair_of
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.files.rewards import RewardLine
from tinyv_stream.files.rollouts import RolloutLine, read_rollouts
from tinyv_stream.lab.classify import classify
from tinyv_stream.lab.named import Named
from tinyv_stream.lab.pairs import Pair
from tinyv_stream.lab.scores import Rate, rate
from tinyv_stream.types import Outcome, Status
from tinyv_stream.verifiers.taxonomy import UNCLASSIFIED


class FalseNegative(msgspec.Struct, frozen=True, kw_only=True):
    """A rejected answer that the judges call correct."""

    pair: Pair
    kind: str
    """Identifier in the taxonomy, or `unclassified`."""
    named_by: Literal["program", "models", ""] = ""


class Analysis(msgspec.Struct, frozen=True, kw_only=True):
    """The report's figures."""

    judges: tuple[str, ...]
    rejected: int
    false_negatives: Rate
    found: tuple[FalseNegative, ...]
    audited: Rate
    """Accepted answers in the random sample that some judge refuses."""
    doubtful: tuple[Pair, ...]
    sample: tuple[Pair, ...] = ()
    """All accepted answers of the audit."""
    named: Named | None = None
    """What models made of the kinds that no program names; None if none were asked."""

    @property
    def unnamed(self) -> list[Pair]:
        """False negatives without a kind."""
        return [f.pair for f in self.found if f.kind == UNCLASSIFIED]


def with_names(analysis: Analysis, named: Named) -> Analysis:
    """Return the analysis with the kinds that models agree on in it."""

    def renamed(f: FalseNegative) -> FalseNegative:
        kind = named.kinds.get(f.pair.pair_id) if f.kind == UNCLASSIFIED else None
        return msgspec.structs.replace(f, kind=kind, named_by="models") if kind else f

    return msgspec.structs.replace(analysis, found=tuple(renamed(f) for f in analysis.found), named=named)


def read_run(rollouts: Path, rewards: Path) -> tuple[list[Pair], list[Pair]]:
    """Return what the rules rejected and what was accepted, with `label` as the run decided it.

    Raises InvalidInputError for a file that cannot be used, and for two that do not belong together.
    """
    lines = _rewards(rewards)
    rejected: list[Pair] = []
    accepted: list[Pair] = []
    known = 0
    for line in read_rollouts(rollouts):
        if not isinstance(line, RolloutLine) or (reward := lines.get(line.rollout.rollout_id)) is None:
            continue
        known += 1
        rollout = line.rollout
        answer = final_answer(rollout.completion)
        if reward.status is not Status.OK or answer is None:
            continue
        is_right = (reward.value or 0.0) >= 0.5
        pair = Pair(
            question=rollout.question or rollout.prompt,
            ground_truth=rollout.ground_truth,
            model_answer=answer,
            label=is_right,
            source=rollout.data_source,
            pair_id=rollout.rollout_id,
        )
        if reward.rule and reward.rule.outcome is Outcome.INCORRECT:
            rejected.append(pair)
        if is_right:
            accepted.append(pair)
    if not known:
        raise InvalidInputError(
            "REWARDS", str(rewards), f"give those of {rollouts}: no rollout of it is rewarded there"
        )
    return rejected, accepted


def audit_sample(accepted: Sequence[Pair], size: int, seed: int) -> list[Pair]:
    """Return a random sample of the accepted answers, the same one for the same seed."""
    rng = random.Random(seed)  # noqa: S311 - a sample, not a secret
    return rng.sample(list(accepted), min(size, len(accepted)))


def labelled(pairs: Iterable[Pair]) -> dict[str, bool]:
    """Return whether each labelled answer is correct, by what `pair_of` names it."""
    return {pair_of(p.question, p.ground_truth, p.model_answer): p.label for p in pairs}


def said_by_labels(pairs: Iterable[Pair], known: Mapping[str, bool]) -> dict[str, Outcome]:
    """Return the outcome of those pairs that are labelled, by pair id."""
    names = {p.pair_id: pair_of(p.question, p.ground_truth, p.model_answer) for p in pairs}
    return {i: Outcome.CORRECT if known[name] else Outcome.INCORRECT for i, name in names.items() if name in known}


def analyse(rejected: Sequence[Pair], audit: Sequence[Pair], verdicts: Mapping[str, Mapping[str, Outcome]]) -> Analysis:
    """Return the figures; `verdicts` gives each judge's outcome by pair id."""

    def all_say(pair: Pair, outcome: Outcome) -> bool:
        return all(judge.get(pair.pair_id) is outcome for judge in verdicts.values())

    right = [p for p in rejected if all_say(p, Outcome.CORRECT)]
    found = tuple(_found(p) for p in right)
    doubtful = tuple(p for p in audit if not all_say(p, Outcome.CORRECT))
    return Analysis(
        judges=tuple(verdicts),
        rejected=len(rejected),
        false_negatives=rate(len(right), len(rejected)),
        found=found,
        audited=rate(len(doubtful), len(audit)),
        doubtful=doubtful,
        sample=tuple(audit),
    )


def final_answer(completion: str) -> str | None:
    r"""Return what the last \boxed{} holds, or None without one."""
    start = completion.rfind("\\boxed{")
    if start < 0:
        return None
    depth = 0
    for i in range(start + 6, len(completion)):
        depth += (completion[i] == "{") - (completion[i] == "}")
        if depth == 0:
            return completion[start + 7 : i]
    return None


def _rewards(path: Path) -> dict[str, RewardLine]:
    decoder = msgspec.json.Decoder(RewardLine)
    found: dict[str, RewardLine] = {}
    try:
        raw_lines = path.read_bytes().splitlines()
    except OSError as exc:
        raise InvalidInputError("REWARDS", str(path), f"it cannot be read ({exc.strerror})") from exc
    for number, raw in enumerate(raw_lines, 1):
        if raw.strip():
            try:
                line = decoder.decode(raw)
            except (msgspec.DecodeError, ValueError) as exc:
                raise InvalidInputError(f"{path.name}:{number}", str(exc), "give what `push` or `score` wrote") from exc
            found[line.rollout_id] = line
    return found


def _found(pair: Pair) -> FalseNegative:
    kind = classify(pair.ground_truth, pair.model_answer)
    return (
        FalseNegative(pair=pair, kind=kind.id, named_by="program")
        if kind
        else FalseNegative(pair=pair, kind=UNCLASSIFIED)
    )
