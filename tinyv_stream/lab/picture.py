"""Charts of a report: the threshold sweep, the ROC curve and the calibration, as one HTML page or as PNG.

- The page has inline SVG, no script, no font, no file beside it. Every text that came from outside is escaped.
- The PNG is matplotlib's, from the extra `report`.
"""

import html
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tinyv_stream.charts import plot
from tinyv_stream.lab.evaluate import EvaluationReport, JudgedPair, Rates
from tinyv_stream.lab.scores import Rate
from tinyv_stream.types import Outcome

_SIZE: Final = 320
_PAD: Final = 40
_EXAMPLES: Final = 60
_COLOURS: Final = {"recall": "#1b7f4d", "false positives": "#b3261e", "accuracy": "#2b5fa8"}
_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1d1d1f}"
    "table{border-collapse:collapse;margin:1rem 0}td,th{padding:.2rem .8rem;border-bottom:1px solid #ddd;"
    "text-align:left;vertical-align:top}code{white-space:pre-wrap;word-break:break-word}svg{margin-right:2rem}"
)


def page(report: EvaluationReport, lines: Sequence[JudgedPair]) -> str:
    """Return the page."""
    title = _title(report)
    curves, roc, bins = _curves(report)
    parts = [
        f"<!doctype html><meta charset=utf-8><title>{html.escape(title)}</title><style>{_STYLE}</style>",
        f"<h1>{html.escape(title)}</h1>",
        _figures(report),
        _chart("threshold on P(true)", curves) + _chart("false positives against recall", roc),
        _chart("calibration: P(true) against share correct", bins, diagonal=True) if report.calibration else "",
        _legend(),
        _table("by source", report.by_source),
        _table("by kind", report.by_kind),
        _mistakes(lines),
    ]
    return "\n".join(p for p in parts if p) + "\n"


def png(report: EvaluationReport, path: Path) -> None:
    """Write the same curves as PNG; raise InvalidInputError where the extra `report` is not installed."""
    curves, roc, bins = _curves(report)
    panels = [
        plot.Panel(x="threshold on P(true)", y="share", curves=curves),
        plot.Panel(x="false positives", y="recall", curves=roc),
    ]
    if report.calibration:
        panels.append(plot.Panel(x="P(true)", y="share correct", curves=bins, diagonal=True))
    plot.save(panels, _title(report), path)


def _title(report: EvaluationReport) -> str:
    return " ".join(x for x in (report.verifier, report.model, report.prompt, "on", report.pairs) if x)


def _curves(report: EvaluationReport) -> tuple[dict[str, plot.Curve], dict[str, plot.Curve], dict[str, plot.Curve]]:
    points = report.sweep
    wrong = 1 - report.intervals["recall"].n / report.n if report.n else 0.0
    curves: dict[str, plot.Curve] = {
        "recall": stairs([(p.threshold, p.recall) for p in points], 0.0),
        "false positives": stairs([(p.threshold, p.fp_rate) for p in points], 0.0),
        "accuracy": stairs([(p.threshold, p.accuracy) for p in points], wrong),
    }
    roc: dict[str, plot.Curve] = {"recall": [*((p.fp_rate, p.recall) for p in points), (0.0, 0.0)]}
    bins: dict[str, plot.Curve] = {"recall": [(b.p_true, b.correct) for b in report.calibration]}
    return curves, roc, bins


def stairs(points: Sequence[tuple[float, float]], above: float) -> list[tuple[float, float]]:
    """Return what holds at every threshold from 0 to 1: between two scores the share is that of the higher one.

    `above` is what accepting nothing gives.
    """
    out: list[tuple[float, float]] = []
    last = 0.0
    for threshold, value in points:
        out += [(last, value), (threshold, value)]
        last = threshold
    return out if last >= 1 else [*out, (last, above), (1.0, above)]


def _figures(report: EvaluationReport) -> str:
    shown = [(name, percent(r)) for name, r in report.intervals.items()]
    numbers = {"AUC": report.auc, "calibration error": report.calibration_error, "Brier score": report.brier}
    shown += [(name, f"{value:.3f}") for name, value in numbers.items() if value is not None]
    shown += [("pairs", str(report.n))]
    shown += [(f"s per pair, {name}", f"{value:.4f}") for name, value in report.busy_s_per_pair.items()]
    shown += [("undecided", str(report.undecided))]
    cells = "".join(f"<tr><th>{html.escape(k)}<td>{html.escape(v)}" for k, v in shown)
    return f"<table>{cells}</table>"


def percent(r: Rate) -> str:
    """Return a rate as text, its interval in brackets."""
    if r.value is None or r.low is None or r.high is None:
        return "none"
    return f"{r.value:.1%} [{r.low:.1%}, {r.high:.1%}] ({r.hits} of {r.n})"


def _chart(title: str, curves: dict[str, plot.Curve], *, diagonal: bool = False) -> str:
    span = _SIZE - 2 * _PAD

    def at(x: float, y: float) -> str:
        return f"{_PAD + x * span:.1f},{_SIZE - _PAD - y * span:.1f}"

    lines = [
        f'<polyline fill="none" stroke="{_COLOURS[name]}" stroke-width="2" points="{" ".join(at(*p) for p in curve)}"/>'
        for name, curve in curves.items()
    ]
    if diagonal:
        lines.append(f'<polyline stroke="#999" stroke-dasharray="4" points="{at(0, 0)} {at(1, 1)}"/>')
    axes = f'<polyline fill="none" stroke="#333" points="{at(0, 1)} {at(0, 0)} {at(1, 0)}"/>'
    label = f'<text x="{_PAD}" y="{_SIZE - 12}" font-size="13">{html.escape(title)}</text>'
    marks = "".join(
        f'<text x="{_PAD - 30}" y="{_SIZE - _PAD - v * span + 4:.0f}" font-size="11">{v:.1f}</text>'
        for v in (0, 0.5, 1)
    )
    return f'<svg width="{_SIZE}" height="{_SIZE}" role="img">{axes}{"".join(lines)}{marks}{label}</svg>'


def _legend() -> str:
    return "<p>" + " · ".join(f'<b style="color:{c}">{n}</b>' for n, c in _COLOURS.items()) + "</p>"


def _table(title: str, groups: dict[str, Rates]) -> str:
    if not groups:
        return ""
    rows = "".join(
        f"<tr><td>{html.escape(name)}<td>{g.n}<td>{percent(g.recall)}<td>{percent(g.fp_rate)}"
        for name, g in groups.items()
    )
    return f"<h2>{html.escape(title)}</h2><table><tr><th><th>pairs<th>recall<th>false positives{rows}</table>"


def _mistakes(lines: Iterable[JudgedPair]) -> str:
    wrong = [x for x in lines if (x.outcome is Outcome.CORRECT) != x.label]
    wrong.sort(key=lambda x: (x.label, -(x.p_true or 0)))
    rows = "".join(
        f"<tr><td>{'refused' if x.label else 'accepted wrongly'}<td><code>{html.escape(x.ground_truth)}</code>"
        f"<td><code>{html.escape(x.model_answer)}</code><td>{html.escape(x.grader)}"
        f"<td>{'' if x.p_true is None else f'{x.p_true:.3f}'}"
        for x in wrong[:_EXAMPLES]
    )
    head = "<tr><th><th>ground truth<th>answer<th>decided by<th>P(true)"
    return f"<h2>mistakes ({len(wrong)})</h2><table>{head}{rows}</table>" if wrong else ""
