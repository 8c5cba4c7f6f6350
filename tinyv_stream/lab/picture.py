"""Charts of a report: the threshold sweep, the ROC curve and the calibration, as one HTML page or as PNG.

- The page is one file, in the board's look (`charts.report_page`). Every text that came from outside is escaped.
- Curves over a threshold are drawn only where a probability was read: a rule verifier has none.
- The PNG is matplotlib's, from the extra `report`.
"""

import html
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from tinyv_stream.charts import plot
from tinyv_stream.charts.report_page import Axis, Chart, Curve, facts, report_page, section, table
from tinyv_stream.lab.evaluate import EvaluationReport, JudgedPair, Rates
from tinyv_stream.lab.scores import Rate
from tinyv_stream.types import Outcome

_SIZE: Final = 320
_PAD: Final = 40
_EXAMPLES: Final = 60
_COLOURS: Final = {"recall": "#1b7f4d", "false positives": "#b3261e", "accuracy": "#2b5fa8"}
_TONES: Final = {"recall": "tinyv", "false positives": "exp", "accuracy": "rule"}


def page(report: EvaluationReport, lines: Sequence[JudgedPair]) -> str:
    """Return the page."""
    sections = [
        section("Figures", facts(_figures(report))),
        _table("By source", report.by_source),
        _table("By kind", report.by_kind),
        _mistakes(lines),
    ]
    charts = _charts(report) if has_p_true(report) else []
    return report_page(_title(report), sentence(report), [one for one in sections if one], charts)


def sentence(report: EvaluationReport) -> str:
    """Return what the report is to be read for."""
    recall, wrong = report.intervals["recall"], report.intervals["fp_rate"]
    said = f"Of the right answers it accepts {percent(recall)}, of the wrong ones {percent(wrong)}."
    if not has_p_true(report):
        return f"{said} It gives no probability, so there is no threshold to choose."
    return f"{said} The first chart shows what another threshold on P(true) would give."


def has_p_true(report: EvaluationReport) -> bool:
    """Tell whether a probability was read, without which a threshold means nothing."""
    return bool(report.calibration)


def _charts(report: EvaluationReport) -> list[Chart]:
    curves, roc, bins = _curves(report)
    share = Axis(name="share of answers", min=0, max=1)
    return [
        Chart(
            title="Threshold",
            said="what is accepted from which P(true) on",
            x=Axis(name="threshold on P(true)", min=0, max=1),
            y=share,
            curves=[Curve(name=name, tone=_TONES[name], points=points) for name, points in curves.items()],
            plain=_chart("threshold on P(true)", curves),
        ),
        Chart(
            title="False positives against recall",
            said="one point per threshold; the upper left corner is best",
            x=Axis(name="wrong answers accepted, share", min=0, max=1),
            y=Axis(name="right answers accepted, share", min=0, max=1),
            curves=[Curve(name="recall", tone="tinyv", points=roc["recall"])],
            plain=_chart("false positives against recall", roc),
        ),
        Chart(
            title="Calibration",
            said="answers given about this P(true), and how many of them are right",
            x=Axis(name="P(true), mean of a bin", min=0, max=1),
            y=Axis(name="right, share", min=0, max=1),
            curves=[Curve(name="right", tone="rule", points=bins["recall"])],
            diagonal=True,
            plain=_chart("calibration: P(true) against share correct", bins, diagonal=True),
        ),
    ]


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


def _curves(
    report: EvaluationReport,
) -> tuple[dict[str, plot.PlotCurve], dict[str, plot.PlotCurve], dict[str, plot.PlotCurve]]:
    points = report.sweep
    wrong = 1 - report.intervals["recall"].n / report.n if report.n else 0.0
    curves: dict[str, plot.PlotCurve] = {
        "recall": stairs([(p.threshold, p.recall) for p in points], 0.0),
        "false positives": stairs([(p.threshold, p.fp_rate) for p in points], 0.0),
        "accuracy": stairs([(p.threshold, p.accuracy) for p in points], wrong),
    }
    roc: dict[str, plot.PlotCurve] = {"recall": [*((p.fp_rate, p.recall) for p in points), (0.0, 0.0)]}
    bins: dict[str, plot.PlotCurve] = {"recall": [(b.p_true, b.correct) for b in report.calibration]}
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


def _figures(report: EvaluationReport) -> dict[str, str]:
    shown = {name.replace("_", " "): percent(r) for name, r in report.intervals.items()}
    numbers = {"AUC": report.auc, "calibration error": report.calibration_error, "Brier score": report.brier}
    shown |= {name: f"{value:.3f}" for name, value in numbers.items() if value is not None}
    shown |= {"pairs": str(report.n), "undecided": str(report.undecided)}
    return shown | {f"seconds per pair, {name}": f"{value:.4f}" for name, value in report.busy_s_per_pair.items()}


def percent(r: Rate) -> str:
    """Return a rate as text, its interval in brackets."""
    if r.value is None or r.low is None or r.high is None:
        return "none"
    return f"{r.value:.1%} [{r.low:.1%}, {r.high:.1%}] ({r.hits} of {r.n})"


def _chart(title: str, curves: dict[str, plot.PlotCurve], *, diagonal: bool = False) -> str:
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


def _table(title: str, groups: dict[str, Rates]) -> str:
    if not groups:
        return ""
    rows = [(html.escape(n), str(g.n), percent(g.recall), percent(g.fp_rate)) for n, g in groups.items()]
    heads = ("", "pairs", "right answers accepted", "wrong answers accepted")
    return section(title, table(heads, rows, 3))


def _mistakes(lines: Iterable[JudgedPair]) -> str:
    wrong = [x for x in lines if (x.outcome is Outcome.CORRECT) != x.label]
    wrong.sort(key=lambda x: (x.label, -(x.p_true or 0)))
    rows = [
        (
            "refused" if x.label else "accepted wrongly",
            f"<code>{html.escape(x.ground_truth)}</code>",
            f"<code>{html.escape(x.model_answer)}</code>",
            html.escape(x.grader),
            "" if x.p_true is None else f"{x.p_true:.3f}",
        )
        for x in wrong[:_EXAMPLES]
    ]
    heads = ("", "reference", "answer", "decided by", "P(true)")
    return section(f"Mistakes ({len(wrong)})", table(heads, rows, 1)) if wrong else ""
