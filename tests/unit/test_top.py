"""`top` in 80 columns: the headline of a closed step, and foreign text as text."""

import io

from rich.console import Console

from tinyv_stream.cli.top_view import headline, view


def step(number: int, exposed: float, *, is_closed: bool = True) -> dict[str, object]:
    return {"step": number, "generation": 10.0, "hidden": 4.0, "exposed": exposed, "open": 0, "is_closed": is_closed}


def test_the_headline_is_of_the_newest_closed_step() -> None:
    assert "hidden  step 1 waited 11.0 ms" in headline("r", [step(1, 0.011), step(2, 9.0, is_closed=False)]).plain
    assert "exposed  step 1 waited 2.00 s" in headline("r", [step(1, 2.0)]).plain
    assert "no step is over yet" in headline("r", [step(1, 2.0, is_closed=False)]).plain


def test_a_frame_fits_eighty_columns_and_a_worker_says_no_markup() -> None:
    worker = {"stage": "tinyv", "state": "ready", "held": 1, "done": 12345, "about": "[red]x[/]" * 20, "host": "h"}
    frame = {
        "run": "[bold]run",
        "rate": 12.5,
        "steps": [step(n, 0.01 * n) for n in range(12)],
        "depth": [[-1.0, 0, n] for n in range(80)],
        "wrong": {"low": 0.12, "high": 0.4, "since": 7, "until": 11, "share": 0.2, "pairs": 20},
        "growing": [{"spelling": "\x1b]0;PWNED\x07[red]0x[/]" * 9, "before": 0.01, "now": 0.2}],
        "funnel": {"rollouts": 10, "rule_correct": 5, "asked": 5, "shared": 1, "rescued": 2, "undecided": 0},
        "pool": {"depth": {"rule": 1, "tinyv": 2}, "parked": 0, "oldest": None, "dead": 0, "workers": [worker]},
    }
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(view(frame))
    shown = console.export_text()
    (who,) = [line for line in shown.splitlines() if "by rules" in line]
    assert "\x1b" not in shown and "\\x1b]0;PWNED\\x07[red]" in shown  # a terminal reads no title out of an answer
    assert "undecided" in who  # on one line
    assert "12% to 40% of what was paid since step 7 is wrong" in shown
    assert "[bold]run" in shown and "[red]x[/]" in shown and "rescued 20.0%" in shown
    assert "…" not in shown and max(map(len, shown.splitlines())) <= 80
