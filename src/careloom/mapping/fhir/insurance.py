"""Coverage as an event of its patient, and eligibility: asked and answered (FHIR R4 13.1 to 13.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from careloom.mapping.fhir import coverages as plans
from careloom.mapping.fhir.coverages import coverage, coverage_at, is_held
from careloom.mapping.fhir.datatypes import code, codes, codings, concept, each, moment, when_of
from careloom.mapping.fhir.elements import Node, child, children, flag, text
from careloom.mapping.fhir.family import Made, Reader, mappings
from careloom.mapping.fhir.parties import organization
from careloom.mapping.fhir.patient import patient_at, some_patient
from careloom.mapping.fhir.source import Source
from careloom.model import (
    Benefit,
    Coverage,
    CoverageEligibilityRequest,
    CoverageEligibilityResponse,
    EligibilityAnswered,
    EligibilityRequested,
    Identifier,
    PatientUpdated,
)

DROPPED: Mapping[str, str] = {
    **plans.DROPPED,
    "CoverageEligibilityRequest.priority": "the receiver's queue",
    "CoverageEligibilityRequest.enterer": "who typed it stands in the sender's audit",
    "CoverageEligibilityRequest.facility": "the provider is carried",
    "CoverageEligibilityRequest.supportingInfo": "clinical",
    "CoverageEligibilityRequest.item.diagnosis": "clinical",
    "CoverageEligibilityResponse.disposition": "free text of the payer; what is decided stands in its codes",
    "CoverageEligibilityResponse.form": "a form of the payer",
    "CoverageEligibilityResponse.insurance.item.authorizationUrl": "a page of the payer's portal",
}


def _covered(source: Source) -> Made:
    beneficiary = source.child("beneficiary")
    there = source.at(beneficiary)
    beside = there is not None and there.container is there.resource
    if beside and source.in_bundle:
        return "told with the patient in the same Bundle"
    if not is_held(source):
        return "a coverage that was never one, or no longer is: the next statement of the patient leaves it out"
    return [source.event(PatientUpdated, patient=patient_at(source, "beneficiary"), coverage=(coverage(source),))]


def _asked(source: Source) -> Made:
    if source.text("status") in ("cancelled", "entered-in-error", "draft"):
        return "a question that was not asked, or was taken back"
    numbers = source.numbers()
    if not numbers:
        raise source.error("identifier", "the question needs a number that its answer can repeat")
    request = CoverageEligibilityRequest(
        identifier=numbers,
        created=moment(source.text("created")),
        serviced=when_of(source.resource, "serviced"),
        service_type=codes([child(one, "category") for one in source.children("item") if child(one, "category")]),
        service=each([child(one, "productOrService") for one in source.children("item")], concept),
        insurer=organization(source, source.child("insurer"), "payer"),
        provider=organization(source, source.child("provider"), "provider"),
        coverage=_insurance(source),
    )
    return [source.event(EligibilityRequested, request=request, patient=some_patient(source, "patient"))]


def _insurance(source: Source) -> Coverage | None:
    found = source.children("insurance")
    focal = next((one for one in found if flag(one, "focal")), found[0] if found else {})
    return coverage_at(source, child(focal, "coverage"))


def _answered(source: Source) -> Made:
    if source.text("status") in ("cancelled", "entered-in-error", "draft"):
        return "an answer that was taken back, or is none yet"
    outcome = source.text("outcome")
    insurances = source.children("insurance")
    said = [found for one in insurances if (found := flag(one, "inforce")) is not None]
    response = CoverageEligibilityResponse(
        request=_request(source),
        identifier=source.numbers(),
        outcome=cast(Any, outcome if outcome in ("queued", "complete", "error", "partial") else "partial"),
        active=any(said) if said else None,
        created=moment(source.text("created")),
        serviced=when_of(source.resource, "serviced"),
        insurer=organization(source, source.child("insurer"), "payer"),
        coverage=_insurance(source),
        benefit=tuple([one for plan in insurances for item in children(plan, "item")
                       for one in _benefits(source, item)]),
        error=codings([child(one, "code") for one in source.children("error")]),
    )  # fmt: skip
    return [source.event(EligibilityAnswered, response=response, patient=some_patient(source, "patient"))]


def _request(source: Source) -> tuple[Identifier, ...]:
    found = source.numbers_at(source.child("request"))
    if not found:
        raise source.error("request", "does not say which question it answers")
    return found


def _benefits(source: Source, item: Node) -> list[Benefit]:
    shared: dict[str, Any] = {
        "service_type": codes([child(item, "category")] if child(item, "category") else []),
        "service": concept(child(item, "productOrService")),
        "level": code(child(item, "unit")),
        "plan": text(item, "name"),
        "time": code(child(item, "term")),
        "authorization_required": flag(item, "authorizationRequired"),
        "in_network": _in_network(item),
    }
    found = []
    for one in children(item, "benefit"):
        kind = code(child(one, "type"))
        if kind is None:
            source.drop("insurance.item.benefit.type", "says nothing; the benefit is dropped")
            continue
        amount = source.money(child(one, "allowedMoney"))
        found.append(Benefit(kind=kind, amount=amount, **shared))
    if not found and (excluded := flag(item, "excluded")) is not None:
        found.append(Benefit(kind="I" if excluded else "1", **shared))  # X12: not covered, active
    return found


def _in_network(item: Node) -> bool | None:
    said = code(child(item, "network"))
    return {"in": True, "out": False}.get(said) if said else None


READERS: Final[Mapping[str, Reader]] = {
    "Coverage": _covered,
    "CoverageEligibilityRequest": _asked,
    "CoverageEligibilityResponse": _answered,
}
MAPPINGS = mappings(READERS)
