"""The OpenAPI 3.1 document: the routes as they are, with what their declarations say."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute, Route

from careloom import __version__
from careloom.gateway.classes import Declaration, Proof, declaration_of
from careloom.gateway.examples import HEADERS
from careloom.gateway.problems import Problem, documented

TITLE: Final = "Careloom"
_DESCRIPTION: Final = """\
Messages and events in, events and their journeys out, and direct look-ups within bounds. Every error is
`application/problem+json` (RFC 9457). Each route says how sensitive it is (`x-data-class`), how important
(`x-criticality`), who answers for it (`x-owner`) and which scope a key needs (`x-scope`)."""
_BEARER: Final = "HTTPBearer"
_QUOTA: Final = ("RateLimit", "RateLimit-Policy")
_CONDITION: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "the ETag of what the caller has; 304 says that it is still so",
    "schema": {"type": "string"},
}


def openapi(routes: Iterable[BaseRoute]) -> dict[str, Any]:
    """The document of these routes."""
    known = [route for route in routes if isinstance(route, Route)]
    document = get_openapi(title=TITLE, version=__version__, description=_DESCRIPTION, routes=known)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    components["headers"] = {name: dict(HEADERS[name]) for name in _QUOTA}
    components.setdefault("securitySchemes", {})[_BEARER] = {
        "type": "http",
        "scheme": "bearer",
        "description": "an API key",
    }
    for route in known:
        for method, operation in document["paths"].get(route.path, {}).items():
            if method.upper() in (route.methods or ()):
                _complete(operation, declaration_of(route))
    return document


def _complete(operation: dict[str, Any], declaration: Declaration) -> None:
    responses = operation["responses"]
    # The framework's own 422 speaks of a shape that we never answer with.
    if "application/json" in responses.get("422", {}).get("content", {}):
        del responses["422"]
    for response in responses.values():
        # It adds JSON of any shape to routes that answer with something else.
        if {} in [one.get("schema") for one in response.get("content", {}).values()]:
            del response["content"]["application/json"]
    operation["x-data-class"] = declaration.data_class.value
    operation["x-criticality"] = declaration.criticality.value
    operation["x-owner"] = declaration.owner
    if declaration.deprecated:
        operation["deprecated"] = True
    if "304" in responses:
        operation.setdefault("parameters", []).append(_CONDITION)
    if declaration.proof is Proof.KEY:
        _with_key(operation, declaration)


def _with_key(operation: dict[str, Any], declaration: Declaration) -> None:
    responses = operation["responses"]
    operation["security"] = [{_BEARER: []}]
    operation["x-scope"] = str(declaration.needed)
    responses.update({str(status): one for status, one in documented(401, 403, 429).items()})
    for status, response in responses.items():
        if status < "300" or status == "429":
            quota = {name: {"$ref": f"#/components/headers/{name}"} for name in _QUOTA}
            response["headers"] = {**response.get("headers", {}), **quota}
    responses["429"]["headers"]["Retry-After"] = HEADERS["Retry-After"]
    operation["responses"] = dict(sorted(responses.items()))
