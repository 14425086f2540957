"""What the API says of itself: `/openapi.json`, `/docs` and its style sheet, `/v1/status`, `/healthz`."""

# No postponed annotations here: FastAPI reads them.

import json
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from careloom.gateway import docs_page
from careloom.gateway.classes import Criticality, DataClass, Declaration, declared, public
from careloom.gateway.conditional import tagged
from careloom.gateway.examples import TIME
from careloom.gateway.problems import documented
from careloom.gateway.services import Services

_STYLE: Final = "/docs/style.css"
_POLICY: Final = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_KEPT: Final = 300
_STATUS: Final = {
    "description": "numbers and states, as `careloom status` shows them",
    "content": {"application/json": {"example": {"received": 4711, "delivered": 4700, "time": TIME}}},
}
_HEALTH: Final = {"description": "it answers", "content": {"application/json": {"example": {"status": "ok"}}}}


def router(services: Services, document: Callable[[], dict[str, Any]]) -> APIRouter:
    """The routes. `document` gives the OpenAPI document once all routes are there."""
    routes = APIRouter(tags=["status"])
    _add_status(routes, services)
    _add_document(routes, document)
    return routes


def _add_status(routes: APIRouter, services: Services) -> None:
    @routes.get(
        "/v1/status", responses={200: _STATUS, **documented(401, 403)}, summary="Counts and states of this node"
    )
    @declared(Declaration(data_class=DataClass.OPERATIONAL, criticality=Criticality.NORMAL, owner="integration"))
    async def status() -> dict[str, Any]:
        return {**services.status(), "time": services.clock.now().isoformat()}

    @routes.get(
        "/healthz", responses={200: _HEALTH}, summary="Whether this node answers; needs no key and tells nothing else"
    )
    @public("integration")
    async def health() -> dict[str, str]:
        return {"status": "ok"}


def _add_document(routes: APIRouter, document: Callable[[], dict[str, Any]]) -> None:
    """These stand outside the document: they are about it."""

    @cache
    def written() -> bytes:
        return json.dumps(document(), separators=(",", ":")).encode()

    @cache
    def shown() -> bytes:
        return docs_page.page(document(), _STYLE).encode()

    @routes.get("/openapi.json", include_in_schema=False)
    @public("integration", _KEPT)
    async def openapi(request: Request) -> Response:
        return tagged(request, written())

    @routes.get("/docs", include_in_schema=False)
    @public("integration", _KEPT)
    async def docs(request: Request) -> Response:
        headers = {"Content-Security-Policy": _POLICY}
        return tagged(request, shown(), media_type="text/html; charset=utf-8", headers=headers)

    @routes.get(_STYLE, include_in_schema=False)
    @public("integration", _KEPT)
    async def style(request: Request) -> Response:
        return tagged(request, docs_page.STYLE.encode(), media_type="text/css; charset=utf-8")
