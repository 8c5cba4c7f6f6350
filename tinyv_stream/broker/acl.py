"""ACL rules by role: the least rights of each user of a shared server.

- The commands are those that the role's own scripts call, and those that it sends beside them: nothing to keep in step.
- A trainer takes no work, and sees no reward of another run where it is confined to one. A worker drops no reward.
  Neither reaches keys of another pool, looks for keys, or changes the server.

A server checks a script's commands one by one, so these rules hold inside scripts too. It cannot check *which* script:
a trainer that was taken over can still spoil its own pool's queues.
"""

import re
from typing import Final

from tinyv_stream.broker.scripts import COMMON, ROLES, Role, roles_of, script_names, script_text

__all__ = ["ROLES", "Role", "acl_rules", "scripts_of", "watcher_rules"]

_CONNECT: Final = (
    "hello",
    "auth",
    "ping",
    "select",
    "client|setinfo",
    "info",
    "cluster|slots",
    "evalsha",
    "script|load",
)
_LOOK: Final = ("xlen", "xrange", "xrevrange", "zcard", "zrange", "hlen", "hgetall")
_SEND: Final[dict[Role, tuple[str, ...]]] = {
    "trainer": ("xread", "unlink"),
    "worker": ("xreadgroup",),
    "operator": ("xread", "unlink", "xreadgroup"),
}
_SHARED: Final = ("live", "at", "parked", "leaders", "cache", "cache:age", "stats", "meta", "dead", "q:*")
_CALL: Final = re.compile(r"redis\.p?call\('(\w+)'(?:, *'(CREATE|DELCONSUMER)')?")
"""A call in a script, with the part of a command that has parts."""


def scripts_of(role: Role) -> frozenset[str]:
    """Return the names of the scripts that a role may run, by their first lines; an operator stands in for all roles.

    Raises ValueError for a script that names no role, or an unknown one.
    """
    callers = {name: roles_of(name) for name in script_names()}
    return frozenset(name for name, roles in callers.items() if role in roles or role == "operator")


def acl_rules(role: Role, pool: str, *, run: str = "*") -> list[str]:
    """Return the rules of one user, for `ACL SETUSER NAME on >PASSWORD ...` or a line of an ACL file.

    `run` confines a trainer to the rewards of one run; a worker and an operator serve all.
    """
    tag = f"{{tv:{pool}:*}}"
    if role == "trainer":
        keys = [f"~{tag}:{name}" for name in (*_SHARED, f"done:{run}", f"age:{run}", f"res:{run}:*", f"hold:{run}:*")]
        keys += [f"%R~{tag}:hb", f"%R~{tag}:workers"]
    else:
        keys = [f"~{tag}:*"]
    commands = {*_CONNECT, *_LOOK, *_SEND[role], *_called(role)}
    return ["resetkeys", "resetchannels", *keys, "-@all", *(f"+{name}" for name in sorted(commands))]


def watcher_rules(pool: str) -> list[str]:
    """Return the rules of a user that sees how long the pool's queues are, and nothing else: an autoscaler's."""
    commands = ("hello", "auth", "ping", "select", "client|setinfo", "client|setname", "cluster|slots", "xlen")
    return ["resetkeys", "resetchannels", f"%R~{{tv:{pool}:*}}:q:*", "-@all", *(f"+{name}" for name in commands)]


def _called(role: Role) -> set[str]:
    found: set[str] = set()
    for script in (*COMMON, *scripts_of(role)):
        for command, part in _CALL.findall(script_text(script)):
            found.add(f"{command}|{part}".lower() if part else command.lower())
    return found
