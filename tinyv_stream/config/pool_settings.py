"""Pool settings: the part of a configuration that can change a reward, flat, hashed and compared. Pure.

- One pool has one set of them, whatever hosts serve it. Everything else is a host's own: counts, devices, engine sizes.
- A setting that is not on the list of a host's own is the pool's, so a new one is agreed on unless somebody decides
  otherwise.
- Names are dotted, as in `tinyv.toml`: `tinyv.weight`, `rule.timeout_s`; `routes` is one setting.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final, cast

import msgspec

from tinyv_stream.config import Config, check
from tinyv_stream.config.bounds import convert

HOST_SETTINGS: Final = frozenset(
    {
        "broker.pool",
        "broker.shards",  # settled by whoever opens the pool first, and kept
        "broker.max_outstanding",
        *(f"rule.{name}" for name in ("workers", "processes", "slots")),
        *(f"tinyv.{name}" for name in ("workers", "devices", "require_check", "shadow")),
        *(f"tinyv.engine.{name}" for name in ("url", "device", "threads", "sleep", "watchdog_s", "block_size")),
        *(f"tinyv.engine.{name}" for name in ("max_num_seqs", "gpu_memory_utilization", "kv_cache_mb")),
    }
)
"""What no reward depends on."""
AUTO: Final = "auto"
"""A model that the first TinyV worker chooses; whoever says it agrees with any."""
MODEL: Final = "tinyv.model"

Settings = Mapping[str, object]
"""Pool settings by name, as JSON has them."""


class Difference(msgspec.Struct, frozen=True):
    """A setting with two values."""

    name: str
    here: object
    pool: object

    def __str__(self) -> str:
        return f"{self.name} is {as_json(self.here)} here and {as_json(self.pool)} in the pool"


def pool_settings(config: Config) -> dict[str, object]:
    """Return the pool settings of a checked configuration, by name, in order."""
    return dict(sorted(_flat("", msgspec.to_builtins(config), config)))


def with_pool_settings(config: Config, settings: Settings) -> Config:
    """Return `config` with a pool's settings in place of its own; a name of a newer release is left out.

    Raises InvalidInputError for values that this release does not take.
    """
    plain = cast("dict[str, object]", msgspec.to_builtins(config))
    for name in pool_settings(config):
        if name in settings:
            _put(plain, name, settings[name])
    return check(convert(plain, Config, source="the pool's settings"))


def digest(settings: Settings) -> str:
    """Return eight hex digits that are equal if and only if the settings are."""
    text = "\n".join(f"{name}={as_json(value)}" for name, value in sorted(settings.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def differences(here: Settings, pool: Settings, names: Iterable[str] | None = None) -> list[Difference]:
    """Return what differs, by name; of `names` only, where they are given. A name that one side lacks is no difference.

    `auto` agrees with any model.
    """
    common = sorted(here.keys() & pool.keys() & (here.keys() if names is None else set(names)))
    found = [Difference(name, here[name], pool[name]) for name in common if as_json(here[name]) != as_json(pool[name])]
    return [one for one in found if (one.name, one.here) != (MODEL, AUTO)]


def changes(before: Settings, after: Settings, names: Iterable[str]) -> list[Difference]:
    """Return which of `names` a change gave another value, by name; `auto` is a value like any other."""
    values = {name: (before.get(name), after.get(name)) for name in sorted(names)}
    return [Difference(name, old, new) for name, (old, new) in values.items() if as_json(old) != as_json(new)]


def chosen(config: Config) -> set[str]:
    """Return the names of the pool settings that are not as by default."""
    return {one.name for one in differences(pool_settings(config), pool_settings(Config()))}


def written(plain: Mapping[str, object]) -> set[str]:
    """Return the names of the pool settings that a decoded `tinyv.toml` writes out."""
    return {name for name, _ in _flat("", plain, Config())}


def as_json(value: object) -> str:
    """Return a setting's value as JSON; zero has one spelling."""
    return msgspec.json.encode(value + 0.0 if isinstance(value, float) else value).decode()


def _flat(path: str, plain: object, like: object) -> Iterable[tuple[str, object]]:
    """Yield (name, value) of the pool settings in `plain`, a table as deep as the Structs of `like` are."""
    if path in HOST_SETTINGS:
        return
    if not isinstance(like, msgspec.Struct) or not isinstance(plain, Mapping):
        yield path, plain
        return
    table = cast("Mapping[str, object]", plain)
    for name in like.__struct_fields__:
        if name in table:
            yield from _flat(f"{path}.{name}".lstrip("."), table[name], getattr(like, name))


def _put(plain: dict[str, object], name: str, value: object) -> None:
    *tables, last = name.split(".")
    for table in tables:
        plain = cast("dict[str, object]", plain[table])
    plain[last] = value
