"""Coverage (FHIR R4 13.1): the insurances of a patient, by themselves and in what else names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from careloom.mapping.fhir.codes import COVERAGE_CLASS, RELATIONSHIP
from careloom.mapping.fhir.datatypes import code, period
from careloom.mapping.fhir.elements import Node, child, text, whole
from careloom.mapping.fhir.parties import payer, person
from careloom.mapping.fhir.source import Source
from careloom.model import Coverage, CoverageClass

_MEMBER: Final = "MB"

DROPPED: Mapping[str, str] = {
    "Coverage.dependent": "the number of a dependent stands in its member number",
    "Coverage.network": "the network is the payer's matter; eligibility tells whether a provider is in it",
    "Coverage.costToBeneficiary": "what the patient pays is told by eligibility and by the payer's explanation",
    "Coverage.subrogation": "the payer's matter",
    "Coverage.contract": "the payer's contract",
    "Coverage.text": "what it says stands in the elements",
}


def coverages(patient: Source) -> tuple[Coverage, ...]:
    """The insurances in the same Bundle whose beneficiary a patient is, in the order in which they pay."""
    found = [coverage(one) for one in patient.beside("Coverage", "beneficiary") if is_held(one)]
    return tuple(sorted(found, key=lambda one: one.order or 1_000))


def is_held(source: Source) -> bool:
    """Whether a coverage is, or was, one at all."""
    return source.text("status") not in ("entered-in-error", "cancelled", "draft")


def coverage_at(source: Source, reference: Node) -> Coverage | None:
    """The insurance a Reference names; where it leads nowhere, its number and how it is called."""
    there = source.at(reference)
    if there is not None and there.type == "Coverage":
        return coverage(there)
    number, shown = source.number_at(reference), text(reference, "display")
    if number is None and shown is None:
        return None
    plan = CoverageClass(name=shown) if shown else None
    return Coverage(policy_number=number.value if number is not None else None, plan=plan)


def coverage(source: Source) -> Coverage:
    """A Coverage resource."""
    node = source.resource
    numbers = source.numbers()
    member = next((one.value for one in numbers if one.type == _MEMBER), None)
    policy = next((one.value for one in numbers if one.type not in (_MEMBER, "RI")), None)
    holder = source.child("policyHolder") or source.child("subscriber")
    return Coverage(
        order=whole(node, "order", 1),
        payor=payer(source, source.children("payor")),
        subscriber_id=text(node, "subscriberId"),
        policy_number=policy,
        member_number=member,
        type=code(child(node, "type")),
        plan=_class(source, "plan"),
        group=_class(source, "group"),
        period=period(child(node, "period")),
        relationship=code(child(node, "relationship"), RELATIONSHIP),
        policy_holder=person(source, holder) if source.kind_at(holder) != "Organization" else None,
    )


def _class(source: Source, kind: str) -> CoverageClass | None:
    for one in source.children("class"):
        if code(child(one, "type"), COVERAGE_CLASS) == kind:
            value, name = text(one, "value"), text(one, "name")
            return CoverageClass(value=value, name=name) if value or name else None
    return None
