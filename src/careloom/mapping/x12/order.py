"""850 and 855: purchase orders, and what suppliers answer to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from careloom.formats.x12 import Loop, Transaction
from careloom.mapping.catalogue import Mapping as SetMapping
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.x12.source import Row, Source, present
from careloom.mapping.x12.trade import (
    BUYER,
    SHIP_TO,
    SUPPLIER,
    allowances,
    description,
    header_parties,
    need_products,
    need_quantity,
    number_of_line,
    organization_of,
    place_of,
    products,
    terms,
)
from careloom.model import (
    Identifier,
    Money,
    PurchaseOrderAcknowledged,
    PurchaseOrderCancelled,
    PurchaseOrderChanged,
    PurchaseOrderEvent,
    PurchaseOrderPlaced,
    SupplyRequest,
    SupplyRequestLine,
    SupplyResponse,
    SupplyResponseLine,
)

_DEFAULTS = Settings()
Purpose: TypeAlias = Literal["original", "change", "cancellation", "duplicate"]
# Data element 353 (BEG01).
_PURPOSE: Final[Mapping[str, Purpose]] = {
    "00": "original", "06": "original", "22": "original", "01": "cancellation", "03": "cancellation", "04": "change",
    "05": "change", "07": "duplicate",
}  # fmt: skip
_EVENTS: Final[Mapping[Purpose, type[PurchaseOrderEvent]]] = {
    "original": PurchaseOrderPlaced, "duplicate": PurchaseOrderPlaced, "change": PurchaseOrderChanged,
    "cancellation": PurchaseOrderCancelled,
}  # fmt: skip
Answer: TypeAlias = Literal["accepted", "changed", "rejected", "received"]
# Data element 587 (BAK02).
_ANSWER: Final[Mapping[str, Answer]] = {
    "AD": "accepted", "AT": "accepted", "AP": "accepted", "AC": "changed", "AE": "changed", "AH": "received",
    "AK": "received", "NA": "received", "RD": "rejected", "RJ": "rejected", "RF": "rejected", "ZZ": "received",
}  # fmt: skip
LineState: TypeAlias = Literal[
    "accepted", "changed", "backordered", "substituted", "rejected", "cancelled", "on-hold", "shipped"
]
# Data element 668 (ACK01).
LINE_STATE: Final[Mapping[str, LineState]] = {
    "IA": "accepted", "AR": "accepted", "AA": "accepted", "AC": "shipped", "SP": "changed", "IB": "backordered",
    "BP": "backordered", "ID": "cancelled", "IR": "rejected", "IS": "substituted", "IH": "on-hold", "IF": "on-hold",
    "R1": "rejected", "R2": "rejected", "R3": "rejected", "R4": "rejected", "R5": "rejected", "R6": "rejected",
    "R7": "rejected", "R8": "rejected", "IW": "on-hold",
}  # fmt: skip
_REQUESTED = ("002", "010", "001", "106")

DROPPED: Mapping[str, str] = {
    "PER": "whom to telephone about an order is known to the people who do",
    "FOB": "terms of freight are agreed with the supplier",
    "CSH": "terms of sale are agreed with the supplier",
    "TD5": "how to ship is agreed with the supplier",
    "PO1/PO4": "how many are in a pack: the catalogue says so",
    "PO1/CTP": "the basis of a price; the price is carried",
    "PO1/MEA": "measures of the product: the catalogue says so",
    "SCH": "single parts of a line's delivery; the first day is carried",
    "SLN": "what a kit is made of: the catalogue says so",
    "SDQ": "how a line is spread over stores",
    "CTT": "how many lines there are, which the lines show",
}


def translate_order(transaction: Transaction, settings: Settings = _DEFAULTS) -> Translation:
    """850: `purchase_order.placed`, or `changed` and `cancelled` where its purpose says so. Raises MappingError
    without the order's number (`BEG03`), and for a line without a product or a quantity."""
    source = Source(transaction, settings)
    beg = source.row(source.root, "BEG")
    purpose = _PURPOSE.get(beg.text(1) or "", "original")
    lines = tuple([_line(source, one, ordinal) for ordinal, one in enumerate(source.root.loops("PO1"), 1)])
    if not lines:
        return Translation(filtered="the order has no line", issues=tuple(source.issues))
    parties = header_parties(source)
    place, address = place_of(source, parties, *SHIP_TO)
    order = SupplyRequest(
        identifier=(Identifier(value=beg.need(3, "the number of the order")),),
        purpose=purpose,
        status="cancelled" if purpose == "cancellation" else "active",
        date=beg.day(5),
        requested=source.first(source.root, "DTM", *_REQUESTED).day(2),
        buyer=organization_of(source, parties, "provider", *BUYER),
        supplier=organization_of(source, parties, "supplier", *SUPPLIER),
        bill_to=organization_of(source, parties, "provider", "BT"),
        deliver_to=place,
        deliver_address=address,
        line=lines,
        allowance_charge=allowances(
            source, [one for one in source.root.content if isinstance(one, Loop) and one.id == "SAC"]
        ),
        total=_total(source),
        payment_terms=terms(source),
        contract=source.first(source.root, "REF", "CT").identifier(2),
        requisition=source.first(source.root, "REF", "RQ").identifier(2),
        cost_centre=source.ref(source.root, "DP", "19"),
        note=_note(source),
    )
    return source.translation([source.event(_EVENTS[purpose], order=order)], "")


def _line(source: Source, loop: Loop, ordinal: int) -> SupplyRequestLine:
    po1 = source.row(loop, "PO1")
    schedule = loop.loop("SCH")
    days = [source.first(loop, "DTM", *_REQUESTED).day(2)]
    if schedule is not None:
        days.append(source.row(schedule, "SCH").day(6))
    return SupplyRequestLine(
        identifier=number_of_line(po1, ordinal),
        item=need_products(po1, 6),
        description=description(source, loop),
        quantity=need_quantity(po1, 2, 3),
        unit_price=po1.money(4),
        requested=next((day for day in days if day), None),
        cost_centre=source.ref(loop, "DP"),
    )


def _total(source: Source) -> Money | None:
    """AMT TT, in the header or the summary."""
    for loop in source.root.inner():
        if loop.id in ("AMT", "CTT") and (found := source.row(loop, "AMT", "TT")):
            return found.money(2)
    return None


def _note(source: Source) -> str | None:
    texts = [msg.text(1) for loop in source.root.content if isinstance(loop, Loop) and loop.id == "N9"
             for msg in source.rows(loop, "MSG")]  # fmt: skip
    return " ".join(text for text in texts if text) or None


def translate_answer(transaction: Transaction, settings: Settings = _DEFAULTS) -> Translation:
    """855: `purchase_order.acknowledged`, a line for each thing that the supplier says of one. Raises MappingError
    without the order's number (`BAK03`)."""
    source = Source(transaction, settings)
    bak = source.row(source.root, "BAK")
    parties = header_parties(source)
    own = bak.identifier(8) or source.first(source.root, "REF", "VN", "SO").identifier(2)
    lines = [
        line for ordinal, loop in enumerate(source.root.loops("PO1"), 1) for line in _answers(source, loop, ordinal)
    ]
    response = SupplyResponse(
        identifier=present(own),
        order=Identifier(value=bak.need(3, "the number of the order")),
        outcome=_ANSWER.get(bak.text(2) or "", "received"),
        date=bak.day(9) or bak.day(4),
        supplier=organization_of(source, parties, "supplier", *SUPPLIER),
        line=tuple(lines),
        note=_note(source),
    )
    return source.translation([source.event(PurchaseOrderAcknowledged, response=response)], "")


def _answers(source: Source, loop: Loop, ordinal: int) -> list[SupplyResponseLine]:
    """One for each ACK; a line without any is accepted as it stands."""
    po1 = source.row(loop, "PO1")
    number = number_of_line(po1, ordinal)
    acks = [source.row(one, "ACK") for one in loop.loops("ACK")]
    if not acks:
        quantity = po1.quantity(2, po1.text(3))
        return [SupplyResponseLine(identifier=number, status="accepted", quantity=quantity, unit_price=po1.money(4))]
    return [_answered(po1, ack, number) for ack in acks]


def _answered(po1: Row, ack: Row, number: str) -> SupplyResponseLine:
    code = ack.text(1)
    status = LINE_STATE.get(code or "", "changed")
    sent = products(ack, 7)
    return SupplyResponseLine(
        identifier=number,
        status=status,
        item=sent,
        quantity=ack.quantity(2, ack.text(3)) or po1.quantity(2, po1.text(3)),
        unit_price=po1.money(4),
        promised=ack.day(5),
        reason=code,
    )


MAPPINGS = (SetMapping("x12", ("850",), translate_order), SetMapping("x12", ("855",), translate_answer))
