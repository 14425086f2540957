"""820: premiums (005010X218), and invoices that were paid (005010).

Bank and account numbers are no part of our events, so BPR01 says that these are the particulars of a payment which is
made elsewhere; the trace number joins the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.x12 import BuiltSet, Draft, DraftLoop, build, loop, segment
from careloom.formats.x12.drafting import Simple
from careloom.mapping.x12.sending.drafts import day, need, own_number, qualifier_of
from careloom.mapping.x12.sending.envelope import Envelope, written
from careloom.mapping.x12.sending.trade import currency, party
from careloom.model import (
    Allocation,
    Identifier,
    Money,
    PaymentNotice,
    PaymentReceived,
    PremiumItem,
    PremiumPaid,
    PremiumPayment,
)

GUIDE: Final = "005010X218"
VERSION: Final = "005010"
_PARTICULARS_ONLY, _CREDIT, _REASSOCIATION = "I", "C", "3"
_METHOD: Final[Mapping[str, str]] = {"ach": "ACH", "check": "CHK", "wire": "FWT", "card": "CCC", "none": "NON"}
_OTHER_METHOD: Final = "ZZZ"


def to_820(event: PremiumPaid | PaymentReceived, envelope: Envelope) -> bytes:
    """The payment as an interchange with one set: premiums by the insurers' guide, in which lines about invoices and
    policies come before those about members; payments of invoices by the standard.

    Raises MappingError for what the set needs and the event lacks, for a payment of a person, for one that did not come
    in, and for premiums that do not add up; FormatError for values the guide does not take.
    """
    built = premium_set(event, envelope) if isinstance(event, PremiumPaid) else payment_set(event)
    return written([built], envelope)


def premium_set(event: PremiumPaid, envelope: Envelope) -> BuiltSet:
    """The set for premiums alone."""
    premium = event.premium
    paid = day(need(premium.payment_date, "the day of the payment", "premium.paymentDate"))
    own = premium.identifier[0]
    company = need(own.assigner or envelope.company, "who made the payment", "premium.identifier[0].assigner")
    if sum((item.paid.value for item in premium.item), Decimal(0)) != premium.amount.value:
        raise MappingError("is not what the items add up to", "premium.amount")
    content: list[Draft | DraftLoop | None] = [
        _bpr(premium.amount, premium.method, [*[None] * 5, company, *[None] * 5, paid]),
        segment("TRN", _REASSOCIATION, own.value, own.assigner),
        currency(_amounts(premium), "premium.item", "PR"),
        _partner("1000A", "PE", premium, "payee"),
        _partner("1000B", "PR", premium, "payor"),
        *_items(premium),
    ]
    return build("820", GUIDE, [part for part in content if part is not None])


def payment_set(event: PaymentReceived) -> BuiltSet:
    """The set for paid invoices alone."""
    payment = event.payment
    if payment.payer is not None or payment.payer_organization is None:
        raise MappingError(
            "the payment is of a person, or of nobody; X12 has those between organizations",
            "payment.payer" if payment.payer is not None else "payment.payerOrganization",
        )
    if payment.status != "received":
        raise MappingError("the payment did not come in", "payment.status")
    own, allocations = payment.identifier[0], _allocations(payment)
    content: list[Draft | DraftLoop | None] = [
        _bpr(payment.amount, payment.method or "other", [*[None] * 11, day(payment.date)]),
        segment("TRN", _REASSOCIATION, own.value, own.assigner),
        currency([payment.amount, *(one.amount for one in allocations)], "payment.allocation", "PR"),
        party("PR", payment.payer_organization, "payment.payerOrganization"),
        party("PE", payment.payee, "payment.payee"),
        *[loop("RMR", segment("RMR", "IV", one.invoice.value, None, one.amount.value)) for one in allocations],
    ]
    return build("820", VERSION, [part for part in content if part is not None])


def _bpr(amount: Money, method: str, rest: Sequence[Simple]) -> Draft:
    """BPR. `rest` is what follows the method, from BPR05 on."""
    code = _METHOD.get(method, _OTHER_METHOD)
    return segment("BPR", _PARTICULARS_ONLY, amount.value, _CREDIT, code, *rest)


def _allocations(payment: PaymentNotice) -> Sequence[Allocation]:
    """What is paid: the allocations, or the one invoice with all of it."""
    if payment.allocation:
        return payment.allocation
    if payment.invoice is None:
        raise MappingError("nothing says which invoice is paid; give it", "payment.invoice")
    return (Allocation(invoice=payment.invoice, amount=payment.amount),)


def _amounts(premium: PremiumPayment) -> list[Money | None]:
    found: list[Money | None] = [premium.amount]
    for item in premium.item:
        found += [item.paid, item.due, item.adjustment]
    return found


def _partner(id: str, code: str, premium: PremiumPayment, role: str) -> DraftLoop:
    found = party(code, premium.payee if role == "payee" else premium.payor, f"premium.{role}")
    if found is None:
        raise MappingError("the organization is missing, and the guide needs it; give it", f"premium.{role}")
    return DraftLoop(id, found.content)


def _items(premium: PremiumPayment) -> list[DraftLoop]:
    """Lines about the whole group first, in one entity; then an entity for each line about a member."""
    numbered = [(item, f"premium.item[{number}]") for number, item in enumerate(premium.item)]
    whole = [_remitted("2300A", item, field) for item, field in numbered if item.member is None]
    members = [(item, field) for item, field in numbered if item.member is not None]
    start = 1 if whole else 0
    group = [loop("2000A", _payor_entity(premium), *whole)] if whole else []
    return group + [_member(item, number, field) for number, (item, field) in enumerate(members, start + 1)]


def _payor_entity(premium: PremiumPayment) -> Draft:
    number = own_number(premium.payor.identifier) if premium.payor is not None else None
    if number is None:
        raise MappingError("the number of who pays is missing, and the guide needs it; give it", "premium.payor")
    return segment("ENT", 1, "2L", qualifier_of(number), number.value)


def _member(item: PremiumItem, number: int, field: str) -> DraftLoop:
    """2000B. The member is named where the line is about a policy or an invoice; else the line itself says it."""
    member = item.member
    assert member is not None
    named = segment("NM1", "IL", 1, *[None] * 5, qualifier_of(member), member.value)
    return loop(
        "2000B",
        segment("ENT", number, "2J", "ZZ", member.value),
        loop("2100B", named) if item.policy is not None or item.invoice is not None else None,
        _remitted("2300B", item, field),
    )


def _remitted(id: str, item: PremiumItem, field: str) -> DraftLoop:
    """RMR with its month and its adjustment, whose amount and reason come together."""
    adjustment = item.adjustment
    reason = need(item.reason, "the reason", f"{field}.reason") if adjustment is not None else None
    period = item.period
    first, last = (day(period.start), day(period.end)) if period is not None else (None, None)
    months = f"{first:%Y%m%d}-{last:%Y%m%d}" if first and last else None
    kind, number = _about(item, field)
    due = item.due.value if item.due is not None else None
    return loop(
        id,
        segment("RMR", kind, number.value, None, item.paid.value, due),
        segment("DTM", "582", *[None] * 3, "RD8", months) if months else None,
        loop("2320A" if id == "2300A" else "2320B", segment("ADX", adjustment.value, reason)) if adjustment else None,
    )


def _about(item: PremiumItem, field: str) -> tuple[str, Identifier]:
    """RMR01 and RMR02. Raises MappingError where one line would be about nothing, or about two things."""
    if item.policy is not None and item.invoice is not None:
        raise MappingError("the line names a policy and an invoice; an 820 takes one of them", f"{field}.invoice")
    if item.invoice is not None:
        return "IK", item.invoice
    if item.policy is not None:
        return "CT", item.policy
    if item.member is None:
        raise MappingError("nothing says what is paid: a member, a policy or an invoice; give it", field)
    return "AZ", item.member
