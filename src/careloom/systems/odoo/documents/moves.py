"""Moves of stock by key: transfers, reservations for a procedure and their release, and consumption by lot.

Quantities are in the product's own unit. Each is a transfer (`stock.picking`) under the key, with one move for each
product, since Odoo joins moves of the same product, and one line of goods for each lot and place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from careloom.core.errors import MappingError, Rejected
from careloom.systems.odoo.cells import Value
from careloom.systems.odoo.documents.access import Access
from careloom.systems.odoo.documents.amounts import exact, same_number
from careloom.systems.odoo.documents.availability import Availability, Portion, portions
from careloom.systems.odoo.documents.drafts import Draft
from careloom.systems.odoo.documents.locations import Locations
from careloom.systems.odoo.documents.lots import Lots
from careloom.systems.odoo.documents.outcome import Difference, HeldOtherwise, reference
from careloom.systems.odoo.documents.steps import once
from careloom.systems.odoo.documents.transfers import MODEL, MOVES, HeldMove, Planned, Transfers, line_key

_OPEN: Final = frozenset({"confirmed", "waiting", "assigned"})

FIELDS: Final[Mapping[str, str]] = {
    "operation": "stock.picking.picking_type_id",
    "source": "stock.picking.location_id",
    "destination": "stock.picking.location_dest_id",
    "origin": "stock.picking.origin",
    "scheduled": "stock.picking.scheduled_date",
    "lines.product": "stock.move.product_id",
    "lines.quantity": "stock.move.product_uom_qty",
    "lines.lot": "stock.move.line.lot_id",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class MoveLine:
    """So much of a product; of this lot, where it says one."""

    product: int
    quantity: Decimal
    lot: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """Goods from one place to another. `operation` is the operation type (`Locations.operation`), `origin` the number
    of what it is for. `below_zero` lets more leave than Odoo knows of, which Odoo does without a word; `expired` lets
    lots leave past their expiry, as for disposal."""

    key: str
    operation: int
    source: int
    destination: int
    lines: Sequence[MoveLine]
    origin: str = ""
    scheduled: datetime | None = None
    below_zero: bool = False
    expired: bool = False
    company: int | None = None
    correlation: str = ""


@dataclass(frozen=True, slots=True)
class HeldTransfer:
    """A transfer as Odoo holds it. `asked` is how much of each product, `lines` are the goods moved or
    reserved."""

    record_id: int
    number: str
    state: str
    asked: Mapping[int, Decimal]
    lines: tuple[HeldMove, ...]
    created: bool

    @property
    def missing(self) -> Mapping[int, Decimal]:
        """How much of a product is neither moved nor reserved: a shortage is an outcome, not an error."""
        left = {
            product: wanted - sum((line.quantity for line in self.lines if line.product == product), Decimal(0))
            for product, wanted in self.asked.items()
        }
        return {product: quantity for product, quantity in left.items() if quantity > 0}


class Moves:
    """Moves, reserves and releases goods."""

    def __init__(self, access: Access, lots: Lots, locations: Locations) -> None:
        self._access = access
        self._lots = lots
        self._locations = locations
        self._stock = Availability(access)
        self._transfers = Transfers(access)

    async def transfer(self, move: Move) -> HeldTransfer:
        """Move the goods now, once for each key; to a place of production or a customer this is consumption.

        Raises Rejected for a lot that Odoo does not know or that is short, HeldOtherwise for whatever Odoo moved else.
        """
        picking, created = await self._drafted(move)
        state = (await self._transfers.read(picking, move.company))["state"]
        if state == "cancel":
            raise HeldOtherwise(MODEL, picking, [Difference("state", "state", "done", state, "it was cancelled")])
        if state != "done":
            await self._load_unless_done(move, picking, begun=not created)
            created |= await self._transfers.validate(picking, "cancel", move.company)
        held = await self._held(picking, move.company, created=created)
        differences = [
            difference
            for product, wanted in _asked(move.lines).items()
            for difference in same_number("quantity", "quantity", wanted, _total(held, product), "moved otherwise")
        ]
        if differences:
            raise HeldOtherwise(MODEL, picking, differences)
        return held

    async def reserve(self, move: Move) -> HeldTransfer:
        """Hold the goods for later, once for each key; what is not there is in `missing`, and a repeat tries again for
        what was asked for without a lot.

        Raises HeldOtherwise when it was released or used already.
        """
        picking, created = await self._drafted(move)
        values = await self._transfers.read(picking, move.company)
        if values["state"] == "draft":
            await self._confirm(picking, move.company)
        elif values["state"] not in _OPEN:
            differences = [Difference("state", "state", "assigned", str(values["state"]), "use another key")]
            raise HeldOtherwise(MODEL, picking, differences)
        await self._assign(picking, move.company)
        await self._reserve_lots(move, picking)
        return await self._held(picking, move.company, created=created)

    async def release(self, key: str, company: int | None = None) -> bool:
        """Give up a reservation; False if it was given up. Raises Rejected when there is none, or it was used."""
        picking = await self._access.record(key, MODEL)
        if picking is None:
            raise Rejected(f"{MODEL}: there is no reservation with this key", "key")
        if (await self._transfers.read(picking, company))["state"] == "done":
            raise Rejected(f"{MODEL}/{picking} is done: its goods were moved", "state")
        return await self._transfers.cancel(picking, company)

    async def consume(self, move: Move, reservation: str = "") -> HeldTransfer:
        """Move what was used to where it is used up; what was reserved for it under this key is set free first."""
        if reservation:
            await self.release(reservation, move.company)
        return await self.transfer(move)

    async def held(self, key: str, company: int | None = None) -> HeldTransfer | None:
        """What Odoo holds of it now; None when there is none."""
        picking = await self._access.record(key, MODEL)
        return None if picking is None else await self._held(picking, company, created=False)

    async def _drafted(self, move: Move) -> tuple[int, bool]:
        """The transfer, created as a draft. One that is there is not loaded again: Odoo would change a done one."""
        asked = _asked(move.lines)
        known = await self._access.record(move.key, MODEL)
        if known is not None:
            return known, False
        ends: dict[str, Value] = {"location_id/.id": move.source, "location_dest_id/.id": move.destination}
        values: dict[str, Value] = {**ends, "picking_type_id/.id": move.operation, "origin": move.origin}
        if move.scheduled is not None:
            values["scheduled_date"] = move.scheduled
        units = await self._units(sorted(asked))
        named: dict[str, Value] = {"name": move.origin or "Careloom"} if await self._access.major() < 19 else {}
        lines: list[Mapping[str, Value]] = [
            {**ends, **named, "product_id/.id": one, "product_uom_qty": wanted, "product_uom/.id": units[one]}
            for one, wanted in asked.items()
        ]
        draft = Draft(move.key, values, lines, "move_ids", move.company, move.correlation)
        held = await self._access.submissions.submit(MODEL, draft, None, ["state"])
        return held.record_id, held.created

    async def _confirm(self, picking: int, company: int | None) -> None:
        async def done() -> bool:
            return bool((await self._transfers.read(picking, company))["state"] != "draft")

        await once(
            self._access, done, lambda: self._access.call(MODEL, "action_confirm", ids=[picking], company=company)
        )

    async def _assign(self, picking: int, company: int | None) -> None:
        async def never() -> bool:
            return False  # a second time it reserves what is still missing, and nothing twice

        await once(
            self._access, never, lambda: self._access.call(MODEL, "action_assign", ids=[picking], company=company)
        )

    async def _load_unless_done(self, move: Move, picking: int, *, begun: bool) -> None:
        """Whoever was faster with the same move took the goods that this one misses."""
        try:
            await self._load(move, picking, begun=begun)
        except Rejected:
            if (await self._transfers.read(picking, move.company))["state"] != "done":
                raise

    async def _load(self, move: Move, picking: int, *, begun: bool) -> None:
        """Say which goods go: of each lot, from where it lies."""
        planned = []
        source = await self._locations.read(move.source)
        for number, line in enumerate(move.lines, 1):
            lot = await self._leaving(move, line) if line.lot else None
            parts = [Portion(move.source, line.quantity)]
            if source.counted:
                parts = await self._parts(move, line, lot)
            planned += self._planned(move, number, line, lot, parts)
        loaded = await self._place(picking, planned, move.company, picked=True)
        if begun:  # stock may have lain elsewhere the first time
            await self._drop_foreign(picking, {one.product for one in planned}, loaded, move.company)

    async def _leaving(self, move: Move, line: MoveLine) -> int:
        lot = await self._lots.known(line.product, line.lot, move.company)
        if not move.expired:
            self._lots.refuse_expired(lot)
        return lot.record_id

    async def _parts(self, move: Move, line: MoveLine, lot: int | None) -> list[Portion]:
        stock = await self._stock.at(move.source, line.product, lot, move.company)
        parts = portions(stock, line.quantity, free=False)
        missing = line.quantity - sum((part.quantity for part in parts), Decimal(0))
        if missing <= 0:
            return parts
        if not move.below_zero:
            what = f"product.product/{line.product}" + (f" lot {lot}" if lot else "")
            message = (
                f"{MODEL}: {what}: {exact(line.quantity)} asked, {exact(missing)} not there: count the place first"
            )
            raise Rejected(message, "quantity")
        return [*parts, Portion(move.source, missing)]

    async def _reserve_lots(self, move: Move, picking: int) -> None:
        """Where lots are asked for, hold these in place of those that Odoo chose."""
        asked = [(number, line) for number, line in enumerate(move.lines, 1) if line.lot]
        if not asked:
            return
        ours = {number: await self._transfers.line_of(line_key(move.key, number)) for number, _ in asked}
        products = {line.product for _, line in asked}
        keep = {found[0] for found in ours.values() if found}
        await self._drop_foreign(picking, products, keep, move.company)
        planned = []
        for number, line in asked:
            if ours[number] is None:
                lot = await self._leaving(move, line)
                stock = await self._stock.at(move.source, line.product, lot, move.company)
                planned += self._planned(move, number, line, lot, portions(stock, line.quantity, free=True))
        await self._place(picking, planned, move.company, picked=False)

    async def _drop_foreign(self, picking: int, products: set[int], keep: set[int], company: int | None) -> None:
        values = await self._transfers.read(picking, company)
        lines = await self._transfers.lines(values["move_line_ids"], company)
        foreign = [one.record_id for one in lines if one.product in products and one.record_id not in keep]
        if foreign:
            commands = [[2, one, 0] for one in foreign]
            await self._access.call(
                MODEL, "write", {"vals": {"move_line_ids": commands}}, ids=[picking], company=company
            )

    def _planned(
        self, move: Move, number: int, line: MoveLine, lot: int | None, parts: Sequence[Portion]
    ) -> list[Planned]:
        key = line_key(move.key, number)
        return [
            Planned(
                key=key if at == 0 else f"{key}_{at}",
                move=0,
                product=line.product,
                unit=0,
                quantity=part.quantity,
                lot=lot,
                source=part.place,
                destination=move.destination,
            )
            for at, part in enumerate(parts)
        ]

    async def _place(self, picking: int, planned: Sequence[Planned], company: int | None, *, picked: bool) -> set[int]:
        """Load the lines into the moves of their products; gives the records."""
        moves = {reference(row["product_id"]): row for row in await self._moves(picking, company)}
        rows = []
        for one in planned:
            found = moves.get(one.product)
            if found is None:
                raise Rejected(f"{MODEL}/{picking} has no move of product.product/{one.product} any more", "product_id")
            rows.append(_within(one, found["id"], reference(found["product_uom"]) or 0))
        return set((await self._transfers.load(picking, rows, company, picked=picked)).values())

    async def _moves(self, picking: int, company: int | None) -> list[dict[str, Any]]:
        fields = ["product_id", "product_uom", "product_uom_qty", "state"]
        arguments = {"domain": [["picking_id", "=", picking]], "fields": fields, "order": "id desc"}
        return list(await self._access.call(MOVES, "search_read", arguments, company=company, repeatable=True))

    async def _held(self, picking: int, company: int | None, *, created: bool) -> HeldTransfer:
        values = await self._transfers.read(picking, company)
        lines = await self._transfers.lines(values["move_line_ids"], company)
        asked: dict[int, Decimal] = {}
        for row in await self._moves(picking, company):
            product = reference(row["product_id"]) or 0
            asked[product] = asked.get(product, Decimal(0)) + exact(row["product_uom_qty"])
        number, state = str(values["name"]), str(values["state"])
        return HeldTransfer(picking, number, state, asked, tuple(lines), created)

    async def _units(self, products: Sequence[int]) -> dict[int, int]:
        rows = await self._access.records.read("product.product", products, ["uom_id"])
        units = {row["id"]: reference(row["uom_id"]) or 0 for row in rows}
        missing = next((one for one in products if one not in units), None)
        if missing is not None:
            raise MappingError(f"product.product/{missing} does not exist", "product_id")
        return units


def _within(planned: Planned, move: int, unit: int) -> Planned:
    return Planned(
        planned.key, move, planned.product, unit, planned.quantity, planned.lot, planned.source, planned.destination
    )


def _asked(lines: Sequence[MoveLine]) -> dict[int, Decimal]:
    """How much of each product. Raises MappingError for none, and for a product with and without lots."""
    total: dict[int, Decimal] = {}
    for line in lines:
        if line.quantity <= 0:
            raise MappingError("a move is of more than nothing", "quantity")
        total[line.product] = total.get(line.product, Decimal(0)) + line.quantity
    if not total:
        raise MappingError("a move needs lines", "move_ids")
    for product in total:
        if len({bool(line.lot) for line in lines if line.product == product}) > 1:
            raise MappingError(f"product.product/{product} is given with and without a lot", "lot_id")
    return total


def _total(held: HeldTransfer, product: int) -> Decimal:
    return sum((line.quantity for line in held.lines if line.product == product), Decimal(0))
