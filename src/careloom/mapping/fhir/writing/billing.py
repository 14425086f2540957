"""ChargeItem, Invoice, PaymentNotice, SupplyDelivery and Claim as resources."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from careloom.mapping.fhir.codes import CLAIM_TYPE
from careloom.mapping.fhir.writing.datatypes import (
    Json,
    coded,
    coding,
    concept,
    identifier,
    identifiers,
    money,
    period,
    quantity,
    when,
    without_blanks,
)
from careloom.mapping.fhir.writing.draft import Draft, Written, number
from careloom.mapping.fhir.writing.patient import put_coverage, put_patient
from careloom.model import (
    ChargeItem,
    ChargePosted,
    ChargeVoided,
    Claim,
    ClaimItem,
    ClaimSubmitted,
    CodeableConcept,
    Coding,
    GoodsReceived,
    Identifier,
    InvoiceEvent,
    InvoiceLine,
    PaymentReceived,
    SupplyDeliveryItem,
)

_REVENUE: Final = "https://www.nubc.org/CodeSystem/RevenueCodes"
_PRIORITY: Final = "http://terminology.hl7.org/CodeSystem/processpriority"
_ROLE: Final = "http://terminology.hl7.org/CodeSystem/claimcareteamrole"
_UNKNOWN: Final = {"text": "not said"}


def charged(event: ChargePosted | ChargeVoided, draft: Draft) -> None:
    """The charge; the patient where there is none."""
    one = event.charge
    about = put_patient(draft, event.patient)
    taken_back = isinstance(event, ChargeVoided)
    numbers = (one.reverses,) if taken_back and one.reverses is not None else one.identifier
    written = charge(one, about, draft)
    written.resource |= {
        "identifier": identifiers(numbers),
        "status": "entered-in-error" if taken_back else "billable",
    }
    draft.put(written, numbers)


def charge(one: ChargeItem, about: Json | None, draft: Draft) -> Written:
    """A ChargeItem; its status is for the caller."""
    written = Written({"resourceType": "ChargeItem", "status": "unknown"})
    performer = written.practitioner(one.performer)
    revenue = (Coding(code=one.revenue_code, system=_REVENUE),) if one.revenue_code else ()
    code = CodeableConcept(coding=(*one.code.coding, *revenue), text=one.code.text)
    account = draft.reference("Account", one.account)
    written.resource |= {
        "code": concept(code),
        "subject": about,
        "context": draft.reference("Encounter", one.encounter),
        **when("occurrence", one.occurrence),
        "performer": [{"actor": performer}] if performer else [],
        "quantity": quantity(one.quantity),
        "priceOverride": money(one.total),
        "enteredDate": one.posting_date,
        "reason": [{"coding": [coding(each)]} for each in one.diagnosis],
        "account": [account] if account else [],
    }
    return written


def invoiced(event: InvoiceEvent, draft: Draft) -> None:
    """The invoice as it stands: issued, balanced once it is paid, or cancelled."""
    one = event.invoice
    about = put_patient(draft, event.patient)
    written = Written({"resourceType": "Invoice"})
    status = "balanced" if one.payment_state == "paid" and one.status == "issued" else one.status
    recipient = written.organization(one.recipient) or written.person(one.recipient_person, about) or about
    tax = [{"type": "tax", "amount": money(one.total_tax)}] if one.total_tax is not None else []
    written.resource |= {
        "identifier": identifiers(one.identifier),
        "status": status,
        "subject": about,
        "recipient": recipient,
        "date": one.date,
        "issuer": written.organization(one.issuer),
        "account": draft.reference("Account", one.account),
        "lineItem": [_line(each, draft) for each in one.line],
        "totalPriceComponent": tax,
        "totalNet": money(one.total_net),
        "totalGross": money(one.total_gross),
        "paymentTerms": one.payment_terms,
    }
    draft.put(written, one.identifier)


def _line(one: InvoiceLine, draft: Draft) -> Json:
    """A line needs a charge or what it is for; its net amount is its base price."""
    parts: list[Json] = [{"type": "base", "amount": money(one.net)}]
    parts += [
        without_blanks({"type": "tax", "code": {"text": tax.code}, "amount": money(tax.amount)}) for tax in one.tax
    ]
    charge_of = draft.reference("ChargeItem", one.charge)
    what = concept(one.code) or ({"text": one.description} if one.description else _UNKNOWN)
    named: dict[str, Any] = {"chargeItemReference": charge_of} if charge_of else {"chargeItemCodeableConcept": what}
    return {"sequence": one.sequence, **named, "priceComponent": parts}


def paid(event: PaymentReceived, draft: Draft) -> None:
    """The payment as a notice, with the invoice or the account that it pays."""
    one = event.payment
    written = Written({"resourceType": "PaymentNotice"})
    request = draft.reference("Invoice", one.invoice) or draft.reference("Account", one.account)
    payee = written.organization(one.payee)
    day = one.date[: len("2026-01-01")] if one.date else None
    written.resource |= {
        "identifier": identifiers(one.identifier),
        "status": "active",
        "request": request,
        "created": one.date or (event.occurred.isoformat() if event.occurred else None),
        "payment": draft.reference("PaymentReconciliation", one.settlement) or {"display": "not settled yet"},
        "paymentDate": day,
        "payee": payee,
        "recipient": payee or {"display": "the receiver of this notice"},
        "amount": money(one.amount),
    }
    draft.put(written, one.identifier)


def delivered(event: GoodsReceived, draft: Draft) -> None:
    """A resource for each line, since FHIR's delivery has one item; the second and later are numbered behind."""
    delivery = event.delivery
    known = number(delivery.identifier)
    if known is None:
        raise ValueError("a SupplyDelivery without a number of its own")
    for position, line in enumerate(delivery.item, 1):
        own = known if position == 1 else Identifier(
            value=f"{known.value}/{position}", type=known.type, assigner=known.assigner, system=known.system
        )  # fmt: skip
        written = Written({"resourceType": "SupplyDelivery"})
        order = draft.reference("SupplyRequest", line.order or next(iter(delivery.order), None))
        written.resource |= {
            "identifier": [identifier(own)],
            "basedOn": [order] if order else [],
            "status": "completed",
            "suppliedItem": _supplied(line),
            "occurrenceDateTime": delivery.received,
            "supplier": written.organization(delivery.supplier),
            "destination": written.place(delivery.ship_to),
        }
        draft.put(written, (own,))


def _supplied(line: SupplyDeliveryItem) -> Json:
    codes = [
        without_blanks({"system": identifier(each).get("system"), "code": each.value})
        for each in line.item if each.type != "RI"
    ]  # fmt: skip
    what = without_blanks({"coding": codes, "text": line.description})
    return without_blanks({"quantity": quantity(line.quantity), "itemCodeableConcept": what})


def claimed(event: ClaimSubmitted, draft: Draft) -> None:
    """The claim with the patient and the insurances it names. Raises ValueError without a patient."""
    one = event.claim
    about = put_patient(draft, event.patient)
    if about is None or event.patient is None:
        raise ValueError("a Claim without a patient")
    plans = [made for each in event.coverage if (made := put_coverage(draft, each, event.patient, about))]
    written = claim(one, about)
    insurances = [
        without_blanks({"sequence": place, "focal": place == 1, "coverage": plan,
                        "preAuthRef": [each.value for each in one.authorization] if place == 1 else []})
        for place, plan in enumerate(plans, 1)
    ]  # fmt: skip
    written.resource["insurance"] = insurances or [{"sequence": 1, "focal": True, "coverage": {"display": "not said"}}]
    insurer = event.coverage[0].payor if event.coverage else None
    written.resource["created"] = one.created or _made(event)
    written.resource["insurer"] = written.organization(insurer)
    draft.put(written, one.identifier)


def _made(event: ClaimSubmitted) -> str | None:
    """When a claim was made that does not say so: FHIR must know."""
    if event.occurred is not None:
        return event.occurred.date().isoformat()
    return event.claim.billable_period.start if event.claim.billable_period is not None else None


def claim(one: Claim, about: Json) -> Written:
    """A Claim, but for its insurances."""
    written = Written({"resourceType": "Claim"})
    team = [
        {
            "sequence": place,
            "provider": who,
            "role": coded(role, _ROLE),
        }
        for place, (role, person) in enumerate(
            (("primary", one.rendering), ("referring", one.referring), ("attending", one.attending)), 1
        )
        if (who := written.practitioner(person)) is not None
    ]
    related = [{"reference": identifier(one.replaces)}] if one.replaces is not None else []
    written.resource |= {
        "identifier": identifiers(one.identifier),
        "status": "active",
        "type": coded("oral" if one.type == "dental" else one.type, CLAIM_TYPE),
        "use": "claim",
        "patient": about,
        "billablePeriod": period(one.billable_period),
        "provider": written.organization(one.provider) or (team[0]["provider"] if team else {"display": "not said"}),
        "priority": coded("normal", _PRIORITY),
        "related": related,
        "careTeam": team,
        "diagnosis": [
            {"sequence": each.sequence, "diagnosisCodeableConcept": {"coding": [coding(each.code)]}}
            for each in one.diagnosis
        ],
        "procedure": [
            without_blanks({"sequence": each.sequence, "date": each.date,
                            "procedureCodeableConcept": {"coding": [coding(each.code)]}})
            for each in one.procedure
        ],
        "item": list(_items(one)),
        "total": money(one.total),
    }  # fmt: skip
    return written


def _items(one: Claim) -> Iterator[Json]:
    for line in one.item:
        yield _item(line)


def _item(line: ClaimItem) -> Json:
    return without_blanks(
        {
            "sequence": line.sequence,
            "diagnosisSequence": list(line.diagnosis),
            "revenue": coded(line.revenue_code, _REVENUE),
            "productOrService": concept(line.product_or_service) or _UNKNOWN,
            "modifier": [{"text": each} for each in line.modifier],
            **when("serviced", line.serviced, single="Date"),
            "locationCodeableConcept": coded(line.place_of_service),
            "quantity": quantity(line.quantity),
            "unitPrice": money(line.unit_price),
            "net": money(line.net),
            "bodySite": {"coding": [coding(each) for each in line.body_site]} if line.body_site else None,
            "subSite": [{"text": each} for each in line.surface],
        }
    )
