"""850 (005010)."""

from __future__ import annotations

from typing import Final

from careloom.formats.x12 import BuiltSet, Draft, DraftLoop, build, loop, segment
from careloom.mapping.x12.sending.drafts import day
from careloom.mapping.x12.sending.envelope import Envelope, written
from careloom.mapping.x12.sending.trade import (
    agreed,
    charges,
    counted,
    currency,
    described,
    note,
    on_day,
    party,
    place,
    products,
    reference,
)
from careloom.model import PurchaseOrderEvent, SupplyRequest, SupplyRequestLine

VERSION: Final = "005010"
_PURPOSE: Final = {"original": "00", "change": "04", "cancellation": "01", "duplicate": "07"}


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
        currency([order.total, *(line.unit_price for line in order.line)], "order.line"),
        segment("REF", "DP", order.cost_centre) if order.cost_centre else None,
        reference("CT", order.contract),
        reference("RQ", order.requisition),
        agreed(order.payment_terms),
        on_day("002", order.requested),
        *charges(order.allowance_charge, "order.allowanceCharge"),
        note(order.note),
        party("BY", order.buyer, "order.buyer") if order.buyer != order.bill_to else None,
        party("BT", order.bill_to, "order.billTo"),
        place("ST", order.deliver_to, order.deliver_address, "order.deliverTo"),
        party("SE", order.supplier, "order.supplier"),
        *[_line(one, f"order.line[{number}]") for number, one in enumerate(order.line)],
        _summary(order),
    ]
    return build("850", VERSION, [part for part in content if part is not None])


def _line(line: SupplyRequestLine, field: str) -> DraftLoop:
    price = line.unit_price.value if line.unit_price is not None else None
    text = described(line.description)
    return loop(
        "PO1",
        segment(
            "PO1", line.identifier, *counted(line.quantity, f"{field}.quantity"), price, None, *products(line.item)
        ),
        loop("PID", text) if text else None,
        segment("REF", "DP", line.cost_centre) if line.cost_centre else None,
        on_day("002", line.requested),
    )


def _summary(order: SupplyRequest) -> DraftLoop:
    total = order.total
    return loop(
        "CTT",
        segment("CTT", len(order.line)),
        segment("AMT", "TT", total.value) if total is not None else None,
    )
