"""The command line of the learning benchmark, checked."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from bench.learn.cell import FAMILIES, Setting
from bench.learn.grpo import Training
from bench.learn.rewards import SOURCES, TINYV
from tinyv_stream.errors import InvalidInputError

ALL: Final = ("prime", "cascade", TINYV, *(name for name in SOURCES if name not in {"prime", "cascade"}))
BOTH_LOSSES: Final = ("cascade", "oracle")
"""Rewards that are run with Dr. GRPO too."""
_WHOLE: Final[Mapping[str, str | int]] = {
    "rewards": ",".join(ALL),
    "families": ",".join(FAMILIES),
    "seeds": 5,
    "steps": Training().steps,
    "dr_grpo": ",".join(BOTH_LOSSES),
    "trl_seeds": 3,
}
_SMALL: Final[Mapping[str, str | int]] = {
    "rewards": f"cascade,{TINYV},oracle",
    "families": "amounts",
    "seeds": 1,
    "steps": 20,
    "dr_grpo": "",
    "trl_seeds": 0,
}
_MOST: Final = 2**31
"""Largest number that an option takes."""


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
    """Return the settings of a command line; raise InvalidInputError naming the option that cannot be used."""
    about = "Train a small policy under different rewards, and compare how fast each teaches it (docs/learning.md)."
    p = argparse.ArgumentParser(prog="python -m bench learn", description=about)
    p.add_argument("--small", action="store_true", help="one seed, three rewards, few steps: does it run?")
    p.add_argument("--rewards", help="default: all")
    p.add_argument("--families", help="default: all")
    p.add_argument("--seeds", type=int, help="how many (default 5)")
    p.add_argument("--first-seed", type=int, default=0, help="fresh seeds for a repeat (default 0)")
    p.add_argument("--steps", type=int, help=f"of each run (default {Training().steps})")
    p.add_argument("--dr-grpo", help="rewards that are run with this loss too (default cascade,oracle; '': none)")
    p.add_argument("--trl-seeds", type=int, help="seeds of the check against TRL's trainer (default 3); 0: none")
    p.add_argument("--spread", default="", help="how far near misses are off, such as amounts=8,roots=2 (the default)")
    p.add_argument("--jobs", type=int, default=2, help="cells at a time (default 2)")
    p.add_argument("--model", default="embedded", help="TinyV's model (default embedded)")
    p.add_argument("--threads", type=int, default=2, help="threads of its engine on a CPU (default 2)")
    p.add_argument("--dir", type=Path, help="keep cells here, and go on with those that are there")
    p.add_argument("--board", type=Path, help="record every run there; `tinyv-stream board` shows it meanwhile")
    p.add_argument("--json", type=Path, help="write everything measured to this file")
    p.add_argument("--pictures", type=Path, help="write curves to this directory, as SVG and PNG")
    o = p.parse_args(argv)
    _fill(o)
    return LearnSettings(
        is_small=o.small,
        rewards=_names("--rewards", o.rewards, ALL),
        families=_names("--families", o.families, tuple(FAMILIES)),
        seeds=range(_at_least("--first-seed", o.first_seed, 0), o.first_seed + _at_least("--seeds", o.seeds, 1)),
        jobs=_at_least("--jobs", o.jobs, 1),
        model=o.model,
        threads=_at_least("--threads", o.threads, 1),
        directory=o.dir,
        board=o.board,
        json=o.json,
        pictures=o.pictures,
        trl_seeds=_at_least("--trl-seeds", o.trl_seeds, 0),
        dr_grpo=_names("--dr-grpo", o.dr_grpo, ALL) if o.dr_grpo else (),
        setting=Setting(training=Training(steps=_at_least("--steps", o.steps, 1)), spread=_spread(o.spread)),
    )


def _fill(o: argparse.Namespace) -> None:
    """Put the defaults, or what `--small` runs, for options that were not given; with `--small` none may be."""
    for name, default in (_SMALL if o.small else _WHOLE).items():
        if getattr(o, name) is None:
            setattr(o, name, default)
        elif o.small:
            raise InvalidInputError(
                f"--{name.replace('_', '-')}", getattr(o, name), "leave it out: --small has its own"
            )


def _names(field: str, said: str, known: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(name.strip() for name in said.split(",")))
    for name in found:
        if name not in known:
            raise InvalidInputError(field, name, f"choose from {', '.join(known)}")
    return found


def _at_least(field: str, count: int, least: int) -> int:
    if not least <= count <= _MOST:
        raise InvalidInputError(field, count, f"give {least} to {_MOST}")
    return count


def _spread(said: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in filter(None, said.split(",")):
        name, _, count = part.strip().partition("=")
        if name not in FAMILIES or not count.isdecimal():
            raise InvalidInputError("--spread", part, f"give FAMILY=NUMBER, of {', '.join(FAMILIES)}")
        most = FAMILIES[name].most_spread
        if not 1 <= int(count) <= most:
            raise InvalidInputError("--spread", part, f"give 1 to {most} for {name}")
        found[name] = int(count)
    return found
