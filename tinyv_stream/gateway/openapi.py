"""The OpenAPI document, made from the same types that read the requests."""

from importlib.metadata import version
from typing import Any, Final

import msgspec

from tinyv_stream.gateway.batch import Bad
from tinyv_stream.gateway.schemas import NemoGym, OpenRLHF, Rollouts, Slime
from tinyv_stream.gateway.streaming import StreamLine
from tinyv_stream.types import Reward

_BODIES: Final = (Rollouts, OpenRLHF, Slime, NemoGym, Reward, StreamLine, Bad)
_NUMBERS: Final = {"type": "array", "items": {"type": "number"}}
_ERROR: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["field", "message"],
            "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}
_ERRORS: Final = {
    "400": "The body is no JSON",
    "401": "The token is missing or wrong",
    "408": "The body did not come in time",
    "409": "An id is in use",
    "413": "The body is too large",
    "422": "A field cannot be used; `field` names it",
    "429": "The client has too much unrewarded or unread",
    "503": "The pool or the gateway takes nothing in now; come back after `Retry-After`",
}


def document(*, needs_token: bool) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of a gateway with or without a token."""
    _, components = msgspec.json.schema_components(_BODIES, ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {"title": "tinyv-stream gateway", "version": version("tinyv-stream")},
        "security": [{"token": []}] if needs_token else [],
        "paths": _paths(),
        "components": {
            "schemas": {**components, "Error": _ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> dict[str, Any]:
    errors: dict[str, Any] = {"errors": {"type": "array", "items": _ref("Bad")}}
    rewards: dict[str, Any] = {
        "type": "object",
        "properties": {"rewards": {"type": "array", "items": _ref("Reward")}} | errors,
    }
    ids: dict[str, Any] = {"type": "array", "items": {"type": ["string", "null"]}}
    tickets: dict[str, Any] = {
        "type": "object",
        "properties": {"rollout_ids": ids, "cursor": {"type": "string"}} | errors,
    }
    openrlhf: dict[str, Any] = {
        "type": "object",
        "properties": {"rewards": _NUMBERS, "scores": _NUMBERS, "extra_logs": {"type": "object"}} | errors,
    }
    return {
        "/v1/rollouts": _post("Submit rollouts", "Rollouts", {"200": _json(rewards), "202": _json(tickets)}),
        "/v1/rewards": {"get": _stream()},
        "/get_reward": _post("OpenRLHF's remote reward", "OpenRLHF", {"200": _json(openrlhf)}, source=True),
        "/remote_rm": _post("slime's remote_rm", "Slime", {"200": _json({"type": ["number", "object"]})}, source=True),
        "/verify": _post("NeMo-Gym's verify", "NemoGym", {"200": _json({"type": "object"})}, source=True),
        "/healthz": _get(
            "Whether the process can give rewards; restart it if not",
            {"200": _json({"type": "object"}), "503": _json({"type": "object"})},
            is_open=True,
        ),
        "/readyz": _get(
            "Whether rollouts can be taken",
            {"200": _json({"type": "object"}), "503": _json({"type": "object"})},
            is_open=True,
        ),
        "/metrics": _get("For Prometheus", {"200": {"description": "OpenMetrics text"}, **_errors("401")}),
        "/openapi.json": _get("This document", {"200": _json({"type": "object"}), **_errors("401")}),
    }


def _post(summary: str, body: str, answers: dict[str, Any], *, source: bool = False) -> dict[str, Any]:
    data_source = _parameter("data_source", "For rollouts that name none; `_tinyv` in it asks TinyV too")
    return {
        "post": {
            "summary": summary,
            "parameters": [data_source] if source else [],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(body)}}},
            "responses": {**answers, **_errors(*_ERRORS)},
        }
    }


def _get(summary: str, answers: dict[str, Any], *, is_open: bool = False) -> dict[str, Any]:
    return {"get": {"summary": summary, "responses": answers} | ({"security": []} if is_open else {})}


def _stream() -> dict[str, Any]:
    client = _parameter(
        "client", "Whose rewards", required=True, schema={"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"}
    )
    follow = _parameter("follow", "Stay for more", schema={"type": "string", "enum": ["true", "false"]})
    cursor = _parameter("cursor", "Go on after this reward; default: the oldest kept")
    lines = {"schema": _ref("StreamLine")}
    return {
        "summary": "One client's rewards, a line each, as they come",
        "parameters": [client, follow, cursor],
        "responses": {
            "200": {"description": "Rewards", "content": {"application/x-ndjson": lines, "text/event-stream": lines}},
            "410": _json(_ref("Error"), "The cursor is not known any more"),
            **_errors("401", "422", "429"),
        },
    }


def _parameter(name: str, text: str, *, required: bool = False, schema: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": required,
        "description": text,
        "schema": schema or {"type": "string"},
    }


def _errors(*codes: str) -> dict[str, Any]:
    return {code: _json(_ref("Error"), _ERRORS[code]) for code in codes}


def _json(schema: dict[str, Any], text: str = "Done") -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
