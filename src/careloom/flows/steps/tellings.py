"""What analytics are told: each charge that was billed, once, and each that was taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import structs

from careloom.flows.steps.revisions import BilledLine, Standing
from careloom.model import (
    ChargeItem,
    ChargePosted,
    CodeableConcept,
    Coding,
    Identifier,
    Money,
    PatientEvent,
    Period,
    Quantity,
    ServiceCompleted,
)

TRIGGER: Final = "service-completed"
ASSIGNER: Final = "careloom"


def billed(event: ServiceCompleted, lines: Sequence[BilledLine], currency: str) -> Iterator[ChargePosted]:
    """A charge for each line of the invoice."""
    report = event.report
    for line in lines:
        charge = structs.replace(
            _charge(line, line.charge, currency),
            order=report.order,
            department=report.location.point_of_care if report.location else None,
            performer=report.performer,
            account=report.account,
        )
        yield _posted(event, charge)


def taken_back(event: PatientEvent, invoices: Sequence[Standing], currency: str) -> Iterator[ChargePosted]:
    """A credit for each charge of the invoices; its number says of which, so that two who tell it tell the same."""
    for invoice in invoices:
        for line in invoice.lines:
            reverses = Identifier(value=line.charge, assigner=ASSIGNER)
            charge = _charge(line, f"{line.charge}-R", currency)
            yield _posted(event, structs.replace(charge, kind="credit", reverses=reverses))


def _charge(line: BilledLine, number: str, currency: str) -> ChargeItem:
    code, day = line.alike
    return ChargeItem(
        identifier=(Identifier(value=number, assigner=ASSIGNER),),
        code=CodeableConcept(coding=(Coding(code=code),)),
        occurrence=Period(start=day),
        quantity=Quantity(value=line.quantity),
        unit_price=Money(value=line.price, currency=currency),
        total=Money(value=line.net, currency=currency),
    )


def _posted(event: PatientEvent, charge: ChargeItem) -> ChargePosted:
    return ChargePosted(
        trigger=TRIGGER, occurred=event.occurred, facility=event.facility, patient=event.patient,
        coverage=event.coverage, encounter=event.encounter, charge=charge,
    )  # fmt: skip
