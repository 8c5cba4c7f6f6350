"""Settings of a gateway, each with its bounds, unit and reason; `check` adds what bounds cannot say."""

import ipaddress
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from tinyv_stream.adapter_kit.reward_values import OnUndecided, Policy, policy_of
from tinyv_stream.config import Name, Positive, PositiveSeconds, Seconds
from tinyv_stream.config.bounds import check_bounds
from tinyv_stream.errors import InvalidInputError

DEFAULT_PORT: Final = 8377


class GatewayConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One gateway. Times are seconds."""

    redis_url: str
    """The pool's broker."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: Annotated[int, Meta(ge=0, le=65_535)] = DEFAULT_PORT
    """0: any free port."""
    token: str = ""
    """Bearer token of every request but the health checks; required where other machines can connect."""
    pool: Name = "main"
    """The pool whose workers grade."""
    run_id: Name = "gateway"
    """Name of this gateway's run in the pool."""
    data_source: str = "gateway_tinyv"
    """For rollouts that name none: rules first, then TinyV."""
    on_undecided: str | float = OnUndecided.ABSTAIN
    """What the trainers' own formats return for an undecided rollout; our own has `status`."""
    state: str = ""
    """A file that keeps unread rewards and unrewarded rollouts over a restart; empty: they end with the gateway."""
    record: str = ""
    """Directory of the durable record, texts included; empty: none is kept."""
    deadline_s: PositiveSeconds = 100.0
    """For rollouts that give none, from their submission."""
    answer_s: PositiveSeconds = 110.0
    """By when a waiting request is answered in any case: slime hangs up after 120 s, OpenRLHF after 180."""
    max_body_bytes: Positive = 16 * 1024 * 1024
    """Most bytes of one request's body."""
    max_rollouts: Positive = 1024
    """Rollouts of one request."""
    max_requests: Positive = 4096
    """Requests under way at once; more get a 503 and `Retry-After`. 1,000 trainer connections fit well."""
    max_inflight: Positive = 20_000
    """Rollouts of this gateway that may be unrewarded; beyond it requests wait."""
    credit: Positive = 10_000
    """Rollouts of one client that may be unrewarded or unread; beyond it a submit is refused until the client reads."""
    max_clients: Positive = 256
    """Clients remembered at once."""
    retention_s: Seconds = 600.0
    """How long a reward is kept after a reader was sent it: one that stalled goes on from its last cursor."""
    retention_bytes: Positive = 16 * 1024 * 1024
    """Most bytes of such rewards per client, about 500 each; beyond it the oldest are dropped before their time."""
    idle_s: Seconds = 3600.0
    """After this long without a request, a client with nothing unrewarded is forgotten, with what it did not read."""
    header_s: PositiveSeconds = 10.0
    """How long a connection may take to send a request's headers."""
    body_s: PositiveSeconds = 60.0
    """How long a request may take to send its body."""
    keep_alive_s: PositiveSeconds = 75.0
    """How long a connection may stay between two requests."""
    max_waiting: Positive = 128
    """Connections of one address that have not yet sent a request; beyond it the oldest are closed."""
    unhealthy_s: PositiveSeconds = 60.0
    """After this long without broker, state file or reader, `/healthz` fails, so that a container is restarted."""
    grace_s: Seconds = 20.0
    """How long requests may finish when the gateway is stopped; less than the 30 s of most process managers."""

    @property
    def policy(self) -> Policy:
        """The policy for undecided rollouts in the trainers' own formats."""
        return policy_of(self.on_undecided)


def check(config: GatewayConfig) -> GatewayConfig:
    """Return `config` if every field is within its bounds and all make sense together; raise InvalidInputError else."""
    config = check_bounds(config)
    token = config.token.strip()
    if config.token and not (token and token.isascii() and token.isprintable() and " " not in token):
        raise InvalidInputError("TINYV_GATEWAY_TOKEN", "***", "give printable ASCII characters without a space")
    config = msgspec.structs.replace(config, token=token)
    policy_of(config.on_undecided)
    if not config.token and not is_loopback(config.host):
        raise InvalidInputError(
            "TINYV_GATEWAY_TOKEN", "", f"set a token: others than this machine can reach {config.host}"
        )
    return config


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
