"""Network namespaces, one per program of a chaos run, on a bridge in this one, where the server is.

A partition takes a namespace's port off the bridge: packets go nowhere, nobody is told, and connections that were open
are open afterwards. For root, in a network namespace of its own (`make chaos-net`), with which all of it goes.
"""

import subprocess
from collections.abc import Sequence
from typing import Final

HOST: Final = "10.213.7.1"
"""The server's address; the others follow it."""
_BRIDGE: Final = "tvbr0"


class Namespaces:
    """Made by `make`. `prefix` starts a program in one; `cut` and `join` part it from the bridge and put it back."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)

    def make(self) -> None:
        """Make them all; raise CalledProcessError or OSError where this is not allowed."""
        _ip("link", "set", "lo", "up")
        _ip("link", "add", _BRIDGE, "type", "bridge")
        _ip("addr", "add", f"{HOST}/24", "dev", _BRIDGE)
        _ip("link", "set", _BRIDGE, "up")
        for name in self.names:
            _ip("netns", "add", name)
            _ip("link", "add", f"p-{name}", "type", "veth", "peer", "name", "eth0", "netns", name)
            _ip("link", "set", f"p-{name}", "up", "master", _BRIDGE)
            inside = ("netns", "exec", name, "ip")
            _ip(*inside, "addr", "add", f"{self.address(name)}/24", "dev", "eth0")
            _ip(*inside, "link", "set", "eth0", "up")
            _ip(*inside, "link", "set", "lo", "up")

    def address(self, name: str) -> str:
        """Return where the others reach what runs in a namespace."""
        return f"{HOST.rpartition('.')[0]}.{self.names.index(name) + 2}"

    def prefix(self, name: str) -> list[str]:
        """Return what, before a command, runs it there, under the same process id."""
        return ["nsenter", f"--net=/run/netns/{name}"]

    def cut(self, names: Sequence[str]) -> None:
        """Part namespaces from the bridge."""
        for name in names:
            _ip("link", "set", f"p-{name}", "nomaster")

    def join(self, names: Sequence[str]) -> None:
        """Put namespaces back."""
        for name in names:
            _ip("link", "set", f"p-{name}", "master", _BRIDGE)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)  # noqa: S603, S607
