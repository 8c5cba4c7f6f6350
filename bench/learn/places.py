"""Output places of the learning benchmark, made and tried before the work, so that no sweep ends without its files."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from bench.learn.settings import LearnSettings
from tinyv_stream.errors import InvalidInputError


@contextmanager
def places(settings: LearnSettings) -> Generator[Path]:
    """Make and try all that is written to; yield the cells' directory, the given one or one that goes with the run.

    Raises InvalidInputError naming the option.
    """
    for field, path in (("--board", settings.board), ("--pictures", settings.pictures), ("--dir", settings.directory)):
        if path:
            _directory(field, path)
    if settings.json:
        _file("--json", settings.json)
    if settings.directory:
        yield settings.directory
        return
    with tempfile.TemporaryDirectory(prefix="tinyv-learn-cells-") as name:
        yield Path(name)


def _directory(field: str, path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as exc:
        raise InvalidInputError(field, str(path), f"give a directory that can be written ({exc.strerror})") from exc


def _file(field: str, path: Path) -> None:
    was_there = path.exists()
    try:
        with path.open("ab"):
            pass
        if not was_there:
            path.unlink()
    except OSError as exc:
        raise InvalidInputError(field, str(path), f"give a file that can be written ({exc.strerror})") from exc
