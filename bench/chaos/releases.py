"""Second release of tinyv-stream: a copy of this one with words and fields on the wire that this one does not know."""

import os
import shutil
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
YEAR: Final = "_of_2031"
"""Ends every word of the second release that differs from today's."""

_TYPES: Final = (
    ('    RULE = "rule"\n', f'    RULE = "rule{YEAR}"\n'),
    ('    TINYV = "tinyv"\n', f'    TINYV = "tinyv{YEAR}"\n'),
    ('    FAILED = "failed"\n', f'    FAILED = "failed{YEAR}"\n'),
    ('    UNDECIDED = "undecided"\n', f'    UNDECIDED = "undecided{YEAR}"\n'),
    ("    p_true: float | None = None\n", "    p_true: float | None = None\n    entropy: float = 0.25\n"),
    ("    total_s: float | None = None\n", "    total_s: float | None = None\n    network_s: float = 0.5\n"),
    (
        '    group_id: str = ""\n    timings',
        '    group_id: str = ""\n    origin: str = "host-7"\n    timings',
    ),
    (
        "class Verdict(msgspec.Struct, frozen=True, omit_defaults=True,",
        "class Verdict(msgspec.Struct, frozen=True,",
    ),
)
_MESSAGES: Final = (
    ("omit_defaults=True, ", ""),
    ('    data_source: str = ""\n', '    data_source: str = ""\n    model_size: int = 7\n'),
)


def make_newer(copy: Path) -> Path:
    """Write the second release to the directory `copy`, which must not exist; return it."""
    for package in ("tinyv_stream", "workers"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name, changes in (("types.py", _TYPES), ("broker/messages.py", _MESSAGES)):
        file = copy / "tinyv_stream" / name
        text = file.read_text()
        for old, new in changes:
            if old not in text:
                raise LookupError(f"{name} no longer holds {old!r}: say anew what a second release changes")
            text = text.replace(old, new)
        file.write_text(text)
    return copy


def environment_of(release: Path, *more: Path) -> dict[str, str]:
    """Return the environment of a program of that release; start it with `python -P`."""
    paths = [release, release / "workers", *more]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths))}
