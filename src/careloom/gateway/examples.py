"""How routes describe their answers in the OpenAPI document, each with an example of invented content."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel

MESSAGE_ID: Final = "019cbd0a-5c4b-7a53-9f0e-3f2f5a1c7d10"
EVENT_ID: Final = "019cbd0a-5c61-7c02-8a3b-6b1d2e9f4a77"
SUBJECT: Final = "5b1f0a52-7f3c-5e0e-9d55-0d6c0a4be9c1"
TIME: Final = "2026-03-04T05:06:07Z"

Responses = dict[int | str, dict[str, Any]]


def answer(status: int, description: str, model: type[BaseModel], example: Any, *headers: str) -> Responses:
    """One response of a route, as JSON. `headers` are names of HEADERS."""
    content = {"application/json": {"example": example}}
    made: dict[str, Any] = {"description": description, "content": content, "model": model}
    if headers:
        made["headers"] = {name: HEADERS[name] for name in headers}
    return {status: made}


def taken(example: BaseModel) -> dict[str, Any]:
    """An example of the body that a route takes, beside the schema that the framework writes."""
    shown = example.model_dump(exclude_none=True, mode="json")
    return {"requestBody": {"content": {"application/json": {"example": shown}}}}


def empty(status: int, description: str, *headers: str) -> Responses:
    """A response without a body."""
    return {status: {"description": description, "headers": {name: HEADERS[name] for name in headers}}}


def _header(description: str, example: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string"}, "example": example}


HEADERS: Final[dict[str, dict[str, Any]]] = {
    "ETag": _header("names this content; send it back as If-None-Match", '"9f1c7a0b3d5e2f48a6c07b1d9e3f5a20"'),
    "Link": _header("the next page, rel=next (RFC 8288)", '</v1/events?limit=100&after=gUAB>; rel="next"'),
    "Location": _header("where what came of it can be read", f"/v1/messages/{MESSAGE_ID}"),
    "Idempotency-Replayed": _header("true: this is the answer to the first request with this key", "true"),
    "Retry-After": _header("seconds to wait", "1"),
    "RateLimit": _header("requests left, and seconds until all are back", '"read";r=5999;t=1'),
    "RateLimit-Policy": _header("the quota and its seconds", '"read";q=6000;w=60'),
}
