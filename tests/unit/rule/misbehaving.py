"""Graders that do on purpose what hostile answers do by accident."""

import fcntl
import os
import sys
import time
from pathlib import Path

from tinyv_stream.verifiers.rules.graders import Check


def act(check: Check) -> bool:
    """Do what the answer says."""
    match check.model_answer:
        case "hang":
            while True:
                pass
        case "sleep":
            time.sleep(3600)
        case "die":
            os._exit(9)
        case "exit":
            raise SystemExit(3)
        case "hoard":
            return bool(bytearray(64 * 1024**3))
        case "nest":
            return act(check)
        case "write":
            sys.stderr.write("".join(f"line {n} \x1b[2J{check.ground_truth}\n" for n in range(1_000)))
        case "environment":
            return any("TINYV" in name or "SECRET" in name for name in os.environ)
        case _:
            return check.model_answer == check.ground_truth
    return True


def descriptors(check: Check) -> bool:
    """Say whether this process holds nothing but null devices, its one socket and a stderr that it can only write."""
    del check
    if os.fstat(2).st_mode & 0o170000 != 0o010000 or fcntl.fcntl(2, fcntl.F_GETFL) & os.O_ACCMODE != os.O_WRONLY:
        return False
    links = [link for link in Path("/proc/self/fd").iterdir() if link.name != "2"]
    held = [str(link.readlink()) for link in links if link.is_symlink()]
    others = [name for name in held if name != "/dev/null" and not name.startswith("/proc/")]
    return len(others) == 1 and others[0].startswith("socket:")
