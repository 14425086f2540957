"""The questions that front-line staff ask most, so that every hospital's answers have one shape.

A shape is what is asked and what is answered; `Shape.lookup` makes a look-up of it, with who asks which system and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from careloom.gateway.classes import Criticality, DataClass
from careloom.gateway.lookup import Lookup, Run

Code = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[!-~]([ -~]*[!-~])?$")]
Amount = Annotated[str, Field(pattern=r"^-?\d{1,15}(\.\d{1,6})?$")]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PatientQuery(_Model):
    """A patient by one of its identifiers."""

    identifier: Code = Field(description="a record number")
    assigner: Code | None = Field(default=None, description="who gave it; without one, it must be unique")


class PatientAnswer(_Model):
    """Who the patient is, as far as a desk must know to greet the right person."""

    identifier: str = Field(description="the identifier asked for")
    name: str = Field(description="as written on an invoice")
    birth_date: date | None = Field(default=None, description="if known")
    active: bool = Field(description="false for a record that was merged away or closed")
    record: str | None = Field(default=None, description="the record in Odoo, such as res.partner/42")


class AppointmentQuery(_Model):
    """The appointments of a patient."""

    patient: Code = Field(description="a record number of the patient")
    day: date | None = Field(default=None, description="only those of this day")


class Appointment(_Model):
    """One appointment, by FHIR R4's words."""

    identifier: str = Field(description="its number")
    status: Literal["proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow", "waitlist"]
    start: datetime = Field(description="when it begins")
    minutes: int | None = Field(default=None, ge=0, description="how long it is planned for")
    location: str | None = Field(default=None, description="where")


class AppointmentAnswer(_Model):
    """The appointments that were found, earliest first."""

    appointments: list[Appointment]


class EligibilityQuery(_Model):
    """Whether an insurance covers somebody on a day."""

    payer: Code = Field(description="the payer's id")
    member: Code = Field(description="the member's number")
    birth_date: date | None = Field(default=None, description="the member's, where the payer wants it")
    service_date: date | None = Field(default=None, description="today, if left out")


class EligibilityAnswer(_Model):
    """What the payer said."""

    active: bool = Field(description="whether the coverage is in force on that day")
    plan: str | None = Field(default=None, description="its name")
    copay: Amount | None = Field(default=None, description="what the patient pays at the visit")
    currency: str | None = Field(default=None, description="ISO 4217", pattern="^[A-Z]{3}$")
    reference: str | None = Field(default=None, description="the payer's own number of this answer")


class InvoiceQuery(_Model):
    """An invoice by its number."""

    invoice: Code = Field(description="the number")


class InvoiceAnswer(_Model):
    """How an invoice stands, by Odoo's words for state and payment."""

    invoice: str = Field(description="its number")
    state: Literal["draft", "posted", "cancel"] = Field(description="the document's state")
    payment: Literal["not_paid", "in_payment", "paid", "partial", "reversed"] = Field(description="the payment's")
    total: Amount = Field(description="what was invoiced")
    due: Amount = Field(description="what is still owed")
    currency: str = Field(description="ISO 4217", pattern="^[A-Z]{3}$")


class StockQuery(_Model):
    """How much there is of a product."""

    product: Code = Field(description="its internal reference")
    location: Code | None = Field(default=None, description="one place; all of them, if left out")


class StockAnswer(_Model):
    """Quantities in the product's unit."""

    product: str = Field(description="its internal reference")
    on_hand: float = Field(description="what lies there")
    available: float = Field(description="what of it is not reserved")
    unit: str = Field(description="the unit of measure")


class SupplierQuery(_Model):
    """A supplier by its reference."""

    supplier: Code = Field(description="its reference")


class SupplierAnswer(_Model):
    """What an order needs to know of a supplier."""

    supplier: str = Field(description="its reference")
    name: str = Field(description="its name")
    active: bool = Field(description="whether it may be ordered from")
    lead_days: int | None = Field(default=None, ge=0, description="days until it usually delivers")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A question and its answer, with the class and criticality that they have everywhere."""

    name: str
    summary: str
    parameters: type[BaseModel]
    answer: type[BaseModel]
    data_class: DataClass
    criticality: Criticality
    example_parameters: Mapping[str, Any]
    example_answer: Mapping[str, Any]

    def lookup(self, run: Run, *, owner: str, systems: tuple[str, ...], reason: str, **bounds: Any) -> Lookup:
        """The look-up of this shape. `bounds` are further fields of `Lookup`. Raises ConfigurationError as it does."""
        own = {field.name: getattr(self, field.name) for field in fields(self)}
        return Lookup(run=run, owner=owner, systems=systems, reason=reason, **own, **bounds)


PATIENT: Final = Shape(
    name="patient",
    summary="Who a patient is",
    parameters=PatientQuery,
    answer=PatientAnswer,
    data_class=DataClass.PHI,
    criticality=Criticality.HIGH,
    example_parameters={"identifier": "MRN700123", "assigner": "LAKESIDE"},
    example_answer={
        "identifier": "MRN700123",
        "name": "Maribel Okonjo",
        "birth_date": "1984-06-11",
        "active": True,
        "record": "res.partner/42",
    },
)
APPOINTMENT: Final = Shape(
    name="appointment",
    summary="When a patient is expected",
    parameters=AppointmentQuery,
    answer=AppointmentAnswer,
    data_class=DataClass.PHI,
    criticality=Criticality.NORMAL,
    example_parameters={"patient": "MRN700123", "day": "2026-03-04"},
    example_answer={
        "appointments": [{"identifier": "APT-5521", "status": "booked", "start": "2026-03-04T09:30:00Z", "minutes": 20}]
    },
)
ELIGIBILITY: Final = Shape(
    name="eligibility",
    summary="Whether an insurance covers",
    parameters=EligibilityQuery,
    answer=EligibilityAnswer,
    data_class=DataClass.PHI,
    criticality=Criticality.HIGH,
    example_parameters={"payer": "60054", "member": "NHP884213", "service_date": "2026-03-04"},
    example_answer={"active": True, "plan": "Gold HMO", "copay": "25.00", "currency": "USD", "reference": "E-90113"},
)
INVOICE: Final = Shape(
    name="invoice-status",
    summary="How an invoice stands",
    parameters=InvoiceQuery,
    answer=InvoiceAnswer,
    data_class=DataClass.FINANCIAL,
    criticality=Criticality.NORMAL,
    example_parameters={"invoice": "INV/2026/00042"},
    example_answer={
        "invoice": "INV/2026/00042",
        "state": "posted",
        "payment": "partial",
        "total": "310.00",
        "due": "85.50",
        "currency": "USD",
    },
)
STOCK: Final = Shape(
    name="stock",
    summary="How much there is of a product",
    parameters=StockQuery,
    answer=StockAnswer,
    data_class=DataClass.OPERATIONAL,
    criticality=Criticality.HIGH,
    example_parameters={"product": "GLOVE-M", "location": "WARD-3"},
    example_answer={"product": "GLOVE-M", "on_hand": 420.0, "available": 380.0, "unit": "box"},
)
SUPPLIER: Final = Shape(
    name="supplier",
    summary="Who a supplier is",
    parameters=SupplierQuery,
    answer=SupplierAnswer,
    data_class=DataClass.OPERATIONAL,
    criticality=Criticality.LOW,
    example_parameters={"supplier": "SUP-0007"},
    example_answer={"supplier": "SUP-0007", "name": "Fairhaven Medical Goods", "active": True, "lead_days": 3},
)
SHAPES: Final = (PATIENT, APPOINTMENT, ELIGIBILITY, INVOICE, STOCK, SUPPLIER)
