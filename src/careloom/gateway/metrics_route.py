"""`/metrics`: what Prometheus scrapes."""

# No postponed annotations here: FastAPI reads them.

from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import APIRouter, Response

from careloom.gateway.classes import Criticality, DataClass, Declaration, Scope, declared, public
from careloom.gateway.problems import documented

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_PAGE: Final = {
    "description": "the metrics of the deployment, in Prometheus' text format",
    "content": {"text/plain": {"schema": {"type": "string"}, "example": "careloom_messages_in_flight 0.0\n"}},
}


def router(page: Callable[[], Awaitable[bytes]], *, is_open: bool) -> APIRouter:
    """The route. One that is open asks for no key: it is served on loopback only."""
    routes = APIRouter(tags=["status"])
    asked = Declaration(
        data_class=DataClass.OPERATIONAL, criticality=Criticality.NORMAL, owner="integration", scope=Scope.METRICS
    )

    @routes.get(
        "/metrics",
        response_class=Response,
        responses={200: _PAGE, **({} if is_open else documented(401, 403))},
        summary="Metrics in Prometheus' text format",
    )
    @(public("integration") if is_open else declared(asked))
    async def metrics() -> Response:
        """Counts, ages and states; no label is a person, a number or anything that a sender chose."""
        return Response(await page(), media_type=MEDIA_TYPE)

    return routes
