"""Applications publish canonical events: `POST /v1/events`."""

# No postponed annotations here: FastAPI could not resolve the dependency that `router` makes.

import asyncio
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from careloom.core.errors import FormatError, TransientError
from careloom.core.receipts import Accepted, Conflicting, Receipt, Received
from careloom.gateway import cloudevents
from careloom.gateway.access import Key, caller
from careloom.gateway.body import read_body
from careloom.gateway.classes import Criticality, DataClass, Declaration, Scope, Traffic, declared
from careloom.gateway.cloudevents import BINARY, STRUCTURED, Published
from careloom.gateway.examples import MESSAGE_ID, TIME, answer
from careloom.gateway.passage import passage_of
from careloom.gateway.problems import ProblemError, documented
from careloom.gateway.services import Services
from careloom.log.append import MAX_KEY
from careloom.mapping.subject import subjects_of
from careloom.model import encode, examples
from careloom.security.apikeys import Principal

FORMAT: Final = "event"
"""What stands before the colon in the type of a published message: `event:registration.created.v1`."""
LARGEST: Final = 1024 * 1024
RETRY_SECONDS: Final = 5
LONGEST_SUBJECT: Final = 1_000
_SHOWN: Final = "patient.discharged.v1"


class EventReceipt(BaseModel):
    """Proof that a published event is stored. What comes of it is the journey of the message `id`."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="the id of the message in the log (UUID version 7)")
    position: str | None = Field(default=None, description="lane and sequence, such as 12:4711")
    acknowledged: bool = Field(description="always true: it is committed")


def router(services: Services) -> APIRouter:
    """The route that takes events."""
    routes = APIRouter(tags=["events"])
    known = Depends(caller(services.keys))
    in_flight: set[tuple[str, str]] = set()

    @routes.post(
        "/v1/events",
        status_code=201,
        response_model=None,
        responses={**_receipts(), **documented(401, 403, 409, 413, 415, 422, 503)},
        openapi_extra={"requestBody": _body(), "parameters": _attributes()},
        summary="Publish one canonical event",
    )
    @declared(
        Declaration(
            data_class=DataClass.PHI,
            criticality=Criticality.HIGH,
            owner="integration",
            scope=Scope.PUBLISH,
            traffic=Traffic.PUBLISH,
        )
    )
    async def publish(request: Request, principal: Annotated[Principal, known], key: Key = None) -> JSONResponse:
        """Answers once it is committed. The event is a CloudEvent 1.0 of a type in `/v1/event-types`: structured, or
        binary with `ce-` headers. A repeat under the same `Idempotency-Key`, or without one under the same `source`
        and `id`, has no second effect and gets the same answer."""
        published = await _read(request)
        system = services.publishing.system(principal, published.type)
        if system is None:
            passage_of(request).outcome = "publish-denied"
            raise ProblemError(403, "publish-denied", "this API key may not publish events of this type")
        received = _received(published, system, key, services)
        with _alone(in_flight, received):
            return await _stored(services, received)

    return routes


@contextmanager
def _alone(in_flight: set[tuple[str, str]], received: Received) -> Iterator[None]:
    """Raises ProblemError 409 while a request with the same key is under way in this process."""
    claim = (received.system, received.key)
    if claim in in_flight:
        under_way = "a request with this key is under way; wait for its answer"
        raise ProblemError(409, "request-in-flight", under_way, retry_after=1)
    in_flight.add(claim)
    try:
        yield
    finally:
        in_flight.discard(claim)


async def _read(request: Request) -> Published:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media not in (STRUCTURED, BINARY):
        raise ProblemError(415, "content-type-unknown", f"send a CloudEvent as {STRUCTURED} or {BINARY}")
    body = await read_body(request, LARGEST)
    try:
        return cloudevents.read(media, request.headers, body)
    except FormatError as error:
        raise ProblemError(422, "unreadable-event", error.reason, location=error.location or None) from None


def _received(published: Published, system: str, key: str | None, services: Services) -> Received:
    subject, others = _subjects(published)
    if any(len(one) > LONGEST_SUBJECT for one in (subject, *others)):
        too_long = f"the identifier that orders this event has more than {LONGEST_SUBJECT} characters"
        raise ProblemError(422, "unreadable-event", too_long, location="data")
    return Received(
        system=system,
        key=key or _natural_key(published),
        type=f"{FORMAT}:{published.type}",
        subject=subject,
        body=published.document,
        acknowledgement=b"",
        time=published.time or services.clock.now(),
        datacontenttype=STRUCTURED,
        others=others,
    )


def _subjects(published: Published) -> tuple[str, tuple[str, ...]]:
    """What the event is about. One about no patient is ordered with those of its type."""
    try:
        return subjects_of(published.event)
    except TypeError:
        return f"Event/{published.type}", ()


def _natural_key(published: Published) -> str:
    """`source` and `id` name an event (CloudEvents 1.0.2 section 3.1.1); a digest of them where they are too long."""
    key = f"{published.source} {published.id}"
    return key if len(key) <= MAX_KEY else hashlib.sha256(key.encode()).hexdigest()


async def _stored(services: Services, received: Received) -> JSONResponse:
    try:
        # Shielded: a caller that hangs up must not cancel the commit of a whole batch.
        receipt = await asyncio.shield(services.intake.accept(received))
    except TransientError:
        away = "nothing is known to be stored; send it again under the same key"
        raise ProblemError(503, "not-stored", away, retry_after=RETRY_SECONDS) from None
    except FormatError as error:
        raise ProblemError(422, "unreadable-event", error.reason, location="data") from None
    if isinstance(receipt, Conflicting):
        other = "this key was used before for another message or event; send it under a new one"
        raise ProblemError(409, "key-conflict", other, location="id")
    return _acknowledged(receipt, await _position(services, receipt))


async def _position(services: Services, receipt: Receipt) -> str | None:
    if isinstance(receipt, Accepted):
        return str(receipt.position)
    try:
        journey = await services.journal.journey(receipt.id)
    except TransientError:  # it is stored all the same, and that is what matters to the caller
        return None
    found = next((one.position for one in journey.events if one.id == receipt.id), None) if journey else None
    return str(found) if found else None


def _acknowledged(receipt: Receipt, position: str | None) -> JSONResponse:
    body = EventReceipt(id=str(receipt.id), position=position, acknowledged=True)
    headers = {"Location": f"/v1/messages/{receipt.id}"}
    if not isinstance(receipt, Accepted):
        headers["Idempotency-Replayed"] = "true"
    return JSONResponse(body.model_dump(exclude_none=True), 201, headers)


def _receipts() -> dict[int | str, dict[str, Any]]:
    shown = EventReceipt(id=MESSAGE_ID, position="12:4711", acknowledged=True)
    words = "stored, now or before under the same key"
    return answer(201, words, EventReceipt, shown.model_dump(), "Location", "Idempotency-Replayed")


def _body() -> dict[str, Any]:
    facts = msgspec.json.decode(encode(examples()[_SHOWN]))
    envelope = {"specversion": "1.0", "id": "visit-900871", "source": "/apps/portal", "type": _SHOWN, "time": TIME}
    structured = {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "minLength": 1, "maxLength": 1000},
            "source": {"type": "string", "minLength": 1, "maxLength": 1000},
            "type": {"enum": sorted(examples())},
            "time": {"type": "string", "format": "date-time"},
            "data": {"type": "object", "description": "as /v1/event-types/{type}/schema says"},
        },
    }
    binary = {"type": "object", "description": "the data alone; the attributes are `ce-` headers"}
    return {
        "required": True,
        "content": {
            STRUCTURED: {"schema": structured, "example": {**envelope, "data": facts}},
            BINARY: {"schema": binary, "example": facts},
        },
    }


def _attributes() -> list[dict[str, Any]]:
    return [
        {
            "name": f"ce-{name}",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "description": "binary mode: the attribute of this name"},
            "example": example,
        }
        for name, example in (
            ("specversion", "1.0"),
            ("id", "visit-900871"),
            ("source", "/apps/portal"),
            ("type", _SHOWN),
        )
    ]
