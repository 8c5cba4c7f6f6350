"""Download of a hub's model onto this disk: `python -m …engines.hub_download MODEL REVISION` prints its directory.

A program of its own: it can be ended while it downloads, and whether this worker's engine may look at the hub (it may
not: its model is on the disk by then) does not matter to it.
"""
# pyright: reportUnknownVariableType=false
# huggingface_hub is only partly typed.

import sys
from pathlib import Path
from typing import Final

_NOT_WEIGHTS: Final = ["*.gguf", "*.onnx", "*.h5", "*.msgpack", "*.tflite", "*.ot", "original/*"]
_OLD_WEIGHTS: Final = ["*.bin", "*.pt", "*.pth"]
"""Wanted only where there are no safetensors: most repositories that have both hold everything twice."""


def main(model: str, revision: str) -> int:
    """Print the snapshot's directory; return 1 after one line about what went wrong."""
    from huggingface_hub import snapshot_download

    try:
        path = snapshot_download(model, revision=revision or None, ignore_patterns=_NOT_WEIGHTS + _OLD_WEIGHTS)
        if not any(Path(path).glob("*.safetensors")):
            path = snapshot_download(model, revision=revision or None, ignore_patterns=_NOT_WEIGHTS)
    except Exception as exc:  # noqa: BLE001 whatever the hub's library raises is the reason that the user is told
        sys.stderr.write(" ".join(f"{type(exc).__name__}: {exc}".split()) + "\n")
        return 1
    sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
