"""SVG picture of one step: stages over time, the count in each, and the rest when generation ended.

- Lanes: being generated, waiting for or in the rules, waiting for TinyV, in TinyV; below them every rollout's wait.
- The tail (the completion that ended last) and the exposed time are marked.
- All text is ours or numbers, and escaped all the same.
"""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Final

from tinyv_stream.timeline.spans import Span

WIDTH: Final = 960
_LEFT: Final = 110
_ROW: Final = 56
_GAP: Final = 14
_SAMPLES: Final = 400
_COLOURS: Final = {"generation": "#8a8f98", "rules": "#2a7fbd", "TinyV queue": "#e0a030", "TinyV": "#3c9d5d"}
_EXPOSED: Final = "#c43c3c"

TimeSpan = tuple[float, float]


def step_svg(spans: Sequence[Span], title: str) -> str:
    """Return the picture of one step; `spans` are one step's, and at least one."""
    tail = max(spans, key=lambda s: s.ended_s)
    end_s = max(s.rewarded_s for s in spans)
    width_s = end_s * 1.02 or 1.0

    def x(t: float) -> float:
        return _LEFT + (WIDTH - _LEFT - 10) * t / width_s

    parts: list[str] = []
    y = 34
    for name, intervals in state_intervals(spans).items():
        parts.append(_row(name, intervals, x, y=y, width_s=width_s))
        y += _ROW + _GAP
    parts.append(_waits(spans, tail, x, y))
    y += 2 * _ROW
    parts.append(_exposed(tail.ended_s, end_s, x, y))
    parts.append(_axis(width_s, x, y))
    head = f'<text x="10" y="18" font-size="14">{escape(title)}</text>'
    return svg(WIDTH, y + 40, head + "".join(parts))


def svg(width: int, height: int, inside: str) -> str:
    """Return a whole SVG document with this project's font and background."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        'font-family="system-ui, sans-serif" font-size="12"><rect width="100%" height="100%" fill="#fff"/>'
        f"{inside}</svg>"
    )


def state_intervals(spans: Sequence[Span]) -> dict[str, list[TimeSpan]]:
    """Return where each rollout was when; what is not told of a wait counts to the stage before it."""
    found: dict[str, list[TimeSpan]] = {name: [] for name in _COLOURS}
    for s in spans:
        found["generation"].append((0.0, s.ended_s))
        began = s.ended_s if s.began_s is None else s.began_s
        ruled = min(s.rewarded_s, began + (s.rule_queue_s or 0.0) + (s.rule_s or 0.0))
        done = s.rewarded_s if s.answered_s is None else s.answered_s
        asked = done if s.tinyv_s is None else max(ruled, done - s.tinyv_s)
        found["rules"].append((began, ruled if s.source != "rule" else done))
        if s.source != "rule":
            found["TinyV queue"].append((ruled, asked))
            found["TinyV"].append((asked, done))
    return found


def _row(name: str, intervals: Iterable[TimeSpan], x: Callable[[float], float], *, y: int, width_s: float) -> str:
    """Draw how many rollouts were in this state, over time."""
    counts = counted(intervals, width_s)
    most = max(1, *counts)
    points = [(x(width_s * i / _SAMPLES), y + _ROW * (1 - n / most)) for i, n in enumerate(counts)]
    line = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
    base = f"{points[-1][0]:.1f},{y + _ROW} {points[0][0]:.1f},{y + _ROW}"
    return (
        f'<text x="10" y="{y + 22}">{escape(name)}</text>'
        f'<text x="10" y="{y + 38}" fill="#666">at most {max(counts)}</text>'
        f'<polygon points="{line} {base}" fill="{_COLOURS[name]}" opacity="0.8"/>'
        f'<line x1="{_LEFT}" x2="{WIDTH - 10}" y1="{y + _ROW}" y2="{y + _ROW}" stroke="#ccc"/>'
    )


def counted(intervals: Iterable[TimeSpan], width_s: float) -> list[int]:
    """Return how many intervals cover each of the samples between 0 and `width_s`; the peak within a sample counts."""
    change = [0] * (_SAMPLES + 2)
    for begin, end in intervals:
        if end > begin:
            change[int(_SAMPLES * begin / width_s)] += 1
            change[min(_SAMPLES + 1, int(_SAMPLES * end / width_s) + 1)] -= 1
    counts: list[int] = []
    total = 0
    for step in change[: _SAMPLES + 1]:
        total += step
        counts.append(total)
    return counts


def _waits(spans: Sequence[Span], tail: Span, x: Callable[[float], float], y: int) -> str:
    longest = max(1e-9, *(s.wait_s for s in spans))
    high = 2 * _ROW - 24

    def dot(s: Span, radius: float, colour: str) -> str:
        py = y + high * (1 - max(0.0, s.wait_s) / longest)
        return f'<circle cx="{x(s.ended_s):.1f}" cy="{py:.1f}" r="{radius}" fill="{colour}" opacity="0.7"/>'

    dots = [dot(s, 1.8, _COLOURS["rules" if s.source == "rule" else "TinyV"]) for s in spans]
    return (
        f'<text x="10" y="{y + 22}">each wait</text><text x="10" y="{y + 38}" fill="#666">up to {longest:.3f} s</text>'
        + "".join(dots)
        + dot(tail, 4.5, _EXPOSED)
    )


def _exposed(ended_s: float, end_s: float, x: Callable[[float], float], bottom: int) -> str:
    width = max(1.5, x(end_s) - x(ended_s))
    return (
        f'<rect x="{x(ended_s):.1f}" y="28" width="{width:.1f}" height="{bottom - 28}" '
        f'fill="{_EXPOSED}" opacity="0.25"/>'
        f'<text x="{x(ended_s) - 6:.1f}" y="26" text-anchor="end" fill="{_EXPOSED}">'
        f"generation {ended_s:.1f} s, then exposed {end_s - ended_s:.3f} s</text>"
    )


def _axis(width_s: float, x: Callable[[float], float], y: int) -> str:
    step = next((s for s in (0.1, 0.5, 1, 2, 5, 10, 20, 60, 120, 600) if width_s / s <= 14), 3600)
    ticks = [step * i for i in range(int(width_s / step) + 1)]
    return "".join(f'<text x="{x(t):.1f}" y="{y + 16}" text-anchor="middle" fill="#666">{t:g} s</text>' for t in ticks)
