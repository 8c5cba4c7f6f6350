"""Graders that do on purpose what hostile answers do by accident."""

import os
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
        case "environment":
            return any("TINYV" in name or "SECRET" in name for name in os.environ)
        case _:
            return check.model_answer == check.ground_truth
    return True


def descriptors(check: Check) -> bool:
    """Say whether this process holds anything but null devices and its one socket."""
    del check
    links = list(Path("/proc/self/fd").iterdir())
    held = [str(link.readlink()) for link in links if link.is_symlink()]
    others = [name for name in held if name != "/dev/null" and not name.startswith("/proc/")]
    return len(others) == 1 and others[0].startswith("socket:")
