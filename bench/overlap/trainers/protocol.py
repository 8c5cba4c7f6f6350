"""Protocol of the pipe between the benchmark and a trainer's process: one JSON line each way per step.

The child says `Hello` once it can take steps. Everything that a library prints on the child's standard output goes to
its log instead. An error ends the child with its traceback in the log; the end of its input ends it in peace.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from typing import BinaryIO

import msgspec

from bench.overlap.reference_call import Endpoint
from bench.overlap.replay import ReplayedStep
from bench.workload import Step


class Hello(msgspec.Struct, frozen=True):
    """What will really run: packages with versions, and the trainer's classes and methods on a reward's way."""

    versions: dict[str, str]
    path: str


class TrainerTask(msgspec.Struct, frozen=True):
    """One step to play against the server."""

    step: Step
    number: int
    server: Endpoint


Play = Callable[[TrainerTask], Awaitable[ReplayedStep]]


def claim_output() -> BinaryIO:
    """Return what was standard output, and send the prints of libraries to standard error from now on."""
    ours = os.fdopen(os.dup(sys.stdout.fileno()), "wb", buffering=0)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return ours


async def serve(out: BinaryIO, hello: Hello, play: Play) -> None:
    """Play the tasks that come in, one after the other, until there are no more."""
    decoder = msgspec.json.Decoder(TrainerTask)
    _say(out, hello)
    while line := await asyncio.to_thread(sys.stdin.buffer.readline):
        _say(out, await play(decoder.decode(line)))


def _say(out: BinaryIO, what: msgspec.Struct) -> None:
    data = memoryview(msgspec.json.encode(what) + b"\n")
    while data:  # a pipe takes what fits into it
        data = data[out.write(data) :]
