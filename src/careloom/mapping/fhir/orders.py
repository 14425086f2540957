"""ServiceRequest, DiagnosticReport, Observation and Procedure (FHIR R4 12.2, 10.3, 10.1, 9.3): what was ordered, and
that it was done. What came of it stays behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from careloom.mapping.fhir.datatypes import code, codings, concept, identifier, moment, when_of
from careloom.mapping.fhir.elements import Node, child, children, first, text
from careloom.mapping.fhir.family import Made, Reader, mappings
from careloom.mapping.fhir.parties import organization, place, practitioner
from careloom.mapping.fhir.patient import patient_at
from careloom.mapping.fhir.source import Source
from careloom.model import (
    Identifier,
    Organization,
    PerformedService,
    Practitioner,
    ReferralReceived,
    ReferralUpdated,
    ServiceCompleted,
    ServiceOrderCancelled,
    ServiceOrdered,
    ServiceOrderEvent,
    ServiceReport,
    ServiceRequest,
)

_CLINICAL: Final = "a clinical value: billing needs to know that it was done, not what came of it"
DROPPED: Mapping[str, str] = {
    "ServiceRequest.text": "what it says stands in the elements",
    "ServiceRequest.note": "free text may be clinical",
    "ServiceRequest.patientInstruction": "free text may be clinical",
    "ServiceRequest.supportingInfo": "clinical",
    "ServiceRequest.specimen": "clinical",
    "ServiceRequest.bodySite": "clinical",
    "ServiceRequest.relevantHistory": "clinical",
    "ServiceRequest.reasonReference": "clinical",
    "ServiceRequest.orderDetail": "how to do it is clinical",
    "ServiceRequest.doNotPerform": "an order not to do something is filtered",
    "DiagnosticReport.result": _CLINICAL,
    "DiagnosticReport.conclusion": _CLINICAL,
    "DiagnosticReport.conclusionCode": _CLINICAL,
    "DiagnosticReport.presentedForm": _CLINICAL,
    "DiagnosticReport.media": _CLINICAL,
    "DiagnosticReport.specimen": "clinical",
    "DiagnosticReport.imagingStudy": "where the images lie is clinical",
    "Observation.value": _CLINICAL,
    "Observation.interpretation": _CLINICAL,
    "Observation.referenceRange": _CLINICAL,
    "Observation.component": _CLINICAL,
    "Observation.note": _CLINICAL,
    "Procedure.outcome": _CLINICAL,
    "Procedure.complication": _CLINICAL,
    "Procedure.note": _CLINICAL,
    "Procedure.report": _CLINICAL,
}
_ORDER: Final = frozenset(("draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown"))
_PRIORITY: Final = frozenset(("routine", "urgent", "asap", "stat"))
_REFERRAL: Final = "3457005"  # SNOMED CT: patient referral
_DONE: Final = frozenset(("final", "amended", "corrected", "appended"))
_PLANS: Final = frozenset(("proposal", "plan", "option"))


def order(source: Source) -> ServiceRequest:
    """A ServiceRequest resource. Raises MappingError without any number."""
    numbers = source.numbers()
    if not numbers:
        raise source.error("identifier", "an order needs a number, by which it is answered and cancelled")
    status, priority = source.text("status"), source.text("priority")
    performers = source.children("performer")
    return ServiceRequest(
        identifier=numbers,
        status=cast(Any, status if status in _ORDER else "unknown"),
        category=code(first(source.resource, "category")),
        code=concept(source.child("code")),
        priority=cast(Any, priority if priority in _PRIORITY else None),
        quantity=source.quantity(source.child("quantityQuantity")),
        occurrence=when_of(source.resource, "occurrence"),
        authored_on=moment(source.text("authoredOn")),
        requester=practitioner(source, source.child("requester")),
        performer=_person(source, performers),
        performing_organization=_house(source, performers),
        location=place(source, first(source.resource, "locationReference")),
        reason=codings(source.children("reasonCode")),
        requisition=identifier(source.child("requisition")),
    )


def _person(source: Source, references: list[Node]) -> Practitioner | None:
    who = source.first_at(references, "Practitioner", "PractitionerRole")
    return practitioner(source, who) if who else None


def _house(source: Source, references: list[Node]) -> Organization | None:
    who = source.first_at(references, "Organization")
    return organization(source, who) if who else None


def _ordered(source: Source) -> Made:
    if source.resource.get("doNotPerform") is True:
        return "an order not to do something"
    if source.text("intent") in _PLANS or source.text("status") == "draft":
        return "a plan or a draft: nothing is ordered yet"
    if source.kind_at(source.child("subject")) not in ("Patient", ""):
        return "an order that is about no patient"
    made = order(source)
    return [source.event(_kind(source, made.status), patient=patient_at(source, "subject"), order=made)]


def _kind(source: Source, status: str) -> type[ServiceOrderEvent]:
    referral = any(
        text(one, "code") == _REFERRAL for kind in source.children("category") for one in children(kind, "coding")
    )
    if referral:
        return ReferralReceived if status == "active" else ReferralUpdated
    return ServiceOrderCancelled if status in ("revoked", "entered-in-error") else ServiceOrdered


def _numbers(source: Source, path: str) -> tuple[Identifier, ...]:
    return tuple(dict.fromkeys([one for reference in source.children(path) for one in source.numbers_at(reference)]))


def _reported(source: Source) -> Made:
    status = source.text("status") or "unknown"
    if status not in _DONE and status not in ("cancelled", "entered-in-error"):
        return "a report that is not final: nothing is billed before"
    return _completed(source, "corrected" if status == "appended" else status, "effective")


def _observed(source: Source) -> Made:
    status = source.text("status") or "unknown"
    if not source.children("basedOn"):
        return "a clinical value that no order asked for"
    if source.children("partOf"):
        return "part of another service, which tells of itself"
    if status not in _DONE:
        return "a value that is not final: nothing is billed before"
    return _completed(source, status, "effective")


def _performed(source: Source) -> Made:
    status = source.text("status")
    if status not in ("completed", "entered-in-error"):
        return "a procedure that is not completed"
    return _completed(source, "final" if status == "completed" else "cancelled", "performed")


def _completed(source: Source, status: str, timing: str) -> Made:
    if source.kind_at(source.child("subject")) not in ("Patient", ""):
        return "about no patient"
    what, when = concept(source.child("code")), when_of(source.resource, timing)
    people = source.children("performer")
    actors = [child(one, "actor") for one in people] if timing == "performed" else people
    report = ServiceReport(
        identifier=source.numbers(),
        order=_numbers(source, "basedOn"),
        status=cast(Any, "cancelled" if status == "entered-in-error" else status),
        category=_category(source),
        code=what,
        effective=when,
        issued=moment(source.text("issued")),
        performer=_person(source, actors),
        performing_organization=_house(source, actors),
        location=place(source, source.child("location")),
        service=(PerformedService(code=what, performed=when),) if what is not None else (),
    )
    return [source.event(ServiceCompleted, patient=patient_at(source, "subject"), report=report)]


def _category(source: Source) -> str | None:
    found = source.resource.get("category")
    return code(found if isinstance(found, dict) else first(source.resource, "category"))


READERS: Final[Mapping[str, Reader]] = {
    "ServiceRequest": _ordered,
    "DiagnosticReport": _reported,
    "Observation": _observed,
    "Procedure": _performed,
}
MAPPINGS = mappings(READERS)
