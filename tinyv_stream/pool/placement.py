"""Placement of several TinyV workers on one machine: the GPU or cores of each, and its share of them. Pure.

- Workers take `tinyv.devices` in turn. Those on one GPU divide its memory share; no engine runs on two devices.
- Without devices, workers on CPU divide the cores that a single one would use, and are bound to none.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from tinyv_stream.config import Config
from tinyv_stream.errors import InvalidInputError

VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
_CORES: Final = re.compile(r"\d+(?:[-,]\d+)+")
"""More than one number; a single one may be a GPU, and to CUDA on a machine without one it means nothing."""


def placed(config: Config, number: int, cores: int) -> Config:
    """Return the settings of TinyV worker `number`, from 0 on, on a machine with `cores` cores."""
    tinyv = config.tinyv
    devices = [str(device) for device in tinyv.devices] or [""]
    device = devices[number % len(devices)]
    beside = sum(devices[other % len(devices)] == device for other in range(tinyv.workers))
    engine = msgspec.structs.replace(
        tinyv.engine, device=device, gpu_memory_utilization=tinyv.engine.gpu_memory_utilization / max(1, beside)
    )
    if not tinyv.devices and tinyv.workers > 1 and engine.threads is None:
        engine = msgspec.structs.replace(engine, threads=max(1, (cores - 1) // tinyv.workers))
    return msgspec.structs.replace(config, tinyv=msgspec.structs.replace(tinyv, engine=engine))


def device_environment(device: str, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what makes an engine see `device` alone.

    A number counts among the GPUs that this process may see, as it does for torch; raises InvalidInputError where there
    are not as many. Ranges are CPU cores: no matter of CUDA, nor is anything where all GPUs are hidden.
    """
    shown = environ.get(VISIBLE)
    if not device or shown == "" or _CORES.fullmatch(device):
        return {}
    visible = shown.split(",") if shown else []
    if not device.isdigit() or not visible:
        return {VISIBLE: device}
    if int(device) >= len(visible):
        raise InvalidInputError(
            "tinyv.devices", device, f"{VISIBLE} shows {len(visible)} GPUs; count from 0 among them"
        )
    return {VISIBLE: visible[int(device)].strip()}
