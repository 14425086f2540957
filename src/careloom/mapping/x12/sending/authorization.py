"""278, the request (005010X217)."""

from __future__ import annotations

from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.x12 import BuiltSet, Draft, DraftLoop, build, loop, segment
from careloom.mapping.x12.codes import CDT, ICD_9_CM
from careloom.mapping.x12.sending.drafts import (
    addressed,
    clinician,
    contacted,
    dated,
    demographics,
    dependent,
    insured,
    level,
    named,
    opened,
    procedure,
    relation,
    specialty,
    trace,
)
from careloom.mapping.x12.sending.envelope import Envelope, written
from careloom.model import (
    AuthorizationItem,
    AuthorizationRequest,
    AuthorizationRequested,
    Coverage,
    Patient,
    RelatedPerson,
)

VERSION: Final = "005010X217"
_CATEGORY, _INITIAL = "HS", "I"


def to_278(event: AuthorizationRequested, envelope: Envelope) -> bytes:
    """The request as an interchange with one set.

    Raises MappingError without the patient, the payer or who asks; FormatError for values the guide does not take.
    """
    return written([authorization_set(event, envelope)], envelope)


def authorization_set(event: AuthorizationRequested, envelope: Envelope) -> BuiltSet:
    """The set alone."""
    request = event.request
    traced, reference = trace(request.identifier, envelope.company)
    asker = loop("2000B", level("21"), _asker(request), _insured(event, traced))
    content: list[Draft | DraftLoop] = [
        opened("0007", "13", reference, event.occurred or envelope.time),
        loop("2000A", level("20"), loop("2010A", named("X3", request.insurer, "request.insurer")), asker),
    ]
    return build("278", VERSION, content, purpose="13")


def _asker(request: AuthorizationRequest) -> DraftLoop:
    """The provider, or the person that asks."""
    if request.provider is None and request.requester is not None:
        return loop(
            "2010B", clinician("1P", request.requester, "request.requester"), specialty("PE", request.requester)
        )
    provider = request.provider
    address = addressed(provider.address) if provider is not None else ()
    contact = contacted("IC", None, provider.telecom) if provider is not None else None
    return loop("2010B", named("1P", provider, "request.provider"), *address, contact)


def _insured(event: AuthorizationRequested, traced: Draft | None) -> DraftLoop:
    patient = event.patient
    if patient is None:
        raise MappingError("the request is about nobody; give the patient", "patient")
    coverage = event.coverage[0] if event.coverage else Coverage()
    holder = coverage.policy_holder
    if holder is None:
        name = insured("IL", patient, coverage.subscriber_id, "patient")
        return loop(
            "2000C", level("22"), loop("2010C", name, *_known(patient, coverage)), _event(event.request, traced)
        )
    name = insured("IL", holder, coverage.subscriber_id, "coverage[0].policyHolder")
    code = relation(coverage)
    person = loop(
        "2010D",
        dependent("QC", patient, "patient", numbered=False),
        *_described(patient),
        segment("INS", "N", code) if code else None,
    )
    inner = loop("2000D", level("23"), person, _event(event.request, traced))
    return loop("2000C", level("22"), loop("2010C", name, *_known(holder, coverage)), inner)


def _known(who: Patient | RelatedPerson, coverage: Coverage) -> list[Draft | None]:
    group = coverage.group
    return [*_described(who), segment("REF", "6P", group.value, group.name) if group and group.value else None]


def _described(who: Patient | RelatedPerson) -> list[Draft | None]:
    return [*addressed(who.address), demographics(who)]


def _event(request: AuthorizationRequest, traced: Draft | None) -> DraftLoop:
    """UM01 and UM02 are what most requests say where the event does not: an initial one for a service."""
    replaced = request.replaces
    urgency = request.level_of_service
    diagnoses = [("BF" if one.system == ICD_9_CM else "ABF", one.code) for one in request.diagnosis]
    return loop(
        "2000E",
        level("EV"),
        traced,
        segment("UM", request.category or _CATEGORY, request.action or _INITIAL, None, None, None, urgency),
        segment("REF", "BB", replaced.value) if replaced is not None else None,
        dated("AAH", request.period),
        segment("HI", *diagnoses[:12]) if diagnoses else None,
        *[_service(item) for item in request.item],
    )


def _service(item: AuthorizationItem) -> DraftLoop:
    quantity = item.quantity
    units = (quantity.unit or "UN", quantity.value) if quantity is not None else (None, None)
    code = procedure(item.product_or_service, item.modifier)
    dental = _is_dental(item)
    amount = quantity.value if quantity is not None else None
    line = segment("SV3", code, None, None, None, None, amount) if dental else segment("SV1", code, None, *units)
    performer = item.performer
    return loop(
        "2000F",
        level("SS"),
        dated("472", item.serviced),
        line if code else None,
        segment("HSD", quantity.unit, quantity.value) if quantity is not None and not code else None,
        loop("2010F", clinician("SJ", performer, "request.item.performer")) if performer is not None else None,
    )


def _is_dental(item: AuthorizationItem) -> bool:
    concept = item.product_or_service
    return concept is not None and bool(concept.coding) and concept.coding[0].system == CDT
