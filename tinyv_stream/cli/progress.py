"""Progress display for a file: a bar on a terminal, a plain line now and then elsewhere. Always on stderr."""

import sys
import time
from types import TracebackType
from typing import Final, Self

import typer

from tinyv_stream.types import Reward, Status

_LINE_EVERY_S: Final = 5.0
"""Pause between plain lines: enough to see life in a log, few enough to keep."""


class Progress:
    """Counts rewards as they are written; shown while the `with` block runs."""

    def __init__(self, name: str, *, done: int, total: int) -> None:
        self.rewarded = 0
        self.not_ok = 0
        self.rescued = 0
        self._name = name
        self._before = done
        self._total = total
        self._next_line_s = 0.0

    def __enter__(self) -> Self:
        self._bar = _Bar(self._name, self._before, self._total) if sys.stderr.isatty() else None
        self._next_line_s = time.monotonic() + _LINE_EVERY_S
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.close()

    def advance(self, reward: Reward) -> None:
        """Count one more reward."""
        self.rewarded += 1
        self.not_ok += reward.status is not Status.OK
        self.rescued += reward.rescued
        if self._bar:
            self._bar.show(self._before + self.rewarded, self._note)
        elif time.monotonic() >= self._next_line_s:
            self._next_line_s = time.monotonic() + _LINE_EVERY_S
            typer.echo(f"{self._name}: {self._before + self.rewarded}/{self._total}, {self._note}", err=True)

    @property
    def _note(self) -> str:
        return f"{self.rescued} rescued, {self.not_ok} not ok"


class _Bar:
    """The rich progress bar, which is loaded only for a terminal."""

    def __init__(self, name: str, done: int, total: int) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", markup=False),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._progress.add_task(name, total=total, completed=done, note="")
        self._progress.start()

    def show(self, done: int, note: str) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=done, note=note)

    def close(self) -> None:
        """Leave the bar as it is and give the terminal back."""
        self._progress.stop()
