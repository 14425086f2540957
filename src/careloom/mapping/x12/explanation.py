"""One claim of an 835: loops 2100 and 2110."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from careloom.formats.x12 import Loop
from careloom.mapping.x12.parties import name, number, social_security
from careloom.mapping.x12.services import adjustments, procedure
from careloom.mapping.x12.source import Row, Source, merged, present
from careloom.model import (
    AdjudicatedItem,
    ClaimAdjudicated,
    ExplanationOfBenefit,
    Identifier,
    Organization,
    Patient,
    Period,
    Practitioner,
    Quantity,
    RelatedPerson,
    RemittedClaim,
    SupplementaryAmount,
)
from careloom.model.remittance import Decision

# Data element 1029 (CLP02).
DECISION: Final[Mapping[str, Decision]] = {
    "1": "primary", "2": "secondary", "3": "tertiary", "4": "denied", "19": "primary", "20": "secondary",
    "21": "tertiary", "22": "reversal", "23": "forwarded", "25": "predetermined",
}  # fmt: skip
_ALLOWED = "B6"
_REMARKS = {"MIA": (5, 20, 21, 22, 23), "MOA": (3, 4, 5, 6, 7)}


def remitted(source: Source, claim: Loop) -> RemittedClaim:
    """What the payment gives for a claim. Raises MappingError without its number or amounts."""
    clp = source.row(claim, "CLP")
    return RemittedClaim(
        claim=_number(clp),
        payer_claim=clp.identifier(7),
        decision=DECISION.get(clp.text(2) or "", "other"),
        charged=clp.need_money(3, "what was charged"),
        paid=clp.need_money(4, "what was paid"),
    )


def adjudicated(source: Source, claim: Loop, trace: Identifier, payer: Organization | None) -> ClaimAdjudicated:
    """How a claim was paid, line by line."""
    clp = source.row(claim, "CLP")
    explanation = ExplanationOfBenefit(
        claim=_number(clp),
        payer_claim=clp.identifier(7),
        remittance=trace,
        decision=DECISION.get(clp.text(2) or "", "other"),
        status_code=clp.text(2),
        charged=clp.need_money(3, "what was charged"),
        paid=clp.need_money(4, "what was paid"),
        patient_responsibility=clp.money(5),
        plan_type=clp.text(6),
        facility_type=clp.text(8),
        frequency=clp.text(9),
        drg=clp.text(11),
        adjustment=adjustments(source, claim),
        item=tuple([_item(source, line, sequence) for sequence, line in enumerate(claim.loops("2110"), 1)]),
        remark=_remarks(source, claim),
        amount=_amounts(source, claim),
        serviced=_days(source, claim, "232", "233"),
        received=source.row(claim, "DTM", "050").day(2),
        rendering=_rendering(source.row(claim, "NM1", "82")),
        payor=payer,
        forwarded_to=_organization(source.row(claim, "NM1", "TT")),
    )
    return source.event(
        ClaimAdjudicated,
        explanation=explanation,
        patient=_patient(source, claim, clp),
        subscriber=_subscriber(source, claim),
    )


def _number(clp: Row) -> Identifier:
    return Identifier(value=clp.need(1, "the provider's number of the claim"))


def _item(source: Source, line: Loop, sequence: int) -> AdjudicatedItem:
    svc = source.row(line, "SVC")
    paid_for, billed = procedure(svc.components(1)), procedure(svc.components(6))
    amounts = _amounts(source, line)
    charged, paid = svc.need_money(2, "what was charged"), svc.text(3)
    return AdjudicatedItem(
        sequence=sequence,
        identifier=source.first(line, "REF", "6R").identifier(2),
        product_or_service=paid_for.concept if paid_for else None,
        submitted=billed.concept if billed else None,
        modifier=paid_for.modifier if paid_for else (),
        revenue_code=svc.text(4),
        serviced=_days(source, line, "150", "151") or _day(source, line),
        charged=charged,
        paid=svc.need_money(3, "what was paid") if paid else source.money(charged.value * 0),
        allowed=next((one.amount for one in amounts if one.code == _ALLOWED), None),
        quantity=_units(svc, 5),
        billed_quantity=_units(svc, 7),
        adjustment=adjustments(source, line),
        remark=tuple([text for lq in source.rows(line, "LQ", "HE", "RX") if (text := lq.text(2))]),
        amount=tuple([one for one in amounts if one.code != _ALLOWED]),
    )


def _units(svc: Row, element: int) -> Quantity | None:
    return svc.quantity(element)


def _amounts(source: Source, loop: Loop) -> tuple[SupplementaryAmount, ...]:
    found = [(amt.text(1), amt.money(2)) for amt in source.rows(loop, "AMT")]
    return tuple([SupplementaryAmount(code=code, amount=amount) for code, amount in found if code and amount])


def _remarks(source: Source, claim: Loop) -> tuple[str, ...]:
    rows = [(source.row(claim, id), elements) for id, elements in _REMARKS.items()]
    return tuple([text for row, elements in rows for element in elements if (text := row.text(element))])


def _days(source: Source, loop: Loop, first: str, last: str) -> Period | None:
    start, end = source.row(loop, "DTM", first).day(2), source.row(loop, "DTM", last).day(2)
    return merged(Period(start=start, end=end)) if start or end else None


def _day(source: Source, line: Loop) -> Period | None:
    day = source.row(line, "DTM", "472").day(2)
    return Period(start=day, end=day) if day else None


def _rendering(nm1: Row) -> Practitioner | None:
    if not nm1:
        return None
    found = Practitioner(identifier=present(number(nm1)), name=name(nm1))
    return found if found.identifier or found.name else None


def _organization(nm1: Row) -> Organization | None:
    found = Organization(identifier=present(number(nm1)), name=nm1.text(3)) if nm1 else None
    return found if found and (found.name or found.identifier) else None


def _patient(source: Source, claim: Loop, clp: Row) -> Patient | None:
    """NM1 QC, its name as the payer corrected it (NM1 74); known by the provider's record number where it is told."""
    nm1, corrected = source.row(claim, "NM1", "QC"), source.row(claim, "NM1", "74")
    record = source.first(claim, "REF", "EA").identifier(2, "MR")
    secret = social_security(source, source.first(claim, "REF", "SY").text(2))
    called = name(nm1) or name(corrected)
    account = Identifier(value=_number(clp).value, type="AN") if called else None
    numbers = present(record, number(nm1) or number(corrected), secret) or present(account)
    return Patient(identifier=numbers, name=(called,) if called else ()) if numbers else None


def _subscriber(source: Source, claim: Loop) -> RelatedPerson | None:
    nm1 = source.row(claim, "NM1", "IL")
    called = name(nm1)
    numbers = present(number(nm1))
    return RelatedPerson(identifier=numbers, name=(called,) if called else ()) if called or numbers else None
