"""Which routes go directly to a system, why, within what bounds, and which of them outgrew these: `GET /v1/direct`."""

# No postponed annotations here: FastAPI reads them.

from typing import Any, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from careloom.gateway.classes import Criticality, DataClass, Declaration, declared
from careloom.gateway.desk import Desk
from careloom.gateway.examples import answer
from careloom.gateway.lookup_routes import path_of
from careloom.gateway.problems import documented
from careloom.gateway.services import Services

_DECLARED: Final = Declaration(data_class=DataClass.OPERATIONAL, criticality=Criticality.LOW, owner="integration")


class DirectRoute(BaseModel):
    """A look-up: what was declared of it, and what this process measured since it started."""

    model_config = ConfigDict(extra="forbid")

    route: str = Field(description="its path")
    owner: str = Field(description="the team that answers for it")
    data_class: str = Field(description="operational, financial or phi")
    criticality: str = Field(description="low, normal or high")
    reason: str = Field(description="why it is direct")
    systems: list[str] = Field(description="the systems it declares to ask")
    max_systems: int = Field(description="the most it may ask")
    budget_seconds: float = Field(description="how long a caller waits at most")
    timeout_seconds: float = Field(description="when a call is given up")
    concurrency: int = Field(description="calls under way at most")
    cache_seconds: float = Field(description="how long an answer is kept; also how old one may be without an event")
    stale_seconds: float = Field(
        description="how old an answer may be that is told, labelled, while the system is away"
    )
    invalidated_by: list[str] = Field(description="events that end what is kept within a second of their recording")
    calls: int = Field(description="questions")
    hit_ratio: float | None = Field(default=None, description="the share answered from what was kept")
    stale: int = Field(description="questions answered with what was so before, and labelled")
    coalesced: int = Field(description="questions that joined an equal one under way")
    pending: int = Field(description="calls that some caller had to poll for")
    outcomes: dict[str, int] = Field(description="calls by their end: found, not-found, pending, failed, busy")
    p95_seconds: float | None = Field(default=None, description="of the last 512 calls to the systems")
    outgrown: list[str] = Field(description="why it should become a flow; empty while it keeps its bounds")


class DirectReport(BaseModel):
    """All direct routes."""

    model_config = ConfigDict(extra="forbid")

    routes: list[DirectRoute] = Field(description="by name")


def router(services: Services) -> APIRouter:
    """The report."""
    routes = APIRouter(tags=["look-ups"])

    @routes.get(
        "/v1/direct",
        response_model=None,
        responses={**answer(200, "the report", DirectReport, _example()), **documented(401, 403)},
        summary="The direct routes: owner, reason, bounds, figures, and which outgrew them",
    )
    @declared(_DECLARED)
    async def direct() -> dict[str, Any]:
        found = sorted((_row(desk) for desk in services.lookups), key=lambda row: row.route)
        return DirectReport(routes=found).model_dump(exclude_none=True)

    return routes


def _row(desk: Desk) -> DirectRoute:
    lookup, figures = desk.lookup, desk.figures
    return DirectRoute(
        route=path_of(desk),
        owner=lookup.owner,
        data_class=lookup.data_class,
        criticality=lookup.criticality,
        reason=lookup.reason,
        systems=sorted({*lookup.systems}),
        max_systems=lookup.max_systems,
        budget_seconds=lookup.budget_seconds,
        timeout_seconds=lookup.timeout_seconds,
        concurrency=lookup.concurrency,
        cache_seconds=lookup.cache_seconds,
        stale_seconds=lookup.stale_seconds,
        invalidated_by=sorted(lookup.invalidated_by),
        calls=figures.calls,
        hit_ratio=figures.hit_ratio,
        stale=figures.stale,
        coalesced=figures.coalesced,
        pending=figures.pending,
        outcomes=dict(sorted(figures.outcomes.items())),
        p95_seconds=figures.p95,
        outgrown=figures.outgrown(),
    )


def _example() -> dict[str, Any]:
    row = DirectRoute(
        route="/v1/lookups/stock",
        owner="supply",
        data_class="operational",
        criticality="high",
        reason="a ward waits for the answer",
        systems=["erp"],
        max_systems=1,
        budget_seconds=2.0,
        timeout_seconds=30.0,
        concurrency=16,
        cache_seconds=30.0,
        stale_seconds=3600.0,
        invalidated_by=[],
        calls=1200,
        hit_ratio=0.42,
        stale=0,
        coalesced=17,
        pending=3,
        outcomes={"found": 640, "not-found": 38},
        p95_seconds=0.31,
        outgrown=[],
    )
    return DirectReport(routes=[row]).model_dump()
