"""A claim made of the charges of one encounter."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from careloom.core.errors import MappingError
from careloom.flows.steps.parties import Debtor
from careloom.flows.steps.receivables import Share
from careloom.model import ChargePosted, Claim, ClaimItem, ClaimSubmitted, Coding, Identifier, Money
from careloom.model.claims import Diagnosis
from careloom.model.entities import Coverage, Organization


def net_charges(posted: Sequence[ChargePosted], voided: Sequence[str]) -> list[ChargePosted]:
    """The charges that hold: the newest of each number, without those that a credit or a void took back."""
    gone = {
        *voided,
        *(one.charge.reverses.value for one in posted if one.charge.kind == "credit" and one.charge.reverses),
    }
    newest = {_number(one, at): one for at, one in enumerate(posted) if one.charge.kind != "credit"}
    return [one for number, one in newest.items() if number not in gone]


def _number(posted: ChargePosted, at: int) -> str:
    known = next(iter(posted.charge.identifier), None)
    return known.value if known else f"#{at}"


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """A claim and its lines as they are owed."""

    claim: Claim
    lines: tuple[Share, ...]


async def claim_of(number: str, referral: Identifier, charges: tuple[ChargePosted, ...]) -> Priced:
    """The claim. Raises MappingError for a charge without an amount, and for amounts of several currencies."""
    totals = [one.charge.total for one in charges]
    if any(total is None for total in totals):
        raise MappingError("a charge without an amount cannot be claimed", "charge.total")
    amounts = [total for total in totals if total is not None]
    if len({one.currency for one in amounts}) != 1:
        raise MappingError("the charges of one claim have several currencies", "charge.total")
    codes = list(dict.fromkeys(code for one in charges for code in one.charge.diagnosis))
    items = tuple(_item(at, one, total, codes) for at, (one, total) in enumerate(zip(charges, amounts, strict=True), 1))
    first = charges[0]
    claim = Claim(
        identifier=(Identifier(value=number),),
        type="professional",
        frequency="1",
        referral=referral,
        encounter=first.encounter.identifier[0] if first.encounter else None,
        account=first.charge.account,
        diagnosis=tuple(Diagnosis(sequence=at, code=code) for at, code in enumerate(codes, 1)),
        item=items,
        total=Money(value=sum((one.value for one in amounts[1:]), amounts[0].value), currency=amounts[0].currency),
    )
    lines = tuple(
        Share(text=f"{number} {one.charge.code.coding[0].code if one.charge.code.coding else at}", amount=total.value)
        for at, (one, total) in enumerate(zip(charges, amounts, strict=True), 1)
    )
    return Priced(claim=claim, lines=lines)


def submitted(priced: Priced, posted: ChargePosted, coverage: tuple[Coverage, ...], debtor: Debtor) -> ClaimSubmitted:
    """The event that has the claim sent."""
    payor = Organization(identifier=(Identifier(value=debtor.payer or "-", type="PI"),), type="payer")
    return ClaimSubmitted(
        trigger="referral-to-cash", facility=posted.facility, claim=priced.claim, patient=posted.patient,
        coverage=coverage or (Coverage(order=1, payor=payor),),
    )  # fmt: skip


def _item(at: int, posted: ChargePosted, total: Money, codes: Sequence[Coding]) -> ClaimItem:
    charge = posted.charge
    return ClaimItem(
        sequence=at,
        identifier=charge.identifier[0] if charge.identifier else None,
        product_or_service=charge.code,
        modifier=charge.modifier,
        revenue_code=charge.revenue_code,
        serviced=charge.occurrence,
        quantity=charge.quantity,
        unit_price=charge.unit_price,
        net=total,
        diagnosis=tuple(codes.index(code) + 1 for code in charge.diagnosis),
        rendering=charge.performer,
    )
