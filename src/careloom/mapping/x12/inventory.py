"""846: what somebody has in stock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

from careloom.core.errors import MappingError
from careloom.formats.x12 import Loop, Transaction
from careloom.mapping.catalogue import Mapping as SetMapping
from careloom.mapping.result import Translation
from careloom.mapping.source import Settings
from careloom.mapping.x12.parties import location
from careloom.mapping.x12.source import Row, Source
from careloom.mapping.x12.trade import (
    description,
    header_parties,
    lot,
    need_products,
    need_quantity,
    organization_of,
    party,
)
from careloom.model import Identifier, InventoryItem, InventoryReport, InventoryReported

_DEFAULTS = Settings()
State: TypeAlias = Literal["on-hand", "available", "reserved", "quarantined", "on-order", "backordered", "expired"]
# Data element 673 (QTY01).
_STATE: Final[Mapping[str, State]] = {
    "17": "on-hand", "01": "on-hand", "1": "on-hand", "38": "on-hand", "QA": "on-hand", "33": "available",
    "QO": "on-order", "63": "on-order", "BQ": "backordered", "18": "backordered", "29": "reserved", "QC": "reserved",
    "QH": "quarantined", "20": "quarantined",
}  # fmt: skip

DROPPED: Mapping[str, str] = {
    "PER": "whom to telephone about stock is known to the people who do",
    "LIN/MEA": "measures of the product: the catalogue says so",
    "LIN/PO4": "how many are in a pack: the catalogue says so",
    "LIN/SLN": "what a kit is made of: the catalogue says so",
    "LIN/LDT": "lead times belong to the catalogue",
    "LIN/SCH": "what is planned to come; what lies there is carried",
    "CTT": "how many lines there are, which the lines show",
}


def translate(transaction: Transaction, settings: Settings = _DEFAULTS) -> Translation:
    """`inventory.reported`. Raises MappingError without the number of the report (`BIA03`), for a line without a
    product, and where no line has a quantity whose meaning we know."""
    source = Source(transaction, settings)
    bia = source.row(source.root, "BIA")
    parties = header_parties(source)
    items = tuple([item for line in source.root.loops("LIN") for item in _items(source, line)])
    if not items:
        raise MappingError("no line has a quantity (QTY) whose meaning we know", "LIN/QTY01")
    report = InventoryReport(
        identifier=(Identifier(value=bia.need(3, "the number of the report")),),
        kind="difference" if bia.text(1) in ("04",) else "snapshot",
        date=bia.moment(4, 5),
        reporter=organization_of(source, parties, "supplier", "RP", "SE", "SU", "VN", "FR", "DS", "MF"),
        location=location(source, party(parties, "WH", "RL", "ST", "LW", "IC")),
        item=items,
    )
    return source.translation([source.event(InventoryReported, report=report)], "")


def _items(source: Source, line: Loop) -> list[InventoryItem]:
    lin = source.row(line, "LIN")
    numbers = need_products(lin, 2)
    found = []
    for qty in _quantities(source, line):
        state = _STATE.get(qty.text(1) or "")
        if state is None:
            qty.drop(1, "is no kind of quantity that we know; dropped")
            continue
        unit = qty.text(3, 1)
        amount = need_quantity(qty, 2, 0)
        found.append(
            InventoryItem(
                item=numbers,
                description=description(source, line),
                quantity=type(amount)(value=amount.value, unit=unit),
                state=state,
                lot=lot(source, line, lin, 2),
                unit_cost=source.row(line, "CTP").money(3),
                date=source.first(line, "DTM", "007", "167", "514").day(2),
            )
        )
    return found


def _quantities(source: Source, line: Loop) -> list[Row]:
    return [source.row(one, "QTY") for one in line.content if isinstance(one, Loop) and one.id == "QTY"]


MAPPINGS = (SetMapping("x12", ("846",), translate),)
