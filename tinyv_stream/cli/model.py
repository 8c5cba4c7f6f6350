"""`tinyv-stream model`: the TinyV model of a running pool, and the sleep state of its engines.

Every change waits until all workers of the pool have made it, on every machine, and says what they do meanwhile.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Final

import msgspec
import typer

from tinyv_stream.aio.cancel import finishes
from tinyv_stream.cli.common import (
    INTERRUPTED,
    Interrupt,
    PoolOption,
    RedisOption,
    find_url,
    run,
    run_look,
    safe,
)
from tinyv_stream.control import model as models

EPILOG: Final = """
\b
Examples:
  tinyv-stream model status
  tinyv-stream model switch zhangchenxu/TinyV-Qwen3-1.7B
  tinyv-stream model switch me/my-verifier --revision v2
  tinyv-stream model sleep --at-most 900
  tinyv-stream model wake

\b
Rollouts wait in the queue while engines change or sleep; their deadlines go on. Ctrl-C stops waiting, not the change.
"""

app: Final = typer.Typer(
    help="See and change the TinyV model of a running pool; let it sleep and wake.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
)
WaitOption = Annotated[
    float, typer.Option("--wait", min=1.0, metavar="SECONDS", help="How long the change may take on all workers.")
]


@app.command("status")
def status(
    *,
    redis: RedisOption = None,
    pool: PoolOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
) -> None:
    """Show model, revision and state of each TinyV worker."""
    name = pool or "main"
    url = find_url(redis, name)
    run_look(lambda: _status(url, name, as_json=as_json))


@app.command("switch")
def switch(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Hub id, directory, or `embedded`.")],
    *,
    revision: Annotated[str, typer.Option("--revision", help="Branch, tag or commit of a hub id.")] = "",
    redis: RedisOption = None,
    pool: PoolOption = None,
    wait: WaitOption = models.WAIT_S,
) -> None:
    """Let every TinyV worker use another model; if one cannot load it, all keep theirs, and this exits with 1."""
    name = pool or "main"
    url = find_url(redis, name)
    teller = _Teller()
    _change(
        lambda: models.switch(url, model, revision=revision, pool=name, wait_s=wait, on_change=teller.tell),
    )


@app.command("sleep")
def sleep(
    *,
    at_most: Annotated[
        float,
        typer.Option(
            "--at-most",
            min=models.LEAST_SLEEP_S,
            metavar="SECONDS",
            help="They wake by themselves after this time.",
        ),
    ] = models.SLEEP_S,
    redis: RedisOption = None,
    pool: PoolOption = None,
    wait: WaitOption = models.WAIT_S,
) -> None:
    """Let the TinyV workers finish what they hold, free their engines' memory and wait."""
    name = pool or "main"
    url = find_url(redis, name)
    teller = _Teller()
    _change(lambda: models.sleep(url, pool=name, at_most_s=at_most, wait_s=wait, on_change=teller.tell))


@app.command("wake")
def wake(*, redis: RedisOption = None, pool: PoolOption = None, wait: WaitOption = models.WAIT_S) -> None:
    """Let the TinyV workers judge again."""
    name = pool or "main"
    url = find_url(redis, name)
    teller = _Teller()
    _change(lambda: models.wake(url, pool=name, wait_s=wait, on_change=teller.tell))


class _Teller:
    """Says on stderr what each worker does, when it does something else."""

    def __init__(self) -> None:
        self._shown: dict[str, str] = {}

    def tell(self, pool: models.PoolModels) -> None:
        for replica in pool.replicas:
            doing = f"{replica.state} {replica.step}".strip()
            if self._shown.get(replica.worker) != doing:
                self._shown[replica.worker] = doing
                typer.echo(f"{safe(replica.worker)}: {safe(doing)}", err=True)


def _change(make: Callable[[], Awaitable[models.PoolModels]]) -> None:
    found: list[models.PoolModels] = []

    async def changing() -> None:
        found.append(await make())

    async def until(interrupt: Interrupt) -> int:
        if not await finishes(interrupt.asked, changing()):
            return INTERRUPTED
        _print(found[0])
        return 0

    run(until)


async def _status(url: str, pool: str, *, as_json: bool) -> int:
    found = await models.look(url, pool=pool)
    if as_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
    else:
        _print(found)
    return 0


def _print(pool: models.PoolModels) -> None:
    for replica in pool.replicas:
        revision = f" revision {replica.revision}" if replica.revision else ""
        doing = f"{replica.state} {replica.step}".strip()
        typer.echo(
            safe(f"{replica.worker} on {replica.host}: {replica.model}{revision} ({replica.engine}), {doing}", cut=None)
        )
    if not pool.replicas:
        typer.echo("no TinyV worker")
    desired = pool.desired
    if desired.model:
        typer.echo(safe(f"desired: {desired.model} {desired.revision}".rstrip(), cut=None))
    if desired.asleep_s:
        typer.echo(f"asleep for {desired.asleep_s:.0f} s more at most")
    if desired.refused:
        typer.echo(safe(f"last refused, by {desired.refused_by}: {desired.reason}", cut=None))
