"""A cell's run as the board sees it: a record of every step, an audit by the oracle, and the board's own alarms.

- Each step is written as a client's recorder would write it, so a board over the directory shows the run meanwhile.
- After each step a few pairs that nobody labelled are drawn at random and labelled by the oracle, as `audit` would.
- The alarms are the product's (`board.quality`), asked after each step of an index of this run alone.
- A policy here makes a step's answers at once: they end together, and a step's generation includes the update before.
"""

import os
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from bench.learn.grpo import GradedText, RewardSource
from bench.learn.rewards import completion_of
from tinyv_stream.board import quality
from tinyv_stream.board.cells import cell_of
from tinyv_stream.board.index import Index
from tinyv_stream.board.ingest import Indexer
from tinyv_stream.board.labels import Labels, label_of
from tinyv_stream.board.rates import ACCEPTED
from tinyv_stream.broker.messages import pair_of
from tinyv_stream.record import segments
from tinyv_stream.record.lines import AnyLine, Began, Left, Rewarded, encoder
from tinyv_stream.types import Outcome, Source, Status, Verdict

LABELLED: Final = {True: 4, False: 2}
"""Pairs of a step that are labelled: of what was accepted, and of what was refused."""
_CLIENT: Final = "learn"
_MODEL: Final = "bench"


class BoardAlarms(msgspec.Struct, frozen=True, kw_only=True):
    """The first step after which each alarm of the board sounded; None if it did not."""

    audit: int | None = None
    """More of what is paid is wrong than is let pass."""
    spelling: int | None = None
    """Rescues of one spelling grow fast."""
    spelt: str = ""
    """Which one."""


class OnBoard:
    """Rewards of `inner`, recorded below `runs` as run `run`. One per run, for one thread."""

    def __init__(self, inner: RewardSource, runs: Path, run: str, *, size: int, seed: int) -> None:
        self._inner, self._run, self._size = inner, run, size
        self._rng = random.Random(f"board audit {seed}")  # noqa: S311 draws, not secrets
        self._try = segments.Try(runs / run)
        self._labelled: set[str] = set()
        self._began = time.time()
        self._scratch = tempfile.TemporaryDirectory(prefix="tinyv-learn-board-")
        alone = Path(self._scratch.name)
        (alone / run).symlink_to((runs / run).absolute())
        self._index = Index(alone)
        self._labels = (Labels(runs), Labels(alone))
        self._runs = runs
        self.alarms = BoardAlarms()

    def __enter__(self) -> Self:
        """Begin a try of the run, with a segment of its own."""
        self._try.open()
        self._fd = segments.create(self._runs / self._run, _CLIENT)
        self._indexer = Indexer(self._index)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        """End it."""
        self._write([Left(run=self._run, client=_CLIENT, try_=self._try.number, at=time.time())])
        os.close(self._fd)
        self._try.close()
        self._indexer.close()
        self._scratch.cleanup()

    def __call__(self, answers: Sequence[GradedText], step: int) -> Sequence[float | None]:
        """Return what `inner` pays, once the step is on the board."""
        ended = time.time()
        paid = self._inner(answers, step)
        asked: frozenset[int] = getattr(self._inner, "asked", frozenset())
        times = (ended, time.time())
        lines = [self._line(a, paid[n], (step, n), times, is_second=n in asked) for n, a in enumerate(answers)]
        began = Began(run=self._run, client=_CLIENT, try_=self._try.number, step=step, at=self._began)
        self._write([began, *lines])
        self._audit(lines, answers)
        self._look(step)
        self._began = time.time()
        return paid

    def _line(
        self,
        answer: GradedText,
        value: float | None,
        at: tuple[int, int],
        times: tuple[float, float],
        *,
        is_second: bool,
    ) -> Rewarded:
        step, number = at
        said = Outcome.UNDECIDED if value is None else Outcome.CORRECT if value > 0 else Outcome.INCORRECT
        rule = Verdict(outcome=Outcome.INCORRECT if is_second else said, grader=_MODEL)
        question, reference = answer.problem.question, answer.problem.reference
        return Rewarded(
            run=self._run,
            client=_CLIENT,
            try_=self._try.number,
            id=f"{step}-{number}",
            step=step,
            group=f"{step}-{number // self._size}",
            group_size=self._size,
            ended=times[0],
            rewarded=times[1],
            data_source="learn",
            question=question,
            ground_truth=reference,
            answer=answer.text,
            completion=completion_of(answer.text),
            value=value,
            status=Status.FAILED if value is None else Status.OK,
            source=Source.TINYV if is_second else Source.RULE,
            rule=rule,
            tinyv=Verdict(outcome=said, model=_MODEL) if is_second else None,
            pair=pair_of(question, reference, answer.text),
        )

    def _audit(self, lines: Sequence[Rewarded], answers: Sequence[GradedText]) -> None:
        found = {line.pair: (line, answer) for line, answer in zip(lines, answers, strict=True) if cell_of(line)}
        for accepted, most in LABELLED.items():
            open_ = [p for p, (line, _) in found.items()
                     if (cell_of(line) in ACCEPTED) == accepted and p not in self._labelled]  # fmt: skip
            for pair in self._rng.sample(open_, min(most, len(open_))):
                line, answer = found[pair]
                texts = (line.question, line.ground_truth, line.answer or "")
                said = "right" if answer.right == accepted else "wrong"
                label = label_of(said, accepted=accepted, pair_id=pair, texts=texts, source="learn", via="audit",
                                 by="judge oracle")  # fmt: skip
                self._labelled.add(pair)
                for labels in self._labels:
                    labels.add(label)

    def _look(self, step: int) -> None:
        while self._indexer.take_in()[1]:
            pass
        base = self._index.connect()
        self._labels[1].mirror(base)
        base.close()
        with self._index.reading() as reader:
            wrong, growing = quality.audit_alarm(reader, 1), quality.growths(reader, 1)
        now = self.alarms
        if wrong and now.audit is None:
            now = msgspec.structs.replace(now, audit=step)
        if growing and now.spelling is None:
            now = msgspec.structs.replace(now, spelling=step, spelt=growing[0].spelling)
        self.alarms = now

    def _write(self, lines: Sequence[AnyLine]) -> None:
        data = b"".join(encoder.encode(line) + b"\n" for line in lines)
        while data:
            data = data[os.write(self._fd, data) :]
