"""Entry point of the command `tinyv-stream`, and of `python -m tinyv_stream`.

The base package is the client alone. A command whose extra is missing ends with one sentence that says what to install.
"""

import sys
from typing import Final

from tinyv_stream.processes.descriptors import open_standard_streams

_EXTRA_OF: Final = {
    "typer": "cli",
    "rich": "cli",
    "psutil": "cli",
    "ray": "ray",
    "aiohttp": "gateway",
    "prometheus_client": "gateway",
    "math_verify": "worker",
    "mpmath": "worker",
    "jinja2": "board",
    "matplotlib": "report",
    "resvg_py": "report",
}
"""Top-level module -> the extra that brings it."""


def main() -> None:
    """Run the command line and exit; 1 with the remedy where an extra is missing."""
    open_standard_streams()
    if sys.argv[1:3] == ["worker", "check"] and "--help" not in sys.argv:  # asked by a probe, every few seconds
        from tinyv_stream.processes.worker_state import probe

        sys.exit(probe(sys.argv[3:]))
    try:
        from tinyv_stream.cli import main as run_command

        run_command()
    except ModuleNotFoundError as exc:
        extra = _EXTRA_OF.get((exc.name or "").split(".")[0])
        if extra is None:
            raise
        sys.exit(f"tinyv-stream: this command needs {exc.name}: pip install 'tinyv-stream[{extra}]'")


if __name__ == "__main__":
    main()
