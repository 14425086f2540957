"""850 (005010)."""

from __future__ import annotations

from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.x12 import BuiltSet, Draft, DraftLoop, build, loop, segment
from careloom.mapping.x12.codes import PRODUCT_QUALIFIER
from careloom.mapping.x12.sending.drafts import addressed, day, need, qualifier_of
from careloom.mapping.x12.sending.envelope import Envelope, written
from careloom.mapping.x12.source import DEFAULT_CURRENCY
from careloom.model import (
    Address,
    Identifier,
    Location,
    Organization,
    PurchaseOrderEvent,
    SupplyRequest,
    SupplyRequestLine,
)

VERSION: Final = "005010"
_PURPOSE: Final = {"original": "00", "change": "04", "cancellation": "01", "duplicate": "07"}
_MOST_NUMBERS: Final = 10


def to_850(event: PurchaseOrderEvent, envelope: Envelope) -> bytes:
    """The order as an interchange with one set.

    Raises MappingError for a line without a unit; FormatError for values the standard does not take.
    """
    return written([order_set(event, envelope)], envelope)


def order_set(event: PurchaseOrderEvent, envelope: Envelope) -> BuiltSet:
    """The set alone."""
    order = event.order
    ordered = day(order.date) or envelope.time.date()
    content: list[Draft | DraftLoop | None] = [
        segment("BEG", _PURPOSE[order.purpose], "SA", order.identifier[0].value, None, ordered),
        _currency(order),
        segment("REF", "DP", order.cost_centre) if order.cost_centre else None,
        _reference("CT", order.contract),
        _reference("RQ", order.requisition),
        _terms(order),
        segment("DTM", "002", day(order.requested)) if day(order.requested) else None,
        *_charges(order),
        _note(order),
        _party("BY", order.buyer) if order.buyer != order.bill_to else None,
        _party("BT", order.bill_to),
        _place(order.deliver_to, order.deliver_address),
        _party("SE", order.supplier),
        *[_line(one, number) for number, one in enumerate(order.line)],
        _summary(order),
    ]
    return build("850", VERSION, [part for part in content if part is not None])


def _currency(order: SupplyRequest) -> Draft | None:
    amounts = [line.unit_price for line in order.line if line.unit_price is not None]
    amounts += [order.total] if order.total is not None else []
    currencies = {amount.currency for amount in amounts} or {DEFAULT_CURRENCY}
    if len(currencies) > 1:
        raise MappingError("amounts of several currencies in one order; order them apart", "order.line")
    found = currencies.pop()
    return segment("CUR", "BY", found) if found != DEFAULT_CURRENCY else None


def _reference(qualifier: str, number: Identifier | None) -> Draft | None:
    return segment("REF", qualifier, number.value) if number is not None else None


def _terms(order: SupplyRequest) -> Draft | None:
    """`net 30` as days, other terms in words."""
    terms = order.payment_terms
    if terms is None:
        return None
    word, _, days = terms.partition(" ")
    if word == "net" and days.isdecimal() and len(days) <= 3:
        return segment("ITD", "01", "3", *[None] * 4, days)
    return segment("ITD", "14", *[None] * 10, terms)


def _charges(order: SupplyRequest) -> list[DraftLoop]:
    found = []
    for one in order.allowance_charge:
        letter = "A" if one.kind == "allowance" else "C"
        cents = int((one.amount.value * 100).to_integral_value())
        code = one.reason if one.reason and len(one.reason) == 4 else None
        text = None if code else one.reason
        found.append(loop("SAC", segment("SAC", letter, code or "ZZZZ", None, None, cents, *[None] * 9, text)))
    return found


def _note(order: SupplyRequest) -> DraftLoop | None:
    if not order.note:
        return None
    texts = [order.note[at : at + 264] for at in range(0, len(order.note), 264)]
    return loop("N9", segment("N9", "ZZ", "NOTE"), *[segment("MSG", text) for text in texts])


def _party(role: str, party: Organization | None) -> DraftLoop | None:
    if party is None:
        return None
    number = next((one for one in party.identifier if one.type != "TAX"), None)
    identified = (qualifier_of(number), number.value) if number is not None else ()
    address = addressed(party.address, abroad=False)
    return loop("N1", segment("N1", role, party.name, *identified), *address)


def _place(place: Location | None, address: Address | None) -> DraftLoop | None:
    if place is None and address is None:
        return None
    found = place or Location()
    if not found.identifier:
        need(found.name, "the name or the number of the place", "order.deliverTo")
    number = found.identifier[0] if found.identifier else None
    identified = (qualifier_of(number), number.value) if number is not None else ()
    return loop(
        "N1", segment("N1", "ST", found.name, *identified), *(addressed((address,), abroad=False) if address else ())
    )


def _line(line: SupplyRequestLine, number: int) -> DraftLoop:
    field = f"order.line[{number}]"
    unit = need(line.quantity.unit, "the unit", f"{field}.quantity.unit")
    price = line.unit_price.value if line.unit_price is not None else None
    pairs = [part for one in line.item[:_MOST_NUMBERS] for part in (_qualifier(one), one.value)]
    wanted = day(line.requested)
    return loop(
        "PO1",
        segment("PO1", line.identifier, line.quantity.value, unit, price, None, *pairs),
        loop("PID", segment("PID", "F", None, None, None, line.description)) if line.description else None,
        segment("REF", "DP", line.cost_centre) if line.cost_centre else None,
        segment("DTM", "002", wanted) if wanted else None,
    )


def _qualifier(number: Identifier) -> str:
    type = number.type or ""
    return PRODUCT_QUALIFIER.get(type, type if len(type) == 2 else "ZZ")


def _summary(order: SupplyRequest) -> DraftLoop:
    total = order.total
    return loop(
        "CTT",
        segment("CTT", len(order.line)),
        segment("AMT", "TT", total.value) if total is not None else None,
    )
