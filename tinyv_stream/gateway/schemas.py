"""Request bodies, typed, and reading them so that an error names its field."""

import asyncio
import re
from typing import Any, Final, TypeVar

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from tinyv_stream.errors import InvalidInputError
from tinyv_stream.types import Rollout

T = TypeVar("T")
BODY_S: Final = web.AppKey("body_s", float)
"""How long a body may take, in seconds."""
JsonScalar = str | int | float
"""A reference answer as data sets have it: often a bare number."""


class Rollouts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`POST /v1/rollouts`."""

    rollouts: list[Rollout]
    wait: bool = True
    """Answer with the rewards; otherwise with ids, and the rewards come by `GET /v1/rewards`."""
    client: str = ""
    """Whose rewards these are; required where `wait` is false."""


class RolloutsRead(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same as it is read: item by item, so that a bad one fails alone."""

    rollouts: list[msgspec.Raw]
    wait: bool = True
    client: str = ""


class OpenRLHF(msgspec.Struct, frozen=True, kw_only=True):
    """`POST /get_reward`: `query` is prompt and completion with special tokens, one entry per sample."""

    query: list[str]
    prompts: list[str]
    labels: list[JsonScalar]


class OpenRLHFRead(msgspec.Struct, frozen=True, kw_only=True):
    """The same as it is read: item by item, so that a bad one fails alone."""

    query: list[msgspec.Raw]
    prompts: list[msgspec.Raw]
    labels: list[msgspec.Raw]


class Slime(msgspec.Struct, frozen=True, kw_only=True):
    """`POST /remote_rm`."""

    prompt: str | list[dict[str, Any]]
    response: str
    label: JsonScalar


class NemoGym(msgspec.Struct, frozen=True, kw_only=True):
    """`POST /verify`: what is read of it; everything is sent back."""

    response: dict[str, Any]
    responses_create_params: dict[str, Any] = {}
    question: str = ""
    expected_answer: JsonScalar | None = None
    ground_truth: JsonScalar | None = None
    answer: JsonScalar | None = None
    data_source: str = ""


_AT: Final = re.compile(r" - at `\$\.?([^`]*)`$")
_NAMED: Final = re.compile(r"(?:missing required|contains unknown) field `([^`]{1,64})`")


async def read(request: web.Request, kind: type[T]) -> T:
    """Return the request's body as `kind`; raise InvalidInputError for the field that is wrong, `body` for no JSON.

    Raises HTTPRequestTimeout for a body that does not come.
    """
    try:
        async with asyncio.timeout(request.app[BODY_S]):
            data = await request.read()
    except TimeoutError as exc:
        raise web.HTTPRequestTimeout(reason="the body did not come in time") from exc
    except (web.RequestPayloadError, HttpProcessingError) as exc:
        raise InvalidInputError("body", "(unreadable)", "send it whole, and encoded as its headers say") from exc
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as exc:
        field, message = field_of(str(exc))
        raise InvalidInputError(field, message, "see /openapi.json") from exc
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as exc:
        raise InvalidInputError("body", str(exc)[:120], "send valid JSON in UTF-8") from exc


def field_of(message: str) -> tuple[str, str]:
    """Return the path of the field that msgspec complains about, `body` for none, and the complaint without it."""
    where, named = _AT.search(message), _NAMED.search(message)
    parts = [found[1] for found in (where, named) if found and found[1]]
    return ".".join(parts) or "body", _AT.sub("", message)
