"""Asynchronous streaming reward pipeline for RL post-training.

Submit rollouts while their neighbours are still being generated, and await their rewards: `RewardClient`.
"""

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
