"""Result of the demo in figures: pure, from the labels and the rewards.

- `undecided` and every reward that is not `ok` agree with no label.
- A class of the taxonomy counts the correct completions that strict rules tend to refuse.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from tinyv_stream.demo.replay import DemoLine, Replay
from tinyv_stream.types import Outcome, Reward, Status


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """Verdicts against labels: shares from 0 to 1, of all completions."""

    rule_only: float
    rule_and_tinyv: float
    rescued_rightly: int
    """Rescued, and the label says correct."""
    accepted_wrongly: int
    """Rewarded, though the label says wrong; `of_those_by_rule` never reached TinyV."""
    of_those_by_rule: int
    by_taxonomy: dict[str, "Rescue"]


class Rescue(msgspec.Struct, frozen=True):
    """Correct completions of one class of false negatives: all, accepted by the rules, given back by TinyV."""

    labelled: int
    by_rule: int
    by_tinyv: int


class DemoEngine(msgspec.Struct, frozen=True, kw_only=True):
    """Which engine and verifier model answered."""

    name: str
    version: str
    model: str


class DemoServer(msgspec.Struct, frozen=True, kw_only=True):
    """Which server carried the rollouts."""

    server: str
    version: str


class DemoReport(msgspec.Struct, frozen=True, kw_only=True):
    """The demo in figures, as `--json` writes it. `wall_s` counts from the start of the pool to the last reward."""

    rollouts: int
    rewarded: int
    duplicates: int
    by_source: dict[str, int]
    by_status: dict[str, int]
    rescued: int
    agreement: Agreement
    generation_s: float
    exposed_s: float
    wall_s: float
    startup_s: float
    engine: DemoEngine
    broker: DemoServer

    @property
    def is_whole(self) -> bool:
        """Every rollout has exactly one reward."""
        return self.rewarded == self.rollouts and self.duplicates == 0


def report(
    lines: Sequence[DemoLine],
    replay: Replay,
    *,
    began_at: float,
    startup_s: float,
    engine: DemoEngine,
    broker: DemoServer,
) -> DemoReport:
    """Put it all together; `began_at` is the demo's start on the clock of `replay.ended_at`."""
    by_id = {reward.rollout_id: reward for reward in replay.rewards}
    return DemoReport(
        rollouts=len(lines),
        rewarded=len(by_id),
        duplicates=len(replay.rewards) - len(by_id),
        by_source=dict(Counter(reward.source for reward in by_id.values())),
        by_status=dict(Counter(reward.status for reward in by_id.values())),
        rescued=sum(reward.rescued for reward in by_id.values()),
        agreement=agreement(lines, by_id),
        generation_s=round(replay.generation_s, 3),
        exposed_s=round(replay.exposed_s, 3),
        wall_s=round(replay.ended_at - began_at, 3),
        startup_s=round(startup_s, 3),
        engine=engine,
        broker=broker,
    )


def agreement(lines: Sequence[DemoLine], rewards: Mapping[str, Reward]) -> Agreement:
    """Compare rule verdicts and rewards with the labels; a completion without a reward agrees with nothing."""
    pairs = [(line, rewards.get(line.rollout_id)) for line in lines]
    wrong = [reward for line, reward in pairs if reward and not line.label and is_accepted(reward)]
    rule_right = sum(_rule_says(reward) is line.label for line, reward in pairs)
    reward_right = sum(_reward_says(reward) is line.label for line, reward in pairs)
    classes = sorted({line.taxonomy for line in lines if line.taxonomy})
    return Agreement(
        rule_only=round(rule_right / len(lines), 4),
        rule_and_tinyv=round(reward_right / len(lines), 4),
        rescued_rightly=sum(reward.rescued and line.label for line, reward in pairs if reward),
        accepted_wrongly=len(wrong),
        of_those_by_rule=sum(_rule_says(reward) is True for reward in wrong),
        by_taxonomy={name: _rescue([pair for pair in pairs if pair[0].taxonomy == name]) for name in classes},
    )


def is_accepted(reward: Reward) -> bool:
    """Whether the trainer is told that the completion is correct."""
    return _reward_says(reward) is True


def _rescue(pairs: list[tuple[DemoLine, Reward | None]]) -> Rescue:
    return Rescue(
        labelled=len(pairs),
        by_rule=sum(_rule_says(reward) is True for _, reward in pairs),
        by_tinyv=sum(reward is not None and reward.rescued for _, reward in pairs),
    )


def _rule_says(reward: Reward | None) -> bool | None:
    if reward is None or reward.rule is None or reward.rule.outcome is Outcome.UNDECIDED:
        return None
    return reward.rule.outcome is Outcome.CORRECT


def _reward_says(reward: Reward | None) -> bool | None:
    return None if reward is None or reward.status is not Status.OK or reward.value is None else reward.value > 0.5
