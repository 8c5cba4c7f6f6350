"""Table of a pool's hosts: their workers, releases, settings and drains. Pure: it is given facts.

Whatever a worker says of itself is foreign text: it is shown as text and never read as markup.
"""

from collections import defaultdict
from collections.abc import Sequence

import msgspec
from rich.console import Group, RenderableType
from rich.table import Column, Table
from rich.text import Text

from tinyv_stream.broker.figures import WorkerInfo
from tinyv_stream.broker.hosts import HostBook
from tinyv_stream.cli.common import safe
from tinyv_stream.control.drain import progress


class HostInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One host's workers together. `ready` and `workers` are per stage."""

    host: str
    ready: dict[str, int]
    workers: dict[str, int]
    held: int
    done: int
    """Rollouts ended or forwarded since its workers' starts."""
    releases: tuple[str, ...]
    """Of its live workers."""
    settings: tuple[str, ...]
    """Versions of the pool's settings that its live workers go by; more than one while a change rolls through."""
    drain: str = ""
    """`draining` while it still has workers, then `drained`; empty while it works."""
    drain_s: float | None = None
    """How long ago it was marked, by the server's clock."""
    drain_by: str = ""
    """Host and process that marked it."""


def hosts_of(workers: Sequence[WorkerInfo], book: HostBook | None = None) -> list[HostInfo]:
    """Return the hosts by name, a drained one also without workers; a worker that is lost counts and is not ready."""
    by_host: dict[str, list[WorkerInfo]] = defaultdict(list)
    for worker in workers:
        by_host[worker.host].append(worker)
    for host in book.draining if book else ():
        by_host[host] += []
    return [_marked(_host(name, of_host), of_host, book) for name, of_host in sorted(by_host.items())]


def hosts_table(title: str, hosts: Sequence[HostInfo]) -> RenderableType:
    """Return a row per host, and a warning where releases or settings differ. Too long a name goes on below."""
    drain = ["drain"] if any(one.drain for one in hosts) else []
    names = ("host", "rules", "TinyV", "held", "done", "release", "settings", *drain)
    shown = Table(*(Column(name, overflow="fold") for name in names), box=None, header_style="dim")
    for one in hosts:
        stages = (f"{one.ready.get(s, 0)}/{one.workers.get(s, 0)}" for s in ("rule", "tinyv"))
        cells = (one.host, *stages, one.held, one.done, ", ".join(one.releases), ", ".join(one.settings))
        shown.add_row(*(Text(safe(str(cell), None)) for cell in (*cells, *([one.drain] if drain else []))))
    return Group(Text(title), shown, *(Text(safe(line, 400), style="yellow") for line in warnings_of(hosts)))


def warnings_of(hosts: Sequence[HostInfo]) -> list[str]:
    """Return what is not the same everywhere."""
    found: list[str] = []
    for name, values in (("release", "releases"), ("settings", "settings")):
        seen = sorted({value for one in hosts for value in getattr(one, values)})
        if len(seen) > 1:
            found.append(f"not the same everywhere: {name} {', '.join(seen)}")
    return found


def _host(name: str, workers: Sequence[WorkerInfo]) -> HostInfo:
    stages = sorted({str(worker.stage) for worker in workers})
    return HostInfo(
        host=name,
        workers={stage: sum(w.stage == stage for w in workers) for stage in stages},
        ready={stage: sum(w.stage == stage and w.state == "ready" for w in workers) for stage in stages},
        held=sum(worker.held for worker in workers),
        done=sum(worker.done for worker in workers),
        releases=_values(workers, "release"),
        settings=_values(workers, "settings_version"),
    )


def _marked(host: HostInfo, workers: Sequence[WorkerInfo], book: HostBook | None) -> HostInfo:
    mark = book.marks.get(host.host) if book else None
    if not book or not mark or not mark.is_draining:
        return host
    state = "draining" if progress(host.host, workers).left else "drained"
    since_s = max(0, book.now_ms - mark.at_ms) / 1000
    return msgspec.structs.replace(host, drain=state, drain_s=since_s, drain_by=mark.by)


def _values(workers: Sequence[WorkerInfo], key: str) -> tuple[str, ...]:
    """Return what the live workers say: a lost one goes by nothing any more."""
    live = (worker for worker in workers if worker.state != "lost")
    return tuple(sorted({value for worker in live if (value := worker.about.get(key))}))
