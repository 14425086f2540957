"""The house's own doings: exceptions, acknowledged transmissions, payroll as finance needs it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from careloom.model.amounts import Money
from careloom.model.datatypes import Date, DateTime, Element, Identifier, Identifiers, Period, Reference, Text
from careloom.model.entities import Organization


class Case(Element, frozen=True, kw_only=True):
    """Work for a person: something that no rule could settle. `reason` and `place` name no person.

    `kind` is the kind of case (`mapping`, `rejected-posting`, `invoice-mismatch`), `owner` the team that has it,
    `regarding` what it is about.
    """

    identifier: Identifiers
    kind: Text
    status: Literal["open", "in-progress", "resolved", "dismissed"] = "open"
    severity: Literal["low", "normal", "high", "critical"] = "normal"
    reason: Text
    place: Text | None = None
    owner: Text
    assignee: Text | None = None
    flow: Text | None = None
    regarding: Reference | None = None
    opened: DateTime | None = None
    due: DateTime | None = None
    resolved: DateTime | None = None
    resolution: Text | None = None


class TransmissionError(Element, frozen=True, kw_only=True):
    """What a receiver found wrong: where, in the format's own terms, and its code; never the value."""

    transaction: Text | None = None
    place: Text | None = None
    code: Text | None = None
    severity: Literal["error", "warning"] = "error"


class TransmissionAcknowledgement(Element, frozen=True, kw_only=True):
    """What a partner says of a file or an interchange that it received, before it looks at the business in it.

    `transmission` is the control number of what was sent; `level` how far the partner looked: the envelope (X12 TA1,
    AS2 MDN), a functional group (997, 999), or one transaction set.
    """

    identifier: tuple[Identifier, ...] = ()
    transmission: Identifier
    level: Literal["interchange", "group", "transaction"]
    outcome: Literal["accepted", "accepted-with-errors", "partially-accepted", "rejected"]
    kind: Text | None = None
    partner: Organization | None = None
    date: DateTime | None = None
    transactions: Annotated[int, Meta(ge=0)] | None = None
    accepted: Annotated[int, Meta(ge=0)] | None = None
    rejected: tuple[Identifier, ...] = ()
    error: tuple[TransmissionError, ...] = ()


class PayrollLine(Element, frozen=True, kw_only=True):
    """What one account and cost centre bears of a payroll, over all employees: `debit` and `credit` as booked."""

    account_code: Text
    cost_centre: Text | None = None
    department: Text | None = None
    debit: Money | None = None
    credit: Money | None = None
    description: Text | None = None


class PayrollRun(Element, frozen=True, kw_only=True):
    """A payroll as the ledger takes it: sums, and no employee. Debits and credits are equal."""

    identifier: Identifiers
    period: Period
    payment_date: Date | None = None
    employer: Organization | None = None
    line: Annotated[tuple[PayrollLine, ...], Meta(min_length=1)]
    total: Money
    employees: Annotated[int, Meta(ge=0)] | None = None
