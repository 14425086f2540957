"""ORC with RXO or RXE as a MedicationRequest (HL7 v2.5.1 chapters 4.14.1 and 4.14.4)."""

from __future__ import annotations

from collections.abc import Iterator

from careloom.core.errors import MappingError
from careloom.mapping.source import Fields, Source
from careloom.mapping.v2.about import About
from careloom.mapping.v2.codes import SUBSTITUTION_ALLOWED
from careloom.mapping.v2.control import Control, control
from careloom.mapping.v2.groups import Order
from careloom.mapping.v2.request import numbered, requester, timing_of
from careloom.mapping.v2.values import code_in, concept_in, count, number, quantity
from careloom.model import CodeableConcept, Identifier, MedicationPrescribed, MedicationRequest, PrescriptionCancelled


def prescribed(source: Source, about: About, order: Order) -> Iterator[MedicationPrescribed | PrescriptionCancelled]:
    """The event of one order of a drug; none, with an issue, where ORC-1 neither orders, changes nor cancels."""
    told = control(source, order, performed="RXE" in order)
    if told is None:
        return
    event = PrescriptionCancelled if told.act == "cancelled" else MedicationPrescribed
    yield event(
        prescription=_prescription(source, order, told),
        occurred=about.occurred(order.first("ORC"), 9),
        **about.parts,
    )


def drug(source: Source, fields: Fields | None, field: int, *others: CodeableConcept | None) -> CodeableConcept:
    """The drug in a field, else of the others. Raises MappingError where none names one."""
    found = concept_in(source, fields, field)
    for other in others:
        found = found or other
    if found is None:
        place = f"{fields.place}-{field}" if fields is not None else "RXE-2"
        raise MappingError("no drug is named; the sender must give its code", place)
    return found


def _prescription(source: Source, order: Order, told: Control) -> MedicationRequest:
    orc, rxo, rxe = order.first("ORC"), order.first("RXO"), order.first("RXE")
    amount, unit = (rxe, 11) if rxe is not None else (rxo, 12)
    return MedicationRequest(
        identifier=_numbers(source, order, rxe),
        status="cancelled" if told.status == "revoked" else told.status,
        medication=drug(source, rxe, 2, concept_in(source, rxo, 1)) if rxe is not None else drug(source, rxo, 1),
        quantity=quantity(source, number(source, amount, unit - 1), amount, unit),
        refills=count(source, rxe, 12) if rxe is not None else count(source, rxo, 13),
        substitution_allowed=SUBSTITUTION_ALLOWED.get((code_in(source, rxo, 9) or "").upper()),
        authored_on=source.moment(orc, 9) if orc is not None and told.act == "new" else None,
        validity=timing_of(source, order).period,
        requester=requester(source, order),
    )


def _numbers(source: Source, order: Order, rxe: Fields | None) -> tuple[Identifier, ...]:
    """The prescriber's number, the pharmacy's, and RXE-15 where it is another."""
    found = numbered(source, order)
    number = code_in(source, rxe, 15)
    if number is None or any(one.value == number for one in found):
        return found
    return (*found, Identifier(value=number))
