"""SVG-to-PNG conversion, the same on every machine: with a bundled font and none of the system's.

Needs the extra `report`: resvg draws, Matplotlib lends the font.
"""

import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.timeline.picture import svg

_FAMILY: Final = "DejaVu Sans"
_ZOOM: Final = 2.0
"""For screens with two dots per pixel."""
_SIZE: Final = re.compile(r'viewBox="0 0 (\d+) (\d+)"')


def missing() -> str:
    """Return what to do to get PNGs; empty if nothing is missing."""
    if all(importlib.util.find_spec(name) for name in ("resvg_py", "matplotlib")):
        return ""
    return "for PNG pictures run: pip install 'tinyv-stream[report]'"


def png(picture: str) -> bytes:
    """Return `picture`, an SVG document of ours, as PNG; raise InvalidInputError if the extra is not installed."""
    if advice := missing():
        raise InvalidInputError("PNG", "resvg_py", advice)
    import resvg_py

    return resvg_py.svg_to_bytes(
        svg_string=picture,
        zoom=_ZOOM,
        skip_system_fonts=True,
        font_files=[str(_font())],
        font_family=_FAMILY,
        sans_serif_family=_FAMILY,
    )


def stacked(pictures: Iterable[str]) -> str:
    """Return SVG documents of ours below one another as one."""
    parts: list[str] = []
    right = down = 0
    for picture in pictures:
        found = _SIZE.search(picture)
        if found is None:
            raise ValueError("not a picture of ours: it has no size")
        width, height = int(found[1]), int(found[2])
        parts.append(picture.replace("<svg ", f'<svg y="{down}" height="{height}" ', 1))
        right, down = max(right, width), down + height
    return svg(right, down, "".join(parts))


def _font() -> Path:
    spec = importlib.util.find_spec("matplotlib")  # not imported: only its file is wanted
    if spec is None or spec.origin is None:
        raise InvalidInputError("PNG", "matplotlib", missing())
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
