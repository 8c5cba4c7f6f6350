"""State of one worker in a file, and the probe that reads it: no broker, no library, a few hundredths of a CPU second.

- A worker whose TINYV_STATE_FILE is set writes it once per second, broker or not: an old file means that its event loop
  does not turn.
- It names the process by its start too: what a worker of an earlier container left says nothing about this one.
- Alive never depends on the broker: a server that is away must not have engines killed. Ready does, by the last
  heartbeat that the broker took.

Times are of CLOCK_MONOTONIC, which all processes of a host share; no step of a wall clock matters.
"""

import json
import os
import sys
import time
from contextlib import suppress
from typing import Final, NamedTuple

VARIABLE: Final = "TINYV_STATE_FILE"
EVERY_S: Final = 1.0
ALIVE_S: Final = 30.0
"""Oldest state of a live worker. A grader or an engine never holds up the loop for so long; a stopped process does."""
BEAT_S: Final = 10.0
"""Oldest heartbeat of a ready worker; from then on the pool shows it as lost."""
WORKING: Final = ("ready", "asleep")
"""States in which a worker does what the pool wants of it."""

_SKIP: Final = 2
"""Of /proc/PID/stat: pid and name, which may hold spaces, stand before the fields."""
_USAGE: Final = "tinyv-stream worker check: give one of --alive and --ready"


class ProbeResult(NamedTuple):
    """Answer to a probe: the exit code, and one line that says why."""

    code: int
    reason: str


def write(path: str, state: str, beat_at: float | None) -> None:
    """Replace the file at `path`; `beat_at` is when the broker last took a heartbeat. Raises OSError."""
    pid = os.getpid()
    line = {"pid": pid, "started": _started(pid), "at": time.monotonic(), "state": state, "beat_at": beat_at}
    new = f"{path}.{pid}"
    # A link that somebody put there in a shared directory is not followed.
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(new, flags, 0o600), "w") as out:
        json.dump(line, out)
    os.replace(new, path)  # noqa: PTH105 pathlib costs a probe a third of its time


def check(path: str, *, ready: bool) -> ProbeResult:
    """Return whether the worker that writes `path` is alive, or ready: code 0 if so, 1 if not."""
    try:
        with open(path) as file:  # noqa: PTH123 as above
            seen = json.load(file)
        beat_at = float("-inf") if seen["beat_at"] is None else float(seen["beat_at"])
        state, at, process = str(seen["state"]), float(seen["at"]), (int(seen["pid"]), int(seen["started"]))
    except OSError as exc:
        return ProbeResult(1, f"no state at {path}: {exc.strerror}")
    except (ValueError, KeyError, TypeError):
        return ProbeResult(1, f"{path} holds no worker's state")
    age_s, beat_s = time.monotonic() - at, time.monotonic() - beat_at
    if not process[1] or _started(process[0]) != process[1]:
        fault = f"the worker that wrote {path} (pid {process[0]}) is gone"
    elif age_s > ALIVE_S:
        fault = f"{state}, but silent for {age_s:.0f} s: its event loop does not turn"
    elif ready and state not in WORKING:
        fault = state
    elif ready and beat_s > BEAT_S:
        fault = f"{state}, but the broker took no heartbeat for {BEAT_S:.0f} s"
    else:
        return ProbeResult(0, state)
    return ProbeResult(1, fault)


def probe(arguments: list[str]) -> int:
    """Answer `worker check --alive|--ready` in one line; return 0 if it is so, 1 if not, 2 for a wrong call."""
    path = os.environ.get(VARIABLE, "")
    if arguments not in (["--alive"], ["--ready"]):
        sys.stderr.write(_USAGE + "\n")
        return 2
    if not path:
        sys.stderr.write(f"tinyv-stream worker check: set {VARIABLE} as the worker has it\n")
        return 2
    code, reason = check(path, ready=arguments == ["--ready"])
    sys.stdout.write(f"{reason}\n")
    return code


def _started(pid: int) -> int:
    """Return when a process began, in ticks since boot (proc(5), field 22 of stat); 0 if it is gone or a zombie."""
    with suppress(OSError, ValueError, IndexError), open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 as above
        fields = file.read().rpartition(")")[2].split()
        return 0 if fields[0] == "Z" else int(fields[22 - _SKIP - 1])
    return 0
