"""Table of the learning benchmark, as text.

`start` and `refused` are of the first ten steps, `end`, `then` and `wrong paid` of the last ten; `flat` is of all,
`early` of the first five. Steps are counted from 0.
"""

from collections.abc import Sequence
from statistics import fmean
from typing import Any


def table(told: dict[str, Any]) -> str:
    """Return the result as text: a line per reward, then the gaps with their intervals."""
    head = (
        "reward",
        "AUC",
        "start",
        "end",
        "flat",
        "early",
        "refused",
        "then",
        "wrong paid",
        "hacked at",
        "alarm at",
        "board at",
        "CPU s",
        "wall s",
    )
    rows = [head, *(_row(told, key) for key in told["auc"])]
    widths = [max(len(row[n]) for row in rows) for n in range(len(head))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines += ["", f"gaps in AUC, {told['interval_method']}"]
    for name, one in told["intervals"].items():
        ends = "one seed: no interval" if one.low is None else f"[{one.low:+.3f}, {one.high:+.3f}]"
        lines.append(f"{name}: {one.mean:+.3f} {ends}, {one.seeds} seeds")
    for key, one in told["thumb"].items():
        ends = "" if one.low is None else f" [{one.low:.2f}, {one.high:.2f}]"
        lines.append(f"{key}: share of the oracle's area lost per unit of false negative rate {one.mean:.2f}{ends}")
        for name, check in told["thumb_checks"].get(key, {}).items():
            lines.append(f"{key}/{name}: lost by that {check.predicted:.0%}, measured {check.measured:.0%}")
    if told["trl"]["auc"]:
        lines.append("TRL's trainer, cascade: AUC " + ", ".join(f"{a:.3f}" for a in told["trl"]["auc"]))
    return "\n".join([*lines, f"{told['minutes']:.1f} minutes"]) + "\n"


def _row(told: dict[str, Any], key: str) -> tuple[str, ...]:
    names = ("accuracy_start", "accuracy_end", "flat", "flat_early", "refused_start", "refused_end", "paid_wrong_end")
    found = (_percent(told[name][key]) for name in names)
    times = (f"{fmean(told[name][key]):.0f}" for name in ("cpu_s", "wall_s"))
    alarms = (_steps(told[name][key]) for name in ("hacked_at", "alarm_at", "board_audit_at"))
    return (key, f"{fmean(told['auc'][key]):.3f}", *found, *alarms, *times)


def _percent(values: Sequence[float | None]) -> str:
    known = [v for v in values if v is not None]
    return f"{fmean(known):.0%}" if known else "-"


def _steps(values: Sequence[int | None]) -> str:
    return " ".join("-" if v is None else str(v) for v in values)
