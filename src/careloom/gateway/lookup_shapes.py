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

_PARTNER_EVENTS: Final = ("partner.changed.v1", "patient.updated.v1", "patient.merged.v1")
_STOCK_EVENTS: Final = ("stock.moved.v1", "stock.adjusted.v1", "stock.below_threshold.v1", "goods.received.v1")
_MONEY_EVENTS: Final = (
    "invoice.issued.v1",
    "invoice.paid.v1",
    "invoice.cancelled.v1",
    "payment.received.v1",
    "payment.refunded.v1",
    "vendor_bill.posted.v1",
)


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
    location: Code | None = Field(
        default=None, description="one place with those within it, by barcode or whole name; all of them, if left out"
    )
    lot: Code | None = Field(default=None, description="one lot or serial number; all of them, if left out")


class Place(_Model):
    """What is at one place of one lot."""

    location: str = Field(description="the whole name of the place")
    lot: str | None = Field(default=None, description="the lot or serial number, where there is one")
    on_hand: float = Field(description="what lies there")
    available: float = Field(description="what of it is not reserved")


class StockAnswer(_Model):
    """Quantities in the product's unit."""

    product: str = Field(description="its internal reference")
    on_hand: float = Field(description="what lies there")
    available: float = Field(description="what of it is not reserved")
    unit: str = Field(description="the unit of measure")
    places: list[Place] = Field(default=[], description="the same by place and lot, where the system knows them")


class SupplierQuery(_Model):
    """A supplier by its reference."""

    supplier: Code = Field(description="its reference")


class SupplierAnswer(_Model):
    """What an order needs to know of a supplier."""

    supplier: str = Field(description="its reference")
    name: str = Field(description="its name")
    active: bool = Field(description="whether it may be ordered from")
    lead_days: int | None = Field(default=None, ge=0, description="days until it usually delivers")


class PartnerQuery(_Model):
    """Whoever invoices and orders are written for, by a reference."""

    partner: Code = Field(description="its reference: a record number, a payer's id, a supplier's number")


class PartnerAnswer(_Model):
    """Who that is."""

    partner: str = Field(description="the reference asked for")
    name: str = Field(description="its name")
    company: bool = Field(description="false for a person")
    active: bool = Field(description="false for one that was closed or merged away")
    record: str | None = Field(default=None, description="the record in Odoo, such as res.partner/42")


class Balance(_Model):
    """What is open between one of our companies and the partner."""

    company: str = Field(description="which of ours")
    receivable: Amount = Field(description="what the partner owes; below 0 when it paid too much")
    payable: Amount = Field(description="what is owed to the partner")
    currency: str = Field(description="ISO 4217, the company's", pattern="^[A-Z]{3}$")


class BalanceAnswer(_Model):
    """What is open, by company; none where nothing is."""

    partner: str = Field(description="the reference asked for")
    record: str | None = Field(default=None, description="the record in Odoo, such as res.partner/42")
    balances: list[Balance]


class DimensionsQuery(_Model):
    """Analytic accounts: cost centres, projects, grants."""

    plan: Code | None = Field(default=None, description="only those of the plan with this name")
    code: Code | None = Field(default=None, description="only the one with this code")
    archived: bool = Field(default=False, description="with those that may not be used any more")


class Dimension(_Model):
    """One analytic account."""

    code: str = Field(description="its code; empty where it has none")
    name: str = Field(description="its name")
    plan: str = Field(description="the plan that it belongs to")
    active: bool = Field(description="whether it is approved for use")


class DimensionsAnswer(_Model):
    """Those that were found, by plan and code."""

    dimensions: list[Dimension]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A question and its answer, with the class and criticality that they have everywhere. `changed_by` are the events
    after which an answer may be another one."""

    name: str
    summary: str
    parameters: type[BaseModel]
    answer: type[BaseModel]
    data_class: DataClass
    criticality: Criticality
    example_parameters: Mapping[str, Any]
    example_answer: Mapping[str, Any]
    changed_by: tuple[str, ...] = ()

    def lookup(self, run: Run, *, owner: str, systems: tuple[str, ...], reason: str, **bounds: Any) -> Lookup:
        """The look-up of this shape. `bounds` are further fields of `Lookup`. Raises ConfigurationError as it does."""
        own = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "changed_by"}
        own["invalidated_by"] = frozenset(self.changed_by)
        return Lookup(run=run, owner=owner, systems=systems, reason=reason, **{**own, **bounds})


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
    changed_by=_PARTNER_EVENTS,
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
    changed_by=_MONEY_EVENTS,
)
STOCK: Final = Shape(
    name="stock",
    summary="How much there is of a product",
    parameters=StockQuery,
    answer=StockAnswer,
    data_class=DataClass.OPERATIONAL,
    criticality=Criticality.HIGH,
    example_parameters={"product": "GLOVE-M", "location": "WARD-3"},
    example_answer={
        "product": "GLOVE-M",
        "on_hand": 420.0,
        "available": 380.0,
        "unit": "box",
        "places": [
            {"location": "WH/Stock/Ward 3", "lot": "L-2207", "on_hand": 300.0, "available": 260.0},
            {"location": "WH/Stock/Ward 3", "lot": "L-2231", "on_hand": 120.0, "available": 120.0},
        ],
    },
    changed_by=_STOCK_EVENTS,
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
    changed_by=_PARTNER_EVENTS,
)
PARTNER: Final = Shape(
    name="partner",
    summary="Who a customer, payer or supplier is",
    parameters=PartnerQuery,
    answer=PartnerAnswer,
    data_class=DataClass.PHI,
    criticality=Criticality.NORMAL,
    example_parameters={"partner": "60054"},
    example_answer={
        "partner": "60054",
        "name": "Northfield Health Plan",
        "company": True,
        "active": True,
        "record": "res.partner/77",
    },
    changed_by=_PARTNER_EVENTS,
)
BALANCE: Final = Shape(
    name="balance",
    summary="What is open with a partner",
    parameters=PartnerQuery,
    answer=BalanceAnswer,
    data_class=DataClass.PHI,
    criticality=Criticality.NORMAL,
    example_parameters={"partner": "MRN700123"},
    example_answer={
        "partner": "MRN700123",
        "record": "res.partner/42",
        "balances": [{"company": "Lakeside Hospital", "receivable": "85.50", "payable": "0.00", "currency": "USD"}],
    },
    changed_by=_MONEY_EVENTS,
)
DIMENSIONS: Final = Shape(
    name="dimensions",
    summary="Which financial dimensions are approved",
    parameters=DimensionsQuery,
    answer=DimensionsAnswer,
    data_class=DataClass.OPERATIONAL,
    criticality=Criticality.NORMAL,
    example_parameters={"plan": "Cost centres"},
    example_answer={
        "dimensions": [{"code": "CC-410", "name": "Imaging", "plan": "Cost centres", "active": True}],
    },
)
SHAPES: Final = (PATIENT, APPOINTMENT, ELIGIBILITY, INVOICE, STOCK, SUPPLIER, PARTNER, BALANCE, DIMENSIONS)
