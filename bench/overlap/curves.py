"""Line charts as SVG: one line per mode, on axes with given ends."""

import math
from collections.abc import Sequence
from html import escape
from typing import Any, Final

from tinyv_stream.timeline.picture import svg

COLOURS: Final = {
    "rule_only": "#8a8f98",
    "stream": "#3c9d5d",
    "stream_no_coalesce": "#e0a030",
    "per_sample": "#2a7fbd",
    "verl": "#7a4fb5",
    "trl": "#b5651d",
    "blocking": "#c43c3c",
}
_DASHES: Final = {"verl": "8 6", "blocking": "8 6", "per_sample": "2 5"}
"""Of modes whose lines lie on another's."""
_WIDTH: Final = 470
_HEIGHT: Final = 260
_LOW_S: Final = 0.01
"""The axis of seconds is logarithmic and begins here."""


def curves_svg(rows: Sequence[dict[str, Any]], points: Sequence[dict[str, Any]], title: str) -> str:
    """Return one panel per step size: exposed seconds (logarithmic) against load, with the saturation points marked."""
    sizes = sorted({int(r["rollouts"]) for r in rows})
    panels = "".join(
        f'<g transform="translate({(i % 2) * _WIDTH},{30 + (i // 2) * _HEIGHT})">'
        f"{_panel(_of(rows, size), _of(points, size), f'{size} rollouts per step')}</g>"
        for i, size in enumerate(sizes)
    )
    head = f'<text x="10" y="18" font-size="14">{escape(title)}</text>'
    return svg(2 * _WIDTH, 30 + math.ceil(len(sizes) / 2) * _HEIGHT, head + panels)


def _of(rows: Sequence[dict[str, Any]], size: int) -> list[dict[str, Any]]:
    return [r for r in rows if r["rollouts"] == size]


def _panel(rows: Sequence[dict[str, Any]], points: Sequence[dict[str, Any]], title: str) -> str:
    top = max(1.0, *(float(r["exposed_s"]) for r in rows))
    most = max(float(r["load"]) for r in rows)
    left, right, up, down = 50, _WIDTH - 130, 24, _HEIGHT - 34

    def x(load: float) -> float:
        return left + (right - left) * load / most

    def y(seconds: float) -> float:
        share = math.log(max(seconds, _LOW_S) / _LOW_S) / math.log(top / _LOW_S)
        return down - (down - up) * share

    parts = [f'<text x="{left}" y="16">{escape(title)}</text>']
    for n, mode in enumerate(dict.fromkeys(r["mode"] for r in rows)):
        line = " ".join(f"{x(r['load']):.1f},{y(r['exposed_s']):.1f}" for r in rows if r["mode"] == mode)
        colour, dash = COLOURS[mode], f' stroke-dasharray="{_DASHES[mode]}"' if mode in _DASHES else ""
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>')
        parts.append(f'<text x="{right + 8}" y="{up + 12 + 16 * n}" fill="{colour}">{escape(mode)}</text>')
    for exponent in range(-2, math.floor(math.log10(top)) + 1):
        at = y(10.0**exponent)
        parts.append(f'<line x1="{left}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{left - 6}" y="{at + 4:.1f}" text-anchor="end" fill="#666">{10.0**exponent:g} s</text>')
    parts += [
        f'<text x="{x(load):.1f}" y="{down + 16}" text-anchor="middle" fill="#666">{load:g}</text>'
        for load in (0.5, 1.0, 1.5, 2.0)
    ]
    for point in points:
        if point["saturation"] is not None:
            at, colour = x(point["saturation"]), COLOURS[point["mode"]]
            dash = f'stroke="{colour}" stroke-dasharray="2 3"'
            parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{up}" y2="{down}" {dash}/>')
            parts.append(f'<text x="{at + 3:.1f}" y="{down - 4}" fill="{colour}">{point["saturation"]:.2f}</text>')
    return "".join(parts)
