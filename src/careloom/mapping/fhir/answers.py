"""ClaimResponse (FHIR R4 13.5): what a payer says of a claim, or of a request for leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from careloom.mapping.fhir.datatypes import code, codings, day, identifier, moment, period
from careloom.mapping.fhir.elements import Node, child, children, text, whole
from careloom.mapping.fhir.family import Made, Reader, mappings
from careloom.mapping.fhir.parties import organization
from careloom.mapping.fhir.patient import some_patient
from careloom.mapping.fhir.source import Source
from careloom.model import (
    Authorization,
    AuthorizationCancelled,
    AuthorizationDenied,
    AuthorizationEvent,
    AuthorizationGranted,
    AuthorizationItem,
    AuthorizationPended,
    ClaimItemResponse,
    ClaimResponse,
    ClaimState,
    ClaimStatusChanged,
    Coding,
    Identifier,
    Money,
)

DROPPED: Mapping[str, str] = {
    "ClaimResponse.text": "what it says stands in the elements",
    "ClaimResponse.disposition": "free text of the payer; what is decided stands in its codes",
    "ClaimResponse.payeeType": "where to pay is agreed with the payer",
    "ClaimResponse.addItem": "lines that the payer added are told by its explanation",
    "ClaimResponse.fundsReserve": "the payer's matter",
    "ClaimResponse.formCode": "a form of the payer",
    "ClaimResponse.form": "a form of the payer",
    "ClaimResponse.processNote": "free text of the payer",
    "ClaimResponse.communicationRequest": "what the payer asks for tells of itself",
    "ClaimResponse.insurance": "the claim names the insurances",
    "ClaimResponse.item.detail": "parts of a line, which add up to it",
}
_GONE: Final = frozenset(("draft", "entered-in-error"))
_STATE: Final = {"queued": "A1", "complete": "F0", "error": "E0", "partial": "P1"}  # X12 claim status categories
_OUTCOME: Final = "outcome"
_EVENTS: Final[Mapping[str, type[AuthorizationEvent]]] = {
    "granted": AuthorizationGranted,
    "modified": AuthorizationGranted,
    "denied": AuthorizationDenied,
    "pended": AuthorizationPended,
    "cancelled": AuthorizationCancelled,
    "not-required": AuthorizationGranted,
}


def _read(source: Source) -> Made:
    status, use = source.text("status"), source.text("use")
    if status in _GONE:
        return "an answer that is a draft, or was never one"
    if use == "predetermination":
        return "an answer what would be paid: nothing was billed"
    patient = some_patient(source, "patient")
    if use == "preauthorization":
        made = authorization(source)
        return [source.event(_EVENTS[made.decision], authorization=made, patient=patient)]
    return [source.event(ClaimStatusChanged, response=response(source), patient=patient)]


def request_numbers(source: Source) -> tuple[Identifier, ...]:
    """The numbers of the claim that is answered. Raises MappingError where it names none."""
    found = source.numbers_at(source.child("request"))
    if not found:
        raise source.error("request", "does not say which claim it answers; the payer must name one")
    return found


def response(source: Source) -> ClaimResponse:
    """A ClaimResponse to a claim. Its state is told in X12's categories, as every answer in the model."""
    outcome, payment = source.text(_OUTCOME) or "queued", source.child("payment")
    errors = codings([child(one, "code") for one in source.children("error")])
    state = ClaimState(category=_STATE.get(outcome, "P0"), code=errors[0].code if errors else None)
    return ClaimResponse(
        claim=request_numbers(source)[0],
        payer_claim=next(iter(source.numbers()), None),
        state=(state,),
        effective=day(source.text("created")),
        payor=organization(source, source.child("insurer"), "payer"),
        provider=organization(source, source.child("requestor"), "provider"),
        charged=total(source, "submitted"),
        paid=source.money(child(payment, "amount")) or total(source, "benefit"),
        payment_date=day(text(payment, "date")),
        payment=identifier(child(payment, "identifier")),
        item=tuple(_items(source, state)),
    )


def total(source: Source, category: str) -> Money | None:
    """A total of an adjudication."""
    for one in source.children("total"):
        if code(child(one, "category")) == category:
            return source.money(child(one, "amount"))
    return None


def adjudicated(source: Source, node: Node, *categories: str) -> Money | None:
    """The first amount of these categories among the adjudications of a line or a claim."""
    for category in categories:
        for one in children(node, "adjudication"):
            if code(child(one, "category")) == category:
                found = source.money(child(one, "amount"))
                if found is not None:
                    return found
    return None


def _items(source: Source, state: ClaimState) -> Iterator[ClaimItemResponse]:
    for one in source.children("item"):
        yield ClaimItemResponse(
            sequence=whole(one, "itemSequence", 1),
            charged=adjudicated(source, one, "submitted"),
            paid=adjudicated(source, one, "benefit"),
            state=(state,),
        )


def authorization(source: Source) -> Authorization:
    """A ClaimResponse to a request for leave."""
    number = source.text("preAuthRef")
    return Authorization(
        request=request_numbers(source),
        number=Identifier(value=number) if number else None,
        decision=cast(Any, _decision(source, number)),
        reason=_reasons(source),
        period=period(source.child("preAuthPeriod")),
        decided=moment(source.text("created")),
        insurer=organization(source, source.child("insurer"), "payer"),
        provider=organization(source, source.child("requestor"), "provider"),
        item=tuple(_decided(source)),
    )


def _decision(source: Source, number: str | None) -> str:
    """By X12's action code where the payer gives one (the review action of Da Vinci PAS), else by the outcome."""
    if source.text("status") == "cancelled":
        return "cancelled"
    said = {_action(one) for one in source.children("item")} - {None}
    if said:
        return next(iter(said)) or "pended" if len(said) == 1 else "modified"
    outcome = source.text(_OUTCOME)
    if outcome == "complete":
        return "granted" if number else "denied"
    return {"partial": "modified", "error": "denied"}.get(outcome or "", "pended")


_REVIEW: Final = "extension-reviewAction"
_ACTION: Final = {"A1": "granted", "A2": "modified", "A3": "denied", "A4": "pended", "A6": "modified", "C": "cancelled",
                  "CT": "pended", "NA": "not-required"}  # fmt: skip


def _action(line: Node) -> str | None:
    for adjudication in children(line, "adjudication"):
        for outer in children(adjudication, "extension"):
            if (text(outer, "url") or "").endswith(_REVIEW):
                for inner in children(outer, "extension"):
                    found = _ACTION.get(code(child(inner, "valueCodeableConcept")) or "")
                    if found is not None:
                        return found
    return None


def _reasons(source: Source) -> tuple[Coding, ...]:
    return codings([child(one, "code") for one in source.children("error")])


def _decided(source: Source) -> Iterator[AuthorizationItem]:
    for number, one in enumerate(source.children("item"), 1):
        action = _action(one)
        reasons = codings([child(part, "reason") for part in children(one, "adjudication")])
        if action is not None or reasons:
            yield AuthorizationItem(
                sequence=whole(one, "itemSequence", 1) or number, decision=cast(Any, action), reason=reasons
            )


READERS: Final[Mapping[str, Reader]] = {"ClaimResponse": _read}
MAPPINGS = mappings(READERS)
