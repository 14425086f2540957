"""Claim (FHIR R4 13.4): a bill to a payer, or a request for leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final, cast

from careloom.mapping.fhir.codes import CLAIM, CLAIM_TYPE
from careloom.mapping.fhir.coverages import coverage_at
from careloom.mapping.fhir.datatypes import code, codes, codings, concept, day, identifier, moment, period, when_of
from careloom.mapping.fhir.elements import Node, child, children, first, text, texts, whole
from careloom.mapping.fhir.family import Made, Reader, mappings
from careloom.mapping.fhir.parties import organization, person, practitioner
from careloom.mapping.fhir.patient import some_patient
from careloom.mapping.fhir.source import Source
from careloom.model import (
    AuthorizationItem,
    AuthorizationRequest,
    AuthorizationRequested,
    Claim,
    ClaimItem,
    ClaimProcedure,
    ClaimSubmitted,
    Coding,
    Coverage,
    Diagnosis,
    Identifier,
    Money,
    Organization,
    Practitioner,
    RelatedPerson,
)

DROPPED: Mapping[str, str] = {
    "Claim.text": "what it says stands in the elements",
    "Claim.enterer": "who typed it stands in the sender's audit",
    "Claim.priority": "the payer's queue",
    "Claim.fundsReserve": "the payer's matter",
    "Claim.payee": "where to pay is agreed with the payer",
    "Claim.prescription": "the prescription tells of itself",
    "Claim.originalPrescription": "the prescription tells of itself",
    "Claim.supportingInfo": "attachments are told as documents; the rest is clinical",
    "Claim.accident.locationAddress": "where an accident was is not needed to be paid",
    "Claim.item.programCode": "the payer's programme",
    "Claim.item.detail": "parts of a line, which add up to it",
    "Claim.item.udi": "a device tells of itself",
    "Claim.item.factor": "the net amount is carried",
}
_GONE: Final = frozenset(("draft", "entered-in-error"))
_DIAGNOSIS: Final = {"principal": "principal", "admitting": "admitting", "patientreasonforvisit": "patient-reason",
                     "externalcauseofinjury": "external-cause"}  # fmt: skip


def _read(source: Source) -> Made:
    status, use = source.text("status"), source.text("use")
    if status in _GONE:
        return "a claim that is a draft, or was never one"
    if use == "preauthorization":
        if status == "cancelled":
            return "a request that was taken back: the payer's answer tells so"
        request, patient = authorization(source), some_patient(source, "patient")
        return [source.event(AuthorizationRequested, request=request, patient=patient, coverage=_coverages(source))]
    if use == "predetermination":
        return "a question what would be paid: nothing is billed"
    if status == "cancelled":
        return "a claim that was taken back: the payer's answer tells so"
    return [
        source.event(
            ClaimSubmitted,
            claim=claim(source),
            patient=some_patient(source, "patient"),
            subscriber=_subscriber(source),
            coverage=_coverages(source),
        )
    ]


def claim(source: Source) -> Claim:
    """A Claim resource. Raises MappingError without a number, a line, or an amount that nothing adds up without."""
    items = tuple(_items(source))
    if not items:
        raise source.error("item", "a claim has at least one line; the sender must give it")
    created = day(source.text("created"))
    focal = _focal(source)
    related = first(source.resource, "related")
    return Claim(
        identifier=_numbers(source),
        type=CLAIM.get(code(source.child("type"), CLAIM_TYPE) or "", "professional"),
        replaces=identifier(child(related, "reference")) or source.number_at(child(related, "claim")),
        created=created,
        billable_period=period(source.child("billablePeriod")),
        provider=organization(source, source.child("provider"), "provider"),
        rendering=_member(source, "primary") or practitioner(source, source.child("provider")),
        referring=_member(source, "referring"),
        attending=_member(source, "attending"),
        facility=_facility(source),
        authorization=tuple([Identifier(value=one) for one in texts(focal, "preAuthRef")]),
        referral=source.number_at(source.child("referral")),
        diagnosis=tuple(_diagnoses(source)),
        procedure=tuple(_procedures(source)),
        item=items,
        total=_total(source, items),
        encounter=_encounter(source),
        accident=tuple([found for found in (code(child(source.child("accident"), "type")),) if found]),
    )


def _numbers(source: Source) -> tuple[Identifier, ...]:
    found = source.numbers()
    if not found:
        raise source.error("identifier", "a claim needs the provider's number, which the payer repeats")
    return found


def _total(source: Source, items: tuple[ClaimItem, ...]) -> Money:
    said = source.money(source.child("total"))
    if said is not None:
        return said
    currencies = {one.net.currency for one in items}
    if len(currencies) > 1:
        raise source.error("total", "the lines are in several currencies, and the claim has no total")
    return Money(value=sum((one.net.value for one in items), Decimal(0)), currency=items[0].net.currency)


def _focal(source: Source) -> Node:
    found = source.children("insurance")
    return next((one for one in found if one.get("focal") is True), found[0] if found else {})


def _coverages(source: Source) -> tuple[Coverage, ...]:
    ordered = sorted(source.children("insurance"), key=lambda one: whole(one, "sequence") or 0)
    return tuple([found for one in ordered if (found := coverage_at(source, child(one, "coverage"))) is not None])


def _subscriber(source: Source) -> RelatedPerson | None:
    there = source.at(child(_focal(source), "coverage"))
    return person(there, there.child("subscriber")) if there is not None and there.child("subscriber") else None


def _facility(source: Source) -> Organization | None:
    reference = source.child("facility")
    number, shown = source.numbers_at(reference), text(reference, "display")
    there = source.at(reference)
    name = there.text("name") if there is not None else shown
    return Organization(identifier=number, name=name) if number or name else None


def _member(source: Source, role: str) -> Practitioner | None:
    for one in source.children("careTeam"):
        if code(child(one, "role")) == role:
            return practitioner(source, child(one, "provider"))
    return None


def _diagnoses(source: Source) -> Iterator[Diagnosis]:
    for number, one in enumerate(source.children("diagnosis"), 1):
        found = _coded(source, one, "diagnosis")
        if not found:
            source.drop("diagnosis", "has no code; dropped")
            continue
        kind = code(first(one, "type"))
        yield Diagnosis(
            sequence=whole(one, "sequence", 1) or number,
            code=found[0],
            type=cast(Any, _DIAGNOSIS.get((kind or "").lower())),
            on_admission=code(child(one, "onAdmission")),
        )


def _coded(source: Source, node: Node, name: str) -> tuple[Coding, ...]:
    """The code in a concept, else that of the condition or the procedure referred to."""
    there = source.at(child(node, f"{name}Reference"))
    own = codings([child(node, f"{name}CodeableConcept")])
    return own or (codings([there.child("code")]) if there is not None else ())


def _procedures(source: Source) -> Iterator[ClaimProcedure]:
    for number, one in enumerate(source.children("procedure"), 1):
        found = _coded(source, one, "procedure")
        if found:
            yield ClaimProcedure(
                sequence=whole(one, "sequence", 1) or number, code=found[0], date=day(text(one, "date"))
            )


def _encounter(source: Source) -> Identifier | None:
    for line in source.children("item"):
        for reference in children(line, "encounter"):
            return source.number_at(reference)
    return None


def _items(source: Source) -> Iterator[ClaimItem]:
    for number, line in enumerate(source.children("item"), 1):
        yield ClaimItem(
            sequence=whole(line, "sequence", 1) or number,
            product_or_service=concept(child(line, "productOrService")),
            modifier=codes(children(line, "modifier")),
            revenue_code=code(child(line, "revenue")),
            serviced=when_of(line, "serviced"),
            quantity=source.quantity(child(line, "quantity")),
            unit_price=source.money(child(line, "unitPrice")),
            net=_net(source, line, number),
            diagnosis=_sequences(line, "diagnosisSequence"),
            place_of_service=code(child(line, "locationCodeableConcept")),
            body_site=codings([child(line, "bodySite")]),
            surface=codes(children(line, "subSite")),
        )


def _net(source: Source, line: Node, number: int) -> Money:
    """Net, else quantity times unit price, times the factor where there is one; a line without a price costs nothing,
    as encounters that are claimed in whole have."""
    net = source.money(child(line, "net"))
    if net is not None:
        return net
    price, amount = source.money(child(line, "unitPrice")), source.quantity(child(line, "quantity"))
    if price is not None:
        try:
            return Money(value=price.value * (amount.value if amount else Decimal(1)), currency=price.currency)
        except ValueError:
            raise source.error(f"item[{number - 1}].net", "is not said, and is no amount either") from None
    source.drop(f"item[{number - 1}].net", "is not said; taken as nothing")
    return Money(value=Decimal(0), currency=source.settings.currency)


def _sequences(line: Node, name: str) -> tuple[int, ...]:
    value = line.get(name)
    return tuple([one for one in value if type(one) is int and one > 0]) if isinstance(value, list) else ()


def authorization(source: Source) -> AuthorizationRequest:
    """A Claim with use preauthorization. Raises MappingError without a number."""
    return AuthorizationRequest(
        identifier=_numbers(source),
        created=moment(source.text("created")),
        period=period(source.child("billablePeriod")),
        diagnosis=tuple([one.code for one in _diagnoses(source)]),
        insurer=organization(source, source.child("insurer"), "payer"),
        provider=organization(source, source.child("provider"), "provider"),
        requester=practitioner(source, source.child("provider")),
        item=tuple(_wanted(source)),
        replaces=source.number_at(child(first(source.resource, "related"), "claim")),
    )


def _wanted(source: Source) -> Iterator[AuthorizationItem]:
    for number, line in enumerate(source.children("item"), 1):
        yield AuthorizationItem(
            sequence=whole(line, "sequence", 1) or number,
            product_or_service=concept(child(line, "productOrService")),
            modifier=codes(children(line, "modifier")),
            quantity=source.quantity(child(line, "quantity")),
            unit_price=source.money(child(line, "unitPrice")),
            serviced=when_of(line, "serviced"),
        )


READERS: Final[Mapping[str, Reader]] = {"Claim": _read}
MAPPINGS = mappings(READERS)
