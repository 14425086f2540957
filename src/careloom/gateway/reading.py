"""Events of the log: one, or a page after a cursor. Bodies are for keys that may see them; others see their shape."""

# No postponed annotations here: FastAPI could not resolve the dependency that `router` makes.

from collections.abc import Sequence
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from careloom.gateway import cursors
from careloom.gateway.classes import Criticality, DataClass, Declaration, Scope, declared
from careloom.gateway.examples import EVENT_ID, HEADERS, MESSAGE_ID, SUBJECT, TIME, answer
from careloom.gateway.journal import Logged, Page
from careloom.gateway.passage import passage_of
from careloom.gateway.problems import ProblemError, documented
from careloom.gateway.services import Services
from careloom.model import CONTRACTS
from careloom.security.masking import mask

BATCH: Final = "application/cloudevents-batch+json"
MOST: Final = 1_000
_DECLARED: Final = Declaration(
    data_class=DataClass.PHI, criticality=Criticality.NORMAL, owner="integration", scope=Scope.READ_OPERATIONAL
)
Type = Annotated[str | None, Query(max_length=200, description="only events of this type")]
After = Annotated[str | None, Query(max_length=cursors.LONGEST, description="the `next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="the most events to give")]


class LoggedEvent(BaseModel):
    """A canonical event as the log keeps it."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="its id (UUID version 7)")
    type: str = Field(description="its versioned name")
    source: str = Field(description="the system it came from")
    subject: str = Field(description="a keyed digest: equal for events about the same patient, and tells nothing else")
    time: str = Field(description="when it happened, RFC 3339")
    recorded: str = Field(description="when it was stored, RFC 3339")
    position: str = Field(description="lane and sequence")
    correlation: str = Field(description="the message that everything here came from")
    causation: str | None = Field(default=None, description="what directly caused it")
    masked: bool = Field(description="true: this key may not see the data, only its shape")
    data: dict[str, Any] | None = Field(default=None, description="the data; absent when its subject was erased")


class EventPage(BaseModel):
    """Some events, and the cursor of those after them."""

    model_config = ConfigDict(extra="forbid")

    events: list[LoggedEvent] = Field(description="each event once; those of one subject in their order")
    next: str = Field(description="the `after` of the next page; ask with it later for what is new then")
    more: bool = Field(description="whether there are further events already")


def router(services: Services) -> APIRouter:
    """The routes that read events."""
    routes = APIRouter(tags=["events"])
    _add_pages(routes, services)
    _add_one(routes, services)
    return routes


def _add_pages(routes: APIRouter, services: Services) -> None:
    @routes.get(
        "/v1/events",
        response_model=None,
        responses={**answer(200, "a page", EventPage, _page_example(), "Link"), **documented(401, 403, 422, 503)},
        summary="Events in a stable order, page by page",
    )
    @declared(_DECLARED)
    async def page(request: Request, type: Type = None, after: After = None, limit: Limit = 100) -> JSONResponse:
        """Begins at the start of the log without `after`. Keys without the scope `read:phi` see the data masked."""
        found = await _page(services, type, after, limit)
        events = [_shown(one, reveal=_reveals(request)) for one in found.events]
        following = cursors.written(found.after)
        body = EventPage(events=events, next=following, more=found.more).model_dump(exclude_none=True)
        return JSONResponse(
            body,
            headers=cursors.following("/v1/events", {"type": type or None}, following if found.more else None, limit),
        )

    @routes.get(
        "/v2/events",
        response_model=None,
        responses={
            **_batch_answer(),
            **documented(401, 403, 422, 503),
        },
        summary="Events as a CloudEvents batch; a preview",
    )
    @declared(_DECLARED)
    async def batch(request: Request, type: Type = None, after: After = None, limit: Limit = 100) -> JSONResponse:
        """As `/v1/events`, in the CloudEvents batch format; the cursor is in the `Link` alone, on every page."""
        found = await _page(services, type, after, limit)
        events = [_cloud(_shown(one, reveal=_reveals(request))) for one in found.events]
        headers = cursors.following("/v2/events", {"type": type or None}, cursors.written(found.after), limit)
        return JSONResponse(events, headers=headers, media_type=BATCH)


def _add_one(routes: APIRouter, services: Services) -> None:
    @routes.get(
        "/v1/events/{id}",
        response_model=None,
        responses={
            **answer(200, "the event", LoggedEvent, _example().model_dump()),
            **documented(401, 403, 404, 422, 503),
        },
        summary="One event",
    )
    @declared(_DECLARED)
    async def event(id: UUID, request: Request) -> JSONResponse:
        """Keys without the scope `read:phi` see its data masked."""
        found = await services.journal.event(id)
        if found is None:
            raise ProblemError(404, "event-unknown", "no event has this id; a receipt names a message")
        return JSONResponse(_shown(found, reveal=_reveals(request)).model_dump(exclude_none=True))


async def _page(services: Services, type_: str | None, after: str | None, limit: int) -> Page:
    if type_ is not None and type_ not in CONTRACTS:
        raise ProblemError(
            422, "event-type-wrong", "there is no event of that type; see /v1/event-types", location="query.type"
        )
    types: Sequence[str] = [type_] if type_ else list(CONTRACTS)
    return await services.journal.page(types, cursors.read(after) if after else {}, limit)


def _reveals(request: Request) -> bool:
    return Scope.READ_PHI in passage_of(request).scopes


def _shown(one: Logged, *, reveal: bool) -> LoggedEvent:
    data = None if one.data is None else msgspec.json.decode(one.data)
    return LoggedEvent(
        id=str(one.id),
        type=one.type,
        source=one.source,
        subject=str(one.subject),
        time=one.time.isoformat(),
        recorded=one.recorded.isoformat(),
        position=str(one.position),
        correlation=str(one.correlation),
        causation=str(one.causation) if one.causation else None,
        masked=not reveal,
        data=data if reveal else masked(data),
    )


def masked(value: Any) -> Any:
    """The same structure: texts by their shape, numbers and truths as null."""
    if isinstance(value, dict):
        return {name: masked(one) for name, one in value.items()}
    if isinstance(value, list):
        return [masked(one) for one in value]
    return mask(value) if isinstance(value, str) else None


def _cloud(one: LoggedEvent) -> dict[str, Any]:
    """CloudEvents 1.0.2 JSON format; what is ours are extension attributes, all lower case."""
    made = one.model_dump(exclude_none=True)
    return {"specversion": "1.0", "datacontenttype": "application/json", **made}


def _example() -> LoggedEvent:
    return LoggedEvent(
        id=EVENT_ID,
        type="patient.discharged.v1",
        source="ehr",
        subject=SUBJECT,
        time=TIME,
        recorded=TIME,
        position="76:12",
        correlation=MESSAGE_ID,
        causation=MESSAGE_ID,
        masked=True,
        data={"patient": {"identifier": [{"value": "xxx999999"}]}, "trigger": "xxx^x99"},
    )


def _batch_answer() -> dict[int | str, dict[str, Any]]:
    schema = {"type": "array", "items": {"type": "object", "required": ["specversion", "id", "source", "type"]}}
    content = {BATCH: {"schema": schema, "example": [_cloud(_example())]}}
    return {200: {"description": "a page", "headers": {"Link": HEADERS["Link"]}, "content": content}}


def _page_example() -> dict[str, Any]:
    return EventPage(events=[_example()], next="gUwM", more=False).model_dump()
