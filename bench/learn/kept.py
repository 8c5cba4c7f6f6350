"""Files that a sweep keeps: each is written whole or not at all, and one that cannot be read is set aside."""

import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tinyv_stream.errors import OutputFileError

T = TypeVar("T")


def put(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` make a draft, which then takes the place of `path`; two processes never share a draft.

    Raises OutputFileError. A process that is killed leaves its draft, which nobody reads.
    """
    draft = path.with_name(f"{path.name}.{uuid.uuid4().hex[:12]}.part")
    try:
        write(draft)
        draft.replace(path)
    except OSError as exc:
        remedy = "make room there, or give another --dir; cells that are done are kept"
        raise OutputFileError(f"{path} cannot be written", exc, remedy) from exc
    finally:
        draft.unlink(missing_ok=True)


def got(path: Path, read: Callable[[Path], T]) -> T | None:
    """Return what `read` makes of `path`; None where there is no such file, or where it had to be set aside.

    Damage is a line on stderr, and a file `NAME.bad` beside it: whoever asked makes the thing again.
    """
    try:
        return read(path)
    except FileNotFoundError:
        return None
    except Exception as exc:  # noqa: BLE001 a damaged file of weights raises whatever its bytes lead to
        aside = path.with_name(f"{path.name}.bad")
        try:
            path.replace(aside)
        except OSError as why:
            raise OutputFileError(f"{path} is damaged and cannot be moved", why, "remove it") from exc
        reason = str(exc).partition("\n")[0][:120] or type(exc).__name__
        sys.stderr.write(f"{path} cannot be read ({reason}); it is now {aside.name}, and is made again\n")
        return None
