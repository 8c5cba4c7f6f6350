"""Status table of a pool: a table on a terminal, one plain line elsewhere. Pure: it is given facts and a time.

Whatever a worker says of itself is foreign text: it is shown as text and never read as markup.
"""

from collections.abc import Mapping
from typing import Final

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tinyv_stream.aio.recent_rate import RecentRate
from tinyv_stream.broker.operator import NEVER_ASKED, PoolStatus, WorkerInfo
from tinyv_stream.cli.common import safe
from tinyv_stream.intervals import Rate, rate, shadow_disagreement
from tinyv_stream.types import Source, Status

_ELSEWHERE: Final = frozenset(
    {"state", "configured", "desired", "revision", "release", "settings_version", "restarts", "asked_again"}
    | {"engine_waiting", "prefix_queried", "prefix_hit"}
)
"""Shown in another column, by `model status` or `status --hosts`, or among the metrics."""
_NONE: Final = rate(0, 0)


class StatusFigures(msgspec.Struct, frozen=True, kw_only=True):
    """A pool in numbers. `depth` counts waiting and running rollouts per stage."""

    depth: Mapping[str, int]
    in_flight: int
    rewarded: int
    """Since the pool's first start."""
    rate: float | None
    """Rewards per second, over the last ten seconds; None after one look."""
    rescued: int
    cached: int
    oldest_s: float | None
    dead: int
    shadow: Rate = _NONE
    """How often a shadow verifier decided otherwise, since the pool's first start; of none where there is none."""
    warning: str = ""


class Meter:
    """Turns one status after the other into figures with a rate."""

    def __init__(self) -> None:
        self._rate = RecentRate()

    def read(self, status: PoolStatus, now_s: float) -> StatusFigures:
        """Return the figures at `now_s`, any clock that goes forward."""
        stats = status.stats
        rewarded = sum(stats.get(ending, 0) for ending in Status)
        return StatusFigures(
            depth=status.depth,
            in_flight=status.live,
            rewarded=rewarded,
            rate=self._rate.read(rewarded, now_s),
            rescued=stats.get("rescued", 0),
            cached=stats.get(f"by_{Source.CACHE}", 0),
            oldest_s=status.oldest_s,
            dead=status.dead,
            shadow=shadow_disagreement(stats),
            warning=_warning(status),
        )


def plain(figures: StatusFigures, workers: list[WorkerInfo]) -> str:
    """Return one line for a log."""
    depth = " ".join(f"{stage} {n}" for stage, n in figures.depth.items())
    ready = sum(worker.state == "ready" for worker in workers)
    return (
        f"in flight {figures.in_flight} (queued: {depth}), rewarded {figures.rewarded} ({_rate(figures.rate)}/s), "
        f"rescued {figures.rescued}, oldest {_age(figures.oldest_s)}, dead letters {figures.dead}, "
        f"workers ready {ready}/{len(workers)}"
        + (f", shadow differs {figures.shadow}" if figures.shadow.n else "")
        + (f"; {figures.warning}" if figures.warning else "")
    )


def table(title: str, figures: StatusFigures, workers: list[WorkerInfo], step: Text | None = None) -> RenderableType:
    """Return the pool's figures and its workers, for 80 columns: figures first, no heading is cut.

    `step` says whether training waits, where a record tells.
    """
    shown = {
        **{f"{stage} queue": str(n) for stage, n in figures.depth.items()},
        "in flight": str(figures.in_flight),
        "oldest": _age(figures.oldest_s),
        "dead letters": str(figures.dead),
        "rewarded": str(figures.rewarded),
        "per second": _rate(figures.rate),
        "rescued": str(figures.rescued),
        "from cache": str(figures.cached),
    }
    names = list(shown)
    top = Table(title=Text(title), box=None, padding=(0, 3, 0, 0), show_header=False, title_justify="left")
    for some in (names[:5], names[5:]):
        top.add_row(*(Text(shown[name], style="bold") for name in some))
        top.add_row(*(Text(name, style="dim") for name in some))
    warning = [Text(figures.warning, style="yellow")] if figures.warning else []
    shadow = [Text(f"shadow differs {figures.shadow} of {figures.shadow.n}")] if figures.shadow.n else []
    return Group(top, *([step] if step else []), *warning, *shadow, Text(""), _workers(workers))


def _warning(status: PoolStatus) -> str:
    if status.away:
        return f"away: {', '.join(status.away)}; the figures are of the other servers"
    return NEVER_ASKED if status.never_asked else ""


def _workers(workers: list[WorkerInfo]) -> Table:
    """Return a row per worker: figures, then its name, and below it what it says of itself."""
    below = Table("stage", "state", "held", "done", "worker", box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in below.columns[:4]:
        column.no_wrap = True
    below.columns[4].overflow = "fold"
    for worker in workers:
        cells = (worker.stage, safe(worker.state), worker.held, worker.done)
        named = Text(safe(worker.name)).append(f"\n{about(worker)}" if worker.about else "", style="dim")
        below.add_row(*(Text(str(cell)) for cell in cells), named)
    return below


def about(worker: WorkerInfo) -> str:
    """Return what a worker says of itself, on one line: its model first; what it counted only where it is not 0."""
    facts = {key: value for key, value in worker.about.items() if value not in {"", "0"} and key not in _ELSEWHERE}
    engine = " ".join(facts.pop(key) for key in ("engine", "version") if key in facts)
    model, _, revision = facts.pop("model", "").partition("@")
    first = [f"{model}@{revision[:8]}" if revision else model, engine]
    rest = (f"{key} {value}" for key, value in sorted(facts.items()))
    return safe(", ".join(said for said in (*first, *rest) if said).replace("\n", " "), 400)


def _rate(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.1f}"


def _age(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f} s"
