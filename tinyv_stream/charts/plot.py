"""PNG charts by matplotlib, from the extra `report`. A title is drawn as plain characters, never as markup."""
# pyright: reportUnknownMemberType=false, reportMissingTypeStubs=false
# matplotlib is only partly typed.

import importlib.util
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tinyv_stream.errors import InvalidInputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PlotCurve = Sequence[tuple[float, float]]
COLOURS: Final = ("#1b7f4d", "#b3261e", "#2b5fa8", "#8a6d00")
_INCHES: Final = 4.0
_DOTS: Final = 130
_TITLE: Final = 100
"""Characters of a title."""


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """One set of axes."""

    x: str
    y: str
    curves: Mapping[str, PlotCurve]
    is_share: bool = True
    """Both axes run from 0 to 1."""
    diagonal: bool = False


def is_available() -> bool:
    """Tell whether matplotlib is installed."""
    return importlib.util.find_spec("matplotlib") is not None


def save(panels: Sequence[Panel], title: str, path: Path) -> None:
    """Write the panels side by side; raise InvalidInputError naming the extra where matplotlib is missing."""
    if not is_available():
        raise InvalidInputError(str(path), "PNG", "install the extra: pip install 'tinyv-stream[report]'")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_INCHES * len(panels), _INCHES), dpi=_DOTS, layout="constrained")
    FigureCanvasAgg(figure)
    for number, panel in enumerate(panels, 1):
        _draw(figure.add_subplot(1, len(panels), number), panel)
    figure.suptitle(_plain(title), fontsize=10, parse_math=False)
    draft = path.with_name(path.name + ".part")
    figure.savefig(draft, format="png")
    draft.replace(path)


def _draw(axes: "Axes", panel: Panel) -> None:
    for colour, (name, curve) in zip(COLOURS, panel.curves.items(), strict=False):
        axes.plot([x for x, _ in curve], [y for _, y in curve], color=colour, label=name, marker=".", markersize=3)
    if panel.diagonal:
        axes.plot([0, 1], [0, 1], color="#999999", linestyle="--")
    if panel.is_share:
        axes.set(xlim=(0, 1), ylim=(0, 1.01))
    axes.set(xlabel=panel.x, ylabel=panel.y)
    axes.grid(visible=True, alpha=0.3)
    if len(panel.curves) > 1:
        axes.legend(fontsize=8)


def _plain(text: str) -> str:
    """Return what every font can draw, cut."""
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in text)[:_TITLE]
