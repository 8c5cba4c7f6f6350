"""The command line of the learning benchmark, checked."""

import argparse
from pathlib import Path
from typing import Final

import msgspec

from bench.learn.cell import FAMILIES, Setting
from bench.learn.grpo import Training
from bench.learn.rewards import SOURCES
from tinyv_stream.errors import InvalidInputError

TINYV: Final = "cascade_tinyv"
"""`cascade`, then TinyV, through a pool."""
ALL: Final = ("prime", "cascade", TINYV, *(name for name in SOURCES if name not in {"prime", "cascade"}))
BOTH_LOSSES: Final = ("cascade", "oracle")
"""Rewards that are run with Dr. GRPO too."""
SMALL: Final = ("cascade", TINYV, "oracle")
_SMALL_STEPS: Final = 20


class LearnSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What one call runs."""

    is_small: bool
    rewards: tuple[str, ...]
    families: tuple[str, ...]
    seeds: range
    jobs: int
    model: str
    threads: int
    directory: Path | None
    board: Path | None
    json: Path | None
    pictures: Path | None
    trl_seeds: int
    dr_grpo: tuple[str, ...]
    setting: Setting


def parse(argv: list[str]) -> LearnSettings:
    """Return the settings of a command line; raise InvalidInputError for a name that is not there."""
    p = argparse.ArgumentParser(prog="python -m bench learn", description=__doc__)
    p.add_argument("--small", action="store_true", help="one seed, three rewards, few steps: does it run?")
    p.add_argument("--rewards", default=",".join(ALL), help="default: all")
    p.add_argument("--families", default=",".join(FAMILIES), help="default: all")
    p.add_argument("--seeds", type=int, default=5)
    p.add_argument("--first-seed", type=int, default=0, help="fresh seeds for a repeat (default 0)")
    p.add_argument("--steps", type=int, default=Training().steps)
    p.add_argument("--dr-grpo", default=",".join(BOTH_LOSSES), help="rewards that are run with this loss too")
    p.add_argument("--trl-seeds", type=int, default=3, help="seeds of the check against TRL's trainer; 0: none")
    p.add_argument("--jobs", type=int, default=2, help="cells at a time (default 2)")
    p.add_argument("--model", default="embedded", help="TinyV's model (default embedded)")
    p.add_argument("--threads", type=int, default=2, help="threads of its engine on a CPU (default 2)")
    p.add_argument("--dir", type=Path, help="keep cells here, and go on with those that are there")
    p.add_argument("--board", type=Path, help="record every run there; `tinyv-stream board` shows it meanwhile")
    p.add_argument("--json", type=Path, help="write everything measured to this file")
    p.add_argument("--pictures", type=Path, help="write curves to this directory, as SVG and PNG")
    o = p.parse_args(argv)
    training = Training(steps=_SMALL_STEPS if o.small else o.steps)
    return LearnSettings(
        is_small=o.small,
        rewards=SMALL if o.small else _names("--rewards", o.rewards, ALL),
        families=("amounts",) if o.small else _names("--families", o.families, tuple(FAMILIES)),
        seeds=range(o.first_seed, o.first_seed + (1 if o.small else _positive("--seeds", o.seeds))),
        jobs=_positive("--jobs", o.jobs),
        model=o.model,
        threads=_positive("--threads", o.threads),
        directory=o.dir,
        board=o.board,
        json=o.json,
        pictures=o.pictures,
        trl_seeds=0 if o.small else o.trl_seeds,
        dr_grpo=() if o.small or not o.dr_grpo else _names("--dr-grpo", o.dr_grpo, ALL),
        setting=Setting(training=training),
    )


def _names(field: str, said: str, known: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(name.strip() for name in said.split(","))
    for name in found:
        if name not in known:
            raise InvalidInputError(field, name, f"choose from {', '.join(known)}")
    return found


def _positive(field: str, count: int) -> int:
    if count < 1:
        raise InvalidInputError(field, count, "give 1 or more")
    return count
