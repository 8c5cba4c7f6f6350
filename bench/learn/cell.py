# ruff: noqa: ANN401 torch is only partly typed.
"""One cell of the sweep: one reward, seed and family, from the taught policy to its record, kept in a file.

A cell that a file holds is not run again, so a sweep that was cut goes on where it stopped. The file's name has all
that the cell depends on but the code: clear the directory after a change of it.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.learn.amounts import Amounts
from bench.learn.grpo import RewardSource, StepRecord, Training
from bench.learn.on_board import BoardAlarms, OnBoard
from bench.learn.policy import Teaching
from bench.learn.roots import Roots
from bench.learn.task import Problem, TaskFamily, problems

FAMILIES: Final[Mapping[str, type[Amounts] | type[Roots]]] = {"amounts": Amounts, "roots": Roots}
_SET_SEED: Final = 7
_TEACH_SEED: Final = 0


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What all cells of a sweep share."""

    questions: int = 32
    spread: dict[str, int] = {}
    """Difficulty by family; a family's own where none is given."""
    teaching: Teaching = Teaching()
    training: Training = Training()


class SweepCell(msgspec.Struct, frozen=True, kw_only=True):
    """One run and what it showed."""

    family: str
    reward: str
    seed: int
    loss: str
    steps: list[StepRecord]
    board: BoardAlarms | None = None
    """When the board's own alarms sounded; None where the run was on no board."""

    @property
    def auc(self) -> float:
        """Mean true accuracy over all steps: the area under the curve, per step."""
        return sum(s.accuracy for s in self.steps) / len(self.steps)


class TaughtFamily:
    """A family's questions and its taught policy, which every cell starts from."""

    def __init__(self, name: str, setting: Setting, directory: Path) -> None:
        spread = setting.spread.get(name)
        self.family: TaskFamily = FAMILIES[name]() if spread is None else FAMILIES[name](spread)
        self.asked: list[Problem] = problems(self.family, setting.questions, _SET_SEED)
        self.setting = setting
        self._directory = directory

    def policy(self) -> Any:
        """Return a fresh copy of the taught policy, which is taught at first use and kept in a file."""
        import torch

        from bench.learn.policy import make_policy, teach

        torch.set_num_threads(1)
        key = _digest(self.setting.teaching, self.setting.questions, self.setting.spread)
        path = self._directory / f"policy-{self.family.name}-{key}.pt"
        if not path.exists():
            taught = teach(self.family, self.asked, self.setting.teaching, _TEACH_SEED)
            draft = path.with_suffix(".part")
            torch.save(taught.state_dict(), draft)
            draft.replace(path)
        policy = make_policy(self.family, _TEACH_SEED)
        policy.load_state_dict(torch.load(path, weights_only=True))
        return policy

    def path(self, reward: str, seed: int, how: Training) -> Path:
        """Return the file of a cell."""
        key = _digest(self.setting.teaching, self.setting.questions, self.setting.spread, how)
        return self._directory / f"cell-{self.family.name}-{reward}-{how.loss}-{seed}-{key}.json"

    def run(
        self, reward: str, seed: int, source: RewardSource, how: Training, *, board: Path | None = None
    ) -> SweepCell:
        """Return the cell, from its file if it was run before; `board` is the directory of runs that shows it."""
        from bench.learn.grpo import train

        path = self.path(reward, seed, how)
        if path.exists():
            cell = msgspec.json.decode(path.read_bytes(), type=SweepCell)
            if cell.board is not None or board is None:
                return cell
        policy, alarms = self.policy(), None
        if board is None:
            steps = train(policy, self.family, self.asked, source, how, seed=seed)
        else:
            name = f"{self.family.name}-{reward}-{how.loss}-{seed}"
            with OnBoard(source, board, name, size=how.size, seed=seed) as seen:
                steps = train(policy, self.family, self.asked, seen, how, seed=seed)
                alarms = seen.alarms
        cell = SweepCell(family=self.family.name, reward=reward, seed=seed, loss=how.loss, steps=steps, board=alarms)
        draft = path.with_suffix(".part")
        draft.write_bytes(msgspec.json.encode(cell))
        draft.replace(path)
        return cell


def _digest(*parts: object) -> str:
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=5).hexdigest()
