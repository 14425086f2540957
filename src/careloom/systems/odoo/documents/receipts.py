"""Receipts of purchase orders: so much of each line, by lot, received once.

The key of a receipt is on its lines of goods: each is loaded under an external id made of the receipt's key, into the
open transfer that Odoo made for the order, and then the transfer is validated. Odoo keeps these ids through validation
and through the split of a backorder, so a receipt that was validated is found again by them, in Odoo itself and with
the rights of a normal user, and one that broke off in between goes on where it stopped. An id on the transfer would
not do: the transfer is not ours and is there before the receipt, and a user without rights on `ir.model.data` can give
an id only to what `load()` creates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from careloom.core.errors import MappingError, Rejected
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.amounts import exact, same_number
from careloom.systems.odoo.documents.lots import Lots
from careloom.systems.odoo.documents.outcome import Difference, HeldOtherwise, reference
from careloom.systems.odoo.documents.series import field_name
from careloom.systems.odoo.documents.transfers import LINES, MODEL, MOVES, HeldMove, Planned, Rest, Transfers, line_key

_ORDER_LINE: Final = "purchase.order.line"

FIELDS: Final[Mapping[str, str]] = {
    "lines.order_line": "stock.move.purchase_line_id",
    "lines.quantity": "stock.move.line.quantity",
    "lines.lot": "stock.move.line.lot_id",
    "lines.expiry": "stock.lot.expiration_date (module product_expiry)",
    "shipment": "stock.picking.origin",
    "rest": "stock.picking.backorder_ids",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiptLine:
    """So much of a line of an order (`HeldLine.record_id`), in the unit of that line."""

    order_line: int
    quantity: Decimal
    lot: str = ""
    expiry: date | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What came at once. `rest` says what becomes of what is still open: expected later, or given up. `shipment` is the
    supplier's number; `more` lets in more than was ordered."""

    key: str
    lines: Sequence[ReceiptLine]
    rest: Rest
    shipment: str = ""
    more: bool = False
    company: int | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """The transfer that Odoo holds, done at `at`. `backorder` is the open one for the rest; `keeps_expiry` is whether
    this Odoo has a place for expiry dates."""

    record_id: int
    number: str
    at: datetime
    lines: tuple[HeldMove, ...]
    backorder: int | None
    keeps_expiry: bool
    created: bool


@dataclass(frozen=True, slots=True)
class _Open:
    """What Odoo still expects of a line of an order."""

    order_line: int
    move: int
    picking: int
    product: int
    unit: int
    source: int
    destination: int


class Receipts:
    """Receives goods. Receipts of one order go one after the other: the caller keeps their order."""

    def __init__(self, access: Access, lots: Lots) -> None:
        self._access = access
        self._lots = lots
        self._transfers = Transfers(access)

    async def receive(self, receipt: Receipt) -> Received:
        """Receive the goods, once for each key.

        Raises Rejected when nothing is open for a line, more came or it is expired, HeldOtherwise when Odoo moved
        something else, or kept no backorder where one was asked for.
        """
        if not receipt.lines or any(line.quantity <= 0 for line in receipt.lines):
            raise MappingError("a receipt has lines with more than nothing", "quantity")
        found = await self._transfers.line_of(line_key(receipt.key, 1))
        picking = found[1] if found else 0
        state = (await self._transfers.read(picking, receipt.company))["state"] if found else "none"
        if state != "done":
            picking = await self._load_unless_done(receipt, picking)
        acted = await self._transfers.validate(picking, receipt.rest, receipt.company)
        if receipt.rest == "cancel":
            await self._give_up(picking, receipt.company)
        return await self._received(receipt, picking, created=acted)

    async def _load_unless_done(self, receipt: Receipt, picking: int) -> int:
        """Whoever was faster with the same receipt took what was open."""
        try:
            return await self._load(receipt, picking)
        except Rejected:
            found = await self._transfers.line_of(line_key(receipt.key, 1))
            if found is None or (await self._transfers.read(found[1], receipt.company))["state"] != "done":
                raise
            return found[1]

    async def _load(self, receipt: Receipt, picking: int) -> int:
        """Put the goods into the open transfer; gives that transfer."""
        places = await self._places(receipt, picking)
        if not receipt.more:
            await self._refuse_surplus(receipt)
        planned = []
        for number, line in enumerate(receipt.lines, 1):
            place = places[line.order_line]
            lot = None
            if line.lot:
                held = await self._lots.ensure(place.product, line.lot, line.expiry, receipt.company)
                self._lots.refuse_expired(held, line.expiry)
                lot = held.record_id
            key, ends = line_key(receipt.key, number), (place.source, place.destination)
            planned.append(Planned(key, place.move, place.product, place.unit, line.quantity, lot, *ends))
        found = next(iter(places.values())).picking
        await self._transfers.load(found, planned, receipt.company, picked=True)
        return found

    async def _places(self, receipt: Receipt, picking: int) -> dict[int, _Open]:
        """What is open for each line of the receipt, all in one transfer: the one begun, or the first that has all."""
        wanted = {line.order_line for line in receipt.lines}
        by_picking: dict[int, dict[int, _Open]] = defaultdict(dict)
        for one in await self._open(sorted(wanted), receipt.company):
            by_picking[one.picking].setdefault(one.order_line, one)
        begun = {picking: by_picking[picking]} if picking in by_picking else by_picking
        for _, places in sorted(begun.items()):
            if places.keys() >= wanted:
                return places
        missing = sorted(wanted - {one for places in by_picking.values() for one in places})
        lines = ", ".join(f"{_ORDER_LINE}/{one}" for one in missing or sorted(wanted))
        raise Rejected(f"{MODEL}: nothing is open to receive for {lines}, or not in one transfer", "order_line")

    async def _open(self, order_lines: Sequence[int], company: int | None) -> list[_Open]:
        domain = [
            ["purchase_line_id", "in", order_lines],
            ["state", "not in", ["draft", "done", "cancel"]],
            ["picking_id", "!=", False],
            ["location_id.usage", "=", "supplier"],
        ]
        fields = ["purchase_line_id", "picking_id", "product_id", "location_id", "location_dest_id"]
        arguments = {"domain": domain, "fields": fields, "order": "id"}
        moves = await self._access.call(MOVES, "search_read", arguments, company=company, repeatable=True)
        units = {row["id"]: row["unit"] for row in await self._order_lines(order_lines, company)}
        return [_open(move, units) for move in moves]

    async def _order_lines(self, ids: Sequence[int], company: int | None) -> list[dict[str, Any]]:
        unit = field_name(_ORDER_LINE, "product_uom_id", await self._access.major())
        fields = ["product_qty", "qty_received", unit]
        rows = await self._access.call(
            _ORDER_LINE, "read", {"fields": fields}, ids=list(ids), company=company, repeatable=True
        )
        return [{**row, "unit": reference(row[unit]) or 0} for row in rows]

    async def _refuse_surplus(self, receipt: Receipt) -> None:
        for row in await self._order_lines(sorted({line.order_line for line in receipt.lines}), receipt.company):
            comes = sum((one.quantity for one in receipt.lines if one.order_line == row["id"]), Decimal(0))
            left = exact(row["product_qty"]) - exact(row["qty_received"])
            if comes > left:
                message = (
                    f"{_ORDER_LINE}/{row['id']}: {comes} came, {left} are open: count again, or receive it as more"
                )
                raise Rejected(message, "quantity")

    async def _give_up(self, picking: int, company: int | None) -> None:
        """An operation type may be set to keep backorders always."""
        for backorder in await self._transfers.open_backorders(picking, company):
            await self._transfers.cancel(backorder, company)

    async def _received(self, receipt: Receipt, picking: int, *, created: bool) -> Received:
        values = await self._transfers.read(picking, receipt.company)
        records = [await self._access.record(line_key(receipt.key, n), LINES) for n in range(1, len(receipt.lines) + 1)]
        held = await self._transfers.lines([one for one in records if one], receipt.company)
        backorders = await self._transfers.open_backorders(picking, receipt.company)
        by_id = {line.record_id: line for line in held}
        differences = list(_differences(receipt, [by_id.get(one or 0) for one in records]))
        if receipt.rest == "backorder" and not backorders and created:
            differences += await self._lost_rest(receipt, picking)
        if differences:
            raise HeldOtherwise(MODEL, picking, differences)
        await self._name_shipment(receipt, values)
        return Received(
            record_id=picking,
            number=str(values["name"]),
            at=datetime.fromisoformat(values["date_done"]).replace(tzinfo=UTC),
            lines=tuple(held),
            backorder=min(backorders, default=None),
            keeps_expiry=await self._lots.keeps_expiry(),
            created=created,
        )

    async def _lost_rest(self, receipt: Receipt, picking: int) -> list[Difference]:
        """An operation type may be set to keep backorders never."""
        domain = [["picking_id", "=", picking]]
        arguments = {"domain": domain, "fields": ["product_uom_qty", "quantity", "state"]}
        moves = await self._access.call(MOVES, "search_read", arguments, company=receipt.company, repeatable=True)
        lost = sum((exact(move["product_uom_qty"]) - _moved(move) for move in moves), Decimal(0))
        if lost <= 0:
            return []
        advice = "the operation type keeps no backorders: change it, or ask for rest='cancel'"
        return [Difference("backorder", "backorder_ids", str(lost), "", advice)]

    async def _name_shipment(self, receipt: Receipt, values: Mapping[str, Any]) -> None:
        """The supplier's number for people, beside the order's; a backorder made before does not inherit it."""
        origin = str(values["origin"] or "")
        if receipt.shipment and receipt.shipment not in origin:
            text = ", ".join(part for part in (origin, receipt.shipment) if part)
            await self._access.records.write(MODEL, [values["id"]], {"origin": text})


def _open(move: Mapping[str, Any], units: Mapping[int, int]) -> _Open:
    order_line = reference(move["purchase_line_id"]) or 0
    return _Open(
        order_line=order_line,
        move=move["id"],
        picking=reference(move["picking_id"]) or 0,
        product=reference(move["product_id"]) or 0,
        unit=units[order_line],
        source=reference(move["location_id"]) or 0,
        destination=reference(move["location_dest_id"]) or 0,
    )


def _moved(move: Mapping[str, Any]) -> Decimal:
    return exact(move["quantity"]) if move["state"] == "done" else Decimal(0)


def _differences(receipt: Receipt, held: Sequence[HeldMove | None]) -> Iterable[Difference]:
    for line, found in zip(receipt.lines, held, strict=True):
        if found is None:
            advice = "a line was deleted in Odoo before the transfer was validated"
            yield Difference("quantity", "quantity", str(exact(line.quantity)), "", advice)
            continue
        yield from same_number("quantity", "quantity", line.quantity, found.quantity, "rounded, or changed by hand")
        if line.lot and found.lot is None:
            yield Difference("lot", "lot_id", "a lot", "", "the lot was taken off by hand")
