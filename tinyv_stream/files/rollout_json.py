"""A rollout from JSON: the same for a line of a file and for an item of a post.

A number where a text is expected in `ground_truth` becomes its text, as data sets have it. Half a surrogate pair,
which Python's JSON writes where a completion was cut, is read as such; messages replace it later.
"""

import json
import re
from typing import Any, Final, cast

import msgspec

from tinyv_stream.types import Rollout

_SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_decoder: Final = msgspec.json.Decoder(Rollout)


def decode_rollout(raw: bytes) -> Rollout:
    """Return the rollout in `raw`; raise msgspec.ValidationError for a wrong field, ValueError for no JSON."""
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError:
        fields: object = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        if not _SURROGATE_ESCAPE.search(raw):
            raise
        fields = json.loads(raw)
    if isinstance(fields, dict):
        known = cast("dict[str, Any]", fields)
        truth = known.get("ground_truth")
        if isinstance(truth, int | float) and not isinstance(truth, bool):
            known["ground_truth"] = str(truth)
    return msgspec.convert(fields, Rollout)
