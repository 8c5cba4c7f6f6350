"""What a gateway may be told, with the reason of every default."""

import ipaddress
from typing import Final

import msgspec

from tinyv_stream.adapter_kit.reward_values import OnUndecided, Policy, policy_of
from tinyv_stream.errors import InvalidInputError

DEFAULT_PORT: Final = 8377


class GatewayConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One gateway. Times are seconds."""

    redis_url: str
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    """0: any free port."""
    token: str = ""
    """Bearer token of every request but the health checks; required where others than this machine can connect."""
    pool: str = "main"
    run_id: str = "gateway"
    data_source: str = "gateway_tinyv"
    """For rollouts that name none: rules first, then TinyV."""
    on_undecided: str | float = OnUndecided.ABSTAIN
    """For the trainers' own formats; our own says `status`."""
    state: str = ""
    """A file that keeps unread rewards and unrewarded rollouts over a restart; empty: they end with the gateway."""
    deadline_s: float = 100.0
    """For rollouts that give none, from their submission."""
    answer_s: float = 110.0
    """By when a waiting request is answered in any case: slime hangs up after 120 s, OpenRLHF after 180."""
    max_body_bytes: int = 16 * 1024 * 1024
    max_rollouts: int = 1024
    """Rollouts of one request."""
    max_requests: int = 4096
    """Requests under way at once; more are told to come back. 1,000 trainer connections fit well."""
    max_inflight: int = 20_000
    """Rollouts of this gateway that may be unrewarded; beyond it requests wait."""
    credit: int = 10_000
    """Rollouts of one client that may be unrewarded or unread; beyond it the client is told to read first."""
    max_clients: int = 256
    idle_s: float = 3600.0
    """After this long without a request, a client with nothing unrewarded is forgotten, with what it did not read."""
    grace_s: float = 20.0
    """How long requests may finish when the gateway is stopped; less than a process manager's usual 30 s."""

    @property
    def policy(self) -> Policy:
        """What the trainers' own formats say where nobody decided."""
        return policy_of(self.on_undecided)


def check(config: GatewayConfig) -> GatewayConfig:
    """Return `config` if it makes sense; raise InvalidInputError naming the first field that does not."""
    policy_of(config.on_undecided)
    if not config.token and not is_loopback(config.host):
        raise InvalidInputError(
            "TINYV_GATEWAY_TOKEN", "", f"set a token: others than this machine can reach {config.host}"
        )
    if not 0 <= config.port < 65_536:
        raise InvalidInputError("port", config.port, "use 0 to 65535")
    for name in ("deadline_s", "answer_s", "max_body_bytes", "max_rollouts", "max_requests", "max_inflight", "credit"):
        if not getattr(config, name) > 0:
            raise InvalidInputError(name, getattr(config, name), "use a number above 0")
    return config


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
