"""The stream with a real server, the real client and real workers in this process; only the verifiers are scripted."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from tinyv_stream import Rollout
from tinyv_stream.broker.operator import OperatorApi

Serve = Callable[..., AbstractAsyncContextManager[None]]


def rollout(text: str, n: int = 0, **more: object) -> Rollout:
    fields: dict[str, object] = {"question": f"q{n}", "ground_truth": "1", "data_source": "x_tinyv"}
    return Rollout(completion=text, **(fields | {"rollout_id": f"r{n}"} | more))  # type: ignore[arg-type]


async def is_empty(operator: OperatorApi) -> bool:
    status = await operator.status()
    return status.live == status.parked == sum(status.depth.values()) == 0


async def workers_beat(operator: OperatorApi, count: int) -> bool:
    return len((await operator.status()).workers) == count
