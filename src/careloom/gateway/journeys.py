"""What came of a message, step by step: `GET /v1/messages/{id}`. No bodies, no keys of senders, no patients."""

# No postponed annotations here: FastAPI could not resolve the dependency that `router` makes.

from collections.abc import Callable, Sequence
from typing import Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from careloom.core.envelope import Kind
from careloom.gateway.classes import Criticality, DataClass, Declaration, declared
from careloom.gateway.conditional import tagged
from careloom.gateway.examples import EVENT_ID, MESSAGE_ID, TIME, answer, empty
from careloom.gateway.problems import ProblemError, documented
from careloom.gateway.services import Services
from careloom.log.journey import Journey

_DECLARED: Final = Declaration(data_class=DataClass.OPERATIONAL, criticality=Criticality.NORMAL, owner="integration")


class JourneyEvent(BaseModel):
    """The message itself, or an event that was made of it."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="its id")
    kind: Literal["message", "event"] = Field(description="message: the bytes as received")
    type: str = Field(description="what it is")
    position: str = Field(description="lane and sequence")
    recorded: str = Field(description="when it was stored")


class JourneyDelivery(BaseModel):
    """What a subscription made of one of them, once and for all."""

    model_config = ConfigDict(extra="forbid")

    event: str = Field(description="of which")
    subscription: str = Field(description="who")
    outcome: str = Field(description="done, skipped or discarded")
    reference: str | None = Field(default=None, description="what came of it outside, such as res.partner/42")
    reason: str | None = Field(default=None, description="why it was skipped or discarded")
    attempts: int = Field(description="how many it took")
    at: str = Field(description="when")


class JourneyAttempt(BaseModel):
    """A try that did not end a delivery."""

    model_config = ConfigDict(extra="forbid")

    event: str = Field(description="of which")
    subscription: str = Field(description="who")
    number: int = Field(description="which try it was, from 1")
    error: str = Field(description="transient, ambiguous or permanent")
    reason: str = Field(description="why it failed")
    at: str = Field(description="when")


class JourneyWait(BaseModel):
    """Something that waits: for its next try, for a person, or behind an earlier event of its subject."""

    model_config = ConfigDict(extra="forbid")

    event: str = Field(description="of which")
    subscription: str = Field(description="who")
    state: str = Field(description="retry, case, behind, waiting or replay")
    reason: str = Field(description="why it waits")
    since: str = Field(description="since when")
    due: str | None = Field(default=None, description="when it is tried again; absent while a person is needed")


class MessageJourney(BaseModel):
    """A message and everything that came of it."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="the message")
    system: str = Field(description="who sent it")
    outcome: Literal["in-flight", "delivered", "filtered", "parked"] = Field(description="how it stands")
    events: list[JourneyEvent] = Field(description="the message, then its events")
    deliveries: list[JourneyDelivery] = Field(description="what was made of them")
    attempts: list[JourneyAttempt] = Field(description="tries that failed")
    parked: list[JourneyWait] = Field(description="what waits")


def router(services: Services) -> APIRouter:
    """The route that shows a journey."""
    routes = APIRouter(tags=["messages"])

    @routes.get(
        "/v1/messages/{id}",
        response_model=None,
        responses={
            **answer(200, "the journey so far", MessageJourney, _example(), "ETag"),
            **empty(304, "nothing came to it since", "ETag"),
            **documented(401, 403, 404, 422, 503),
        },
        summary="What came of a message: outcome, events, deliveries, attempts",
    )
    @declared(_DECLARED)
    async def journey(id: UUID, request: Request) -> Response:
        """`id` is the one in the receipt of a message or of a published event."""
        found = await services.journal.journey(id)
        if found is None:
            raise ProblemError(404, "message-unknown", "no message has this id; take the one in the receipt")
        return tagged(request, _shown(found, services.consumers).model_dump_json(exclude_none=True).encode())

    return routes


def _shown(found: Journey, consumers: Callable[[str], Sequence[str]]) -> MessageJourney:
    return MessageJourney(
        id=str(found.message),
        system=found.system,
        outcome=_outcome(found, consumers),
        events=[
            JourneyEvent(
                id=str(one.id),
                kind="message" if one.kind is Kind.MESSAGE else "event",
                type=one.type,
                position=str(one.position),
                recorded=one.recorded.isoformat(),
            )
            for one in found.events
        ],
        deliveries=[
            JourneyDelivery(**_step(row, "outcome", "reference", "reason", "attempts"), at=_time(row["at"]))
            for row in found.deliveries
        ],
        attempts=[
            JourneyAttempt(**_step(row, "number", "error", "reason"), at=_time(row["at"])) for row in found.attempts
        ],
        parked=[
            JourneyWait(
                **_step(row, "state", "reason"), since=_time(row["since"]), due=row["due"] and _time(row["due"])
            )
            for row in found.parked
        ],
    )


def _step(row: Any, *names: str) -> dict[str, Any]:
    return {"event": str(row["event"]), "subscription": row["subscription"], **{name: row[name] for name in names}}


def _time(value: Any) -> str:
    text: str = value.isoformat()
    return text


def _outcome(found: Journey, consumers: Callable[[str], Sequence[str]]) -> Any:
    """How the message stands, counted as `careloom status` does: delivered once every reader of its events has ended
    and one of them with an effect; filtered, if none had one or nobody wanted it."""
    if found.parked:
        return "parked"
    own = [row["outcome"] for row in found.deliveries if row["event"] == found.message]
    later = [row for row in found.deliveries if row["event"] != found.message]
    if own and "done" not in own:
        return "filtered"
    ended = {(row["event"], row["subscription"]) for row in later}
    events = [one for one in found.events if one.kind is Kind.EVENT]
    if not later or any((one.id, name) not in ended for one in events for name in consumers(one.type)):
        return "in-flight"
    return "delivered" if any(row["outcome"] == "done" for row in later) else "filtered"


def _example() -> dict[str, Any]:
    message = JourneyEvent(id=MESSAGE_ID, kind="message", type="hl7v2:ADT^A03", position="12:4711", recorded=TIME)
    event = JourneyEvent(id=EVENT_ID, kind="event", type="patient.discharged.v1", position="76:12", recorded=TIME)
    translated = JourneyDelivery(event=MESSAGE_ID, subscription="translate", outcome="done", attempts=1, at=TIME)
    delivered = JourneyDelivery(
        event=EVENT_ID, subscription="discharge.close", outcome="done", reference="res.partner/42", attempts=2, at=TIME
    )
    failed = JourneyAttempt(
        event=EVENT_ID, subscription="discharge.close", number=1, error="transient", reason="Odoo is away", at=TIME
    )
    made = MessageJourney(
        id=MESSAGE_ID,
        system="ehr",
        outcome="delivered",
        events=[message, event],
        deliveries=[translated, delivered],
        attempts=[failed],
        parked=[],
    )
    return made.model_dump(exclude_none=True)
