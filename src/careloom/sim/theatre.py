"""What the theatre's own system tells when a service is done: canonical events, as any application may publish them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from careloom.model import (
    CodeableConcept,
    Coding,
    Consumption,
    Coverage,
    HumanName,
    Identifier,
    Lot,
    Organization,
    Patient,
    PerformedService,
    Period,
    Quantity,
    ServiceCompleted,
    ServiceReport,
    encode,
)
from careloom.sim.cast import LOT, REAGENT, Service
from careloom.sim.payer import member
from careloom.sim.people import Person
from careloom.sim.writing import FACILITY

PAYER = Organization(identifier=(Identifier(value="90001", type="PI"),), name="Threadbare Mutual", type="payer")


def completed(service: Service, version: int, at: datetime) -> Mapping[str, Any]:
    """The CloudEvent for a version of it; those after the first correct the one before."""
    done = at + timedelta(minutes=30 * version)
    quantity, reagent = service.versions[version]
    event = ServiceCompleted(
        trigger="theatre",
        occurred=done,
        facility=FACILITY,
        patient=_patient(service.person),
        coverage=(_coverage(service.person),) if service.insured else (),
        report=_report(service, "final" if version == 0 else "corrected", quantity, reagent, at),
    )
    return {
        "specversion": "1.0", "id": f"{service.number}-{version}", "source": "theatre", "type": event.type,
        "time": done.isoformat(), "datacontenttype": "application/json", "data": msgspec.json.decode(encode(event)),
    }  # fmt: skip


def _report(service: Service, status: Any, quantity: int, reagent: Decimal, at: datetime) -> ServiceReport:
    code = CodeableConcept(coding=(Coding(code=service.code),))
    number = Identifier(value=service.number, type="FILL", assigner="THEATRE")
    return ServiceReport(
        identifier=(number,),
        order=(),
        status=status,
        category="procedure",
        code=code,
        effective=Period(start=at.isoformat()),
        service=(PerformedService(code=code, quantity=Quantity(value=Decimal(quantity))),),
        consumed=(
            Consumption(
                item=(Identifier(value=REAGENT, type="SKU"),),
                quantity=Quantity(value=reagent, unit="EA"),
                lot=Lot(number=LOT),
            ),
        ),
    )


def _patient(person: Person) -> Patient:
    return Patient(
        identifier=(Identifier(value=person.mrn, type="MR", assigner=FACILITY),),
        name=(HumanName(use="official", family=person.family, given=(person.given,)),),
    )


def _coverage(person: Person) -> Coverage:
    return Coverage(order=1, payor=PAYER, subscriber_id=member(person.mrn), relationship="self")
