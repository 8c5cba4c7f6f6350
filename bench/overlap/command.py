"""The command line of the overlap benchmark: run, print, write files."""

import sys
from pathlib import Path
from typing import Any, Final

import msgspec
import uvloop
from rich.console import Console
from rich.table import Table

from bench.overlap.report import html, median_repeat, pictures
from bench.overlap.result import result
from bench.overlap.run import Measured, measure_all
from bench.overlap.settings import OverlapSettings, parse
from tinyv_stream.charts.png import missing, png, stacked
from tinyv_stream.errors import InvalidInputError, TinyVError
from tinyv_stream.timeline.spans import SpanWriter
from tinyv_stream.timeline.trace import chrome_trace

_FILE_WIDTH: Final = 140


def main(argv: list[str]) -> int:
    """Run; 0 if the goals hold, 1 if not or if a part failed, 2 for a wrong command line."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_FILE_WIDTH)
    try:
        settings = parse(argv)
        for reason in settings.left_out.values():
            console.print(f"LEFT OUT: {reason}", style="bold red", markup=False)
        if (settings.report or settings.pictures) and missing():
            console.print(f"NO PNG: {missing()}", style="bold red", markup=False)
        measured = uvloop.run(measure_all(settings, lambda text: console.print(text, style="dim", markup=False)))
    except InvalidInputError as exc:
        sys.stderr.write(f"bench overlap: {exc}\n")
        return 2
    except TinyVError as exc:
        sys.stderr.write(f"bench overlap: {exc}\n")
        return 1
    summary = result(settings, measured)
    _print(console, summary)
    _write(settings, measured, summary)
    return 0 if all(goal["holds"] for goal in summary["goals"]) else 1


def _print(console: Console, summary: dict[str, Any]) -> None:
    for reason in summary["left_out"].values():
        console.print(f"LEFT OUT: {reason}", style="bold red", markup=False)
    table = Table("mode", "exposed s (min-max)", "of generation", "wait p50", "wait p99", "calls", "failed", "load")
    for mode, row in summary["modes"].items():
        e = row["exposed_s"]
        loads = [r["load_before"] for r in row["repeats"]]
        table.add_row(
            mode,
            f"{e.median:.3f} ({e.min:.3f}-{e.max:.3f})",
            f"{row['exposed_fraction'].median:.2%}",
            f"{row['wait_p50_s'].median:.3f}",
            f"{row['wait_p99_s'].median:.3f}",
            f"{row['calls'].median:.0f}",
            str(row["failed"]),
            f"{min(loads):.1f}-{max(loads):.1f}",
        )
    console.print(table)
    for goal in summary["goals"]:
        console.print(f"{'holds' if goal['holds'] else 'MISSED':7} {goal['goal']}: {goal['found']:.4g}", markup=False)
    console.print(summary["definition"], style="dim", markup=False)


def _png(path: Path, picture: str) -> None:
    if not missing():
        path.write_bytes(png(picture))


def _write(settings: OverlapSettings, measured: Measured, summary: dict[str, Any]) -> None:
    if settings.json:
        settings.json.write_bytes(msgspec.json.format(msgspec.json.encode(summary), indent=1) + b"\n")
    drawn = pictures(measured) if settings.report or settings.pictures else {}
    if settings.report:
        settings.report.write_text(html(drawn, summary, measured))
        _png(settings.report.with_suffix(".png"), stacked(drawn.values()))
    if settings.pictures:
        settings.pictures.mkdir(parents=True, exist_ok=True)
        for name, picture in drawn.items():
            (settings.pictures / f"overlap_{name}.svg").write_text(picture + "\n")
            _png(settings.pictures / f"overlap_{name}.png", picture)
    typical = median_repeat(measured, "stream")
    if typical and settings.trace:
        settings.trace.write_bytes(chrome_trace(typical.found.spans))
    if typical and settings.record:
        with SpanWriter(settings.record) as record:
            for span in typical.found.spans:
                record.write(span)
