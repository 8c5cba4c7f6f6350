"""HTML report in one file, in the board's look: table, goals, pictures, settings."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any, Final

import msgspec

from bench.overlap.charts import exposed_svg, waits_svg
from bench.overlap.curves import COLOURS
from bench.overlap.run import Measured, Repeat
from tinyv_stream.charts.report_page import Axis, Chart, Curve, report_page, section, table
from tinyv_stream.timeline.picture import step_svg

_SHOWN: Final = ("stream", "verl", "per_sample", "trl", "blocking")
_TONES: Final = ("tinyv", "exp", "rule", "resc", "und", "cache", "hid", "faint")
"""Colours of the modes' curves, in the order of `COLOURS`."""
_LEAST_S: Final = 0.001
"""Shorter waits are drawn as this: the axis is logarithmic."""


def median_repeat(measured: Measured, mode: str) -> Repeat | None:
    """Return the repeat of `mode` whose exposed time is the median one."""
    found = sorted((r for r in measured.repeats if r.mode == mode), key=lambda r: r.exposure.exposed_s)
    return found[len(found) // 2] if found else None


def pictures(measured: Measured) -> dict[str, str]:
    """Return the SVGs by name: exposed times, waits, and the median step of some modes."""
    modes = list(dict.fromkeys(r.mode for r in measured.repeats))
    ordered = [m for m in COLOURS if m in modes]
    of = {mode: [r for r in measured.repeats if r.mode == mode] for mode in ordered}
    found = {
        "exposed": exposed_svg({m: [r.exposure.exposed_s for r in rows] for m, rows in of.items()}),
        "waits": waits_svg({m: [s.wait_s for r in rows for s in r.found.spans] for m, rows in of.items()}),
    }
    for mode in _SHOWN:
        repeat = median_repeat(measured, mode)
        if repeat:
            found[f"step_{mode}"] = step_svg(repeat.found.spans, f"{mode}: the step with the median exposed time")
    return found


def html(drawn: Mapping[str, str], report: dict[str, Any], measured: Measured) -> str:
    """Return the report; `drawn` are its pictures, `report` its figures, `measured` has every wait."""
    modes: dict[str, Any] = report["modes"]
    exposed = {mode: row["exposed_s"].median for mode, row in modes.items()}
    least, most = min(exposed, key=exposed.__getitem__, default=""), max(exposed, key=exposed.__getitem__, default="")
    sentence = f"After the last completion a trainer waits {exposed[least]:.3f} s with {least}" if exposed else ""
    sentence += f", and {exposed[most]:.3f} s with {most}." if exposed else "Nothing was measured."
    left_out = "".join(f"<p>Left out: {escape(reason)}.</p>" for reason in report["left_out"].values())
    steps = (picture for name, picture in drawn.items() if name.startswith("step_"))
    settings = f"<pre>{_json(report['workload'])}</pre><pre>{_json(report['setting'])}</pre>"
    sections = [
        section("Modes", _table(modes) + left_out, report["definition"]),
        section("Goals", _goals(report["goals"])),
        section(
            "A step of each",
            "".join(f"<figure>{picture}</figure>" for picture in steps),
            "The one whose exposed time is the median one",
        ),
        section("Where verdicts differ from blocking's", _differences(report["differences"])),
        section("Workload and setting", f"<details><summary>as JSON</summary>{settings}</details>"),
    ]
    charts = [_exposed(exposed, drawn.get("exposed", "")), _waits(measured, drawn.get("waits", ""))]
    return report_page("How much verification time does a trainer wait?", sentence, sections, charts)


def _exposed(exposed: Mapping[str, float], plain: str) -> Chart:
    return Chart(
        title="Exposed time",
        said="from the last completion of a step to its last reward, median of the repeats",
        kind="bars",
        x=Axis(name="mode"),
        y=Axis(name="exposed, s", min=0),
        names=list(exposed),
        curves=[Curve(name="exposed", tone="exp", points=list(exposed.values()))],
        plain=plain,
    )


def _waits(measured: Measured, plain: str) -> Chart:
    curves: list[Curve] = []
    for number, mode in enumerate(COLOURS):
        waits = sorted(s.wait_s for r in measured.repeats if r.mode == mode for s in r.found.spans)
        every = max(1, len(waits) // 300)
        shown = [(max(_LEAST_S, waits[i]), (i + 1) / len(waits)) for i in range(0, len(waits), every)]
        if shown:
            curves.append(
                Curve(name=mode, tone=_TONES[number % len(_TONES)], points=[*shown, (max(_LEAST_S, waits[-1]), 1.0)])
            )
    return Chart(
        title="Waits",
        said="share of rewards that came within a wait, all repeats",
        x=Axis(name="from completion to reward, s", log=True),
        y=Axis(name="share of rewards", min=0, max=1),
        curves=curves,
        plain=plain,
    )


def _table(modes: dict[str, Any]) -> str:
    heads = (
        "mode",
        "exposed s",
        "min-max",
        "of generation",
        "overlap",
        "wait p50 s",
        "wait p99 s",
        "TinyV calls",
        "failed",
    )
    rows = [
        (
            mode,
            f"{row['exposed_s'].median:.3f}",
            f"{row['exposed_s'].min:.3f}-{row['exposed_s'].max:.3f}",
            f"{row['exposed_fraction'].median:.2%}",
            f"{row['overlap'].median:.2%}",
            f"{row['wait_p50_s'].median:.3f}",
            f"{row['wait_p99_s'].median:.3f}",
            f"{row['calls'].median:.0f}",
            str(row["failed"]),
        )
        for mode, row in modes.items()
    ]
    return table(heads, [[escape(cell) for cell in row] for row in rows], numbers=len(heads) - 1)


def _goals(goals: list[dict[str, Any]]) -> str:
    items = [
        f'<li class="{"yes" if g["holds"] else "no"}">{escape(g["goal"])}: {g["found"]:.4g}, '
        f"{'holds' if g['holds'] else 'missed'}</li>"
        for g in goals
    ]
    return f"<ul>{''.join(items)}</ul>"


def _differences(differences: list[dict[str, Any]]) -> str:
    if not differences:
        return "<p>Nowhere.</p>"
    return f"<pre>{_json(differences[:50])}</pre>"


def _json(value: Any) -> str:  # noqa: ANN401 whatever the result holds
    return escape(json.dumps(msgspec.to_builtins(value, enc_hook=str), indent=1))
