"""Questions to a payer, from plain values: eligibility (270), claim status (276), prior authorisation (278)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import msgspec

from careloom.formats.x12.building import BuiltSet, build
from careloom.formats.x12.drafting import Draft, DraftLoop, Repeated, Value, loop, segment
from careloom.formats.x12.parties import Organization, Person, addressed, contact, period

ELIGIBILITY = "005010X279A1"
CLAIM_STATUS = "005010X212"
AUTHORISATION = "005010X217"


class EligibilityQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """One 270. `reference` is BHT03, `trace` TRN02: the answer repeats both. `dependent` is the patient if not
    the subscriber.

    `services` are service type codes (30 asks for the plan as a whole); `on` the day or the first of a period.
    """

    reference: str
    created: datetime
    payer: Organization
    provider: Organization
    subscriber: Person
    dependent: Person | None = None
    trace: str = ""
    trace_company: str = ""
    services: tuple[str, ...] = ("30",)
    on: date | None = None
    until: date | None = None


def eligibility(question: EligibilityQuestion) -> BuiltSet:
    """The 270 (005010X279A1) of a question. FormatError, naming the place, for what the guide does not take."""
    patient = question.subscriber if question.dependent is None else question.dependent
    traced = _trace(question.trace, question.trace_company)
    asked = loop("2110C" if patient is question.subscriber else "2110D", segment("EQ", Repeated(question.services)))
    day = segment("DTP", "291", *period(question.on, question.until)) if question.on else None
    if question.dependent is None:
        person = loop("2100C", patient.named("IL"), patient.demographics(), day, asked)
        inside = loop("2000C", _level("22"), traced, person)
    else:
        person = loop("2100D", patient.named("03"), patient.demographics(), day, asked)
        subscriber = loop("2100C", question.subscriber.named("IL"), question.subscriber.demographics())
        inside = loop("2000C", _level("22"), subscriber, loop("2000D", _level("23"), traced, person))
    content: list[Draft | DraftLoop] = [
        segment("BHT", "0022", "13", question.reference, question.created.date(), question.created.time()),
        loop(
            "2000A", _level("20"), loop("2100A", question.payer.named("PR")),
            loop("2000B", _level("21"), loop("2100B", question.provider.named("1P")), inside),
        ),
    ]  # fmt: skip
    return build("270", ELIGIBILITY, content, purpose="13")


class StatusQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """One 276 about one claim. `trace` is TRN02, which the answer repeats; `claim` the provider's number (REF EJ),
    `payer_claim` the payer's (REF 1K), `amount` what was charged, `first` and `last` the days of service."""

    reference: str
    created: datetime
    payer: Organization
    receiver: Organization
    provider: Organization
    subscriber: Person
    trace: str
    dependent: Person | None = None
    claim: str = ""
    payer_claim: str = ""
    amount: Decimal | None = None
    first: date | None = None
    last: date | None = None


def claim_status(question: StatusQuestion) -> BuiltSet:
    """The 276 (005010X212) of a question. FormatError, naming the place, for what the guide does not take."""
    asked = [
        segment("TRN", 1, question.trace), _reference("1K", question.payer_claim), _reference("EJ", question.claim),
        segment("AMT", "T3", question.amount) if question.amount is not None else None,
        segment("DTP", "472", *period(question.first, question.last)) if question.first else None,
    ]  # fmt: skip
    subscriber = loop("2100D", question.subscriber.named("IL"))
    if question.dependent is None:
        inside = loop("2000D", _level("22"), question.subscriber.demographics(), subscriber, loop("2200D", *asked))
    else:
        person = msgspec.structs.replace(question.dependent, identifier="")
        dependent = loop(
            "2000E", _level("23"), person.demographics(), loop("2100E", person.named("QC")), loop("2200E", *asked)
        )
        inside = loop("2000D", _level("22"), subscriber, dependent)
    provider = loop("2000C", _level("19"), loop("2100C", question.provider.named("1P")), inside)
    receiver = loop("2000B", _level("21"), loop("2100B", question.receiver.named("41")), provider)
    content: list[Draft | DraftLoop] = [
        segment("BHT", "0010", "13", question.reference, question.created.date(), question.created.time()),
        loop("2000A", _level("20"), loop("2100A", question.payer.named("PR")), receiver),
    ]
    return build("276", CLAIM_STATUS, content, purpose="13")


class AuthorisationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One 278 request for one event of care. `category` is UM01 (HS health services, AR admission, SC referral),
    `kind` UM02 (I initial), `service` UM03, `facility` the place of service; `diagnoses` are (qualifier, code)
    pairs."""

    reference: str
    created: datetime
    payer: Organization
    provider: Organization
    subscriber: Person
    dependent: Person | None = None
    trace: str = ""
    trace_company: str = ""
    category: str = "HS"
    kind: str = "I"
    service: str = ""
    facility: str = ""
    first: date | None = None
    last: date | None = None
    diagnoses: tuple[tuple[str, str], ...] = ()
    procedures: tuple[str, ...] = ()
    message: str = ""


def authorisation(request: AuthorisationRequest) -> BuiltSet:
    """The 278 request (005010X217) for an event. FormatError, naming the place, for what the guide does not take."""
    event = _event(request)
    subscriber = loop("2010C", request.subscriber.named("IL"), request.subscriber.demographics())
    if request.dependent is None:
        patient = loop("2000C", _level("22"), subscriber, event)
    else:
        person = loop("2010D", request.dependent.named("QC"), request.dependent.demographics())
        patient = loop("2000C", _level("22"), subscriber, loop("2000D", _level("23"), person, event))
    provider = loop("2010B", request.provider.named("1P"), *addressed(request.provider), contact(request.provider))
    content: list[Draft | DraftLoop] = [
        segment("BHT", "0007", "13", request.reference, request.created.date(), request.created.time()),
        loop(
            "2000A", _level("20"), loop("2010A", request.payer.named("X3")),
            loop("2000B", _level("21"), provider, patient),
        ),
    ]  # fmt: skip
    return build("278", AUTHORISATION, content, purpose="13")


def _event(request: AuthorisationRequest) -> DraftLoop:
    facility: Value = (request.facility, "B") if request.facility else None
    services = [loop("2000F", _level("SS"), segment("SV1", ("HC", code))) for code in request.procedures]
    return loop(
        "2000E", _level("EV"), _trace(request.trace, request.trace_company),
        segment("UM", request.category, request.kind, request.service, facility),
        segment("DTP", "AAH", *period(request.first, request.last)) if request.first else None,
        segment("HI", *request.diagnoses) if request.diagnoses else None,
        segment("MSG", request.message) if request.message else None,
        *services,
    )  # fmt: skip


def _level(code: str) -> Draft:
    return segment("HL", None, None, code)


def _trace(trace: str, company: str) -> Draft | None:
    """TRN; the guides want the company that gave the number: 9 and its identifier, ten characters in all."""
    return segment("TRN", 1, trace, company) if trace else None


def _reference(qualifier: str, value: str) -> Draft | None:
    return segment("REF", qualifier, value) if value else None
