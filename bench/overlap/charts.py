"""Waits and exposed times of the modes beside each other, as SVG."""

import math
import statistics
from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

from bench.overlap.curves import COLOURS
from tinyv_stream.timeline.picture import svg

_LOW_S: Final = 0.001
_LEFT: Final = 150
_RIGHT: Final = 800
_ROW: Final = 34


def waits_svg(waits: Mapping[str, Sequence[float]]) -> str:
    """Return, per mode, which share of its rewards (upwards) came within how long a wait (to the right)."""
    top_s = max(max(each) for each in waits.values())
    down, up = 290, 40
    parts = ['<text x="10" y="18" font-size="14">share of rewards that came within a wait, all repeats</text>']
    parts += _scale(top_s, up, down)
    for n, (mode, each) in enumerate(waits.items()):
        ordered = sorted(each)
        every = max(1, len(ordered) // 300)
        shown = [(i, ordered[i]) for i in (*range(0, len(ordered), every), len(ordered) - 1)]
        line = " ".join(f"{_x(w, top_s):.1f},{down - (down - up) * (i + 1) / len(ordered):.1f}" for i, w in shown)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{COLOURS[mode]}" stroke-width="2"/>')
        parts.append(f'<text x="10" y="{up + 18 * (n + 1)}" fill="{COLOURS[mode]}">{escape(mode)}</text>')
    parts += [
        f'<text x="{_LEFT - 6}" y="{down - (down - up) * share + 4:.1f}" text-anchor="end">{share:.0%}</text>'
        for share in (0.0, 0.5, 0.99)
    ]
    return svg(_RIGHT + 60, down + 40, "".join(parts))


def exposed_svg(exposed: Mapping[str, Sequence[float]]) -> str:
    """Return each mode's exposed seconds: a dot per repeat, a bar to their median."""
    top_s = max(max(each) for each in exposed.values())
    down = 40 + _ROW * len(exposed)
    parts = ['<text x="10" y="18" font-size="14">exposed seconds per step: median, and every repeat</text>']
    parts += _scale(top_s, 34, down)
    for n, (mode, each) in enumerate(exposed.items()):
        y, median = 40 + _ROW * n, statistics.median(each)
        width = max(1.0, _x(median, top_s) - _LEFT)
        parts.append(f'<text x="10" y="{y + 18}">{escape(mode)}</text>')
        parts.append(
            f'<rect x="{_LEFT}" y="{y + 4}" width="{width:.1f}" height="{_ROW - 12}" '
            f'fill="{COLOURS[mode]}" opacity="0.5"/>'
        )
        parts += [f'<circle cx="{_x(t, top_s):.1f}" cy="{y + 15}" r="3" fill="{COLOURS[mode]}"/>' for t in each]
        parts.append(f'<text x="{_x(max(each), top_s) + 8:.1f}" y="{y + 19}">{median:.3f} s</text>')
    return svg(_RIGHT + 60, down + 40, "".join(parts))


def _x(seconds: float, top_s: float) -> float:
    share = math.log(max(seconds, _LOW_S) / _LOW_S) / math.log(max(top_s, 10 * _LOW_S) / _LOW_S)
    return _LEFT + (_RIGHT - _LEFT - 60) * share


def _scale(top_s: float, up: int, down: int) -> list[str]:
    """Return the grid of a logarithmic axis of seconds."""
    parts: list[str] = []
    for exponent in range(-3, math.ceil(math.log10(max(top_s, 0.01))) + 1):
        x = _x(10.0**exponent, top_s)
        if x <= _RIGHT:
            parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{up}" y2="{down}" stroke="#ddd"/>')
            parts.append(
                f'<text x="{x:.1f}" y="{down + 16}" text-anchor="middle" fill="#666">{10.0**exponent:g} s</text>'
            )
    return parts
