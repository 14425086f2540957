"""Who insures the patient of an 837: loops 2000B, 2000C and 2320."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from careloom.core.errors import MappingError
from careloom.formats.x12 import Draft, DraftLoop, loop, segment
from careloom.mapping.x12.insurance import ORDER_CODE
from careloom.mapping.x12.sending.drafts import (
    addressed,
    contacted,
    demographics,
    dependent,
    insured,
    named,
    need_address,
    relation,
)
from careloom.model import Adjustment, ClaimSubmitted, Coverage, Patient, PriorPayment, RelatedPerson

_TRIPLES = 6


def insured_level(event: ClaimSubmitted, claim: DraftLoop) -> DraftLoop:
    """2000B, and 2000C where the patient is a dependent. Raises MappingError without patient, coverage or payer."""
    patient = event.patient
    if patient is None or not event.coverage:
        raise MappingError(
            "whom the claim is for, or who insures it, is missing; give it", "coverage" if patient else "patient"
        )
    coverage = event.coverage[0]
    payor = coverage.payor
    payer = loop("2010BB", named("PR", payor, "coverage[0].payor"), *addressed(payor.address if payor else ()))
    holder = event.subscriber or coverage.policy_holder
    if holder is None:
        name = insured("IL", patient, coverage.subscriber_id, "patient")
        known = loop("2010BA", name, *_described(patient), _reached(event, patient))
        return loop("2000B", _level("22"), _sbr(coverage, relation(coverage) or "18"), known, payer, claim)
    known = loop("2010BA", insured("IL", holder, coverage.subscriber_id, "subscriber"), *_described(holder))
    inner = loop(
        "2000C",
        _level("23"),
        segment("PAT", relation(coverage) or "G8"),
        loop(
            "2010CA",
            dependent("QC", patient, "patient", numbered=False),
            *_all_described(patient),
            _reached(event, patient),
        ),
        claim,
    )
    return loop("2000B", _level("22"), _sbr(coverage, None), known, payer, inner)


def _level(code: str) -> Draft:
    return segment("HL", None, None, code)


def _sbr(coverage: Coverage, relationship: str | None) -> Draft:
    group = coverage.group
    return segment(
        "SBR",
        ORDER_CODE.get(coverage.order or 1, "U"),
        relationship,
        group.value if group else None,
        group.name if group else None,
        *[None] * 4,
        coverage.type,
    )


def _described(who: Patient | RelatedPerson) -> list[Draft | None]:
    return [*addressed(who.address), demographics(who)]


def _all_described(patient: Patient) -> list[Draft | None]:
    return [*need_address(patient, "patient"), demographics(patient)]


def _reached(event: ClaimSubmitted, patient: Patient) -> Draft | None:
    """PER of the patient, which professional claims alone have."""
    return contacted("IC", None, patient.telecom) if event.claim.type == "professional" else None


def other_payers(event: ClaimSubmitted) -> list[DraftLoop]:
    """2320 for each further coverage, with what that payer paid."""
    return [_other(event, coverage, f"coverage[{number}]") for number, coverage in enumerate(event.coverage[1:], 1)]


def _other(event: ClaimSubmitted, coverage: Coverage, field: str) -> DraftLoop:
    """OI says, as CLM08 and CLM09 do, that benefits are assigned and the release allowed."""
    payment = _payment(event, coverage)
    holder = coverage.policy_holder or event.patient
    assert holder is not None, "a claim without a patient was refused before"
    day = payment.date.replace("-", "") if payment is not None and payment.date else None
    paid = payment.paid if payment is not None else None
    return loop(
        "2320",
        _sbr(coverage, relation(coverage) or "18"),
        *(adjusted(payment.adjustment) if payment is not None else ()),
        segment("AMT", "D", paid.value) if paid is not None else None,
        segment("OI", None, None, "Y", None, None, "Y"),
        loop(
            "2330A", insured("IL", holder, coverage.subscriber_id, f"{field}.policyHolder"), *addressed(holder.address)
        ),
        _payer(coverage, f"{field}.payor", day),
    )


def _payer(coverage: Coverage, field: str, day: str | None) -> DraftLoop:
    payor = coverage.payor
    paid = segment("DTP", "573", "D8", day) if day else None
    return loop("2330B", named("PR", payor, field), *addressed(payor.address if payor else ()), paid)


def _payment(event: ClaimSubmitted, coverage: Coverage) -> PriorPayment | None:
    """What the payer of a coverage paid: by its place in the order, else by its name."""
    payments = event.claim.prior_payment
    placed = (one for one in payments if one.order is not None and one.order == coverage.order)
    named_so = (one for one in payments if one.order is None and one.payor == coverage.payor)
    return next(placed, next(named_so, None))


def adjusted(adjustments: Sequence[Adjustment]) -> list[Draft]:
    """CAS: six triples of a group in each."""
    found = []
    for group, members in groupby(adjustments, key=lambda one: one.group):
        own = list(members)
        for at in range(0, len(own), _TRIPLES):
            triples = [
                part
                for one in own[at : at + _TRIPLES]
                for part in (one.reason, one.amount.value, one.quantity.value if one.quantity else None)
            ]
            found.append(segment("CAS", group, *triples))
    return found
