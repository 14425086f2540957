"""Inventory counts: what was counted becomes the stock, by a move of Odoo's own, with a reason.

`quantity` is never written: Odoo takes it and leaves no move. Nor is a count applied twice: in 19.0 a second
`action_apply_inventory` empties the place (measured; in 18.0 it moves nothing). So 19.0 gets the count and its
application in one call, which is one transaction and may be repeated; 18.0 would lose the reason by that, and there the
two calls are safe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from careloom.core.errors import MappingError, Rejected
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.amounts import exact, same_number
from careloom.systems.odoo.documents.availability import MODEL, Availability
from careloom.systems.odoo.documents.locations import Locations
from careloom.systems.odoo.documents.lots import Lots
from careloom.systems.odoo.documents.outcome import HeldOtherwise
from careloom.systems.odoo.documents.steps import once
from careloom.systems.odoo.external_ids import fingerprint

_MODE: Final = {"inventory_mode": True}
_LINES: Final = "stock.move.line"

FIELDS: Final[Mapping[str, str]] = {
    "reason": "stock.move.reference",
    "lines.product": "stock.quant.product_id",
    "lines.place": "stock.quant.location_id",
    "lines.lot": "stock.quant.lot_id",
    "lines.quantity": "stock.quant.inventory_quantity",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CountLine:
    """How much of a product and lot was found at a place, in the product's unit."""

    product: int
    place: int
    quantity: Decimal
    lot: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """What was counted for one reason. With `counted_at` a count is refused once goods have moved since: whoever
    applied it late would undo those moves."""

    key: str
    reason: str
    lines: Sequence[CountLine]
    counted_at: datetime | None = None
    company: int | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """One line as Odoo holds it. `adjusted` is by how much this count changed the stock: 0 where it was right, or where
    this count was taken before."""

    product: int
    place: int
    lot: int | None
    quantity: Decimal
    adjusted: Decimal


class Counts:
    """Takes counts. A line that was adjusted under the key before is left alone, whatever moved since."""

    def __init__(self, access: Access, lots: Lots, locations: Locations) -> None:
        self._access = access
        self._lots = lots
        self._locations = locations
        self._stock = Availability(access)

    async def take(self, count: Count) -> list[Counted]:
        """Make the stock what was counted, line by line, each once for the key.

        Raises Rejected for places where Odoo keeps no stock, tracked goods without a lot and counts that are out of
        date, HeldOtherwise when Odoo holds another quantity afterwards. Lines before that one stand: repeat the call.
        """
        await self._check(count)
        return [await self._line(count, line) for line in count.lines]

    async def _check(self, count: Count) -> None:
        if not count.lines or any(line.quantity < 0 for line in count.lines):
            raise MappingError("a count has lines, and none is below zero", "quantity")
        for place in sorted({line.place for line in count.lines}):
            if not (await self._locations.read(place)).counted:
                raise Rejected(f"stock.location/{place} is no place where stock is kept", "location_id")
        products = sorted({line.product for line in count.lines})
        rows = await self._access.records.read("product.product", products, ["tracking"])
        tracked = {row["id"] for row in rows if row["tracking"] != "none"}
        for line in count.lines:
            if (line.product in tracked) != bool(line.lot):
                # 19.0 takes tracked goods without a lot, and nobody can move them afterwards.
                what = "needs a lot" if line.product in tracked else "has no lots"
                raise Rejected(f"product.product/{line.product} {what}", "lot_id")

    async def _line(self, count: Count, line: CountLine) -> Counted:
        lot = None
        if line.lot:
            lot = (await self._lots.ensure(line.product, line.lot, None, count.company)).record_id
        before = await self._quantity(count, line, lot)
        if await self._moved(count, line, lot, [["move_id.reference", "like", _mark(count)]]):
            return Counted(line.product, line.place, lot, before, Decimal(0))
        if before != exact(line.quantity):
            await self._refuse_late(count, line, lot)
            await self._apply(count, line, lot)
        after = await self._quantity(count, line, lot)
        differences = list(same_number("quantity", "quantity", line.quantity, after, "rounded, or moved meanwhile"))
        if differences:
            raise HeldOtherwise("product.product", line.product, differences)
        return Counted(line.product, line.place, lot, after, after - before)

    async def _apply(self, count: Count, line: CountLine, lot: int | None) -> None:
        async def done() -> bool:
            return await self._quantity(count, line, lot) == exact(line.quantity)

        async def act() -> None:
            await (self._at_once if await self._access.major() >= 19 else self._in_two)(count, line, lot)

        await once(self._access, done, act)

    async def _at_once(self, count: Count, line: CountLine, lot: int | None) -> None:
        await self._count(count, line, lot, "inventory_quantity_auto_apply")

    async def _in_two(self, count: Count, line: CountLine, lot: int | None) -> None:
        quant = await self._count(count, line, lot, "inventory_quantity")
        await self._access.call(
            MODEL, "action_apply_inventory", ids=[quant], company=count.company, context=self._context(count)
        )

    async def _count(self, count: Count, line: CountLine, lot: int | None, field: str) -> int:
        """Write what was counted; in this mode `create` takes the quant that there is."""
        values = {"product_id": line.product, "location_id": line.place, field: float(line.quantity)}
        values |= {"lot_id": lot} if lot else {}
        context = _MODE | self._context(count)
        arguments = {"vals_list": [values]}
        [quant] = await self._access.call(MODEL, "create", arguments, company=count.company, context=context)
        return int(quant)

    async def _quantity(self, count: Count, line: CountLine, lot: int | None) -> Decimal:
        lying = await self._stock.at(line.place, line.product, lot, count.company, below=False)
        return exact(sum((one.quantity for one in lying), Decimal(0)))

    async def _refuse_late(self, count: Count, line: CountLine, lot: int | None) -> None:
        if count.counted_at is None:
            return
        since = count.counted_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        if await self._moved(count, line, lot, [["date", ">", since]]):
            message = f"product.product/{line.product} moved at stock.location/{line.place} after it was counted"
            raise Rejected(f"{message}: count it again", "quantity")

    async def _moved(self, count: Count, line: CountLine, lot: int | None, more: list[Any]) -> bool:
        domain: list[Any] = [
            ["product_id", "=", line.product],
            ["lot_id", "=", lot or False],
            ["state", "=", "done"],
            *more,
            "|",
            ["location_id", "=", line.place],
            ["location_dest_id", "=", line.place],
        ]
        arguments = {"domain": domain, "fields": ["date"], "limit": 1}
        return bool(await self._access.call(_LINES, "search_read", arguments, company=count.company, repeatable=True))

    def _context(self, count: Count) -> dict[str, Any]:
        return {"inventory_name": f"{count.reason} {_mark(count)}"}


def _mark(count: Count) -> str:
    """What tells the moves of this count from others; the key itself may name a person's record."""
    return f"[Careloom {fingerprint(count.key)}]"
