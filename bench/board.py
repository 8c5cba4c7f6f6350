"""Speed of the board's index, `python -m bench board`: 200,000 synthetic verdicts indexed, then asked what pages ask.

Exits with 1 if less than 15,000 lines a second are indexed, or a page's question takes 100 ms or more (median).
"""

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from bench.record import reward_of, rollout_of
from tinyv_stream.board import quality, queries
from tinyv_stream.board.index import Index
from tinyv_stream.board.ingest import Indexer
from tinyv_stream.board.live import Live
from tinyv_stream.broker.messages import pair_of
from tinyv_stream.record.lines import AnyLine, Began, Rewarded, encoder

LEAST_PER_S: Final = 15_000
MOST_MS: Final = 100.0
_STEP: Final = 1024
_SEGMENT: Final = 16_000


class BoardResult(msgspec.Struct, frozen=True, kw_only=True):
    """Medians in ms. `index_mb` beside `jsonl_mb` of lines."""

    verdicts: int
    ingest_per_s: float
    ingest_cpu_us: float
    """Processor time of a verdict: on a machine with other work the wall says little."""
    list_ms: float
    filter_ms: float
    counts_ms: float
    search_ms: float
    group_ms: float
    detail_ms: float
    quality_ms: float
    frame_ms: float
    index_mb: float
    jsonl_mb: float


def _lines(count: int) -> list[AnyLine]:
    found: list[AnyLine] = []
    for n in range(count):
        rollout, step = rollout_of(n), n // _STEP
        reward = reward_of(rollout, n)
        at = 1e9 + 20 * step + 18 * (n % _STEP) / _STEP
        if n % _STEP == 0:
            found.append(Began(run="bench", client="c", try_=1, step=step, at=1e9 + 20 * step))
        line = Rewarded(
            run="bench",
            client="c",
            try_=1,
            id=rollout.rollout_id,
            step=step,
            group=rollout.group_id,
            group_size=8,
            ended=at,
            rewarded=at + 0.07,
            data_source=rollout.data_source,
            question=rollout.question,
            ground_truth=rollout.ground_truth,
            answer=reward.model_answer,
            completion=rollout.completion,
            value=reward.value,
            status=reward.status,
            source=reward.source,
            rule=reward.rule,
            tinyv=reward.tinyv,
            timings=reward.timings,
            pair=pair_of(rollout.question, rollout.ground_truth, reward.model_answer),
        )
        found.append(line)
    return found


def _write(runs: Path, count: int) -> int:
    directory = runs / "bench"
    directory.mkdir(parents=True)
    lines = _lines(min(count, _SEGMENT))
    size = written = number = 0
    while written < count:
        some = lines if written == 0 else _lines_from(lines, written, min(_SEGMENT, count - written))
        data = b"".join(encoder.encode(line) + b"\n" for line in some)
        (directory / f"c-{number:05d}.jsonl").write_bytes(data)
        size, written, number = size + len(data), written + _SEGMENT, number + 1
    return size


def _lines_from(lines: list[AnyLine], offset: int, count: int) -> list[AnyLine]:
    """Return lines as the first ones, of later steps and about other questions."""
    found: list[AnyLine] = []
    steps = offset // _STEP + 1
    for line in lines:
        if isinstance(line, Began):
            found.append(msgspec.structs.replace(line, step=line.step + steps, at=line.at + 20 * steps))
        elif isinstance(line, Rewarded):
            moved = 20.0 * steps
            found.append(
                msgspec.structs.replace(
                    line,
                    id=f"{line.id}-{offset}",
                    step=line.step + steps,
                    group=f"{line.group}-{offset}",
                    ended=line.ended + moved,
                    rewarded=line.rewarded + moved,
                    question=f"{line.question} ({offset})",
                    pair=pair_of(f"{line.question} ({offset})", line.ground_truth, line.answer),
                )
            )
    return found[: count + count // _STEP + 1]


def _median_ms(index: Index, ask: Callable[[sqlite3.Connection], object], repeats: int) -> float:
    times: list[float] = []
    for _ in range(repeats):
        began = time.perf_counter()
        with index.reading() as base:
            ask(base)
        times.append(time.perf_counter() - began)
    return round(1000 * statistics.median(times), 2)


def _measure(runs: Path, count: int, repeats: int) -> BoardResult:
    size = _write(runs, count)
    index = Index(runs)
    indexer = Indexer(index)
    began, began_cpu = time.perf_counter(), time.process_time()
    taken = 0
    more = True
    while more:
        lines, more = indexer.take_in()
        taken += len(lines)
    spent, spent_cpu = time.perf_counter() - began, time.process_time() - began_cpu
    steps = indexer.steps
    indexer.close()
    with index.reading() as base:
        name = base.execute("select grp, n from v order by n desc limit 1").fetchone()
        n = name["n"]
    live = Live()
    began = time.perf_counter()
    for _ in range(repeats):
        live.frame(steps, 1)
    frame = (time.perf_counter() - began) / repeats
    near = {"tinyv": "correct", "pmin": "0.5", "pmax": "0.7"}

    def detail(base: sqlite3.Connection) -> object:
        return queries.line_of(runs, queries.verdict(base, n - 1000) or {})

    return BoardResult(
        verdicts=taken,
        ingest_per_s=round(taken / spent),
        ingest_cpu_us=round(1e6 * spent_cpu / taken, 1),
        list_ms=_median_ms(index, lambda base: queries.page(base, {}), repeats),
        filter_ms=_median_ms(index, lambda base: queries.page(base, near), repeats),
        counts_ms=_median_ms(index, lambda base: queries.counts(base, {}), repeats),
        search_ms=_median_ms(index, lambda base: queries.page(base, {"text": "sequence 4711"}), repeats),
        group_ms=_median_ms(index, lambda base: queries.group(base, 1, name["grp"]), repeats),
        detail_ms=_median_ms(index, detail, repeats),
        quality_ms=_median_ms(index, lambda base: quality.quality(base, 1), repeats),
        frame_ms=round(1000 * frame, 2),
        index_mb=round(index.path.stat().st_size / 1e6, 1),
        jsonl_mb=round(size / 1e6, 1),
    )


def main(argv: list[str]) -> int:
    """Measure; return 0 if the index is as quick as promised."""
    parser = argparse.ArgumentParser(prog="python -m bench board", description=__doc__)
    parser.add_argument("--verdicts", type=int, default=200_000)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--json", type=Path, help="write the result there")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="tinyv-bench-") as directory:
        result = _measure(Path(directory), args.verdicts, args.repeats)
    text = msgspec.json.format(msgspec.json.encode(result), indent=2)
    sys.stdout.write(text.decode() + "\n")
    if args.json:
        args.json.write_bytes(text)
    slowest = max(result.list_ms, result.filter_ms, result.group_ms, result.detail_ms, result.quality_ms)
    return 0 if result.ingest_per_s >= LEAST_PER_S and slowest < MOST_MS else 1
