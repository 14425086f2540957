"""What payers paid, for which claims, and why not more (X12 835; FHIR ExplanationOfBenefit, PaymentReconciliation)."""

from __future__ import annotations

from typing import Literal, TypeAlias

from careloom.model.amounts import Money, Quantity
from careloom.model.claims import Adjustment, Sequence
from careloom.model.datatypes import CodeableConcept, Date, Element, Identifier, Identifiers, Period, Text
from careloom.model.entities import Organization, Practitioner

Decision: TypeAlias = Literal[
    "primary", "secondary", "tertiary", "denied", "reversal", "forwarded", "predetermined", "other"
]
"""How a payer processed a claim: as the first, second or third payer, or not; a reversal takes back what was paid."""


class SupplementaryAmount(Element, frozen=True, kw_only=True):
    """An amount that is told beside the balance, such as the allowed amount; `code` is X12's amount qualifier."""

    code: Text
    amount: Money


class AdjudicatedItem(Element, frozen=True, kw_only=True):
    """One service line as paid: `charged` less the adjustments is `paid`. `submitted` is the code that was billed,
    where the payer paid another."""

    sequence: Sequence | None = None
    identifier: Identifier | None = None
    product_or_service: CodeableConcept | None = None
    submitted: CodeableConcept | None = None
    modifier: tuple[Text, ...] = ()
    revenue_code: Text | None = None
    serviced: Period | None = None
    charged: Money
    paid: Money
    allowed: Money | None = None
    quantity: Quantity | None = None
    billed_quantity: Quantity | None = None
    adjustment: tuple[Adjustment, ...] = ()
    remark: tuple[Text, ...] = ()
    amount: tuple[SupplementaryAmount, ...] = ()


class ExplanationOfBenefit(Element, frozen=True, kw_only=True):
    """How one claim was paid. `charged` less the adjustments of the claim and its lines is `paid`.

    `claim` is the provider's number (X12 CLP01), `payerClaim` the payer's, `remittance` the number of the payment
    that it is part of. A `reversal` has negative amounts.
    """

    claim: Identifier
    payer_claim: Identifier | None = None
    remittance: Identifier
    decision: Decision
    status_code: Text | None = None
    charged: Money
    paid: Money
    patient_responsibility: Money | None = None
    plan_type: Text | None = None
    facility_type: Text | None = None
    frequency: Text | None = None
    drg: Text | None = None
    adjustment: tuple[Adjustment, ...] = ()
    item: tuple[AdjudicatedItem, ...] = ()
    remark: tuple[Text, ...] = ()
    amount: tuple[SupplementaryAmount, ...] = ()
    serviced: Period | None = None
    received: Date | None = None
    rendering: Practitioner | None = None
    payor: Organization | None = None
    forwarded_to: Organization | None = None


class ProviderAdjustment(Element, frozen=True, kw_only=True):
    """Money withheld from (positive) or added to (negative) a payment that belongs to no claim in it (X12 PLB):
    interest, a take-back, an advance. `reference` says what it belongs to."""

    provider: Identifier | None = None
    fiscal_period: Date | None = None
    reason: Text
    reference: Text | None = None
    amount: Money


class RemittedClaim(Element, frozen=True, kw_only=True):
    """What a payment gives for one claim: enough to balance the payment; the rest is in `claim.adjudicated.v1`."""

    claim: Identifier
    payer_claim: Identifier | None = None
    decision: Decision
    charged: Money
    paid: Money


class Remittance(Element, frozen=True, kw_only=True):
    """A payment of a payer. `amount` is the sum of the claims' `paid` less the provider adjustments.

    `identifier` is the trace number (X12 TRN02), which the bank's statement repeats, assigned by the payer (TRN03).
    `account` is the end of the account it was paid to, never all of it. A `debit` takes the money back.
    """

    identifier: Identifiers
    amount: Money
    direction: Literal["credit", "debit"] = "credit"
    method: Literal["ach", "check", "wire", "card", "none", "other"]
    payment_date: Date | None = None
    created: Date | None = None
    payor: Organization | None = None
    payee: Organization | None = None
    account: Text | None = None
    claim: tuple[RemittedClaim, ...] = ()
    adjustment: tuple[ProviderAdjustment, ...] = ()
