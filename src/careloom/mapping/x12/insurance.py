"""Who insures the patient of a claim, in which order, and what other payers paid: loops 2000B, 2320, 2330, 2430."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from careloom.formats.x12 import Loop
from careloom.mapping.x12.parties import organization, related_person, relationship
from careloom.mapping.x12.services import adjustments
from careloom.mapping.x12.source import Row, Source, child
from careloom.model import Coverage, CoverageClass, Identifier, Organization, PriorPayment, RelatedPerson

# Data element 1138 (SBR01): the payer's place, 1 first.
ORDER: Final[Mapping[str, int]] = {
    "P": 1,
    "S": 2,
    "T": 3,
    "A": 4,
    "B": 5,
    "C": 6,
    "D": 7,
    "E": 8,
    "F": 9,
    "G": 10,
    "H": 11,
}
ORDER_CODE: Final[Mapping[int, str]] = {order: code for code, order in ORDER.items()}


def subscriber(source: Source, claim: Loop) -> RelatedPerson | None:
    """The policy holder of the payer that the claim goes to, where that is not the patient."""
    if claim.around("2000C") is None:
        return None
    level = claim.around("2000B")
    return related_person(source, child(level, "2010BA")) if level is not None else None


def coverages(source: Source, claim: Loop) -> tuple[Coverage, ...]:
    """That of the payer that the claim goes to, then the others."""
    level = claim.around("2000B")
    first = (_destination(source, claim, level),) if level is not None else ()
    return (*first, *(_other(source, one) for one in _others(claim)))


def prior_payments(source: Source, claim: Loop) -> tuple[PriorPayment, ...]:
    """What each other payer paid and adjusted for the whole claim; those that said nothing are left out."""
    found = []
    for other in _others(claim):
        payer = other.loop("2330B")
        paid = source.first(other, "AMT", "D").money(2)
        adjusted = adjustments(source, other)
        dated = _day(source.first(payer, "DTP", "573")) if payer is not None else None
        if paid is not None or adjusted or dated:
            found.append(
                PriorPayment(
                    payor=organization(source, payer, "payer"),
                    order=ORDER.get(source.row(other, "SBR").text(1) or ""),
                    paid=paid,
                    date=dated,
                    adjustment=adjusted,
                )
            )
    return tuple(found)


def settled(source: Source, line: Loop) -> PriorPayment:
    """What another payer paid for a line (SVD) and adjusted. `payor` is known by its number alone."""
    svd = source.row(line, "SVD")
    number = svd.text(1)
    return PriorPayment(
        payor=Organization(identifier=(Identifier(value=number, type="NIIP"),), type="payer") if number else None,
        paid=svd.money(2),
        date=_day(source.first(line, "DTP", "573")),
        adjustment=adjustments(source, line),
    )


def _others(claim: Loop) -> Iterator[Loop]:
    return (one for one in claim.content if isinstance(one, Loop) and one.id == "2320")


def _day(dtp: Row) -> str | None:
    found = dtp.period()
    return found.start if found else None


def _destination(source: Source, claim: Loop, level: Loop) -> Coverage:
    sbr = source.row(level, "SBR")
    inner = claim.around("2000C")
    insured = child(level, "2010BA")
    person = source.row(inner, "PAT") if inner is not None else None
    return _coverage(
        sbr,
        payor=organization(source, _payer(level), "payer"),
        insured=source.row(insured, "NM1") if insured is not None else None,
        relation=relationship(person, 1) if person is not None else relationship(sbr, 2),
        holder=related_person(source, insured) if person is not None else None,
    )


def _payer(level: Loop) -> Loop | None:
    """2010BB; in the facility claims of 4010 another loop of the level has it."""
    inner = (one for one in level.content if isinstance(one, Loop) and one.id.startswith("2010B"))
    return next((one for one in inner if one.segments()[0][1] == "PR"), None)


def _other(source: Source, other: Loop) -> Coverage:
    sbr = source.row(other, "SBR")
    insured = other.loop("2330A")
    return _coverage(
        sbr,
        payor=organization(source, other.loop("2330B"), "payer"),
        insured=source.row(insured, "NM1") if insured is not None else None,
        relation=relationship(sbr, 2),
        holder=related_person(source, insured),
    )


def _coverage(
    sbr: Row, *, payor: Organization | None, insured: Row | None, relation: str | None, holder: RelatedPerson | None
) -> Coverage:
    number, called = sbr.text(3), sbr.text(4)
    return Coverage(
        order=ORDER.get(sbr.text(1) or ""),
        payor=payor,
        subscriber_id=insured.text(9) if insured is not None else None,
        type=sbr.text(9),
        group=CoverageClass(value=number, name=called) if number or called else None,
        relationship=relation,
        policy_holder=holder,
    )
