"""`tinyv-stream worker check`: the probe of one worker process, for whatever restarts it.

`tinyv_stream.__main__` answers it without typer; here are its help and what is typed wrongly.
"""

from typing import Annotated, Final

import typer

from tinyv_stream.processes.worker_state import probe

EPILOG: Final = """
\b
Examples:
  TINYV_STATE_FILE=/tmp/tinyv.state python -m tinyv_stream_workers.rule
  TINYV_STATE_FILE=/tmp/tinyv.state tinyv-stream worker check --ready

\b
Exit code 0 if it is so, 1 if not, with the reason on a line. Neither asks the broker: a worker whose broker is away is
alive, and ready again once a heartbeat went through.
"""

app: Final = typer.Typer(
    help="Look at one worker process of this machine.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def _group() -> None: ...  # so that the only command keeps its name


@app.command("check", epilog=EPILOG)
def check(
    *,
    alive: Annotated[bool, typer.Option("--alive", help="Its event loop turned within the last 30 s.")] = False,
    ready: Annotated[bool, typer.Option("--ready", help="It works, and the broker heard it 10 s ago at most.")] = False,
) -> None:
    """Say whether the worker that writes TINYV_STATE_FILE is alive, or ready."""
    raise typer.Exit(probe([f"--{name}" for name, asked in (("alive", alive), ("ready", ready)) if asked]))
