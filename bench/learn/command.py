"""The command of the learning benchmark: run the sweep, print the table, write files."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from bench.learn.cell import TaughtFamily
from bench.learn.picture import curves_svg
from bench.learn.pool_reward import RULES_ONLY, adapter, learn_pool
from bench.learn.result import result
from bench.learn.settings import LearnSettings, parse
from bench.learn.sweep import directory_of, sweep
from bench.learn.table import table
from bench.learn.trl_check import TrlRun, run_trl
from tinyv_stream.charts.png import missing, png
from tinyv_stream.errors import InvalidInputError, TinyVError


def main(argv: list[str]) -> int:
    """Run; 0 where every family's rules < rules + TinyV is certain, 1 if not or if a part failed, 2 for wrong calls.

    `--small` is 0 once it ran: one seed has no interval.
    """
    try:
        settings = parse(argv)
        began = time.monotonic()
        with directory_of(settings.directory) as directory:
            found = asyncio.run(measure(settings, directory))
        told = result(*found, minutes=(time.monotonic() - began) / 60)
    except InvalidInputError as exc:
        sys.stderr.write(f"bench learn: {exc}\n")
        return 2
    except TinyVError as exc:
        sys.stderr.write(f"bench learn: {exc}\n")
        return 1
    sys.stdout.write(table(told))
    _write(settings, told)
    steps = [one for name, one in told["intervals"].items() if name.endswith("cascade_tinyv - cascade")]
    certain = bool(steps) and all(one["low"] is not None and one["low"] > 0 for one in steps)
    return 0 if settings.is_small or certain else 1


async def measure(settings: LearnSettings, directory: Path) -> tuple[list[Any], list[TrlRun]]:
    """Return the sweep's cells and TRL's runs."""
    cells = await sweep(settings, directory, _say)
    return cells, await _trl(settings, directory) if settings.trl_seeds else []


async def _trl(settings: LearnSettings, directory: Path) -> list[TrlRun]:
    bench = TaughtFamily(settings.families[0], settings.setting, directory)
    runs: list[TrlRun] = []
    async with learn_pool(tinyv=0, model=settings.model, threads=1) as pool:
        for seed in range(settings.trl_seeds):
            inner = adapter(pool.url, RULES_ONLY)
            runs.append(await asyncio.to_thread(run_trl, bench, inner, settings.setting.training, seed))
            _say(f"TRL {bench.family.name} cascade seed {seed}: AUC {runs[-1].auc:.3f}, {runs[-1].cpu_s:.0f} CPU s")
    return runs


def _write(settings: LearnSettings, told: dict[str, Any]) -> None:
    if settings.json:
        settings.json.write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
    if settings.pictures:
        settings.pictures.mkdir(parents=True, exist_ok=True)
        for family in settings.families:
            picture = curves_svg(told["curves"], family)
            (settings.pictures / f"learning_{family}.svg").write_text(picture + "\n")
            if not missing():
                (settings.pictures / f"learning_{family}.png").write_bytes(png(picture))


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
