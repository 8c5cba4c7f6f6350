"""The status table: a rate that was measured, foreign text as text, and 80 columns."""

import io

import msgspec
from rich.console import Console

from tinyv_stream.broker.operator import PoolStatus, WorkerInfo
from tinyv_stream.cli.status_table import Meter, plain, table


def status_of(**stats: int) -> PoolStatus:
    return PoolStatus(
        server="valkey",
        version="9",
        depth={"rule": 1, "tinyv": 2},
        live=3,
        parked=0,
        oldest_s=1.5,
        dead=0,
        cached=0,
        stats=stats,
        workers=[],
    )


def test_rate_is_rewards_over_the_last_ten_seconds() -> None:
    meter = Meter()
    assert meter.read(status_of(ok=100), 0.0).rate is None  # one look has no rate
    assert meter.read(status_of(ok=140, failed=10), 5.0).rate == 10.0
    assert meter.read(status_of(ok=140, failed=10), 15.0).rate == 0.0


def test_what_a_worker_says_of_itself_is_shown_as_text() -> None:
    worker = WorkerInfo(
        name="[red]evil[/]", stage="rule", pid=1, host="h", state="ready", about={"model": "[bold]x\n[/nope]\x1b[2J"}
    )
    figures = Meter().read(status_of(), 0.0)
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(table("[blue]pool[/]", figures, [worker]))
    shown = console.export_text()
    assert "[red]evil[/]" in shown
    assert "[bold]x [/nope]\\x1b[2J" in shown and "\x1b" not in shown
    assert "[blue]pool[/]" in shown
    assert "workers ready 1/1" in plain(figures, [worker])


def test_a_status_fits_eighty_columns_with_every_heading_whole() -> None:
    about = {"engine": "vllm", "version": "0.32.0", "model": "zhangchenxu/TinyV-Qwen3-1.7B@0123456789abcdef"}
    about |= {"engine_waiting": "7", "prefix_hit": "12", "restarts": "0", "killed": "0"}
    workers = [
        WorkerInfo(
            name=f"tinyv-{n}", stage="tinyv", pid=4711, host="a-host.example", state="ready", done=123_456, about=about
        )
        for n in range(2)
    ]
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(table("pool main on valkey 9.1.2", Meter().read(status_of(ok=12_345_678), 0.0), workers))
    shown = console.export_text()
    for heading in (
        "rule queue",
        "dead letters",
        "per second",
        "from cache",
        "rescued",
        "stage",
        "state",
        "held",
        "done",
    ):
        assert heading in shown
    assert "…" not in shown and "12345678" in shown
    below = shown[shown.index("stage  ") :].splitlines()[1:]
    assert len(below) == 2 * 2, "a worker takes two lines"
    assert "TinyV-Qwen3-1.7B@01234567, vllm 0.32.0" in below[1] and "engine_waiting" not in shown


def test_a_pool_in_which_tinyv_is_never_asked_says_so_once_it_is_no_accident() -> None:
    ready = WorkerInfo(name="t", stage="tinyv", pid=1, host="h", state="ready")
    silent = msgspec.structs.replace(status_of(ok=100), workers=[ready])
    assert silent.never_asked and "_tinyv" in plain(Meter().read(silent, 0.0), [ready])
    for other in ({"stats": {"ok": 99}}, {"stats": {"ok": 100, "forwarded": 1}}, {"workers": []}):
        assert not msgspec.structs.replace(silent, **other).never_asked
