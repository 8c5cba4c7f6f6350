"""`tinyv-stream pool`: the settings of a running pool that can change a reward, one set for all its hosts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from tinyv_stream.aio.cancel import finishes
from tinyv_stream.broker import server_set
from tinyv_stream.broker.settings import Agreed
from tinyv_stream.cli.common import INTERRUPTED, Interrupt, PoolOption, RedisOption, find_url, run, run_look, safe
from tinyv_stream.config import check, decode_toml, load
from tinyv_stream.config.pool_settings import Difference, as_json, changes, differences, digest, pool_settings, written
from tinyv_stream.control import settings as control
from tinyv_stream.errors import InvalidInputError

EPILOG: Final = """
\b
Examples:
  tinyv-stream pool show
  tinyv-stream pool set tinyv.weight=0.5 rule.timeout_s=3
  tinyv-stream pool set tinyv.toml
  tinyv-stream pool diff tinyv.toml

\b
A value is JSON, or a plain word. Workers drain and start again with it, one of each stage at a time, and rollouts wait
meanwhile. Ctrl-C stops waiting, not the change. Each reward says by which version it was given.
"""

app: Final = typer.Typer(
    help="See and change the settings that hold for every host of a pool.",
    epilog=EPILOG,
    no_args_is_help=True,
    rich_markup_mode=None,
)
_LOST: Final = (
    "The first server is among them. It alone kept what holds for the whole pool, and that is lost: the settings, the"
    " drain marks, a model that was switched to, and sleep. The next start settles its own settings. Set again what"
    " was set: `tinyv-stream pool set`, `drain`, `model switch`, `model sleep`."
)
_FORM: Final = "write NAME=VALUE, such as tinyv.weight=0.5, or name a tinyv.toml"


@app.command("show")
def show(
    *,
    redis: RedisOption = None,
    pool: PoolOption = None,
    as_json_object: Annotated[bool, typer.Option("--json", help="Print everything as one JSON object.")] = False,
) -> None:
    """Print the pool's settings, their version and hash, and who set them."""
    name = pool or "main"
    url = find_url(redis, name)

    async def looked() -> int:
        agreed = await control.look(url, pool=name)
        if as_json_object:
            found = {"version": agreed.version, "hash": digest(agreed.settings), "by": agreed.by}
            typer.echo(msgspec.json.encode({**found, "settings": agreed.settings}).decode())
            return 0
        for setting, value in agreed.settings.items():
            typer.echo(safe(f"{setting} = {as_json(value)}"))
        typer.echo(_title(agreed))
        return 0

    run_look(looked)


@app.command("diff")
def diff(
    file: Annotated[Path, typer.Argument(metavar="tinyv.toml", help="Settings of a host.")],
    *,
    redis: RedisOption = None,
    pool: PoolOption = None,
) -> None:
    """Print which settings of a file are others in the pool; exit with 1 if there are any."""
    name = pool or load(file).broker.pool
    url = find_url(redis, name)
    wanted = _of_file(file)

    async def looked() -> int:
        agreed = await control.look(url, pool=name)
        found = differences(wanted, agreed.settings)
        _print(found)
        typer.echo(f"{len(found)} settings differ; {_title(agreed)}" if found else f"no difference; {_title(agreed)}")
        return 1 if found else 0

    run_look(looked)


@app.command("set")
def set_(
    values: Annotated[list[str], typer.Argument(metavar="NAME=VALUE... | tinyv.toml", help="What is to hold.")],
    *,
    redis: RedisOption = None,
    pool: PoolOption = None,
    wait: Annotated[
        float, typer.Option("--wait", min=1.0, metavar="SECONDS", help="How long the change may take on all workers.")
    ] = control.WAIT_S,
) -> None:
    """Change settings for every host of the pool, and wait until all workers work by them."""
    wanted = _parse(values)
    name = pool or "main"
    url = find_url(redis, name)
    run(lambda interrupt: _set(url, name, wanted, wait, interrupt))


async def _set(url: str, pool: str, wanted: Mapping[str, object], wait_s: float, interrupt: Interrupt) -> int:
    last = ""

    def tell(change: control.SettingsChange) -> None:
        nonlocal last
        text = f"version {change.version}: {change.there} workers have it, {len(change.left)} to go"
        if text != last:
            typer.echo(text)
        last = text

    async def changing() -> None:
        before = await control.look(url, pool=pool)
        agreed = await control.change(url, wanted, pool=pool, wait_s=wait_s, on_change=tell)
        _print(changes(before.settings, agreed.settings, wanted), was=True)
        typer.echo(_title(agreed))

    return 0 if await finishes(interrupt.asked, changing()) else INTERRUPTED


@app.command("readmit")
def readmit(*, redis: RedisOption = None, pool: PoolOption = None) -> None:
    """Take servers back that lost their data, in a pool on several servers of which nothing runs any more."""
    name = pool or "main"
    url = find_url(redis, name)

    async def readmitted() -> int:
        found = await server_set.readmit(url, name)
        typer.echo(f"{found.count} servers taken back")
        if found.first:
            typer.echo(_LOST, err=True)
        return 0

    run_look(readmitted)


def _parse(values: list[str]) -> dict[str, object]:
    """Return settings by name; raise InvalidInputError for text that is none, or a name that comes twice."""
    if len(values) == 1 and "=" not in values[0]:
        path = Path(values[0])
        if not path.is_file():
            raise InvalidInputError("NAME=VALUE", values[0], _FORM)
        return _of_file(path)
    found: dict[str, object] = {}
    for text in values:
        name, mark, value = text.partition("=")
        if not mark or name in found:
            raise InvalidInputError("NAME=VALUE", text, "give each setting once" if mark else _FORM)
        found[name] = _value(value)
    return found


def _value(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _of_file(path: Path) -> dict[str, object]:
    """Return the pool settings that a file writes out."""
    own, names = pool_settings(check(load(path))), written(decode_toml(path))
    return {name: value for name, value in own.items() if name in names}


def _print(found: list[Difference], *, was: bool = False) -> None:
    for one in found:
        text = f"{one.name}: {as_json(one.here)} -> {as_json(one.pool)}" if was else str(one)
        typer.echo(safe(text))


def _title(agreed: Agreed) -> str:
    return safe(f"version {agreed.version}, hash {digest(agreed.settings)}, set by {agreed.by}")
