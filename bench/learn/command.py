"""The command of the learning benchmark: run the sweep, print the table, write files."""

import asyncio
import sys
import time
from collections.abc import Mapping
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import msgspec

from bench.learn.beside import in_thread
from bench.learn.cell import TaughtFamily
from bench.learn.picture import curves_svg
from bench.learn.places import places
from bench.learn.pool_reward import RULES_ONLY, adapter, learn_pool
from bench.learn.result import result
from bench.learn.rewards import TINYV
from bench.learn.settings import LearnSettings, parse
from bench.learn.stats import SeedInterval
from bench.learn.sweep import sweep
from bench.learn.table import table
from bench.learn.trl_check import TrlRun, run_trl
from tinyv_stream.charts.png import missing, png
from tinyv_stream.cli.common import INTERRUPTED
from tinyv_stream.config import TinyVConfig
from tinyv_stream.errors import InvalidInputError, TinyVError
from tinyv_stream.lab.check.record import subject_of


def main(argv: list[str]) -> int:
    """Run; 1 where a part failed, or where rules < rules + TinyV is not certain over several seeds, which stderr says.

    0 otherwise, also where that gap was not asked for or has one seed; 2 for a wrong call, before any work; 130 for
    Ctrl-C. Whatever ends it, no process is left, and cells that were done are in `--dir`.
    """
    try:
        settings = parse(argv)
        began = time.monotonic()
        with places(settings) as directory:
            found = asyncio.run(measure(identified(settings), directory))
            told = result(*found, minutes=(time.monotonic() - began) / 60)
        sys.stdout.write(table(told))
        _write(settings, told)
    except InvalidInputError as exc:
        return _ended(2, str(exc))
    except (TinyVError, OSError) as exc:
        return _ended(1, str(exc))
    except BrokenProcessPool:
        return _ended(1, "a process that trained was killed, for memory perhaps; lower --jobs and run it again")
    except KeyboardInterrupt:
        return _ended(INTERRUPTED, "interrupted; with --dir the same command goes on where it stopped")
    doubts = uncertain(told["intervals"])
    return _ended(1, f"not certain by these seeds: {', '.join(doubts)}") if doubts else 0


def uncertain(intervals: Mapping[str, SeedInterval]) -> list[str]:
    """Return the gaps rules -> rules + TinyV over several seeds whose interval is not above zero."""
    steps = {name: one for name, one in intervals.items() if name.endswith(f"{TINYV} - cascade")}
    return [name for name, one in steps.items() if one.low is not None and not one.is_above_zero]


def identified(settings: LearnSettings) -> LearnSettings:
    """Return the settings with what the verifier's model is, by its files and how it is asked, where one is asked.

    Raises EngineStartError for a model's directory that cannot be read.
    """
    if TINYV not in {*settings.rewards, *settings.dr_grpo}:
        return settings
    model = str(Path(settings.model).resolve()) if Path(settings.model).is_dir() else settings.model
    setting = msgspec.structs.replace(settings.setting, verifier=subject_of(TinyVConfig(model=model)))
    return msgspec.structs.replace(settings, setting=setting)


async def measure(settings: LearnSettings, directory: Path) -> tuple[list[Any], list[TrlRun]]:
    """Return the sweep's cells and TRL's runs."""
    cells = await sweep(settings, directory, _say)
    return cells, await _trl(settings, directory) if settings.trl_seeds else []


async def _trl(settings: LearnSettings, directory: Path) -> list[TrlRun]:
    bench, how = TaughtFamily(settings.families[0], settings.setting, directory), settings.setting.training
    runs: list[TrlRun] = []
    async with learn_pool(tinyv=0, model=settings.model, threads=1) as pool:
        for seed in range(settings.trl_seeds):
            inner = adapter(pool.url, RULES_ONLY)
            runs.append(await in_thread(lambda stop: run_trl(bench, inner, how, seed, stop)))  # noqa: B023 waited for
            _say(f"TRL {bench.family.name} cascade seed {seed}: AUC {runs[-1].auc:.3f}, {runs[-1].cpu_s:.0f} CPU s")
    return runs


def _write(settings: LearnSettings, told: dict[str, Any]) -> None:
    if settings.json:
        settings.json.write_bytes(msgspec.json.format(msgspec.json.encode(told), indent=1) + b"\n")
    if settings.pictures:
        for family in settings.families:
            picture = curves_svg(told["curves"], family)
            (settings.pictures / f"learning_{family}.svg").write_text(picture + "\n")
            if not missing():
                (settings.pictures / f"learning_{family}.png").write_bytes(png(picture))


def _ended(code: int, why: str) -> int:
    _say(f"bench learn: {why}")
    return code


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
