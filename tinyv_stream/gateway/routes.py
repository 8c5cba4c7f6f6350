"""Request handlers: our own API and the trainers' formats."""

import asyncio
import logging
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

import msgspec
from aiohttp import web

from tinyv_stream.adapter_kit import JudgedReward, OnUndecided
from tinyv_stream.aio.log_limit import LogLimit
from tinyv_stream.errors import InvalidInputError
from tinyv_stream.gateway import trainer_formats
from tinyv_stream.gateway.batch import Batch, failed, read_batch, sorted_out
from tinyv_stream.gateway.metrics import CONTENT_TYPE
from tinyv_stream.gateway.openapi import document
from tinyv_stream.gateway.schemas import NemoGym, OpenRLHFRead, RolloutsRead, Slime, read
from tinyv_stream.gateway.service import GatewayService
from tinyv_stream.types import Rollout

_log = logging.getLogger(__name__)

_LOOK_S: Final = 3.0
"""How long the broker may take to answer a health check: shorter than a probe's default time-out of 5 s."""


class Routes:
    """Handlers over one service. `stopping` is set when the gateway is to end."""

    def __init__(self, service: GatewayService, stopping: asyncio.Event) -> None:
        self._service = service
        self._stopping = stopping
        self._unlooked = LogLimit()

    def table(self) -> list[web.RouteDef]:
        """Return all routes but the reward stream."""
        return [
            web.post("/v1/rollouts", self.rollouts),
            web.post("/get_reward", self.openrlhf),
            web.post("/remote_rm", self.slime),
            web.post("/verify", self.nemo_gym),
            web.get("/healthz", self.health),
            web.get("/readyz", self.ready),
            web.get("/metrics", self.metrics),
            web.get("/openapi.json", self.openapi),
        ]

    async def rollouts(self, request: web.Request) -> web.Response:
        """Submit rollouts; answer with their rewards, or at once with their ids."""
        body = await read(request, RolloutsRead)
        if not body.wait and not body.client:
            raise InvalidInputError("client", "", "name the client whose rewards these are, or set `wait`")
        batch = read_batch(body.rollouts, self._service.config)
        if body.wait:
            judged = await self._service.request(batch.good)
            none = [failed("", bad.message) for bad in batch.bad]
            return answer({"rewards": batch.spread([one.reward for one in judged], none)} | _errors(batch))
        feed = self._service.feed(body.client)
        batch = batch.with_own_ids(partial(self._service.is_anothers, feed))
        cursor = feed.cursor
        ids = batch.spread([*await self._service.post(feed, batch.good)], [None for _ in batch.bad])
        return answer({"rollout_ids": ids, "cursor": cursor} | _errors(batch), status=202)

    async def openrlhf(self, request: web.Request) -> web.Response:
        """Answer OpenRLHF's `--reward.remote_url`; a bad item gets what an undecided one gets, and is in `errors`."""
        items = trainer_formats.from_openrlhf(await read(request, OpenRLHFRead), self._source(request))
        policy = self._service.config.policy
        batch = sorted_out(items, self._service.config, trainer_formats.OPENRLHF_NAMES)
        if batch.first and policy is OnUndecided.RAISE:
            raise batch.first
        judged = await self._request(batch.good, trainer_formats.OPENRLHF_NAMES, needs_baseline=True)
        none = [self._service.unasked(failed("", bad.message)) for bad in batch.bad]
        return answer(trainer_formats.to_openrlhf(batch.spread(judged, none), policy) | _errors(batch))

    async def slime(self, request: web.Request) -> web.Response:
        """Answer slime's `--rm-url`; with `?detailed=1` a record for `--reward-key score`."""
        rollout = trainer_formats.from_slime(await read(request, Slime), self._source(request))
        (judged,) = await self._request([rollout], trainer_formats.SLIME_NAMES, needs_baseline=True)
        detailed = request.query.get("detailed", "") in {"1", "true"}
        return answer(trainer_formats.to_slime(judged, self._service.config.policy, detailed=detailed))

    async def nemo_gym(self, request: web.Request) -> web.Response:
        """Answer NeMo-Gym's `/verify`."""
        rollout = trainer_formats.from_nemo_gym(await read(request, NemoGym), self._source(request))
        (judged,) = await self._request([rollout], trainer_formats.NEMO_GYM_NAMES, needs_baseline=True)
        sent = await read(request, dict[str, Any])
        return answer(trainer_formats.to_nemo_gym(judged, self._service.config.policy, sent))

    async def health(self, _: web.Request) -> web.Response:
        """Say whether this process can give rewards, and if not for how long and why: then restart it."""
        for_s, reason = self._service.trouble()
        if for_s > self._service.config.unhealthy_s:
            return answer({"status": "failing", "reason": reason, "for_s": round(for_s, 1)}, status=503)
        return answer({"status": "ok"} | ({"reason": reason, "for_s": round(for_s, 1)} if reason else {}))

    async def ready(self, _: web.Request) -> web.Response:
        """Say whether rollouts can be taken, and by how many workers."""
        reason, workers = await self._state()
        ready = {
            stage: sum(n for (s, state), n in workers.items() if (s, state) == (stage, "ready")) for stage in STAGES
        }
        if not reason and not ready["rule"]:
            reason = "no rule worker is ready"
        return answer({"ready": not reason, "reason": reason, "workers": ready}, status=503 if reason else 200)

    async def metrics(self, _: web.Request) -> web.Response:
        """Give Prometheus what it asks for; without the pool's figures where the broker does not answer."""
        metrics, body = self._service.metrics, b""
        try:
            async with asyncio.timeout(_LOOK_S):
                metrics.pool = await self._service.look()
            body = metrics.text()
        except Exception as exc:  # noqa: BLE001 whatever the broker answers, this process has figures of its own
            _log.debug("no figures of the pool", exc_info=exc)
        finally:
            metrics.pool = None
        return web.Response(body=body or metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    async def openapi(self, _: web.Request) -> web.Response:
        """Describe all this."""
        return answer(document(needs_token=bool(self._service.config.token)))

    async def _state(self) -> tuple[str, Mapping[tuple[str, str], int]]:
        if self._stopping.is_set():
            return "stopping", {}
        if reason := self._service.trouble()[1]:
            return reason, {}
        try:
            async with asyncio.timeout(_LOOK_S):
                return "", Counter((w.stage, w.state) for w in (await self._service.look()).workers)
        except TimeoutError:
            return f"the broker does not answer in {_LOOK_S:g} s", {}
        except Exception as exc:  # noqa: BLE001 whatever it answers: this is what a probe asks for
            # Who asks needs no token: an exception's text may name a user and a host.
            if self._unlooked.is_due():
                _log.warning("the broker does not answer as it should", exc_info=exc)
            return f"the broker does not answer as it should ({type(exc).__name__}): see the gateway's log", {}

    async def _request(
        self, rollouts: list[Rollout], names: Mapping[str, str], *, needs_baseline: bool = False
    ) -> list[JudgedReward]:
        try:
            return await self._service.request(rollouts, needs_baseline=needs_baseline)
        except InvalidInputError as exc:
            raise trainer_formats.as_sent(exc, names) from exc

    def _source(self, request: web.Request) -> str:
        return request.query.get("data_source") or self._service.config.data_source


STAGES: Final = ("rule", "tinyv")
_encoder: Final = msgspec.json.Encoder()


def answer(content: object, *, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return `content` as JSON."""
    return web.Response(body=_encoder.encode(content), status=status, content_type="application/json", headers=headers)


def _errors(batch: Batch) -> dict[str, object]:
    return {"errors": batch.bad} if batch.bad else {}
