"""Look-ups in a data set's row, and group ids, that several of these adapters need; the rest is `adapter_kit`'s."""

import hashlib
from collections.abc import Mapping
from typing import Any

from tinyv_stream import InvalidInputError


def group_key(*parts: object) -> str:
    """Return a group id for trainers that give none: equal for equal parts."""
    return hashlib.blake2b(repr(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()


def field(row: Mapping[str, Any], *names: str) -> Any:  # noqa: ANN401 a data set's cell
    """Return the first of `names` that `row` has; raise InvalidInputError naming them all."""
    for name in names:
        if row.get(name) is not None:
            return row[name]
    raise InvalidInputError(names[0], sorted(row), f"give the data set a column {' or '.join(names)}")
