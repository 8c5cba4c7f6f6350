"""The command `tinyv-stream`. One file per command; rich, uvloop and psutil are imported when a command runs.

Exit codes of every command: 0 all is well, 1 something is not, 2 the command was given wrongly, 130 interrupted.
"""

import sys
from typing import Final

import typer

from tinyv_stream.broker.remedies import explained, remedy_for
from tinyv_stream.cli import (
    acl,
    analyze,
    audit,
    board,
    dead_letters,
    demo,
    doctor,
    drain,
    gateway,
    join,
    model,
    on_ray,
    pool,
    push,
    score,
    status,
    synthesize,
    timeline,
    top,
    train,
    up,
    verifier,
    version,
    worker,
)
from tinyv_stream.cli import eval as evaluation
from tinyv_stream.cli.common import safe
from tinyv_stream.errors import InvalidInputError, TinyVError

_HELP: Final = """
Rewards for reinforcement learning of LLMs, verified while the rollouts are still being generated.

Rollouts go through a queue to rule graders, and what those refuse to TinyV, a small LLM that gives wrongly refused
answers their reward back. Every rollout gets exactly one reward; a failure is never a score.
"""

_EPILOG: Final = """
\b
Start here:
  tinyv-stream demo                                   the whole path on bundled completions, about a minute
  tinyv-stream doctor                                 what is missing on this machine, and how to fix it
  tinyv-stream score FILE.jsonl --out rewards.jsonl   a file's rewards, nothing else running

\b
With a pool that stays up:
  tinyv-stream up                                     in one shell
  tinyv-stream push FILE.jsonl --out rewards.jsonl    in another; it finds the pool
  tinyv-stream status

\b
A line of FILE.jsonl:
  {"question": "1 + 1?", "completion": "It is \\\\boxed{2}.", "ground_truth": "2", "data_source": "my_tinyv"}
"""

app: Final = typer.Typer(
    name="tinyv-stream",
    help=_HELP,
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.callback()(version.options)
app.command("up", epilog=up.EPILOG)(up.up)
app.command("join", epilog=join.EPILOG)(join.join)
app.command("drain", epilog=drain.DRAIN_EPILOG)(drain.drain)
app.command("undrain", epilog=drain.UNDRAIN_EPILOG)(drain.undrain)
app.command("down", epilog=on_ray.EPILOG)(on_ray.down)
app.command("push", epilog=push.EPILOG)(push.push)
app.command("score", epilog=score.EPILOG)(score.score)
app.command("status", epilog=status.EPILOG)(status.status)
app.command("gateway", epilog=gateway.EPILOG)(gateway.gateway)
app.command("board", epilog=board.EPILOG)(board.board)
app.command("top", epilog=top.EPILOG)(top.top)
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(model.app, name="model")
app.add_typer(pool.app, name="pool")
app.add_typer(worker.app, name="worker")
app.command("acl", epilog=acl.EPILOG)(acl.acl)
app.command("doctor", epilog=doctor.EPILOG)(doctor.doctor)
app.command("timeline", epilog=timeline.EPILOG)(timeline.timeline)
app.command("eval", epilog=evaluation.EPILOG)(evaluation.evaluate)
app.command("synthesize", epilog=synthesize.EPILOG)(synthesize.synthesize)
app.command("train", epilog=train.EPILOG)(train.train)
app.command("analyze", epilog=analyze.EPILOG)(analyze.analyze)
app.command("audit", epilog=audit.EPILOG)(audit.audit)
app.add_typer(verifier.app, name="verifier")
app.command("demo", epilog=demo.EPILOG)(demo.demo)


def main() -> None:
    """Run the command line and exit; an error of ours is one line on stderr, never a traceback."""
    try:
        app(prog_name="tinyv-stream")
    except InvalidInputError as exc:
        typer.echo(f"tinyv-stream: {_escaped(str(exc))}", err=True)
        sys.exit(2)
    except TinyVError as exc:
        typer.echo(f"tinyv-stream: {_escaped(explained(exc))}", err=True)
        sys.exit(1)
    except OSError as exc:
        where = f" {exc.filename}" if exc.filename else ""
        doing = f"`{' '.join(sys.argv[1:2])}`" if sys.argv[1:] else "it"
        typer.echo(f"tinyv-stream: {doing} cannot go on:{where} {exc.strerror or exc}; {remedy_for(exc)}", err=True)
        sys.exit(1)


def _escaped(text: str) -> str:
    """Return a message whose foreign names, such as hosts', move no cursor; it may have several lines."""
    return "\n".join(safe(line, None) for line in text.split("\n"))
