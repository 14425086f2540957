"""PaymentNotice and PaymentReconciliation (FHIR R4 13.6 and 13.7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from careloom.mapping.fhir.datatypes import code, day, identifier, period
from careloom.mapping.fhir.elements import Node, child, text
from careloom.mapping.fhir.family import Made, Reader, mappings
from careloom.mapping.fhir.parties import organization
from careloom.mapping.fhir.source import Source
from careloom.model import (
    Identifier,
    Money,
    PaymentNotice,
    PaymentReceived,
    Remittance,
    RemittanceReceived,
    RemittedClaim,
    Settlement,
    SettlementLine,
    SettlementReceived,
)

DROPPED: Mapping[str, str] = {
    "PaymentNotice.response": "the answer of the payer tells of itself",
    "PaymentNotice.provider": "who told of it is the sender",
    "PaymentNotice.recipient": "who is told is the receiver",
    "PaymentReconciliation.disposition": "free text of the payer",
    "PaymentReconciliation.formCode": "a form of the payer",
    "PaymentReconciliation.processNote": "free text of the payer",
    "PaymentReconciliation.requestor": "who asked is the receiver",
    "PaymentReconciliation.detail.submitter": "who sent the claim is told by the claim",
    "PaymentReconciliation.detail.responsible": "whom to ask at the payer",
}
_GONE: Final = frozenset(("cancelled", "draft", "entered-in-error"))


def _noticed(source: Source) -> Made:
    if source.text("status") in _GONE:
        return "a notice that was taken back, or is none yet"
    numbers = source.numbers()
    if not numbers:
        raise source.error("identifier", "a payment needs a number, so that it is counted once")
    request = source.child("request")
    number = source.number_at(request)
    kind = source.kind_at(request)
    notice = PaymentNotice(
        identifier=numbers,
        status="received",
        amount=source.need_money(source.child("amount"), "amount", "the amount of the payment"),
        date=day(source.text("paymentDate")) or day(source.text("created")),
        invoice=number if kind in ("Invoice", "") else None,
        account=number if kind == "Account" else None,
        payee=organization(source, source.child("payee")),
        settlement=source.number_at(source.child("payment")),
    )
    return [source.event(PaymentReceived, payment=notice)]


def _reconciled(source: Source) -> Made:
    """A payer's payment of claims, or else what a gateway settled."""
    if source.text("status") in _GONE:
        return "a payment that was taken back, or is none yet"
    trace = identifier(source.child("paymentIdentifier"))
    numbers = ((trace,) if trace else ()) + tuple([one for one in source.numbers() if one != trace])
    if not numbers:
        raise source.error("paymentIdentifier", "a payment needs the number that the bank repeats")
    amount = source.need_money(source.child("paymentAmount"), "paymentAmount", "the amount of the payment")
    details = source.children("detail")
    kinds = {source.kind_at(child(one, "request")) for one in details}
    if kinds & {"Invoice", "ChargeItem", "Account"}:
        return [source.event(SettlementReceived, settlement=_settlement(source, numbers, amount))]
    remittance = Remittance(
        identifier=numbers,
        amount=amount,
        method="other",
        payment_date=day(source.text("paymentDate")),
        created=day(source.text("created")),
        payor=organization(source, source.child("paymentIssuer"), "payer"),
        payee=organization(source, child(details[0], "payee"), "provider") if details else None,
        claim=tuple([made for one in details if (made := _claim(source, one)) is not None]),
    )
    return [source.event(RemittanceReceived, remittance=remittance)]


def _claim(source: Source, detail: Node) -> RemittedClaim | None:
    """What the payment gives for one claim. It does not say what was charged: the paid amount stands in, and the
    explanation of the claim tells the rest."""
    claim, paid = source.number_at(child(detail, "request")), source.money(child(detail, "amount"))
    if claim is None or paid is None:
        source.drop("detail", "names no claim, or no amount; dropped, the amount of the payment stands")
        return None
    there = source.at(child(detail, "request"))
    charged = source.money(child(there.resource, "total")) if there is not None else None
    answer = source.number_at(child(detail, "response"))
    return RemittedClaim(
        claim=claim, payer_claim=answer, decision="other", charged=charged if charged is not None else paid, paid=paid
    )


def _settlement(source: Source, numbers: tuple[Identifier, ...], amount: Money) -> Settlement:
    return Settlement(
        identifier=numbers,
        period=period(source.child("period")),
        date=day(source.text("paymentDate")),
        net=amount,
        gateway=organization(source, source.child("paymentIssuer")),
        reference=numbers[0].value,
        line=tuple([made for one in source.children("detail") if (made := _movement(source, one)) is not None]),
    )


def _movement(source: Source, detail: Node) -> SettlementLine | None:
    amount = source.money(child(detail, "amount"))
    if amount is None:
        source.drop("detail.amount", "is no amount; the line is dropped")
        return None
    return SettlementLine(
        kind="adjustment" if code(child(detail, "type")) in ("adjustment", "advance") else "payment",
        identifier=identifier(child(detail, "identifier")),
        invoice=source.number_at(child(detail, "request")),
        amount=amount,
        date=day(text(detail, "date")),
    )


READERS: Final[Mapping[str, Reader]] = {"PaymentNotice": _noticed, "PaymentReconciliation": _reconciled}
MAPPINGS = mappings(READERS)
