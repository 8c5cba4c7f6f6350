# ruff: noqa: ANN401 torch is only partly typed.
"""One cell of the sweep: one reward, seed and family, from the taught policy to its record, kept in a file.

A cell that a file holds is not run again, so a sweep that was cut goes on where it stopped. The file's name has all
that the cell depends on, the verifier's model among it, but the code: clear the directory after a change of that.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.learn.amounts import Amounts
from bench.learn.grpo import RewardSource, StepRecord, Training
from bench.learn.kept import got, put
from bench.learn.on_board import BoardAlarms, OnBoard
from bench.learn.policy import Teaching
from bench.learn.rewards import TINYV
from bench.learn.roots import Roots
from bench.learn.stats import area
from bench.learn.task import Problem, TaskFamily, problems

FAMILIES: Final[Mapping[str, type[Amounts] | type[Roots]]] = {"amounts": Amounts, "roots": Roots}
_SET_SEED: Final = 7
_TEACH_SEED: Final = 0


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What all cells of a sweep share."""

    questions: int = 32
    spread: dict[str, int] = {}
    """Difficulty by family; a family's own where none is given."""
    verifier: str = ""
    """What the model behind TinyV is: its weights, as far as they are here, and how it is asked."""
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
        return area(s.accuracy for s in self.steps)


class TaughtFamily:
    """A family's questions and its taught policy, which every cell starts from."""

    def __init__(self, name: str, setting: Setting, directory: Path) -> None:
        given = {name: setting.spread[name]} if name in setting.spread else {}
        self.family: TaskFamily = FAMILIES[name](*given.values())
        self.asked: list[Problem] = problems(self.family, setting.questions, _SET_SEED)
        self.setting = setting
        self._directory = directory
        self._taught_by = (setting.teaching, setting.questions, given)

    def policy(self) -> Any:
        """Return a fresh copy of the taught policy, which is taught at first use and kept in a file."""
        import torch

        from bench.learn.policy import make_policy, teach

        torch.set_num_threads(1)
        policy = make_policy(self.family, _TEACH_SEED)

        def read(path: Path) -> Any:
            policy.load_state_dict(torch.load(path, weights_only=True))
            return policy

        path = self._directory / f"policy-{self.family.name}-{_digest(*self._taught_by)}.pt"
        if got(path, read) is None:
            taught = teach(self.family, self.asked, self.setting.teaching, _TEACH_SEED)
            put(path, lambda draft: torch.save(taught.state_dict(), draft))
            policy.load_state_dict(taught.state_dict())
        return policy

    def path(self, reward: str, seed: int, how: Training) -> Path:
        """Return the file of a cell; where TinyV is asked, another verifier has another file."""
        verifier = (self.setting.verifier,) if reward == TINYV else ()
        key = _digest(*self._taught_by, how, *verifier)
        return self._directory / f"cell-{self.family.name}-{reward}-{how.loss}-{seed}-{key}.json"

    def found(self, reward: str, seed: int, how: Training, *, with_alarms: bool = False) -> SweepCell | None:
        """Return the cell of its file; None without one, or, `with_alarms`, where its run was on no board."""

        def read(path: Path) -> SweepCell:
            cell = msgspec.json.decode(path.read_bytes(), type=SweepCell)
            mine = (self.family.name, reward, seed, how.loss, how.steps)
            if (cell.family, cell.reward, cell.seed, cell.loss, len(cell.steps)) != mine:
                raise ValueError("it is another cell's")
            return cell

        cell = got(self.path(reward, seed, how), read)
        return None if cell and with_alarms and cell.board is None else cell

    def run(
        self, reward: str, seed: int, source: RewardSource, how: Training, *, board: Path | None = None
    ) -> SweepCell:
        """Run the cell, whatever is in its file, and keep it; `board` is the directory of runs that shows it."""
        from bench.learn.grpo import train

        policy, alarms = self.policy(), None
        if board is None:
            steps = train(policy, self.family, self.asked, source, how, seed=seed)
        else:
            name = f"{self.family.name}-{reward}-{how.loss}-{seed}"
            with OnBoard(source, board, name, size=how.size, seed=seed) as seen:
                steps = train(policy, self.family, self.asked, seen, how, seed=seed)
                alarms = seen.alarms
        cell = SweepCell(family=self.family.name, reward=reward, seed=seed, loss=how.loss, steps=steps, board=alarms)
        put(self.path(reward, seed, how), lambda draft: draft.write_bytes(msgspec.json.encode(cell)))
        return cell


def _digest(*parts: object) -> str:
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=5).hexdigest()
