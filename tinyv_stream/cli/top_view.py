"""A board's frame as lines for a terminal of 80 columns. Pure; foreign text is shown as text."""

from typing import Any, Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tinyv_stream.cli.common import safe

_HIDDEN: Final = 0.005
"""Share of generation up to which a wait is called hidden."""
_BARS: Final = " ▁▂▃▄▅▆▇█"
_STEPS: Final = 8
_WIDTH: Final = 40
_SPARKS: Final = 60

Frame = dict[str, Any]


def view(frame: Frame) -> RenderableType:
    """Return a frame for 80 columns: the headline, queues, steps as bars, who decided, workers."""
    steps: list[Frame] = frame.get("steps", [])
    pool: Frame = frame.get("pool", {})
    parts: list[RenderableType] = [headline(frame.get("run", ""), steps), Text("")]
    if pool.get("never_asked"):
        parts.append(Text(pool["never_asked"], style="yellow"))
    if wrong := frame.get("wrong"):
        ends = f"{wrong['low']:.0%} to {wrong['high']:.0%}"
        parts.append(Text(f"audit: {ends} of what was paid since step {wrong['since']} is wrong", style="red"))
    parts += [
        Text(
            f"rescues spelt {safe(one['spelling'][:30])} grow fast: {one['before']:.1%} to {one['now']:.1%}",
            style="yellow",
        )
        for one in frame.get("growing", [])[:1]
    ]
    if pool.get("depth"):
        parts += [_figures(frame, pool), _sparks(frame), Text("")]
    parts += [_bar(step, max(s["generation"] + s["exposed"] for s in steps[-_STEPS:])) for step in steps[-_STEPS:]]
    if frame.get("funnel"):
        parts += [Text(""), _funnel(frame["funnel"])]
    if pool.get("workers"):
        parts += [Text(""), _workers(pool["workers"])]
    return Group(*parts)


def headline(run_id: str, steps: list[Frame]) -> Text:
    """Say of the newest step that is over whether training waited."""
    text = Text(f"{safe(run_id) or 'no run yet'}  ", style="bold")
    over = [step for step in steps if step["is_closed"]]
    if not over:
        return text.append("no step is over yet", style="dim")
    step = over[-1]
    share = step["exposed"] / step["generation"] if step["generation"] else 0.0
    is_hidden = share <= _HIDDEN
    text.append("hidden" if is_hidden else "exposed", style="green" if is_hidden else "bold red")
    said = f"  step {step['step']} waited {seconds(step['exposed'])} after {seconds(step['generation'])} ({share:.2%})"
    return text.append(said, style="")


def seconds(value: float | None) -> str:
    """Return a time with a unit that fits it."""
    if value is None:
        return "-"
    return f"{value * 1000:.1f} ms" if value < 0.1 else f"{value:.2f} s"


def _figures(frame: Frame, pool: Frame) -> Table:
    grid = Table.grid(padding=(0, 3, 0, 0))
    told = {
        "rewards/s": frame["rate"],
        "rules": pool["depth"]["rule"],
        "TinyV": pool["depth"]["tinyv"],
        "parked": pool["parked"],
        "oldest": seconds(pool["oldest"]),
        "dead": pool["dead"],
    }
    grid.add_row(*(Text.assemble((f"{name} ", "dim"), (str(value), "bold")) for name, value in told.items()))
    return grid


def _sparks(frame: Frame) -> Text:
    depths = [row[2] for row in frame["depth"]][-_SPARKS:]
    most = max([*depths, 1])
    return Text.assemble(("TinyV queue ", "dim"), ("".join(_BARS[round(8 * d / most)] for d in depths), "green"))


def _bar(step: Frame, most: float) -> Text:
    scale = _WIDTH / most if most else 0.0
    generation, hidden, exposed = (round(scale * step[name]) for name in ("generation", "hidden", "exposed"))
    is_hidden = step["exposed"] <= _HIDDEN * step["generation"]
    text = Text(f"{step['step']:>6} ", style="dim")
    text.append("━" * max(0, generation - hidden), style="bright_black")
    text.append("━" * min(hidden, generation), style="blue")
    text.append("━" * (exposed if is_hidden else max(1, exposed)), style="bold red")
    waiting = f", {step['open']} waiting" if step["open"] else ""
    return text.append(f"  {seconds(step['exposed'])}{waiting}", style="" if is_hidden else "red")


def _funnel(funnel: Frame) -> Text:
    text = Text()
    names = (("rule_correct", "by rules", "blue"), ("asked", "asked TinyV", "green"), ("shared", "shared", "cyan"))
    for key, name, style in (*names, ("rescued", "rescued", "magenta"), ("undecided", "undecided", "yellow")):
        text.append(f"{name} ", "dim").append(f"{funnel[key] / max(1, funnel['rollouts']):.1%}  ", style)
    return text


def _workers(workers: list[Frame]) -> Table:
    table = Table("stage", "state", "held", "done", "what", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for one in workers:
        state = Text(safe(one["state"], 16), style="green" if one["state"] == "ready" else "yellow")
        table.add_row(
            one["stage"], state, str(one["held"]), f"{one['done']:,}", Text(safe(one["about"][:40]), style="dim")
        )
    return table
