"""Parent-death signal: a process ends with its parent, whatever ended that. Linux only; imports nothing heavy.

- The kernel sends the signal, so a parent killed with -9 leaves no orphan.
- It is sent when the *thread* that started the child ends: start children from a thread that lives as long as
  they should, which the main thread does and a pool thread does not.
- It holds for one generation: a child that starts processes of its own ties them too.

Run as a script this file ties itself to its parent and becomes another program (`tied_command`). That costs a few
tens of milliseconds once, and spares a parent full of threads from running Python code between fork and exec.
"""

import ctypes
import os
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1


def die_with_parent(signum: int, parent_pid: int) -> None:
    """Let the kernel send `signum` to this process when the parent's starting thread ends.

    Sends it at once if the parent `parent_pid` is gone already. Raises OSError if the kernel refuses.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signum), *(ctypes.c_ulong(0),) * 3) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    # The parent may have died between fork and prctl; then no signal will ever come.
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signum)


def tied_command(command: Sequence[str], signum: int) -> list[str]:
    """Return the command that runs `command`, under its own pid, tied to the calling process.

    Must be started by this very process. A program that cannot be run ends with status 127 and a line on stderr.
    """
    # -I and -S: neither the user's environment nor site-packages have a say in the trampoline.
    return [sys.executable, "-I", "-S", __file__, str(int(signum)), str(os.getpid()), *command]


def _become(signum: int, parent_pid: int, command: list[str]) -> None:
    die_with_parent(signum, parent_pid)
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is the point
    except OSError as exc:
        sys.stderr.write(f"cannot run {command[0]}: {exc.strerror}\n")
        sys.exit(127)


if __name__ == "__main__":
    _become(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
