"""Record of a verifier check: kept beside the model, and found again before a pool starts.

- In a model's directory it is `verifier_check.json`; for a hub id, a served model and `embedded` it is a file under
  `$XDG_CACHE_HOME/tinyv-stream/checks`.
- It holds for the same weights, asked and read in the same way: another template, threshold or guard setting, other
  files in the directory, another revision, and the check counts as missing.
"""

import hashlib
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import msgspec

from tinyv_stream.config import TinyVConfig
from tinyv_stream.lab.check.report import CheckReport
from tinyv_stream.verifiers.tinyv.models import EMBEDDED

FILE: Final = "verifier_check.json"
_PARTS: Final = ("*.safetensors", "*.bin", "*.json", "*.jinja", "*.model", "*.txt")
_ENDS: Final = 65_536
"""Bytes of each end of a file that stand for it: weights that were trained again differ in their last ones."""


class CheckRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A report, and what it is true of."""

    subject: str
    """Digest of how the model is asked, and of its files as far as they are here."""
    at: str
    """UTC, ISO 8601."""
    report: CheckReport


def path_of(config: TinyVConfig) -> Path:
    """Return where the record of the configured verifier is."""
    name, _ = config.row()
    directory = Path(name)
    if name != EMBEDDED and (directory / "config.json").is_file():
        return directory / FILE
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    plain = "".join(c if c.isalnum() or c in "-_." else "--" for c in name)
    return cache / "tinyv-stream" / "checks" / f"{plain[:150]}-{_short(name)}.json"


def subject_of(config: TinyVConfig) -> str:
    """Name what a check is true of."""
    name, row = config.row()
    digest = hashlib.blake2b(digest_size=12)
    settings = (row, config.threshold, config.guard, config.strip_patterns, config.revision, config.engine.kind, name)
    digest.update(msgspec.json.encode(settings))
    for file in _files(name):
        digest.update(f"\x1f{file.name}\x1f{file.stat().st_size}\x1f".encode() + _ends(file))
    return digest.hexdigest()


def write(config: TinyVConfig, report: CheckReport, at: str) -> Path:
    """Write the record and return its file; raises OSError."""
    path = path_of(config)
    path.parent.mkdir(parents=True, exist_ok=True)
    record = CheckRecord(subject=subject_of(config), at=at, report=report)
    draft = path.with_name(f"{path.name}.part")
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n")
    draft.replace(path)
    return path


def objection(config: TinyVConfig) -> str | None:
    """Return why the configured verifier should not pay rewards, in words; None if its check was passed."""
    path = path_of(config)
    try:
        record = msgspec.json.decode(path.read_bytes(), type=CheckRecord)
    except FileNotFoundError:
        return "it was not checked on this machine"
    except (OSError, ValueError) as exc:  # msgspec's errors are values' errors
        return f"its check in {path} cannot be read ({exc})"
    if record.subject != subject_of(config):
        return "it was checked with other files or settings than these"
    if not record.report.passed:
        return f"its check failed: {'; '.join(record.report.failures)}"
    return None


def _short(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()


def _files(name: str) -> list[Path]:
    if name == EMBEDDED:
        spec = find_spec("tinyv_stream_embedded")
        found = list(Path(spec.origin).parent.glob("*")) if spec and spec.origin else []
    else:
        found = [file for pattern in _PARTS for file in Path(name).glob(pattern)] if Path(name).is_dir() else []
    return sorted({file for file in found if file.is_file() and file.name != FILE})


def _ends(file: Path) -> bytes:
    with file.open("rb") as stream:
        head = stream.read(_ENDS)
        stream.seek(max(0, file.stat().st_size - _ENDS))
        return hashlib.blake2b(head + stream.read(_ENDS), digest_size=12).digest()
