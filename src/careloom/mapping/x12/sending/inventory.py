"""846 (005010)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Final

from careloom.core.errors import MappingError
from careloom.formats.x12 import BuiltSet, Draft, DraftLoop, build, loop, segment
from careloom.mapping.x12.sending.drafts import day, moment
from careloom.mapping.x12.sending.envelope import Envelope, written
from careloom.mapping.x12.sending.trade import currency, described, on_day, party, place, products, tracked
from careloom.model import InventoryItem, InventoryReport, InventoryReported, Location

VERSION: Final = "005010"
_KIND: Final[Mapping[str, str]] = {"snapshot": "00", "difference": "04"}
_STATE: Final[Mapping[str, str]] = {
    "on-hand": "17", "available": "33", "on-order": "63", "backordered": "BQ", "reserved": "29", "quarantined": "QH",
}  # fmt: skip


def to_846(event: InventoryReported, envelope: Envelope) -> bytes:
    """The stock as an interchange with one set.

    Raises MappingError for several places, and for a state that X12 has no quantity for; FormatError for values the
    standard does not take.
    """
    return written([inventory_set(event, envelope)], envelope)


def inventory_set(event: InventoryReported, envelope: Envelope) -> BuiltSet:
    """The set alone."""
    report = event.report
    at = moment(report.date)
    made = day(report.date) or envelope.time.date()
    where = _place(report)
    content: list[Draft | DraftLoop | None] = [
        segment("BIA", _KIND[report.kind], "SI", report.identifier[0].value, made, at.time() if at else None),
        currency([one.unit_cost for one in report.item], "report.item", "SE"),
        party("RP", report.reporter, "report.reporter"),
        place("WH", where, where.address, "report.location") if where is not None else None,
        *_lines(report),
    ]
    count = sum(isinstance(part, DraftLoop) and part.id == "LIN" for part in content)
    return build("846", VERSION, [*(part for part in content if part is not None), segment("CTT", count)])


def _place(report: InventoryReport) -> Location | None:
    """The one place that all of it is about."""
    found = report.location
    for number, item in enumerate(report.item):
        if item.location is None or item.location == found:
            continue
        if found is not None or number:
            raise MappingError("stock of several places; report them apart", f"report.item[{number}].location")
        found = item.location
    return found


def _lines(report: InventoryReport) -> list[DraftLoop]:
    """One LIN for what lies there of one product and lot, with a quantity for each state that follows."""
    numbered = enumerate(report.item)
    alike = groupby(numbered, key=lambda one: _product(one[1]))
    return [_line(number, list(own)) for number, (_, own) in enumerate(alike, 1)]


def _product(item: InventoryItem) -> tuple[object, ...]:
    return item.item, item.description, item.lot, item.unit_cost, item.date


def _line(number: int, states: Sequence[tuple[int, InventoryItem]]) -> DraftLoop:
    first = states[0][1]
    cost = first.unit_cost
    return loop(
        "LIN",
        segment("LIN", str(number), *products(first.item)),
        described(first.description),
        *tracked(first.lot),
        on_day("007", first.date),
        segment("CTP", None, None, cost.value) if cost is not None else None,
        *[loop("QTY", _quantity(item, f"report.item[{at}]")) for at, item in states],
    )


def _quantity(item: InventoryItem, field: str) -> Draft:
    code = _STATE.get(item.state)
    if code is None:
        raise MappingError("X12 has no quantity of goods in this state; leave them out", f"{field}.state")
    unit = item.quantity.unit
    return segment("QTY", code, item.quantity.value, (unit,) if unit else None)
