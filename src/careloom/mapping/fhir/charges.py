"""ChargeItem and Invoice (FHIR R4 13.9 and 13.10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, cast

from careloom.mapping.fhir.datatypes import code, codings, concept, day, when_of
from careloom.mapping.fhir.elements import Node, child, children, first, text, whole
from careloom.mapping.fhir.family import Made, Reader, mappings
from careloom.mapping.fhir.parties import organization, person, place, practitioner
from careloom.mapping.fhir.patient import patient_at, some_patient
from careloom.mapping.fhir.source import Source
from careloom.model import (
    ChargeItem,
    ChargePosted,
    ChargeVoided,
    CodeableConcept,
    Identifier,
    Invoice,
    InvoiceCancelled,
    InvoiceIssued,
    InvoiceLine,
    Money,
    Tax,
)

DROPPED: Mapping[str, str] = {
    "ChargeItem.text": "what it says stands in the elements",
    "ChargeItem.definitionUri": "the price list's own matter",
    "ChargeItem.definitionCanonical": "the price list's own matter",
    "ChargeItem.partOf": "the charge around it tells of itself",
    "ChargeItem.enterer": "who typed it stands in the sender's audit",
    "ChargeItem.overrideReason": "free text",
    "ChargeItem.note": "free text may be clinical",
    "ChargeItem.bodysite": "clinical",
    "ChargeItem.supportingInformation": "clinical",
    "Invoice.text": "what it says stands in the elements",
    "Invoice.note": "free text may be clinical",
    "Invoice.participant": "who had a part in it is not needed to collect it",
    "Invoice.cancelledReason": "free text",
    "Invoice.type": "an invoice of any type is owed",
}
_VOID: Final = frozenset(("aborted", "entered-in-error", "not-billable"))
_UNPOSTED: Final = frozenset(("planned", "unknown"))
_REVENUE: Final = "https://www.nubc.org/CodeSystem/RevenueCodes"


def charge(source: Source) -> ChargeItem:
    """A ChargeItem resource. Raises MappingError without a code."""
    what = concept(source.child("code"))
    if what is None:
        raise source.error("code", "does not say what is charged; the sender must give a code")
    amount = source.quantity(source.child("quantity"))
    total = source.money(source.child("priceOverride"))
    performer = first(source.resource, "performer")
    context = source.child("context")
    return ChargeItem(
        identifier=source.numbers(),
        code=CodeableConcept(coding=_without(what, _REVENUE), text=what.text),
        occurrence=when_of(source.resource, "occurrence"),
        posting_date=day(source.text("enteredDate")),
        quantity=amount,
        total=total,
        diagnosis=codings(source.children("reason")),
        performer=practitioner(source, child(performer, "actor")),
        location=place(source, context) if source.kind_at(context) == "Location" else None,
        cost_centre=_name(source, source.child("costCenter")),
        revenue_code=next((one.code for one in what.coding if one.system == _REVENUE), None),
        account=source.number_at(first(source.resource, "account")),
        encounter=source.number_at(context) if source.kind_at(context) == "Encounter" else None,
        order=source.numbers_in("service"),
        item=_item(source),
    )


def _without(what: CodeableConcept, system: str) -> tuple[Any, ...]:
    return tuple([one for one in what.coding if one.system != system])


def _name(source: Source, reference: Node) -> str | None:
    found = organization(source, reference)
    number = next(iter(found.identifier), None) if found is not None else None
    return number.value if number is not None else found.name if found is not None else None


def _item(source: Source) -> tuple[Identifier, ...]:
    reference = source.child("productReference")
    if reference:
        return source.numbers_at(reference)
    found = codings([source.child("productCodeableConcept")])
    return tuple([Identifier(value=one.code, type="SKU") for one in found])


def _charged(source: Source) -> Made:
    status = source.text("status")
    if status in _UNPOSTED:
        return "a charge that is not posted yet"
    if source.kind_at(source.child("subject")) not in ("Patient", ""):
        return "a charge to no single patient"
    made = charge(source)
    kind = ChargeVoided if status in _VOID else ChargePosted
    if kind is ChargeVoided and not made.identifier:
        raise source.error("identifier", "a charge that is taken back needs the number by which it was posted")
    return [source.event(kind, patient=patient_at(source, "subject"), charge=made)]


def invoice(source: Source) -> Invoice:
    """An Invoice resource. Raises MappingError without a number or a total."""
    numbers = source.numbers()
    if not numbers:
        raise source.error("identifier", "an invoice needs its number")
    status = source.text("status")
    lines = tuple([made for one in source.children("lineItem") if (made := _line(source, one)) is not None])
    recipient = source.child("recipient")
    owed = person(source, recipient) if source.kind_at(recipient) in ("Patient", "RelatedPerson") else None
    return Invoice(
        identifier=numbers,
        status=cast(Any, status if status in ("cancelled", "entered-in-error") else "issued"),
        date=day(source.text("date")),
        issuer=organization(source, source.child("issuer")),
        recipient=organization(source, recipient) if source.kind_at(recipient) == "Organization" else None,
        recipient_person=owed,
        line=lines,
        total_net=source.money(source.child("totalNet")),
        total_tax=_total_tax(source),
        total_gross=_total(source),
        payment_terms=source.text("paymentTerms"),
        account=source.number_at(source.child("account")),
    )


def _total(source: Source) -> Money:
    gross = source.money(source.child("totalGross"))
    if gross is None and (net := source.money(source.child("totalNet"))) is not None and _total_tax(source) is None:
        return net
    return gross or source.need_money(source.child("totalGross"), "totalGross", "the total of the invoice")


def _total_tax(source: Source) -> Money | None:
    taxes = [source.money(child(one, "amount")) for one in source.children("totalPriceComponent")
             if text(one, "type") == "tax"]  # fmt: skip
    found = [one for one in taxes if one is not None]
    if not found or len({one.currency for one in found}) > 1:
        return None
    return Money(value=sum((one.value for one in found), Decimal(0)), currency=found[0].currency)


def _line(source: Source, line: Node) -> InvoiceLine | None:
    parts = children(line, "priceComponent")
    base = next((source.money(child(one, "amount")) for one in parts if text(one, "type") == "base"), None)
    if base is None:
        source.drop("lineItem.priceComponent", "a line without a base price; dropped, the total stands")
        return None
    reference = child(line, "chargeItemReference")
    there = source.at(reference)
    charged = there if there is not None and there.type == "ChargeItem" else None
    what = concept(child(line, "chargeItemCodeableConcept")) or (concept(charged.child("code")) if charged else None)
    net = Money(value=base.value + sum(_changes(source, parts, base.currency), Decimal(0)), currency=base.currency)
    return InvoiceLine(
        sequence=whole(line, "sequence", 1) or 1 + source.children("lineItem").index(line),
        code=what,
        quantity=charged.quantity(charged.child("quantity")) if charged is not None else None,
        net=net,
        tax=tuple(_taxes(source, parts)),
        charge=source.number_at(reference),
    )


def _changes(source: Source, parts: Sequence[Node], currency: str) -> Iterator[Decimal]:
    """Surcharges, deductions and discounts of a line, which its base price is without."""
    signs = {"surcharge": 1, "deduction": -1, "discount": -1}
    for one in parts:
        sign = signs.get(text(one, "type") or "")
        amount = source.money(child(one, "amount")) if sign else None
        if sign and amount is not None and amount.currency == currency:
            yield sign * abs(amount.value)


def _taxes(source: Source, parts: Sequence[Node]) -> Iterator[Tax]:
    for one in parts:
        amount = source.money(child(one, "amount")) if text(one, "type") == "tax" else None
        if amount is not None:
            yield Tax(code=code(child(one, "code")) or "tax", amount=amount)


def _invoiced(source: Source) -> Made:
    status = source.text("status")
    if status == "draft":
        return "a draft of an invoice: nothing is owed yet"
    kind = InvoiceCancelled if status in ("cancelled", "entered-in-error") else InvoiceIssued
    return [source.event(kind, invoice=invoice(source), patient=some_patient(source, "subject"))]


READERS: Final[Mapping[str, Reader]] = {"ChargeItem": _charged, "Invoice": _invoiced}
MAPPINGS = mappings(READERS)
