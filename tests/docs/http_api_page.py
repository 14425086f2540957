"""The HTTP API, read from its own OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.docs.markdown import code, page, prose, table

from careloom.gateway.app import create_app
from careloom.gateway.services import Services
from careloom.testing.intake import MemoryIntake

_INTRO = """\
A running hub serves its document at `/openapi.json` and this page, for a browser, at `/docs` (with `/docs/style.css`);
nothing is loaded from elsewhere. These three and `/healthz` need no key. Systems that check a signature of their
own, such as webhooks, need none either. Every other route asks for an API key as `Authorization: Bearer <key>`;
`careloom key create NAME` makes one. The API listens on 127.0.0.1 and speaks plain HTTP: put a reverse proxy with
TLS before it ([deployment](../operations/deployment.md)). Errors are [problems](errors.md#problems-of-the-http-api)."""


async def _no_metrics() -> bytes:
    return b""


class _NoKeys:
    def check(self, key: str) -> None:
        """No key is known: nobody calls this application."""


def document() -> dict[str, Any]:
    """The OpenAPI document."""
    services = Services(intake=MemoryIntake(), keys=_NoKeys(), systems={}, status=dict, metrics=_no_metrics)
    made: dict[str, Any] = create_app(services).openapi()
    return made


def http_api_page() -> str:
    """docs/reference/http-api.md"""
    made = document()
    routes = [
        _operation(path, method, operation) for path, one in made["paths"].items() for method, operation in one.items()
    ]
    schemas = made["components"]["schemas"]
    return page("HTTP API", _INTRO, *routes, "## Schemas", *(_schema(name, schemas[name]) for name in sorted(schemas)))


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> str:
    key = "" if operation.get("security") else " Needs no key."
    blocks = [f"## {method.upper()} {path}", f"{operation['summary']}.{key}", prose(operation.get("description"))]
    parameters = operation.get("parameters", [])
    rows = [(code(one["name"]), one["in"], _required(one), _pattern(one["schema"])) for one in parameters]
    blocks.append(table(("parameter", "in", "required", "form"), rows))
    if "requestBody" in operation:
        blocks.append(f"Body: {', '.join(map(code, operation['requestBody']['content']))}.")
    blocks.append(table(("status", "meaning", "content"), [_response(*one) for one in operation["responses"].items()]))
    return "\n\n".join(block for block in blocks if block)


def _response(status: str, response: Mapping[str, Any]) -> tuple[str, str, str]:
    return status, response["description"], ", ".join(map(code, response.get("content", {})))


def _required(parameter: Mapping[str, Any]) -> str:
    return "yes" if parameter.get("required") else ""


def _pattern(schema: Mapping[str, Any]) -> str:
    parts = [schema, *schema.get("anyOf", ())]
    return next((code(one["pattern"]) for one in parts if "pattern" in one), "text")


def _schema(name: str, schema: Mapping[str, Any]) -> str:
    required = set(schema.get("required", ()))
    rows = [
        (code(field), "yes" if field in required else "", one.get("description", ""))
        for field, one in schema["properties"].items()
    ]
    return f"### {name}\n\n{prose(schema.get('description'))}\n\n{table(('member', 'required', 'meaning'), rows)}"
