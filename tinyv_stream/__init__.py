"""Asynchronous streaming reward pipeline for RL post-training.

Submit rollouts while their neighbours are still being generated, and await their rewards: `RewardClient`.

The public names are imported when they are first used, so that a program which needs one small module of the package
(a probe, an actor of Ray) does not pay for the client.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tinyv_stream.client.client import RewardClient
    from tinyv_stream.client.ticket import Ticket
    from tinyv_stream.errors import (
        BrokerError,
        BrokerUnavailableError,
        ClientClosedError,
        InvalidInputError,
        TinyVError,
        UndecidedError,
        UnsupportedServerError,
    )
    from tinyv_stream.types import Outcome, Reward, Rollout, Source, Status, Verdict

__all__ = [
    "BrokerError",
    "BrokerUnavailableError",
    "ClientClosedError",
    "InvalidInputError",
    "Outcome",
    "Reward",
    "RewardClient",
    "Rollout",
    "Source",
    "Status",
    "Ticket",
    "TinyVError",
    "UndecidedError",
    "UnsupportedServerError",
    "Verdict",
]

_MODULES = {"RewardClient": "tinyv_stream.client.client", "Ticket": "tinyv_stream.client.ticket"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    own = "errors" if name.endswith("Error") else "types"
    found = getattr(import_module(_MODULES.get(name, f"tinyv_stream.{own}")), name)
    globals()[name] = found
    return found
