"""HTTP server for rewards, in our own format and in the trainers'.

- A request is answered within `answer_s`, whatever the pool does; what nobody decided is never a 0.
- What it holds is bounded: bodies, requests under way, and per client what is unrewarded or unread.
- With a `state` file it may be killed: unread rewards, cursors and unrewarded rollouts are taken up by the next.

It starts no pool, and speaks no TLS: put a proxy in front of it for that.
"""

from tinyv_stream.gateway.server import Gateway
from tinyv_stream.gateway.settings import GatewayConfig

__all__ = ["Gateway", "GatewayConfig"]
