"""The HTTP API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from careloom import __version__
from careloom.gateway import (
    case_acts,
    case_routes,
    catalogue,
    delegation_routes,
    direct,
    journeys,
    lookup_routes,
    messages,
    metrics_route,
    pages,
    person_routes,
    problems,
    publishing,
    reading,
    run_acts,
    run_routes,
    systems_routes,
)
from careloom.gateway.classes import Criticality, DataClass, Declaration, Proof, Traffic, declared
from careloom.gateway.document import TITLE, openapi
from careloom.gateway.governed import govern
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
_OF_SYSTEMS: Final = Declaration(
    data_class=DataClass.PHI,
    criticality=Criticality.HIGH,
    owner="integration",
    proof=Proof.OWN,
    traffic=Traffic.INTAKE,
)


def create_app(services: Services, pages_at: Mapping[str, ASGIApp] | None = None) -> FastAPI:
    """The API over these services. Its document is at /openapi.json, for people at /docs; neither loads anything from
    elsewhere. `pages_at` are applications by their path that ask for themselves who calls; the first is where `/` leads
    to. Raises ConfigurationError when a route has no declaration."""
    app = FastAPI(title=TITLE, version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    problems.install(app)
    app.add_middleware(SecurityHeaders)

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = openapi(app.router.routes)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]
    for router in _routers(services):
        app.router.routes.extend(router.routes)
    app.router.routes.extend(pages.router(services, document).routes)
    govern(app.router.routes, services)
    for path, other in (pages_at or {}).items():
        app.mount(path, other)
    if pages_at:
        app.router.routes.append(Route("/", _leading_to(next(iter(pages_at)))))
    return app


def _leading_to(path: str) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:  # noqa: ARG001
        return RedirectResponse(f"{path}/", 303)

    return answer


def _routers(services: Services) -> Iterator[APIRouter]:
    """Every router but the pages. Messages come before what systems answer by themselves: the path is theirs, too."""
    yield messages.router(services)
    yield _of_systems(services)
    yield journeys.router(services)
    yield publishing.router(services)
    yield reading.router(services)
    yield catalogue.router(services)
    yield case_routes.router(services)
    yield case_acts.router(services)
    yield delegation_routes.router(services)
    yield run_routes.router(services)
    yield run_acts.router(services)
    yield person_routes.router(services)
    yield lookup_routes.router(services)
    yield direct.router(services)
    if services.metrics is not None:
        yield metrics_route.router(services.metrics, is_open=services.metrics_open)


def _of_systems(services: Services) -> APIRouter:
    router = systems_routes.router(services)
    for route in router.routes:
        declared(_OF_SYSTEMS)(route.endpoint)  # type: ignore[attr-defined]
    return router


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
