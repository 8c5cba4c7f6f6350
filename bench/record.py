"""Cost of the record for a trainer, `python -m bench record`: CPU per rollout, writer thread included, and disk.

It times the recorder alone: what a pool does beside it is the same with and without.
Exits with 1 if a rollout costs more than 25 us of CPU, or a line was dropped.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

import msgspec

from tinyv_stream.record import Recorder, segments
from tinyv_stream.types import Outcome, Reward, Rollout, Source, Status, Timings, Verdict

MOST_US: Final = 25.0
_BURST: Final = 512
"""Rollouts between two pauses: a step's completions come in bursts."""


class RecordResult(msgspec.Struct, frozen=True, kw_only=True):
    """Medians over the repeats. `record_us`: CPU of the process; `loop_us`: of it, the time on the event loop."""

    rollouts: int
    record_us: float
    loop_us: float
    bytes_per_rollout: float
    dropped: int


def rollout_of(n: int) -> Rollout:
    """Return a rollout of 3.4 kB, as the median of a GRPO run on maths with a short reasoning."""
    return Rollout(
        rollout_id=f"s{n // 128}-{n % 128}",
        group_id=f"s{n // 128}-g{n % 128 // 8}",
        group_size=8,
        step=n // 128,
        question=f"A sequence begins with {n} and doubles each time. What is its {n % 9 + 2}th term, in closed form?",
        ground_truth=f"{n}\\cdot 2^{{{n % 9 + 1}}}",
        completion=("The ratio of two neighbours is constant, so the sequence is geometric. " * 45)
        + f"\\boxed{{{n}\\cdot 2^{n % 9}}}",
        data_source="bench_tinyv",
    )


def reward_of(rollout: Rollout, n: int) -> Reward:
    """Return a reward with both verdicts, as TinyV's are."""
    right = n % 5 == 0
    return Reward(
        rollout_id=rollout.rollout_id,
        value=float(right),
        status=Status.OK,
        source=Source.TINYV if n % 2 else Source.RULE,
        rule=Verdict(outcome=Outcome.INCORRECT, grader="cascade", reason="different values"),
        tinyv=Verdict(
            outcome=Outcome.CORRECT if right else Outcome.INCORRECT,
            grader="tinyv",
            p_true=(n * 0.6180339) % 1,
            model="TinyV-1.5B",
            threshold=0.5,
        ),
        timings=Timings(rule_queue_s=0.001, rule_s=0.0042, tinyv_queue_s=0.0031, tinyv_s=0.0621, total_s=0.0711),
        model_answer=f"{n}\\cdot 2^{n % 9}",
        step=rollout.step,
        group_id=rollout.group_id,
    )


async def _once(rollouts: int) -> RecordResult:
    made = [rollout_of(n) for n in range(rollouts)]
    rewards = [reward_of(rollout, n) for n, rollout in enumerate(made)]
    with tempfile.TemporaryDirectory(prefix="tinyv-bench-") as directory:
        recorder = Recorder(Path(directory), "bench", "client")
        await recorder.open()
        cpu, loop_s = time.process_time(), 0.0
        for start in range(0, rollouts, _BURST):
            began = time.thread_time()
            for rollout in made[start : start + _BURST]:
                recorder.ended(rollout, time.monotonic())
            for reward in rewards[start : start + _BURST]:
                recorder.rewarded(reward)
            loop_s += time.thread_time() - began
            await asyncio.sleep(0.02)
        await recorder.close()
        cpu = time.process_time() - cpu
        size = sum(path.stat().st_size for path in segments.listed(Path(directory)))
    return RecordResult(
        rollouts=rollouts,
        record_us=1e6 * cpu / rollouts,
        loop_us=1e6 * loop_s / rollouts,
        bytes_per_rollout=size / rollouts,
        dropped=recorder.dropped,
    )


def main(argv: list[str]) -> int:
    """Measure; return 0 if a rollout costs no more than promised."""
    parser = argparse.ArgumentParser(prog="python -m bench record", description=__doc__)
    parser.add_argument("--rollouts", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="write the result there")
    args = parser.parse_args(argv)
    runs = [asyncio.run(_once(args.rollouts)) for _ in range(args.repeats)]
    result = RecordResult(
        rollouts=args.rollouts,
        record_us=round(statistics.median(r.record_us for r in runs), 2),
        loop_us=round(statistics.median(r.loop_us for r in runs), 2),
        bytes_per_rollout=round(statistics.median(r.bytes_per_rollout for r in runs)),
        dropped=sum(r.dropped for r in runs),
    )
    text = msgspec.json.format(msgspec.json.encode(result), indent=2)
    sys.stdout.write(text.decode() + "\n")
    if args.json:
        args.json.write_bytes(text)
    return 0 if result.record_us <= MOST_US and not result.dropped else 1
