"""Checks of what a client is made with: a wrong one is named with its value and the remedy, where it is given."""

import math
from typing import Final

from tinyv_stream.errors import InvalidInputError

_MOST: Final = 1_000_000


def checked_count(field: str, value: object) -> int:
    """Return `value` if it is a whole number from 1 to a million; raise InvalidInputError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST:
        raise InvalidInputError(field, value, f"use a whole number from 1 to {_MOST}")
    return value


def checked_seconds(field: str, value: object) -> float:
    """Return `value` if it is a positive, finite number; raise InvalidInputError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise InvalidInputError(field, value, "use a positive number of seconds")
    return value


def checked_url(value: object) -> str:
    """Return `value` if it is text; raise InvalidInputError otherwise. What it means is the broker's to say."""
    if not isinstance(value, str):
        raise InvalidInputError("url", value, "give the pool's URL as a string, such as redis://host:6379")
    return value
