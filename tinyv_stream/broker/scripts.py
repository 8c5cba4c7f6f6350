"""Lua scripts of the broker as files: their names, their texts, and the roles that call them.

The first line of each file says who calls it, `-- role: trainer, worker`. Lua reads it as a comment.
"""

from functools import cache
from importlib.resources import files
from typing import Final, Literal, cast

Role = Literal["trainer", "worker", "operator"]
ROLES: Final[tuple[Role, ...]] = ("trainer", "worker", "operator")

COMMON: Final = ("_common", "_gate")
"""What is put before every script, in this order; no scripts themselves."""

_FOLDER: Final = files("tinyv_stream.broker") / "lua"
_MARK: Final = "-- role:"


def script_names() -> frozenset[str]:
    """Return the names of all scripts."""
    found = (f.name for f in _FOLDER.iterdir() if f.name.endswith(".lua"))
    return frozenset(name.removesuffix(".lua") for name in found) - {*COMMON}


def script_text(name: str) -> str:
    """Return a script as it is written, without what is put before it."""
    return (_FOLDER / f"{name}.lua").read_text()


@cache
def roles_of(name: str) -> frozenset[Role]:
    """Return the roles that call a script; raise ValueError if it names none, or an unknown one."""
    return parse_roles(name, script_text(name))


def parse_roles(name: str, text: str) -> frozenset[Role]:
    """Return the roles that the first line of `text` names; raise ValueError as `roles_of` does."""
    mark, _, named = text.partition("\n")[0].partition(":")
    if f"{mark}:" != _MARK or not named.strip():
        raise ValueError(f"{name}.lua: its first line must say who calls it, as in `{_MARK} trainer, worker`")
    listed = [role.strip() for role in named.split(",")]
    unknown = [role for role in listed if role not in ROLES]
    if unknown:
        raise ValueError(f"{name}.lua: no such role: `{unknown[0]}`; there are {', '.join(ROLES)}")
    return frozenset(cast("list[Role]", listed))
