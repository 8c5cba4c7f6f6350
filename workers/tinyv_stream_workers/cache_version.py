"""The name under which TinyV's verdicts are cached."""

import hashlib

import msgspec

from tinyv_stream.config import EngineConfig, ShadowConfig, TinyVConfig
from tinyv_stream.types import Setup


def cache_version(config: TinyVConfig, model: str) -> str:
    """Name everything that a TinyV verdict depends on, so that a cached one never answers for another verifier.

    `model` is what judges now, with its revision; what was configured, and on what it runs, does not matter.
    """
    same = msgspec.structs.replace(
        config,
        workers=0,
        model="",
        revision="",
        devices=(),
        require_check=False,
        setup=Setup.ADDON,
        weight=1.0,
        engine=EngineConfig(),
        shadow=ShadowConfig(),
    )
    digest = hashlib.blake2b(msgspec.json.encode(same), digest_size=6).hexdigest()
    return f"{model}:{digest}"
