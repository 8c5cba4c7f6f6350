"""Curves of the learning benchmark: true accuracy by step and by time, one line per reward, as SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from tinyv_stream.timeline.picture import svg

_SHOWN: Final = {
    "prime": "#8a8f98",
    "cascade": "#2a7fbd",
    "cascade_tinyv": "#3c9d5d",
    "cascade_half": "#7fb89a",
    "cascade_oracle": "#e0a030",
    "oracle": "#222222",
    "fn60": "#7a4fb5",
    "any_of": "#b5651d",
    "rest_ignored": "#c43c3c",
}
_DASHED: Final = {"cascade_oracle", "fn60"}
_WIDTH: Final = 520
_HEIGHT: Final = 300
_SMOOTHED: Final = 5
"""Steps that a point is the mean of."""

Curves = Mapping[str, Sequence[Mapping[str, float]]]


def curves_svg(curves: Curves, family: str) -> str:
    """Return three panels of one family: accuracy by step, by wall time, and the wrong share of what was paid."""
    mine = {r: curves[key] for r in _SHOWN if (key := f"{family}/{r}") in curves}
    panels = (
        _panel(mine, "accuracy", None, f"{family}: true accuracy by step"),
        _panel(mine, "accuracy", "wall_s", f"{family}: true accuracy by wall time, verification included"),
        _panel(mine, "paid_wrong", None, f"{family}: wrong share of paid answers by step"),
    )
    placed = "".join(f'<g transform="translate({n * _WIDTH},0)">{panel}</g>' for n, panel in enumerate(panels))
    return svg(len(panels) * _WIDTH, _HEIGHT, placed)


def _panel(curves: Curves, y: str, x: str | None, title: str) -> str:
    left, right, up, down = 44, _WIDTH - 116, 28, _HEIGHT - 32
    lines = {name: smoothed(points, y, x) for name, points in curves.items()}
    most_x = max((at for line in lines.values() for at, _ in line), default=1.0) or 1.0
    most_y = max(0.1, *(value for line in lines.values() for _, value in line)) if lines else 1.0
    end = f"{most_x:.0f} s" if x else f"step {most_x:.0f}"
    parts = [f'<text x="{left}" y="16">{escape(title)}</text>']
    for share in (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.5, 0.75, 1.0):
        if share <= most_y and (most_y < 0.25 or share % 0.25 == 0):
            at = down - (down - up) * share / most_y
            parts.append(f'<line x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
            parts.append(f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end" fill="#666">{share:.0%}</text>')
    parts.append(f'<text x="{right}" y="{down + 16}" text-anchor="end" fill="#666">{end}</text>')
    for n, (name, line) in enumerate(lines.items()):
        points = " ".join(
            f"{left + (right - left) * at / most_x:.1f},{down - (down - up) * value / most_y:.1f}" for at, value in line
        )
        dash = ' stroke-dasharray="6 4"' if name in _DASHED else ""
        parts.append(f'<polyline points="{points}" fill="none" stroke="{_SHOWN[name]}" stroke-width="2"{dash}/>')
        parts.append(f'<text x="{right + 8}" y="{up + 12 + 16 * n}" fill="{_SHOWN[name]}">{escape(name)}</text>')
    return "".join(parts)


def smoothed(points: Sequence[Mapping[str, Any]], y: str, x: str | None) -> list[tuple[float, float]]:
    """Return (x, y) per step, each y the mean of the last five steps; without `x`, x is the step, from 0."""
    told: list[tuple[float, float]] = []
    for n, point in enumerate(points):
        window = points[max(0, n - _SMOOTHED + 1) : n + 1]
        told.append((float(point[x]) if x else float(n), sum(p[y] for p in window) / len(window)))
    return told
