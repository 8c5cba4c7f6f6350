"""Look of every report: a self-contained page with the board's styles, and its chart library where that was built in.

- A sentence on top says what is to be seen; every chart has axes with names and units.
- Nothing is asked of another host. A page without charts has no script at all.
- A checkout that was built without npm has no library: the charts are then the plain pictures that they replace.
"""

import html
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

_STATIC: Final = Path(__file__).parents[1] / "board" / "static"
_STYLE: Final = (
    "main{max-width:1080px}h1{font-size:24px;letter-spacing:-.02em;margin-bottom:6px}.say{color:var(--soft);max-width:84ch;"
    "margin-bottom:22px}section.card h2{margin-bottom:10px}section.card>p{color:var(--soft);margin-bottom:10px}"
    ".charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:18px}"
    ".charts{margin-bottom:18px}.charts section.card{margin:0}section.card .cap p{margin:0}"
    ".plot{height:300px}.plot svg,figure svg{max-width:100%;height:auto}figure{margin:0 0 14px}"
    "code{white-space:pre-wrap;overflow-wrap:anywhere}th,td{padding-right:18px}pre{overflow:auto;font:12px var(--mono)}"
    "figure svg{background:#fff;border-radius:7px}.no{color:var(--exp)}.card ul:not(.key){padding-left:18px}"
    "summary{cursor:pointer;color:var(--soft)}"
)


class Axis(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An axis: its name with the unit, and its ends; None: as the values are."""

    name: str
    min: float | None = None
    max: float | None = None
    log: bool = False


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """One curve, or one colour of bars; `tone` is a colour of the board's style sheet."""

    name: str
    tone: str
    points: Sequence[tuple[float, float]] | Sequence[float]


class Chart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One chart. `plain` is its picture without the library."""

    title: str
    said: str
    kind: Literal["line", "bars", "scatter"] = "line"
    x: Axis
    y: Axis
    names: Sequence[str] = ()
    """Of the bars."""
    curves: Sequence[Curve]
    diagonal: bool = False
    plain: str = ""


def report_page(title: str, sentence: str, sections: Sequence[str], charts: Sequence[Chart] = ()) -> str:
    """Return the page; `title` and `sentence` are text, `sections` HTML of ours with foreign text escaped."""
    shown = "".join(_chart(number, one) for number, one in enumerate(charts))
    body = (f'<div class="charts">{shown}</div>' if charts else "") + "".join(sections)
    scripts = f"<script>{_scripts()}</script>" if charts and _library() else ""
    theme = "" if scripts else ' data-theme="light"'
    return (
        f'<!doctype html><html lang="en"{theme}><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{html.escape(title)}</title>'
        f"<style>{_css()}{_STYLE}</style><main><h1>{html.escape(title)}</h1>"
        f'<p class="say">{html.escape(sentence)}</p>{body}</main>{scripts}</html>\n'
    )


def section(title: str, inside: str, said: str = "") -> str:
    """Return HTML of ours under a heading; `title` and `said` are text."""
    about = f"<p>{html.escape(said)}</p>" if said else ""
    return f'<section class="card"><h2>{html.escape(title)}</h2>{about}{inside}</section>'


def table(heads: Sequence[str], rows: Sequence[Sequence[str]], numbers: int = 0) -> str:
    """Return a table; heads are text, cells HTML of ours, the last `numbers` columns are figures."""
    first = len(heads) - numbers

    def row(tag: str, cells: Sequence[str]) -> str:
        marks = (f'<{tag} class="num">' if i >= first else f"<{tag}>" for i in range(len(cells)))
        return "<tr>" + "".join(mark + cell for mark, cell in zip(marks, cells, strict=True))

    head = row("th", [html.escape(name) for name in heads])
    return f'<div class="scroll"><table>{head}{"".join(row("td", cells) for cells in rows)}</table></div>'


def facts(shown: Mapping[str, str]) -> str:
    """Return names and values as a table; both are text."""
    return table(("", ""), [(html.escape(name), html.escape(value)) for name, value in shown.items()])


def _chart(number: int, one: Chart) -> str:
    data = msgspec.json.encode(msgspec.structs.replace(one, plain="")).decode().replace("<", "\\u003c")
    keys = "".join(
        f'<li style="--c:var(--{re.sub("[^a-z]", "", curve.tone)})">{html.escape(curve.name)}'
        for curve in (one.curves if len(one.curves) > 1 else ())
    )
    data = data if _library() else "{}"
    return (
        f'<section class="card"><div class="cap"><h2>{html.escape(one.title)}</h2><p>{html.escape(one.said)}</p>'
        f'<ul class="key">{keys}</ul></div><div class="plot" id="plot{number}" role="img"'
        f' aria-label="{html.escape(one.title)}"{f" data-chart=c{number}" if _library() else ""}>{one.plain}</div>'
        + (f'<script type="application/json" id="c{number}">{data}</script>' if _library() else "")
        + "</section>"
    )


@cache
def _library() -> str:
    path = _STATIC / "vendor" / "echarts.min.js"
    return path.read_text(encoding="utf-8") if path.exists() else ""


@cache
def _css() -> str:
    return (_STATIC / "board.css").read_text(encoding="utf-8")


def _scripts() -> str:
    ours = [_STATIC / "theme.js", _STATIC / "charts.js", Path(__file__).with_name("report.js")]
    text = "\n".join([_library(), *(path.read_text(encoding="utf-8") for path in ours)])
    return text.replace("</script", "<\\/script")
