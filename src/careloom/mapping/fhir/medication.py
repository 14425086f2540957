"""MedicationRequest and MedicationDispense (FHIR R4 11.1 and 11.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from careloom.mapping.fhir.amounts import number
from careloom.mapping.fhir.datatypes import moment, period
from careloom.mapping.fhir.elements import Node, child, first, flag, whole
from careloom.mapping.fhir.family import Made, Reader, mappings
from careloom.mapping.fhir.parties import organization, place, practitioner
from careloom.mapping.fhir.patient import patient_at
from careloom.mapping.fhir.source import Source
from careloom.mapping.fhir.supplies import item, lot_at
from careloom.model import (
    CodeableConcept,
    MedicationDispense,
    MedicationDispensed,
    MedicationPrescribed,
    MedicationRequest,
    MedicationReturned,
    PrescriptionCancelled,
)

_HOW: Final = "how to take it is clinical"
DROPPED: Mapping[str, str] = {
    "MedicationRequest.dosageInstruction": _HOW,
    "MedicationRequest.reasonCode": "clinical",
    "MedicationRequest.reasonReference": "clinical",
    "MedicationRequest.note": "free text may be clinical",
    "MedicationRequest.supportingInformation": "clinical",
    "MedicationRequest.detectedIssue": "clinical",
    "MedicationRequest.insurance": "coverage tells of itself",
    "MedicationDispense.dosageInstruction": _HOW,
    "MedicationDispense.note": "free text may be clinical",
    "MedicationDispense.detectedIssue": "clinical",
    "MedicationDispense.receiver": "who fetched it is not needed",
    "MedicationDispense.destination": "where it went is not needed",
}
_REQUEST: Final = frozenset(
    ("active", "on-hold", "cancelled", "completed", "entered-in-error", "stopped", "draft", "unknown")
)
_DISPENSED: Final = frozenset(("completed",))
_UNDONE: Final = frozenset(("entered-in-error", "cancelled", "declined"))
_ENDED: Final = frozenset(("cancelled", "stopped", "entered-in-error"))


def _drug(source: Source) -> tuple[Any, CodeableConcept]:
    items, what = item(source, "medication")
    if what is None:
        if not items:
            raise source.error("medication", "does not say which drug; the sender must name it")
        what = CodeableConcept(text=items[0].value)
    return items, what


def _prescribed(source: Source) -> Made:
    status = source.text("status")
    if source.text("intent") in ("proposal", "plan", "option") or status == "draft":
        return "a plan or a draft: nothing is prescribed yet"
    if flag(source.resource, "doNotPerform"):
        return "an order not to give a drug"
    numbers, (_, what) = source.numbers(), _drug(source)
    if not numbers:
        raise source.error("identifier", "a prescription needs a number")
    asked = source.child("dispenseRequest")
    prescription = MedicationRequest(
        identifier=numbers,
        status=cast(Any, status if status in _REQUEST else "unknown"),
        medication=what,
        quantity=source.quantity(child(asked, "quantity")),
        days_supply=_days(child(asked, "expectedSupplyDuration")),
        refills=whole(asked, "numberOfRepeatsAllowed"),
        substitution_allowed=flag(source.child("substitution"), "allowedBoolean"),
        authored_on=moment(source.text("authoredOn")),
        validity=period(child(asked, "validityPeriod")),
        requester=practitioner(source, source.child("requester")),
        dispenser=organization(source, child(asked, "performer")),
    )
    kind = PrescriptionCancelled if status in _ENDED else MedicationPrescribed
    return [source.event(kind, patient=patient_at(source, "subject"), prescription=prescription)]


def _days(node: Node) -> int | None:
    value = number(node)
    return int(value) if value is not None and value == value.to_integral_value() and 0 <= value < 10_000 else None


def _dispensed(source: Source) -> Made:
    status = source.text("status")
    if status not in _DISPENSED | _UNDONE:
        return "a drug that is not handed out yet"
    numbers, (items, what) = source.numbers(), _drug(source)
    if not numbers:
        raise source.error("identifier", "a dispense needs a number, so that the stock falls once")
    amount = source.quantity(source.child("quantity"))
    if amount is None:
        raise source.error("quantity", "does not say how much was handed out; the stock cannot follow")
    orders = source.children("authorizingPrescription")
    dispense = MedicationDispense(
        identifier=numbers,
        status=cast(Any, status),
        prescription=tuple([one for reference in orders if (one := source.number_at(reference)) is not None]),
        medication=what,
        item=items,
        quantity=amount,
        lot=lot_at(source, source.child("medicationReference")),
        days_supply=_days(source.child("daysSupply")),
        substituted=flag(source.child("substitution"), "wasSubstituted"),
        when_handed_over=moment(source.text("whenHandedOver")),
        dispenser=practitioner(source, child(first(source.resource, "performer"), "actor")),
        location=place(source, source.child("location")),
    )
    kind = MedicationReturned if status in _UNDONE else MedicationDispensed
    return [source.event(kind, patient=patient_at(source, "subject"), dispense=dispense)]


READERS: Final[Mapping[str, Reader]] = {"MedicationRequest": _prescribed, "MedicationDispense": _dispensed}
MAPPINGS = mappings(READERS)
