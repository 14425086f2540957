"""ExplanationOfBenefit (FHIR R4 13.8): what a payer paid for a claim, and why not more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, cast

from careloom.mapping.fhir.answers import adjudicated, total
from careloom.mapping.fhir.datatypes import code, codes, codings, concept, day, identifier, period, when_of
from careloom.mapping.fhir.elements import Node, child, children, whole
from careloom.mapping.fhir.family import Made, Reader, mappings
from careloom.mapping.fhir.parties import organization, practitioner
from careloom.mapping.fhir.patient import some_patient
from careloom.mapping.fhir.source import Source
from careloom.model import AdjudicatedItem, Adjustment, ClaimAdjudicated, ExplanationOfBenefit, Identifier, Money

DROPPED: Mapping[str, str] = {
    "ExplanationOfBenefit.text": "what it says stands in the elements",
    "ExplanationOfBenefit.diagnosis": "the claim carries it",
    "ExplanationOfBenefit.procedure": "the claim carries it",
    "ExplanationOfBenefit.supportingInfo": "the claim's attachments, which are told as documents, or clinical",
    "ExplanationOfBenefit.insurance": "the claim names the insurances",
    "ExplanationOfBenefit.disposition": "free text of the payer; what is decided stands in its codes",
    "ExplanationOfBenefit.processNote": "free text of the payer",
    "ExplanationOfBenefit.benefitBalance": "what is left of a benefit is told by eligibility",
    "ExplanationOfBenefit.benefitPeriod": "what is left of a benefit is told by eligibility",
    "ExplanationOfBenefit.form": "a form of the payer",
    "ExplanationOfBenefit.formCode": "a form of the payer",
    "ExplanationOfBenefit.accident": "the claim carries it",
    "ExplanationOfBenefit.item.detail": "parts of a line, which add up to it",
    "ExplanationOfBenefit.addItem": "lines that the payer added; the totals count them",
}
_GONE: Final = frozenset(("draft", "entered-in-error"))
_PAID: Final = ("benefit", "paidtoprovider", "paid-to-provider")
_GROUPS: Final = ("CO", "CR", "OA", "PI", "PR")
_PATIENT: Final = ("copay", "deductible", "coinsurance", "noncovered", "memberliability")


def _read(source: Source) -> Made:
    if source.text("status") in _GONE:
        return "an explanation that is a draft, or was never one"
    if source.text("use") not in (None, "claim"):
        return "an explanation of what would be paid: nothing was billed"
    if not source.resource.get("total") and not source.resource.get("payment"):
        return "an explanation without totals and without a payment: nothing is decided yet"
    explanation, patient = explained(source), some_patient(source, "patient")
    return [source.event(ClaimAdjudicated, explanation=explanation, patient=patient)]


def explained(source: Source) -> ExplanationOfBenefit:
    """The adjudication of a claim. Raises MappingError without the claim's number, or any amount."""
    payment = source.child("payment")
    paid = _first(source.money(child(payment, "amount")), *[total(source, one) for one in _PAID])
    charged = total(source, "submitted") or _sum(source, "submitted")
    if charged is None:
        charged = source.need_money(source.child("total"), "total", "what was charged")
    own = source.numbers()
    claim = source.number_at(source.child("claim")) or next(iter(own), None)
    if claim is None:
        raise source.error("claim", "does not say which claim it explains; the payer must name one")
    if paid is None:
        paid = Money(value=Decimal(0), currency=charged.currency)
    return ExplanationOfBenefit(
        claim=claim,
        payer_claim=next(iter(own), None),
        remittance=identifier(child(payment, "identifier")) or Identifier(value=claim.value),
        decision=cast(Any, _decision(source, paid)),
        charged=charged,
        paid=paid,
        patient_responsibility=_responsibility(source),
        adjustment=tuple(_adjustments(source, source.resource)),
        item=tuple(_items(source, charged.currency)),
        serviced=period(source.child("billablePeriod")),
        received=day(source.text("created")),
        rendering=practitioner(source, source.child("provider")),
        payor=organization(source, source.child("insurer"), "payer"),
    )


def _first(*amounts: Money | None) -> Money | None:
    return next((one for one in amounts if one is not None), None)


def _sum(source: Source, category: str) -> Money | None:
    found = [one for line in source.children("item") if (one := adjudicated(source, line, category)) is not None]
    if not found or len({one.currency for one in found}) > 1:
        return None
    return Money(value=sum((one.value for one in found), Decimal(0)), currency=found[0].currency)


def _decision(source: Source, paid: Money) -> str:
    if source.text("outcome") == "error" or (source.text("outcome") == "complete" and not paid.value):
        return "denied"
    if source.text("status") == "cancelled":
        return "reversal"
    return {1: "primary", 2: "secondary", 3: "tertiary"}.get(whole(source.resource, "precedence", 1) or 1, "other")


def _responsibility(source: Source) -> Money | None:
    found = [one for name in _PATIENT if (one := total(source, name)) is not None]
    if not found or len({one.currency for one in found}) > 1:
        return None
    return Money(value=sum((one.value for one in found), Decimal(0)), currency=found[0].currency)


def _items(source: Source, currency: str) -> Iterator[AdjudicatedItem]:
    nothing = Money(value=Decimal(0), currency=currency)
    for number, line in enumerate(source.children("item"), 1):
        charged = adjudicated(source, line, "submitted") or source.money(child(line, "net"))
        paid = adjudicated(source, line, *_PAID)
        if charged is None:
            source.drop(f"item[{number - 1}]", "does not say what was charged; the line is dropped")
            continue
        yield AdjudicatedItem(
            sequence=whole(line, "sequence", 1) or number,
            product_or_service=concept(child(line, "productOrService")),
            modifier=codes(children(line, "modifier")),
            revenue_code=code(child(line, "revenue")),
            serviced=when_of(line, "serviced"),
            charged=charged,
            paid=paid if paid is not None else nothing,
            allowed=adjudicated(source, line, "eligible"),
            quantity=source.quantity(child(line, "quantity")),
            adjustment=tuple(_adjustments(source, line)),
        )


def _adjustments(source: Source, node: Node) -> Iterator[Adjustment]:
    """Adjudications whose category is one of X12's adjustment groups, as payers write them that come from an 835."""
    for one in children(node, "adjudication"):
        group = code(child(one, "category"))
        reasons, amount = codings([child(one, "reason")]), source.money(child(one, "amount"))
        if group in _GROUPS and reasons and amount is not None:
            yield Adjustment(group=cast(Any, group), reason=reasons[0].code, amount=amount)


READERS: Final[Mapping[str, Reader]] = {"ExplanationOfBenefit": _read}
MAPPINGS = mappings(READERS)
