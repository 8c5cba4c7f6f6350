"""Agreement on the pool's settings: what stands in the broker holds for every host.

- The first start settles them. A later one says nothing else, or is refused by the name of the setting.
- Where nobody works or starts, a start with other settings changes them: a single host edits its file and starts again.
- Every change is one script against the version that it was made for, so that of two at once one fails.
"""

import os
import socket
import uuid
from collections.abc import Iterable
from typing import Final, cast

import msgspec

from tinyv_stream.broker.shard import Arg, ShardClient
from tinyv_stream.config import Config
from tinyv_stream.config.pool_settings import (
    Settings,
    as_json,
    chosen,
    differences,
    pool_settings,
    with_pool_settings,
)
from tinyv_stream.errors import InvalidInputError

SILENT_S: Final = 10.0
"""Where nobody was heard of for this long, nobody works."""


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """The pool's settings at one moment."""

    version: int
    """Grows with each change; 0: none are settled."""
    tag: str = ""
    """Tells two versions of one number apart, which there may be after the server lost data."""
    by: str = ""
    """Host and process that set them."""
    silent_s: float = 0.0
    """For how long nobody was heard of that works by them, or starts to."""
    settings: dict[str, object] = {}


async def settle(link: ShardClient, settings: Settings, *, version: int = 0, tag: str = "") -> Agreed:
    """Return what holds; `settings` do from now on where there are none, or older ones than `version`.

    A version of -1 only looks.
    """
    args = [version, whoami(), tag or _new_tag(), *_pairs(settings)]
    return _agreed(await link.script("settle", args, [link.keys.heartbeat]))


async def version_of(link: ShardClient) -> int:
    """Return the version of the pool's settings, 0 where none are settled."""
    return int(cast("bytes | None", await link.command("HGET", link.keys.meta, "settings")) or 0)


async def change(link: ShardClient, settings: Settings, *, version: int, silent_s: float = 0.0) -> int:
    """Set `settings` in place of those of `version`; return the new version, 0 or less where that may not be.

    `silent_s`: only if nobody was heard of for so long.
    """
    args: list[Arg] = [version, whoami(), _new_tag(), int(silent_s * 1000), *_pairs(settings)]
    return cast("int", await link.script("change_settings", args, [link.keys.heartbeat]))


async def agree(link: ShardClient, config: Config, names: Iterable[str] | None = None) -> tuple[Config, Agreed]:
    """Return `config` with the pool's settings, which a first start settles and an idle pool takes from it.

    `names` are those that the user gave; without them what is not as by default counts as given.
    Raises InvalidInputError for the first of them that is another in the pool.
    """
    own = pool_settings(config)
    given = chosen(config) if names is None else set(names)
    while True:
        agreed = await settle(link, own)
        found = differences(own, agreed.settings, given)
        if found and agreed.silent_s >= SILENT_S:
            wanted = {one.name: one.here for one in found}
            await change(link, wanted, version=agreed.version, silent_s=SILENT_S)
            continue
        if found:
            raise _refusal(config.broker.pool, found[0].name, found[0].here, found[0].pool, agreed)
        if await adopt(link, agreed.version):
            return with_pool_settings(config, agreed.settings), agreed


async def adopt(link: ShardClient, version: int, model: str = "") -> str:
    """Note that somebody starts to work by these settings, with `model` for `auto`.

    Returns the pool's model, empty where the settings are of another version by now.
    """
    ok, name = cast(
        "tuple[int, bytes]", await link.script("adopt_settings", [version, as_json(model) if model else ""])
    )
    return cast("str", msgspec.json.decode(name or b'"auto"')) if ok else ""


def whoami() -> str:
    """Return this host and process, as a change is signed."""
    return f"{socket.gethostname()} {os.getpid()}"


def _refusal(pool: str, name: str, here: object, there: object, agreed: Agreed) -> InvalidInputError:
    remedy = (
        f"it is {as_json(there)} in pool {pool}, set by {agreed.by}: leave it out here, or change it for all with"
        f" `tinyv-stream pool set {name}={as_json(here)}`"
    )
    return InvalidInputError(name, here, remedy)


def _new_tag() -> str:
    return uuid.uuid4().hex[:8]


def _pairs(settings: Settings) -> list[str]:
    return [text for name, value in settings.items() for text in (name, as_json(value))]


def _agreed(answer: object) -> Agreed:
    version, tag, by, silent_ms, *pairs = cast("list[bytes | int]", answer)
    texts = [cast("bytes", text) for text in pairs]
    settings = {name.decode(): msgspec.json.decode(value) for name, value in zip(texts[::2], texts[1::2], strict=True)}
    return Agreed(
        version=int(version),
        tag=cast("bytes", tag).decode(),
        by=cast("bytes", by).decode(),
        silent_s=float(silent_ms) / 1000,
        settings=settings,
    )
