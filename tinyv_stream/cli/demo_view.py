"""Display of the demo: its steps on one screen, then its figures, and in plain words which verifier judged."""

import time
from collections.abc import Sequence
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from tinyv_stream.broker.operator import PoolStatus
from tinyv_stream.cli.common import safe
from tinyv_stream.demo.replay import DemoLine
from tinyv_stream.demo.report import DemoReport
from tinyv_stream.types import Reward

_EVERY_S: Final = 2.0
"""Pause between the lines of the replay."""
_RESCUED_SHOWN: Final = 5


class Show:
    """Prints as things happen. Foreign text goes through `Text`, which knows no markup."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._lines: dict[str, DemoLine] = {}
        self._rewards: list[Reward] = []
        self._ready: set[str] = set()
        self._starting = True
        self._next_s = 0.0
        self._began_s = 0.0

    def starting(self, status: PoolStatus) -> None:
        """Say that the server is up."""
        self._print(f"[1/3] server: {status.server} {status.version}, private to this demo")
        self._print("[2/3] starting a rule worker and a TinyV worker (a first start also unpacks the model)")

    def worker_line(self, worker: str, line: str) -> None:
        """Show what a worker itself logs while it starts; its libraries' lines, and later ones, stay in its log."""
        _, ours, doing = line.partition(" workers.")
        if self._starting and ours:
            self._print(f"      {worker}: {safe(doing.partition(' ')[2], 110)}", "dim")

    def waiting(self, ready: set[str]) -> None:
        """Name each stage once it is ready."""
        for stage in sorted(ready - self._ready):
            self._print(f"      {stage} worker is ready")
        self._ready |= ready

    def ready(self, startup_s: float, lines: Sequence[DemoLine]) -> None:
        """Begin the replay."""
        self._starting = False
        self._lines = {line.rollout_id: line for line in lines}
        groups = len({line.group_id for line in lines})
        self._print(f"      all ready after {startup_s:.1f} s")
        self._print(
            f"[3/3] generation phase of {lines[-1].end_s:.0f} s: {len(lines)} completions of {groups} questions, each "
            "submitted the moment it ends"
        )
        self._began_s = time.monotonic()
        self._next_s = self._began_s + _EVERY_S

    def reward(self, reward: Reward) -> None:
        """Count a reward, and say now and then how far it is."""
        self._rewards.append(reward)
        now = time.monotonic()
        if now >= self._next_s:
            self._next_s = now + _EVERY_S
            ended = sum(line.end_s <= now - self._began_s for line in self._lines.values())
            self._print(f"      {now - self._began_s:5.1f} s: {ended} completions ended, {len(self._rewards)} rewarded")

    def report(self, report: DemoReport) -> None:
        """Print the figures."""
        self._print("")
        self._figures(report)
        self._classes(report)
        self._rescued()
        self._print("")
        self._print(f"engine {report.engine.name} {report.engine.version}, model {safe(report.engine.model)}")
        self._print(f"server {report.broker.server} {report.broker.version}")
        self._print(in_plain_words(report.engine.model))
        if not report.is_whole:
            self._print(f"NOT WHOLE: {report.rewarded} of {report.rollouts} rewarded, {report.duplicates} twice", "red")

    def _figures(self, report: DemoReport) -> None:
        found = report.agreement
        decided = ", ".join(f"{source} {n}" for source, n in sorted(report.by_source.items()))
        generation_s, exposed_s = report.generation_s, report.exposed_s
        waited = f"{exposed_s:.2f} s after {generation_s:.2f} s of generation ({exposed_s / generation_s:.1%})"
        rows = {
            "rewarded": f"{report.rewarded} of {report.rollouts} rollouts, {report.duplicates} twice",
            "exposed verification": waited,
            "who decided": decided,
            "rescued by TinyV": f"{report.rescued}, and {found.rescued_rightly} of them rightly",
            "precision of that": f"{found.rescue_precision}",
            "agreement with the labels": f"rules {found.rule_only:.1%}, with TinyV {found.rule_and_tinyv:.1%}",
            "accepted wrongly": f"{found.accepted_wrongly}, and {found.of_those_by_rule} of them by the rules",
        }
        table = Table(show_header=False, box=None, padding=(0, 3, 0, 0))
        for name, value in rows.items():
            table.add_row(Text(name, "dim"), Text(value))
        self._console.print(table)
        self._print("")

    def _classes(self, report: DemoReport) -> None:
        table = Table("correct, unusual in", "completions", "rules accept", "TinyV gives back", box=SIMPLE_HEAD)
        for column in table.columns[1:]:
            column.justify = "right"
        for name, row in report.agreement.by_taxonomy.items():
            table.add_row(Text(name), str(row.labelled), str(row.by_rule), str(row.by_tinyv))
        self._console.print(table)

    def _rescued(self) -> None:
        table = Table("reference", "given back by TinyV: the completion's end", "P(true)", "label", box=SIMPLE_HEAD)
        for reward in [reward for reward in self._rewards if reward.rescued][:_RESCUED_SHOWN]:
            line = self._lines[reward.rollout_id]
            end = safe(line.completion.strip().splitlines()[-1], None)[-60:]
            sure = reward.tinyv.p_true if reward.tinyv else None
            table.add_row(
                Text(safe(line.ground_truth, 30)),
                Text(end),
                f"{sure:.2f}" if sure is not None else "-",
                "right" if line.label else "wrong",
            )
        if table.row_count:
            self._console.print(table)

    def _print(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style))


def in_plain_words(model: str) -> str:
    """Say which verifier judged, and what it must not be taken for."""
    if "embedded" in model:
        return (
            "About this verifier: `embedded` is a small stand-in, so that everything runs without a download or a GPU: "
            "a 135M-parameter model (SmolLM2-135M-Instruct) with a small adapter trained for this project. It compares "
            "the two answers and does not look at the question; it cannot do mathematics, and it is not TinyV-1.5B. "
            "Train on rewards of a real verifier: `--model zhangchenxu/TinyV-1.5B`."
        )
    if model.startswith("zhangchenxu/TinyV"):
        return "About this verifier: a released TinyV model (arXiv 2505.14625)."
    return "About this verifier: your own model, asked as TinyV-1.5B is; this demo says little about how good it is."
