"""The HTTP API."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Depends, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careloom import __version__
from careloom.gateway import messages, problems, systems_routes
from careloom.gateway.access import caller
from careloom.gateway.problems import Problem, documented
from careloom.gateway.services import Services

_SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000",
}


def create_app(services: Services) -> FastAPI:
    """The API over these services. Its document is at /openapi.json; no page of it loads anything from elsewhere."""
    app = FastAPI(title="Careloom", version=__version__, docs_url=None, redoc_url=None, openapi_url="/openapi.json")
    problems.install(app)
    app.add_middleware(SecurityHeaders)
    app.include_router(messages.router(services))
    app.include_router(systems_routes.router(services))
    app.include_router(_status(services))
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def _status(services: Services) -> APIRouter:
    routes = APIRouter(tags=["status"])
    known = Depends(caller(services.keys))

    @routes.get("/v1/status", dependencies=[known], responses=documented(401), summary="Counts and states of this node")
    async def status() -> dict[str, Any]:
        return {**services.status(), "time": services.clock.now().isoformat()}

    @routes.get("/healthz", summary="Whether this node answers; needs no key and tells nothing else")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    return routes


def _document(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document, with the one shape of every error and without the framework's own."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = Problem.model_json_schema()
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        app.openapi_schema = document
    return app.openapi_schema


class SecurityHeaders:
    """Adds the security headers to every response, errors too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)
