"""820: payments of premiums to an insurer (guide X218), and of invoices to a supplier."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.x12 import Loop, Transaction
from careloom.mapping.catalogue import Mapping as SetMapping
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.x12.codes import METHOD
from careloom.mapping.x12.parties import number, organization
from careloom.mapping.x12.source import Row, Source
from careloom.model import (
    Allocation,
    Identifier,
    Organization,
    PaymentNotice,
    PaymentReceived,
    Period,
    PremiumItem,
    PremiumPaid,
    PremiumPayment,
)
from careloom.model.payments import Method

_DEFAULTS = Settings()
_GUIDES: Final = ("X218", "X061")
_MEMBER, _POLICY = frozenset({"AZ", "9J", "ID", "0F"}), frozenset({"1L", "CT", "B7"})
_METHOD: Final[Mapping[str, Method]] = {"ach": "ach", "check": "check", "wire": "wire", "card": "card"}

DROPPED: Mapping[str, str] = {
    "BPR06": "bank and routing numbers: the bank's statement is reconciled by the trace number",
    "BPR07": "bank and routing numbers: the bank's statement is reconciled by the trace number",
    "BPR09": "the payer's account",
    "BPR13": "bank and routing numbers: the bank's statement is reconciled by the trace number",
    "BPR15": "the insurer's account, which is its own",
    "1000C": "banks between payer and insurer",
    "2100B": "the names of members: their numbers tell who they are",
    "2310A": "how many members an amount is for",
    "2312A": "fees within an amount",
    "2315A": "how many members an amount is for",
    "NTE": "notes for people",
}


def translate(transaction: Transaction, settings: Settings = _DEFAULTS) -> Translation:
    """One `premium.paid`, or `payment.received` where invoices are paid that are no premiums.

    Raises MappingError without an amount (`BPR02`) or a number (`TRN02`), and where nothing says what is paid (`RMR`).
    """
    source = Source(transaction, settings)
    lines = [Row(source, loop, loop.segment("RMR")) for loop in source.root.loops() if loop.segment("RMR")]
    if not lines:
        raise MappingError("nothing says what the payment is for; the sender must give it", "RMR")
    premium = any(guide in transaction.version for guide in _GUIDES) or any(_is_premium(one) for one in lines)
    return source.translation([_premium(source, lines) if premium else _payment(source, lines)], "")


def _is_premium(rmr: Row) -> bool:
    entity = rmr.loop.around("2000B") or rmr.loop.around("ENT")
    return rmr.text(1) in _MEMBER and entity is not None


def _premium(source: Source, lines: list[Row]) -> PremiumPaid:
    bpr = source.row(source.root, "BPR")
    amount = bpr.need_money(2, "the amount of the payment")
    items = tuple([_item(source, line) for line in lines])
    if sum((one.paid.value for one in items), Decimal(0)) != amount.value:
        bpr.drop(2, "is not what the lines add up to")
    premium = PremiumPayment(
        identifier=(_trace(source),),
        amount=amount,
        method=METHOD.get(bpr.text(4) or "", "other"),
        payment_date=bpr.day(16),
        payor=_party(source, "PR", "employer"),
        payee=_party(source, "PE", "payer"),
        item=items,
    )
    return source.event(PremiumPaid, premium=premium)


def _trace(source: Source) -> Identifier:
    trn = source.row(source.root, "TRN")
    value = trn.text(2) or source.ref(source.root, "TN", "TX", "CK")
    if value is None:
        raise MappingError("the trace number of the payment is missing; the sender must give it", "TRN02")
    return Identifier(value=value, assigner=trn.text(3))


def _party(source: Source, code: str, type: str) -> Organization | None:
    loops = (one for one in source.root.loops() if one.id in ("1000A", "1000B", "N1"))
    return organization(source, next((one for one in loops if one.segments()[0][1] == code), None), type)


def _item(source: Source, rmr: Row) -> PremiumItem:
    kind, value = rmr.text(1), rmr.identifier(2)
    adx = source.row(rmr.loop, "ADX") or _inner(source, rmr.loop)
    return PremiumItem(
        member=_member(source, rmr),
        policy=value if kind in _POLICY else None,
        invoice=value if kind not in _POLICY and kind not in _MEMBER else None,
        period=_months(source, rmr.loop),
        due=rmr.money(5),
        paid=rmr.need_money(4, "what was paid"),
        adjustment=adx.money(1),
        reason=adx.text(2),
    )


def _inner(source: Source, loop: Loop) -> Row:
    inner = next((one for one in loop.loops() if one.segment("ADX")), None)
    return Row(source, loop, None) if inner is None else source.row(inner, "ADX")


def _member(source: Source, rmr: Row) -> Identifier | None:
    """RMR02 where it is a member's number, else that of the person (NM109) of the entity."""
    if rmr.text(1) in _MEMBER:
        return rmr.identifier(2, "MB")
    entity = rmr.loop.around("2000B")
    named = entity.loop("2100B") if entity is not None else None
    return number(source.row(named, "NM1")) if named is not None else None


def _months(source: Source, loop: Loop) -> Period | None:
    """DTM 582 of the line, else of the whole."""
    row = source.row(loop, "DTM", "582") or source.row(source.root, "DTM", "582")
    return row.period(5, 6)


def _payment(source: Source, lines: list[Row]) -> PaymentReceived:
    bpr = source.row(source.root, "BPR")
    method = METHOD.get(bpr.text(4) or "", "other")
    allocation = tuple(
        [
            Allocation(invoice=invoice, amount=amount)
            for line in lines
            if (invoice := line.identifier(2)) and (amount := line.money(4) or line.money(5))
        ]
    )
    payment = PaymentNotice(
        identifier=(_trace(source),),
        amount=bpr.need_money(2, "the amount of the payment"),
        method=_METHOD.get(method, "other"),
        date=bpr.day(16),
        allocation=allocation,
        invoice=allocation[0].invoice if len(allocation) == 1 else None,
        payer_organization=_party(source, "PR", "employer"),
        payee=_party(source, "PE", "supplier"),
    )
    return source.event(PaymentReceived, payment=payment)


MAPPINGS = (SetMapping("x12", ("820",), translate),)
