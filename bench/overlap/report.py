"""HTML report in one file, without scripts or foreign parts: table, goals, pictures, settings."""

import json
from collections.abc import Mapping
from html import escape
from typing import Any, Final

import msgspec

from bench.overlap.charts import exposed_svg, waits_svg
from bench.overlap.curves import COLOURS
from bench.overlap.run import Measured, Repeat
from tinyv_stream.timeline.picture import step_svg

_STYLE: Final = (
    "body{font:15px system-ui,sans-serif;max-width:1000px;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse}td,th{padding:.3em .8em;border-bottom:1px solid #ddd;text-align:right}"
    "td:first-child,th:first-child{text-align:left}.no{color:#c43c3c}pre{background:#f6f6f6;padding:1em;overflow:auto}"
    "svg{max-width:100%;height:auto}"
)
_SHOWN: Final = ("stream", "verl", "per_sample", "trl", "blocking")


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


def html(drawn: Mapping[str, str], report: dict[str, Any]) -> str:
    """Return the report with these pictures."""
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Overlap</title><style>{_STYLE}</style>",
        "<h1>How much verification time does a trainer wait?</h1>",
        f"<p>{escape(report['definition'])}</p>",
        _table(report["modes"]),
        *(f"<p>Left out: {escape(reason)}.</p>" for reason in report["left_out"].values()),
        "<h2>Goals</h2>",
        _goals(report["goals"]),
        *(f"<figure>{picture}</figure>" for picture in drawn.values()),
        "<h2>Where verdicts differ from blocking's</h2>",
        _differences(report["differences"]),
        "<h2>Workload and setting</h2>",
        f"<pre>{_json(report['workload'])}</pre><pre>{_json(report['setting'])}</pre>",
    ]
    return "\n".join(parts)


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
    head = "".join(f"<th>{h}</th>" for h in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


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
